"""The app: pages over `kerasmedgan.serving`. Gradio is imported here alone."""
