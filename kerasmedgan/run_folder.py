"""Ground floor: the folder of one run, opened once, with its settings written first."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from kerasmedgan.environment import environment
from kerasmedgan.files import write_csv, write_json


def check_run_folder(path: str | os.PathLike) -> Path:
    """Returns `path` if a run may be written there.

    Raises:
        FileExistsError: if it is a file or a folder that is not empty.
    """
    path = Path(path)
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise FileExistsError(
            "Invalid value for `output`. Expected a new or empty folder. "
            f"Received: {path}, which already holds a run or other files. Choose another name."
        )
    return path


def create_run_folder(path: str | os.PathLike, config: Mapping) -> Path:
    """Creates the folder of a run and writes `config.json` with the environment beside it.

    Args:
        path: a new or empty folder.
        config: every resolved setting of the run, JSON-ready.

    Returns:
        The folder.

    Raises:
        FileExistsError: if the folder already holds something.
    """
    path = check_run_folder(path)
    write_json(path / "config.json", {**config, "environment": environment()})
    return path


def write_history(path: str | os.PathLike, history: Mapping[str, Sequence[float]]) -> None:
    """Writes a Keras `History.history` as CSV, one row an epoch, epochs from 1."""
    names = sorted(history)
    rows = zip(*(history[name] for name in names), strict=True)
    write_csv(path, ["epoch", *names], ([epoch, *row] for epoch, row in enumerate(rows, 1)))
