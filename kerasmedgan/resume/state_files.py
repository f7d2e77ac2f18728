"""Ground floor, resume: arrays and facts become one checked file, the one before it is kept."""

import hashlib
import io
import json
import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kerasmedgan.files import atomic_path

# The newest and the one before it, for the case that the newest is damaged.
_KEPT = 2
_NAME = re.compile(r"epoch_(\d{6,})\.state")
_FACTS = "facts"
_LOGGER = logging.getLogger(__name__)


class TrainingStateError(RuntimeError):
    """Raised when a state cannot be written, or fits another training than the one at hand."""


class StateFiles:
    """The states of one training in a folder, the newest two.

    A state is one file, `epoch_000012.state`: the sha256 of what follows in 64 hexadecimal digits,
    then arrays and facts in NumPy's npz format. It is written to a temporary file, synced and
    renamed, so a name always stands for a whole state.

    Args:
        directory: where the states are. It is created with the first.
    """

    def __init__(self, directory: str | os.PathLike):
        """Reads nothing yet."""
        self.directory = Path(directory)

    def write(self, epoch: int, arrays: Mapping[str, np.ndarray], facts: Mapping) -> None:
        """Writes a state, then removes later ones, and earlier ones but the last.

        Args:
            epoch: number of finished epochs.
            arrays: the arrays, by name.
            facts: what else is to be known, JSON-ready.

        Raises:
            TrainingStateError: if it cannot be written, as on a full disk; older states stay.
        """
        content = io.BytesIO()
        text = json.dumps({**facts, "epoch": epoch})
        np.savez(content, **arrays, **{_FACTS: np.array(text)})
        digest = hashlib.sha256(content.getbuffer()).hexdigest().encode()
        path = self.directory / f"epoch_{epoch:06d}.state"
        for left_by_a_kill in self.directory.glob(".tmp-*.state"):
            left_by_a_kill.unlink(missing_ok=True)
        try:
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                file.write(digest)
                file.write(content.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            _sync_folder(self.directory)
        except OSError as error:
            whole = self.epochs()
            kept = f"The state of epoch {whole[0]} is whole" if whole else "There is none yet"
            raise TrainingStateError(
                f"Cannot write the training's state. Expected room and permission for {path}. "
                f"Received: {error}. {kept}; make room, then resume."
            ) from error
        # States of later epochs are of a training that this one replaces.
        earlier = [old for old in self.epochs() if old < epoch]
        for old in set(self.epochs()) - {epoch, *earlier[: _KEPT - 1]}:
            (self.directory / f"epoch_{old:06d}.state").unlink(missing_ok=True)

    def read(self) -> tuple[dict[str, np.ndarray], dict] | None:
        """Returns arrays and facts of the newest state that is whole; `None` if there is no state.

        A damaged state is passed over with a warning.

        Raises:
            TrainingStateError: if there are states and all are damaged.
        """
        epochs = self.epochs()
        for epoch in epochs:
            try:
                return _read(self.directory / f"epoch_{epoch:06d}.state")
            except (OSError, ValueError, KeyError) as error:
                _LOGGER.warning(
                    "The training's state of epoch %d in %s is damaged (%s); the one before it is "
                    "used.",
                    epoch,
                    self.directory,
                    error,
                )
        if epochs:
            raise TrainingStateError(
                f"Cannot resume from {self.directory}. Expected one whole state. Received: those "
                f"of epochs {epochs}, all damaged. Remove the folder to begin anew."
            )
        return None

    def epochs(self) -> list[int]:
        """Returns the epochs of all states, newest first."""
        if not self.directory.is_dir():
            return []
        found = (_NAME.fullmatch(path.name) for path in self.directory.iterdir())
        return sorted((int(match[1]) for match in found if match), reverse=True)


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    content = path.read_bytes()
    digest, payload = content[:64], content[64:]
    if hashlib.sha256(payload).hexdigest().encode() != digest:
        raise ValueError("its checksum differs")
    with np.load(io.BytesIO(payload), allow_pickle=False) as file:
        arrays = dict(file)
    return arrays, json.loads(str(arrays.pop(_FACTS)))


def _sync_folder(path: Path) -> None:
    """Puts a new name on the disk, not only what it names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
