"""App, events: how requests queue, and what a user hears where one fails."""

import functools
import logging
from collections.abc import Callable

import gradio as gr

from kerasmedgan.app.markup import notice

_LOGGER = logging.getLogger(__name__)
# One model call at a time: two would fight for the same cores.
ONE_AT_A_TIME = {"concurrency_id": "model", "concurrency_limit": 1}
ON_PAGE = {**ONE_AT_A_TIME, "api_visibility": "private", "show_progress": "minimal"}
_SORRY = "Something went wrong in the app. Its log says what; the app goes on."


def add_endpoint(act: Callable, inputs: list, name: str, *, output=None) -> None:
    """Offers a function to programs (`gradio_client`), with nothing of it on the page."""
    output = output or gr.JSON(visible=False)
    gr.Button(visible=False).click(act, inputs, output, api_name=name, **ONE_AT_A_TIME)


def in_one_sentence(act: Callable[..., str]) -> Callable[..., str]:
    """Turns what a user did wrong into a sentence on the page, and hides what the app did."""

    @functools.wraps(act)
    def careful(*arguments):
        try:
            return act(*arguments)
        except ValueError as error:
            return notice(shorten(error), kind="error", role="alert")
        except Exception:
            _LOGGER.exception("A request failed.")
            return notice(_SORRY, kind="error", role="alert")

    return careful


def shorten(error: ValueError) -> str:
    """Returns an error of this package without the quotes of Markdown."""
    return str(error).replace("`", "")
