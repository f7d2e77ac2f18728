"""App, upload: files are read into memory and deleted from the disk at once."""

import dataclasses
from pathlib import Path

import gradio as gr

@dataclasses.dataclass(frozen=True)
class UploadedFile:
    """A file as it was uploaded.

    Attributes:
        name: as it was called.
        data: its bytes.
    """

    name: str
    data: bytes

class PrivateFile(gr.File):
    """A file input whose files are gone from the server's disk before anything is done with them.

    Gradio itself would keep an upload, and an empty file beside it, until its cache is cleared.
    """

    # Gradio's own page shows it as what it is a form of.
    is_template = True

    def preprocess(self, payload) -> list[UploadedFile]:
        """Reads and deletes the files. Gradio has checked that they are uploads of its own."""
        if payload is None:
            return []
        parts = payload.root if hasattr(payload, "root") else [payload]
        return [_take(part) for part in parts]
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component

def _take(part) -> UploadedFile:
    path = Path(part.path)
    try:
        data = path.read_bytes()
    finally:
        path.unlink(missing_ok=True)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()
    return UploadedFile(part.orig_name or path.name, data)
