"""App, markup: pieces of HTML whose every word is escaped, with pictures inside the page."""

import base64
import html
from collections.abc import Iterable, Sequence

import numpy as np

from kerasmedgan.images import encode_png

# Names come from files and folders of strangers. Braces, dollars and backticks mean something to
# the page's templates.
_TEMPLATE_SIGNS = {ord(sign): f"&#{ord(sign)};" for sign in "{}$`"}


def escape(text: object) -> str:
    """Returns text that is nothing but text, in HTML and in a template."""
    return html.escape(str(text)).translate(_TEMPLATE_SIGNS)


def data_uri(data: bytes, media_type: str) -> str:
    """Returns bytes as an address that holds them, so that no file is left on the server."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def image(png: bytes, description: str, *, css_class: str = "") -> str:
    """Shows a PNG. `description` is read aloud where the picture cannot be seen."""
    source = data_uri(png, "image/png")
    return f'<img class="{css_class}" src="{source}" alt="{escape(description)}">'


def image_of(pixels: np.ndarray, description: str, *, css_class: str = "") -> str:
    """Shows a uint8 array of shape `(height, width, 1, 3 or 4)`."""
    return image(encode_png(pixels), description, css_class=css_class)


def table(
    header: Sequence[object],
    rows: Iterable[Sequence[object]],
    *,
    caption: str = "",
    words: bool = False,
) -> str:
    """Lays out a table; the first cell of a row is its heading.

    Args:
        header: titles of the columns, escaped here.
        rows: cells, escaped here.
        caption: what the table shows, escaped here.
        words: the cells hold words, to be set on the left, and not numbers.
    """
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    lines = []
    for name, *cells in rows:
        of_row = "".join(
            f'<td data-title="{escape(title)}">{escape(cell)}</td>'
            for title, cell in zip(header[1:], cells, strict=True)
        )
        lines.append(f'<tr><th scope="row">{escape(name)}</th>{of_row}</tr>')
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    # Reachable by keyboard: a wide table is scrolled with the arrow keys.
    label = escape(caption or "table")
    return (
        f'<div class="km-scroll" tabindex="0" role="region" aria-label="{label}">'
        f'<table class="km-table{" km-words" * words}">{title}{body}</table></div>'
    )


def notice(text: str, *, kind: str = "info", role: str = "note") -> str:
    """Frames a sentence, escaped here; `kind` is "info", "warning" or "error"."""
    return f'<p class="km-notice km-{kind}" role="{role}">{escape(text)}</p>'


def download_link(data: bytes, name: str, media_type: str, title: str) -> str:
    """Returns a link that saves bytes which are already in the page."""
    return (
        f'<a class="km-button" download="{escape(name)}" href="{data_uri(data, media_type)}">'
        f"{escape(title)}</a>"
    )


def paragraphs(*texts: str) -> str:
    """Returns paragraphs, escaped here."""
    return "".join(f"<p>{escape(text)}</p>" for text in texts if text)


def bullet_list(items: Iterable[str]) -> str:
    """Returns a list, escaped here."""
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"
