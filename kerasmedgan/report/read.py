"""Report, reading: a run folder's JSON, CSV and PNG files become numbers and arrays."""

import csv
import dataclasses
import json
import os
from pathlib import Path

import numpy as np

from kerasmedgan.data.labeled import TEST
from kerasmedgan.images import decode_image

RESULTS = "results.json"


@dataclasses.dataclass(frozen=True, repr=False)
class Run:
    """A finished run.

    Attributes:
        directory: the run folder.
        results: the content of `results.json`.
    """

    directory: Path
    results: dict

    @property
    def arms(self) -> dict[str, dict]:
        """The entry of each arm, in the order in which they were run."""
        return self.results["arms"]

    @property
    def class_names(self) -> list[str]:
        """The classes, in label order."""
        return self.results["classes"]["names"]

    @property
    def positive_class(self) -> str | None:
        """The class to detect; `None` with more than two classes."""
        return self.results["classes"]["positive"]

    def gan_history(self) -> dict[str, np.ndarray]:
        """Returns the columns of the GAN's `history.csv`, float64 of shape `(epochs,)`."""
        return _read_columns(self.directory / self.results["gan"]["directory"] / "history.csv")

    def classifier_history(self, arm: str) -> dict[str, np.ndarray]:
        """Returns the columns of an arm's `history.csv` and `updates`, the end of each epoch."""
        history = _read_columns(self.directory / self.arms[arm]["directory"] / "history.csv")
        epochs = history["epoch"]
        return {**history, "updates": epochs * self.arms[arm]["updates"] / len(epochs)}

    def test_scores(self, arm: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns an arm's predictions on the test split.

        Returns:
            str array of class names, shape `(count,)`, and float64 probabilities, shape
            `(count, num_classes)`, in class order.
        """
        path = self.directory / self.arms[arm]["directory"] / "predictions.csv"
        rows = [row for row in _read_rows(path) if row["split"] == TEST]
        columns = [f"probability_{name}" for name in self.class_names]
        probabilities = [[float(row[column]) for column in columns] for row in rows]
        return np.array([row["label"] for row in rows]), np.array(probabilities)

    def synthetic_images(self, count: int) -> np.ndarray:
        """Returns the first images of the export, nothing chosen.

        Returns:
            uint8 array, shape `(at most count, height, width, 3)`.
        """
        directory = self.directory / self.results["synthetic"]["directory"]
        paths = sorted(directory.glob("*.png"))[:count]
        return np.stack([decode_image(path.read_bytes(), channels=3) for path in paths])


def read_run(path: str | os.PathLike) -> Run:
    """Opens the folder of a finished run.

    Raises:
        FileNotFoundError: if it has no `results.json`.
    """
    directory = Path(path)
    results = directory / RESULTS
    if not results.is_file():
        raise FileNotFoundError(
            f"Invalid value for `run`. Expected a run folder with {RESULTS}. "
            f"Received: {directory}. Run examples/end_to_end.py to its end and pass its folder."
        )
    return Run(directory, json.loads(results.read_text(encoding="utf-8")))


def _read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _read_columns(path: Path) -> dict[str, np.ndarray]:
    rows = _read_rows(path)
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
