"""App, pages: the four pages over one opened run."""

from pathlib import Path

import gradio as gr

from kerasmedgan.app.about import NOT_CLINICAL, describe_run
from kerasmedgan.app.classify_page import add_classify_page
from kerasmedgan.app.comparison import compare_arms
from kerasmedgan.app.generate_page import add_generate_page
from kerasmedgan.app.markup import notice
from kerasmedgan.app.opened_run import OpenedRun

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
                add_classify_page(run)
            with gr.Tab("Generate"):
                add_generate_page(run, downloads)
            with gr.Tab("Compare"):
                gr.HTML(f'<div class="km-text">{compare_arms(run)}</div>')
            with gr.Tab("About"):
                gr.HTML(describe_run(run))
    return blocks
