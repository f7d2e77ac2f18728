"""App, page Classify: pictures in, what both arms say of them out."""

import functools
import time

import gradio as gr

from kerasmedgan.app.cards import EMPTY, show_entries
from kerasmedgan.app.classification import classify_files, to_json
from kerasmedgan.app.events import ON_PAGE, add_endpoint, in_one_sentence
from kerasmedgan.app.example_images import example_files
from kerasmedgan.app.opened_run import OpenedRun
from kerasmedgan.app.private_file import private_file
from kerasmedgan.serving import UploadError

_STRENGTH = "(value) => { document.documentElement.style.setProperty('--km-strength', value); }"


def add_classify_page(run: OpenedRun) -> None:
    """Adds what is on the page, and its endpoint for programs, to the open `gr.Blocks`."""
    predictor, examples = run.predictor, example_files(run)

    @in_one_sentence
    def classify(files):
        return show_entries(classify_files(files, predictor), predictor)

    def classify_and_clear(files):
        return classify(files), None

    def classify_example(title):
        return classify([examples[title]])

    def classify_for_programs(files):
        start = time.perf_counter()
        try:
            return to_json(classify_files(files, predictor), predictor.run, start)
        except UploadError as error:
            raise gr.Error(str(error)) from None

    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            files = private_file(
                label="Pictures (JPEG, PNG, TIFF; 32 MB)", file_count="multiple", height=150
            )
            gr.HTML('<p class="km-small">Or an example, none of a patient:</p>')
            with gr.Row():
                buttons = {title: gr.Button(title, size="sm", min_width=120) for title in examples}
            strength = gr.Slider(
                0, 1, value=0.5, step=0.05, label="Heat map strength", elem_id="km-strength"
            )
        with gr.Column(scale=5, min_width=300):
            results = gr.HTML(EMPTY)
    files.upload(classify_and_clear, files, [results, files], **ON_PAGE)
    for title, button in buttons.items():
        act = functools.partial(classify_example, title)
        button.click(act, None, results, **ON_PAGE)
    # In the browser alone: the picture is not sent again.
    for event in (strength.change, strength.release):
        event(None, strength, None, js=_STRENGTH)
    add_endpoint(
        classify_for_programs, [private_file(file_count="multiple", visible=False)], "classify"
    )
