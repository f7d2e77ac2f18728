"""App, page Generate: a count and a seed in, synthetic images out."""

import time
from pathlib import Path

import gradio as gr

from kerasmedgan.app.events import ON_PAGE, add_endpoint, in_one_sentence, shorten
from kerasmedgan.app.markup import notice
from kerasmedgan.app.opened_run import OpenedRun
from kerasmedgan.app.synthetic_pictures import show_grid
from kerasmedgan.files import atomic_path
from kerasmedgan.serving import Sampler
from kerasmedgan.serving.sampler import MAXIMUM_COUNT

_KEPT_SECONDS = 600


def add_generate_page(run: OpenedRun, downloads: Path) -> None:
    """Adds what is on the page, and its endpoint for programs, to the open `gr.Blocks`.

    Args:
        run: the opened run.
        downloads: a folder for zip files; they are removed after ten minutes.
    """
    names = list(run.samplers)
    if not names:
        gr.HTML(notice("This run has no GAN, so there is nothing to draw."))
        return

    @in_one_sentence
    def draw(name, count, seed, truncation):
        count, seed = _whole(count, "count"), _whole(seed, "seed")
        images = _sampler(run, name).sample(count, seed=seed, truncation=truncation)
        titles = [f"{name}, seed {seed}, index {index}" for index in range(count)]
        said = f"Drawn by the GAN of class {name}, seed {seed}, truncation {truncation:g}."
        return show_grid(images, titles, said)

    @in_one_sentence
    def walk(name, first, last, steps, truncation):
        first, last = _whole(first, "first seed"), _whole(last, "last seed")
        sampler, steps = _sampler(run, name), _whole(steps, "steps")
        images = sampler.walk(first, last, steps=steps, truncation=truncation)
        titles = [f"{name}, step {step + 1} of {steps}" for step in range(steps)]
        return show_grid(images, titles, f"From seed {first} to seed {last} in {steps} steps.")

    def pack(name, count, seed, truncation):
        try:
            count, seed = _whole(count, "count"), _whole(seed, "seed")
            data = _sampler(run, name).archive(count, seed=seed, truncation=truncation)
        except ValueError as error:
            raise gr.Error(shorten(error)) from None
        _remove_old(downloads)
        what = f"{_file_name(name)}_seed{seed}_count{count}_truncation{truncation:g}"
        path = downloads / f"synthetic_{what}.zip"
        with atomic_path(path) as temporary:
            temporary.write_bytes(data)
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
    drawing.click(draw, what, results, **ON_PAGE)
    walking.click(walk, [name, first, last, steps, truncation], results, **ON_PAGE)

    def pack_for_page(*arguments):
        return gr.DownloadButton(value=pack(*arguments), interactive=True)

    packing.click(pack_for_page, what, archive, **ON_PAGE)
    hidden = [
        gr.Textbox(names[0], label="class_name", visible=False),
        gr.Number(16, label="count", visible=False, precision=0),
        gr.Number(0, label="seed", visible=False, precision=0),
        gr.Number(1.0, label="truncation", visible=False),
    ]
    add_endpoint(pack, hidden, "generate", output=gr.File(visible=False))


def _whole(value: float | None, name: str) -> int:
    if value is None or value != int(value):
        raise ValueError(f"Expected a whole number as {name}. Received: {value}. Enter one.")
    return int(value)


def _file_name(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in name)


def _sampler(run: OpenedRun, name: str) -> Sampler:
    if name not in run.samplers:
        raise ValueError(f"Expected a class of {list(run.samplers)}. Received: {name}. Choose one.")
    return run.samplers[name]


def _remove_old(downloads: Path) -> None:
    """Removes zip files that were handed out long ago; Gradio has a copy of newer ones."""
    for path in downloads.glob("*.zip"):
        if time.time() - path.stat().st_mtime > _KEPT_SECONDS:
            path.unlink(missing_ok=True)
