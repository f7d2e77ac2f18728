"""Ground floor: files that are whole or absent, never half written."""

import contextlib
import csv
import hashlib
import io
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Yields a temporary name beside `path` that becomes `path` when the block ends well.

    The temporary name keeps the suffix of `path`, since Keras and OpenCV choose a format by it.
    When the block raises, the temporary file is removed and an older `path` stays as it was.

    Args:
        path: the final file. Its folder is created.

    Yields:
        The temporary `Path` to write to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".tmp-{secrets.token_hex(8)}{path.suffix}")
    temporary.touch(exist_ok=False)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_directory(path: str | os.PathLike) -> Iterator[Path]:
    """Yields a temporary folder beside `path` that becomes `path` when the block ends well.

    A folder that already stands at `path` is replaced only then. When the block raises, the
    temporary folder is removed.

    Args:
        path: the final folder. Its parent is created.

    Yields:
        The temporary `Path` to fill.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".tmp-{secrets.token_hex(8)}")
    temporary.mkdir()
    replaced = temporary.with_name(f"{temporary.name}-replaced")
    try:
        yield temporary
        # Moved aside, not deleted in place: a killed run leaves no half-emptied folder.
        if path.is_dir():
            os.replace(path, replaced)
        os.replace(temporary, path)
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_json(path: str | os.PathLike, content: object) -> None:
    """Writes `content` as indented JSON, atomically. NaN and infinity are refused."""
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path: str | os.PathLike) -> dict:
    """Reads a JSON file that holds an object."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_csv(path: str | os.PathLike, header: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Writes a header and rows as CSV, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(format_csv(header, rows).encode())


def format_csv(header: Sequence[str], rows: Iterable[Sequence]) -> str:
    """Returns a header and rows as the text of a CSV file."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()


def file_sha256(path: str | os.PathLike) -> str:
    """Returns the sha256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
