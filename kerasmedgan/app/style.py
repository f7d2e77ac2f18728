"""App, style: fonts of the reader's own machine, colours of the theme, room for narrow screens."""

import gradio as gr

_SANS = ("system-ui", "Segoe UI", "Roboto", "Noto Sans", "Helvetica", "Arial", "sans-serif")
_MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")

CSS = """
.gradio-container { max-width: 1180px !important; margin: 0 auto !important; }
.km-head h1 { margin: 0 0 4px; font-size: 1.5rem; }
.km-notice { border-left: 5px solid #0072B2; background: var(--background-fill-secondary);
  color: var(--body-text-color); padding: 8px 12px; margin: 8px 0; border-radius: 4px; }
.km-warning { border-left-color: #D55E00; }
.km-error { border-left-color: #B00020; }
.km-clinical { border-left-color: #D55E00; font-weight: 600; }
.km-card { border: 1px solid var(--border-color-primary); border-radius: 8px; padding: 12px;
  margin: 0 0 14px; }
.km-card h3 { margin: 0 0 8px; font-size: 1.05rem; overflow-wrap: anywhere; }
.km-arms { display: grid; gap: 14px;
  grid-template-columns: repeat(auto-fit, minmax(min(260px, 100%), 1fr)); }
.km-arm { border: 1px solid var(--border-color-primary); border-radius: 8px; padding: 10px;
  min-width: 0; }
.km-arm h4 { margin: 0; font-size: 1rem; }
.km-arm p { margin: 4px 0; }
.km-decision { font-size: 1.15rem; font-weight: 700; }
.km-scan { position: relative; max-width: 340px; margin: 6px auto; background: #000; }
.km-scan img { display: block; width: 100%; height: auto; }
.km-scan img.km-heat { position: absolute; inset: 0; height: 100%;
  opacity: var(--km-strength, 0.5); }
.km-plain img { max-width: 220px; min-width: 120px; height: auto; }
/* A wide table scrolls by itself and does not widen the page. */
.km-scroll { overflow-x: auto; contain: inline-size; }
.km-table { border-collapse: collapse; font-size: 0.92rem; margin: 6px 0; }
.km-table, .km-table tr, .km-table thead, .km-table tbody { border: 0 !important; }
.km-table caption { text-align: left; font-weight: 600; padding: 4px 0; white-space: normal; }
.km-table th, .km-table td { border: 0 !important; text-align: right; vertical-align: top;
  border-bottom: 1px solid var(--border-color-primary) !important; padding: 5px 8px !important;
  overflow-wrap: normal; word-break: normal; }
.km-table th:first-child { text-align: left; font-weight: 500; padding-left: 0 !important; }
.km-arm .km-table { width: 100%; }
.km-words td, .km-words th { text-align: left; }
.km-words th:first-child { min-width: 8rem; overflow-wrap: anywhere; }
.km-button { display: inline-block; padding: 8px 14px; margin: 6px 0; border-radius: 8px;
  border: 1px solid var(--border-color-primary); color: var(--body-text-color) !important;
  background: var(--button-secondary-background-fill); text-decoration: none !important; }
.km-button:focus-visible, .km-scroll:focus-visible { outline: 3px solid #0072B2; }
.km-figures { display: grid; gap: 14px;
  grid-template-columns: repeat(auto-fit, minmax(min(400px, 100%), 1fr)); }
.km-figures img { width: 100%; height: auto; background: #fff; border-radius: 6px; }
.km-figures figcaption { font-weight: 600; margin: 0 0 4px; }
.km-figures figure { margin: 0; min-width: 0; }
.km-synthetic { display: inline-block; background: #D55E00; color: #fff; font-weight: 700;
  padding: 2px 8px; border-radius: 4px; }
.km-grid { display: grid; gap: 4px; margin: 8px 0;
  grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); }
.km-grid img { width: 100%; height: auto; display: block; }
.km-figures .km-wide { grid-column: 1 / -1; }
.km-wide img { min-width: 860px; }
.km-small { font-size: 0.88rem; opacity: 0.85; }
.km-legend { margin: 8px 0 0; }
.km-text h3 { margin: 16px 0 4px; }
.km-text li { overflow-wrap: anywhere; }
@media (max-width: 480px) {
  .gradio-container { padding: 8px !important; }
  .km-card, .km-arm { padding: 8px 6px; }
  .km-table { font-size: 0.86rem; }
  .km-table th, .km-table td { padding: 5px 3px !important; }
  .km-words, .km-words tbody, .km-words tr, .km-words td, .km-words tbody th,
  .km-words caption { display: block; }
  .km-words thead { display: none; }
  .km-words tr { padding: 6px 0; border-bottom: 1px solid var(--border-color-primary) !important; }
  .km-words td, .km-words tbody th { border: 0 !important; padding: 1px 0 !important;
    overflow-wrap: anywhere; }
  .km-words tbody th { font-weight: 600; }
  .km-words td:empty { display: none; }
  .km-words td::before { content: attr(data-title) ": "; }
  .km-figures { grid-template-columns: minmax(0, 1fr); }
  .tab-container button { padding: 0 7px !important; font-size: 0.95rem !important; }
}
"""


def theme() -> gr.themes.Base:
    """Returns a theme that asks no other host for a font."""
    base = gr.themes.Base(font=_SANS, font_mono=_MONO, primary_hue="blue")
    # Gradio's own grey for small words is too faint to read.
    return base.set(
        body_text_color_subdued="*neutral_600", body_text_color_subdued_dark="*neutral_300"
    )
