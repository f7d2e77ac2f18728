"""Report, reading: a run folder's JSON, CSV and PNG files become numbers and arrays."""

import dataclasses
import os
from pathlib import Path

import numpy as np

from kerasmedgan.report.run_files import (
    read_columns,
    read_first_images,
    read_results,
    read_test_scores,
)


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
        return read_columns(self.directory / self.results["gan"]["directory"] / "history.csv")

    def classifier_history(self, arm: str) -> dict[str, np.ndarray]:
        """Returns the columns of an arm's `history.csv` and `updates`, the end of each epoch."""
        history = read_columns(self.directory / self.arms[arm]["directory"] / "history.csv")
        epochs = history["epoch"]
        return {**history, "updates": epochs * self.arms[arm]["updates"] / len(epochs)}

    def test_scores(self, arm: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns an arm's predictions on the test split.

        Returns:
            str array of class names, shape `(count,)`, and float64 probabilities, shape
            `(count, num_classes)`, in class order.
        """
        return read_test_scores(self.directory / self.arms[arm]["directory"], self.class_names)

    def synthetic_images(self, count: int) -> np.ndarray:
        """Returns the first images of the export, nothing chosen.

        Returns:
            uint8 array, shape `(at most count, height, width, 3)`.
        """
        return read_first_images(self.directory / self.results["synthetic"]["directory"], count)


def read_run(path: str | os.PathLike) -> Run:
    """Opens the folder of a finished run.

    Raises:
        FileNotFoundError: if it has no `results.json`.
    """
    return Run(Path(path), read_results(path, "examples/end_to_end.py"))
