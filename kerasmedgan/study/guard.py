"""Stage 6, study: the test split is opened once a cell, and every opening is written down."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.split_guard import TestSplitError
from kerasmedgan.data.splits import Splits


class TestGuard:
    """Opens the test split for a classifier whose weights and threshold are chosen and saved.

    The record is a file with one JSON object a line, written before the images are handed out.
    A cell that was stopped between its opening and its result is opened again for the very same
    weights; for other weights it never is.

    Args:
        path: the record; made if it is not there.
    """

    __test__ = False

    def __init__(self, path: str | os.PathLike):
        """Opens the record, or one that is begun with the first opening."""
        self.path = Path(path)

    def open(self, splits: Splits, *, cell: str, weights_sha256: str) -> LabeledImages:
        """Returns the test split and writes down for what.

        Args:
            splits: the images.
            cell: name of the cell.
            weights_sha256: `weights_sha256` of the classifier.

        Raises:
            TestSplitError: if the cell was opened before for a classifier of other weights.
        """
        earlier = {entry["weights_sha256"] for entry in self.openings() if entry["cell"] == cell}
        if earlier - {weights_sha256}:
            raise TestSplitError(
                f"Cannot open the test split for {cell}. Expected the first opening. Received: a "
                "second one, with other weights than the first. What was seen of the test split "
                "must not choose a classifier: begin a new study in a new folder."
            )
        entry = {
            "cell": cell,
            "weights_sha256": weights_sha256,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            # A line that a power cut tore must not take this one with it.
            file.write("\n" * self._is_torn() + json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return splits.open_test(cell)

    def openings(self) -> list[dict]:
        """Returns all openings so far, in order: `cell`, `weights_sha256` and `time` (UTC)."""
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def _is_torn(self) -> bool:
        return self.path.exists() and self.path.read_bytes()[-1:] not in (b"", b"\n")
