"""Ground floor: the folder of one run, opened once, with its settings written first."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from kerasmedgan.environment import PACKAGES, environment
from kerasmedgan.files import read_json, write_csv, write_json

CONFIG = "config.json"
# The command may differ when a run is taken up again, and so may the machine: rounding differs
# from one to another, but the same libraries do the same. Their versions may not.
_COMPARED_OTHERWISE = {"command", "environment"}
_SHOWN, _LONGEST = 5, 80


def check_run_folder(path: str | os.PathLike, *, argument: str = "output") -> Path:
    """Returns `path` if a run may be written there.

    Args:
        path: a new or empty folder.
        argument: what the caller's user knows it as.

    Raises:
        FileExistsError: if it is a file or a folder that is not empty.
    """
    path = Path(path)
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise FileExistsError(
            f"Invalid value for `{argument}`. Expected a new or empty folder. "
            f"Received: {path}, which already holds a run or other files. Choose another name."
        )
    return path


def create_run_folder(
    path: str | os.PathLike, config: Mapping, *, argument: str = "output"
) -> Path:
    """Creates the folder of a run and writes `config.json` with the environment beside it.

    Args:
        path: a new or empty folder.
        config: every resolved setting of the run, JSON-ready.
        argument: as in `check_run_folder`.

    Returns:
        The folder.

    Raises:
        FileExistsError: if the folder already holds something.
    """
    path = check_run_folder(path, argument=argument)
    write_json(path / CONFIG, {**config, "environment": environment()})
    return path


def resume_run_folder(
    path: str | os.PathLike, config: Mapping, *, argument: str = "output"
) -> Path:
    """Returns the folder of a run with these settings, or creates it.

    Args:
        path: a new or empty folder, or that of a run with the same settings.
        config: every resolved setting of the run, JSON-ready; `command` may differ.
        argument: as in `check_run_folder`.

    Returns:
        The folder, with `config.json` in it.

    Raises:
        FileExistsError: if it holds something else, or a run with other settings.
    """
    path = Path(path)
    if not (path / CONFIG).exists():
        return create_run_folder(path, config, argument=argument)
    wanted = json.loads(json.dumps({**config, "environment": environment()}))
    found = read_json(path / CONFIG)
    different = [
        f"`{name}` {_shortened(found.get(name))}, here {_shortened(wanted.get(name))}"
        for name in dict.fromkeys((*found, *wanted))
        if name not in _COMPARED_OTHERWISE and wanted.get(name) != found.get(name)
    ]
    versions = [version for version in PACKAGES if version in wanted["environment"]]
    different += [
        f"{name} {found['environment'].get(name)}, here {wanted['environment'][name]}"
        for name in versions
        if found["environment"].get(name) != wanted["environment"][name]
    ]
    if different:
        more = f" and {len(different) - _SHOWN} more" if len(different) > _SHOWN else ""
        raise FileExistsError(
            f"Invalid value for `{argument}`. Expected a new folder, or that of a run with the "
            f"same settings. Received: {path}, made with {'; '.join(different[:_SHOWN])}{more}. "
            "Choose another folder, or repeat those settings to go on."
        )
    return path


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def write_history(path: str | os.PathLike, history: Mapping[str, Sequence[float]]) -> None:
    """Writes a Keras `History.history` as CSV, one row an epoch, epochs from 1."""
    names = sorted(history)
    rows = zip(*(history[name] for name in names), strict=True)
    write_csv(path, ["epoch", *names], ([epoch, *row] for epoch, row in enumerate(rows, 1)))
