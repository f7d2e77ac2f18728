"""App, pages: the four pages over one opened run, and what happens when something is pressed."""

import functools
import logging
import time
from collections.abc import Callable
from pathlib import Path

import gradio as gr

from kerasmedgan.app.about import NOT_CLINICAL, describe_run
from kerasmedgan.app.cards import EMPTY, show_entries
from kerasmedgan.app.classification import classify_files, to_json
from kerasmedgan.app.comparison import compare_arms
from kerasmedgan.app.example_images import example_files
from kerasmedgan.app.markup import notice
from kerasmedgan.app.opened_run import OpenedRun
from kerasmedgan.app.private_file import PrivateFile
from kerasmedgan.app.synthetic_pictures import show_grid
from kerasmedgan.serving import UploadError
from kerasmedgan.serving.sampler import MAXIMUM_COUNT

_LOGGER = logging.getLogger(__name__)
# One model call at a time: two would fight for the same cores.
_MODEL = {"concurrency_id": "model", "concurrency_limit": 1}
_PAGE = {**_MODEL, "api_visibility": "private"}
_SORRY = "Something went wrong in the app. Its log says what; the app goes on."
_STRENGTH = "(value) => { document.documentElement.style.setProperty('--km-strength', value); }"
TITLE = "kerasmedgan"


def build_pages(run: OpenedRun, *, origin: str, downloads: Path) -> gr.Blocks:
    """Builds the app.

    Args:
        run: the opened run.
        origin: one sentence that says what run this is; shown on every page.
        downloads: an empty folder of this app for files to download.
    """
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(60, 600)) as blocks:
        gr.HTML(
            f'<div class="km-head"><h1>{TITLE}</h1>{notice(NOT_CLINICAL, kind="clinical")}'
            f"{notice(origin)}</div>"
        )
        with gr.Tabs():
            with gr.Tab("Classify"):
                _classify_page(run)
            with gr.Tab("Generate"):
                _generate_page(run, downloads)
            with gr.Tab("Compare"):
                gr.HTML(f'<div class="km-text">{compare_arms(run)}</div>')
            with gr.Tab("About"):
                gr.HTML(describe_run(run))
    return blocks


def _classify_page(run: OpenedRun) -> None:
    predictor, examples = run.predictor, example_files(run)

    @_in_one_sentence
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
            files = PrivateFile(
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
    files.upload(classify_and_clear, files, [results, files], show_progress="minimal", **_PAGE)
    for title, button in buttons.items():
        act = functools.partial(classify_example, title)
        button.click(act, None, results, show_progress="minimal", **_PAGE)
    # In the browser alone: the picture is not sent again.
    for event in (strength.change, strength.release):
        event(None, strength, None, js=_STRENGTH)
    _endpoint(
        classify_for_programs, [PrivateFile(file_count="multiple", visible=False)], "classify"
    )


def _generate_page(run: OpenedRun, downloads: Path) -> None:
    names = list(run.samplers)

    @_in_one_sentence
    def draw(name, count, seed, truncation):
        count, seed = _whole(count, "count"), _whole(seed, "seed")
        images = run.samplers[name].sample(count, seed=seed, truncation=truncation)
        titles = [f"{name}, seed {seed}, index {index}" for index in range(count)]
        said = f"Drawn by the GAN of class {name}, seed {seed}, truncation {truncation:g}."
        return show_grid(images, titles, said)

    @_in_one_sentence
    def walk(name, first, last, steps, truncation):
        first, last = _whole(first, "first seed"), _whole(last, "last seed")
        sampler, steps = run.samplers[name], _whole(steps, "steps")
        images = sampler.walk(first, last, steps=steps, truncation=truncation)
        titles = [f"{name}, step {step + 1} of {steps}" for step in range(steps)]
        return show_grid(images, titles, f"From seed {first} to seed {last} in {steps} steps.")

    def pack(name, count, seed, truncation):
        try:
            count, seed = _whole(count, "count"), _whole(seed, "seed")
            data = run.samplers[name].archive(count, seed=seed, truncation=truncation)
        except ValueError as error:
            raise gr.Error(_shorten(error)) from None
        path = downloads / f"synthetic_{_file_name(name)}_seed{seed}_{count}.zip"
        path.write_bytes(data)
        return str(path)

    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            name = gr.Dropdown(names, value=names[0], label="Class", interactive=len(names) > 1)
            count = gr.Number(16, label=f"Count (1 to {MAXIMUM_COUNT})", precision=0)
            seed = gr.Number(0, label="Seed", precision=0)
            truncation = gr.Slider(
                0.05, 1, value=1, step=0.05, label="Truncation", info="Below 1: less varied"
            )
            drawing = gr.Button("Draw", variant="primary")
            packing = gr.Button("Prepare zip with manifest")
            archive = gr.DownloadButton("Download zip", interactive=False)
            with gr.Accordion("Walk between two seeds", open=False):
                first = gr.Number(0, label="From seed", precision=0)
                last = gr.Number(1, label="To seed", precision=0)
                steps = gr.Slider(2, 32, value=8, step=1, label="Steps")
                walking = gr.Button("Walk")
        with gr.Column(scale=5, min_width=300):
            results = gr.HTML(notice("Choose a count and a seed, then draw."))
    what = [name, count, seed, truncation]
    drawing.click(draw, what, results, show_progress="minimal", **_PAGE)
    walking.click(
        walk, [name, first, last, steps, truncation], results, show_progress="minimal", **_PAGE
    )

    def pack_for_page(*arguments):
        return gr.DownloadButton(value=pack(*arguments), interactive=True)

    packing.click(pack_for_page, what, archive, show_progress="minimal", **_PAGE)
    hidden = [
        gr.Textbox(names[0], label="class_name", visible=False),
        gr.Number(16, label="count", visible=False, precision=0),
        gr.Number(0, label="seed", visible=False, precision=0),
        gr.Number(1.0, label="truncation", visible=False),
    ]
    _endpoint(pack, hidden, "generate", output=gr.File(visible=False))


def _endpoint(act: Callable, inputs: list, name: str, *, output=None) -> None:
    """Offers a function to programs (`gradio_client`), with nothing of it on the page."""
    output = output or gr.JSON(visible=False)
    gr.Button(visible=False).click(act, inputs, output, api_name=name, **_MODEL)


def _in_one_sentence(act: Callable[..., str]) -> Callable[..., str]:
    """Turns what a user did wrong into a sentence on the page, and hides what the app did."""

    @functools.wraps(act)
    def careful(*arguments):
        try:
            return act(*arguments)
        except ValueError as error:
            return notice(_shorten(error), kind="error", role="alert")
        except Exception:
            _LOGGER.exception("A request failed.")
            return notice(_SORRY, kind="error", role="alert")

    return careful


def _shorten(error: ValueError) -> str:
    """Returns an error of this package without the quotes of Markdown."""
    return str(error).replace("`", "")


def _whole(value: float | None, name: str) -> int:
    if value is None or value != int(value):
        raise ValueError(f"Expected a whole number as {name}. Received: {value}. Enter one.")
    return int(value)


def _file_name(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in name)
