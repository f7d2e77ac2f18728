"""Ground floor, resume: arrays and facts become a checked file, the one before it is kept."""

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from kerasmedgan.files import atomic_path

# The newest and the one before it, for the case that the newest is damaged.
_KEPT = 2
_LOGGER = logging.getLogger(__name__)


class TrainingStateError(RuntimeError):
    """Raised when a state cannot be written, or fits another training than the one at hand."""


class StateFiles:
    """The states of one training in a folder, the newest two.

    A state is `epoch_000012.npz`, its arrays, and `epoch_000012.json`, facts and the sha256 of the
    arrays' file. Both are written to a temporary file, synced and renamed, the JSON file last: a
    state without it was never finished and is not there.

    Args:
        directory: where the states are. It is created with the first.
    """

    def __init__(self, directory: str | os.PathLike):
        """Reads nothing yet."""
        self.directory = Path(directory)

    def write(self, epoch: int, arrays: Mapping[str, np.ndarray], facts: Mapping) -> None:
        """Writes a state, then removes all but it and the one before.

        Args:
            epoch: number of finished epochs.
            arrays: the arrays, by name.
            facts: what else is to be known, JSON-ready.

        Raises:
            TrainingStateError: if it cannot be written, as on a full disk; older states stay.
        """
        arrays_file, facts_file = self._paths(epoch)
        try:
            with _synced(arrays_file) as temporary:
                with temporary.open("wb") as file:
                    np.savez(file, **arrays)
                digest = _sha256(temporary)
            with _synced(facts_file) as temporary:
                temporary.write_text(json.dumps({**facts, "epoch": epoch, "sha256": digest}))
        except OSError as error:
            earlier = self._epochs()
            kept = f"The state of epoch {earlier[0]} is whole" if earlier else "There is none yet"
            raise TrainingStateError(
                f"Cannot write the training's state. Expected room and permission for {facts_file}."
                f" Received: {error}. {kept}; make room, then resume."
            ) from error
        for old in self._epochs()[_KEPT:]:
            # The facts first: a state whose arrays alone are gone would look damaged.
            for path in reversed(self._paths(old)):
                path.unlink(missing_ok=True)
        self._remove_unfinished()

    def read(self) -> tuple[dict[str, np.ndarray], dict] | None:
        """Returns arrays and facts of the newest state that is whole; `None` if there is no state.

        A damaged state is passed over with a warning.

        Raises:
            TrainingStateError: if there are states and all are damaged.
        """
        epochs = self._epochs()
        for epoch in epochs:
            arrays_file, facts_file = self._paths(epoch)
            try:
                facts = json.loads(facts_file.read_text())
                if _sha256(arrays_file) != facts["sha256"]:
                    raise ValueError("its checksum differs")
                with np.load(arrays_file, allow_pickle=False) as file:
                    return dict(file), facts
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

    def _paths(self, epoch: int) -> tuple[Path, Path]:
        stem = self.directory / f"epoch_{epoch:06d}"
        return stem.with_suffix(".npz"), stem.with_suffix(".json")

    def _epochs(self) -> list[int]:
        """Returns the epochs of all finished states, newest first."""
        names = (path.stem.removeprefix("epoch_") for path in self.directory.glob("epoch_*.json"))
        return sorted(map(int, names), reverse=True)

    def _remove_unfinished(self) -> None:
        """Removes what a killed process left: temporary files, arrays without facts."""
        for path in self.directory.glob(".tmp-*"):
            path.unlink(missing_ok=True)
        for path in self.directory.glob("epoch_*.npz"):
            if not path.with_suffix(".json").exists():
                path.unlink(missing_ok=True)


@contextlib.contextmanager
def _synced(path: Path) -> Iterator[Path]:
    """Yields a temporary file that becomes `path` once it is on the disk, name and all."""
    with atomic_path(path) as temporary:
        yield temporary
        _sync(temporary)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
