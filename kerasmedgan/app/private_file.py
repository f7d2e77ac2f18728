"""App, upload: files are read into memory and deleted from the disk at once."""

import dataclasses
import secrets
from pathlib import Path

import gradio as gr
from gradio import route_utils
from gradio.context import LocalContext


@dataclasses.dataclass(frozen=True)
class UploadedFile:
    """A file as it was uploaded.

    Attributes:
        name: as it was called.
        data: its bytes.
    """

    name: str
    data: bytes


class _OwnUpload(route_utils.GradioUploadFile):
    """An upload with a place of its own.

    Gradio's place is the digest of the content, so that two people who upload the same file would
    share it, and the first to be served would take it from the other.
    """

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.sha.update(secrets.token_bytes(16))


def keep_uploads_apart() -> None:
    """Gives every upload of this process a place of its own on the disk."""
    route_utils.GradioUploadFile = _OwnUpload


def private_file(**settings) -> gr.File:
    """Returns a file input whose files are gone from the disk before anything is done with them.

    Gradio itself would keep an upload, and an empty file beside it, until its cache is cleared.
    Its function is replaced on the object: of a subclass it would write a file of type hints into
    this package at every import.

    Args:
        **settings: as of `gr.File`.
    """
    component = gr.File(**settings)
    component.preprocess = _take_all
    return component


def _take_all(payload) -> list[UploadedFile]:
    """Reads and deletes files. Gradio has checked that they are uploads of its own."""
    if payload is None:
        return []
    parts = payload.root if hasattr(payload, "root") else [payload]
    return [_take(part) for part in parts]


def _take(part) -> UploadedFile:
    path = Path(part.path)
    try:
        data = path.read_bytes()
    finally:
        path.unlink(missing_ok=True)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()
    _forget(part.path)
    return UploadedFile(part.orig_name or path.name, data)


def _forget(path: str) -> None:
    """Takes a path from Gradio's lists of files to delete later, which would grow for ever."""
    blocks = LocalContext.blocks.get(None)
    for known in blocks.temp_file_sets if blocks else ():
        known.discard(path)
