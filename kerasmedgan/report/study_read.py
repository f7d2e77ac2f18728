"""Report of a study, reading: the run folder of a study becomes numbers and arrays."""

import dataclasses
import os
from pathlib import Path

import numpy as np

from kerasmedgan.files import read_json
from kerasmedgan.report.run_files import (
    read_columns,
    read_first_images,
    read_results,
    read_test_scores,
)
from kerasmedgan.run_folder import CONFIG
from kerasmedgan.study import ARMS, REAL

SYNTHETIC = "synthetic"


@dataclasses.dataclass(frozen=True, repr=False)
class StudyRun:
    """A finished study.

    Attributes:
        directory: the run folder.
        results: the content of `results.json`.
        config: the content of `config.json`; empty where there is none.
    """

    directory: Path
    results: dict
    config: dict = dataclasses.field(default_factory=dict)

    @property
    def arms(self) -> list[str]:
        """The arms, in the order in which they were named."""
        return self.results["arms"]

    @property
    def compared_arms(self) -> list[str]:
        """The arms that are held against `real`."""
        return [arm for arm in self.arms if arm != REAL]

    @property
    def fractions(self) -> list[float]:
        """The fractions of the training patients, largest first."""
        return sorted(self.results["fractions"], reverse=True)

    @property
    def seeds(self) -> list[int]:
        """The seeds, in the order in which they were run."""
        return self.results["seeds"]

    @property
    def primary(self) -> str:
        """The metric that decides, named before the run."""
        return self.results["primary_metric"]

    @property
    def class_names(self) -> list[str]:
        """The two classes, in label order."""
        return self.results["classes"]["names"]

    @property
    def positive_class(self) -> str:
        """The class to detect."""
        return self.results["classes"]["positive"]

    @property
    def negative_class(self) -> str:
        """The other class."""
        (name,) = (name for name in self.class_names if name != self.positive_class)
        return name

    def summary(self, fraction: float, arm: str) -> dict[str, dict]:
        """Returns mean, standard deviation and values of each test metric over the seeds."""
        (entry,) = _matching(self.results["summaries"], fraction=fraction, arm=arm)
        return entry["metrics"]

    def comparison(self, fraction: float, arm: str) -> dict:
        """Returns how an arm compares with `real`."""
        (entry,) = _matching(self.results["comparisons"], fraction=fraction, arm=arm)
        return entry

    def cells(self, **conditions) -> list[dict]:
        """Returns the cells of the given `fraction`, `seed` or `arm`."""
        return _matching(self.results["cells"], **conditions)

    def generators(self, **conditions) -> list[dict]:
        """Returns the GANs of the given `fraction`, `seed`, `class` or kind (`conditional`).

        One of all classes has an entry for each class that it drew.
        """
        # Studies before there was the other kind do not say which it is.
        entries = [{"conditional": False, **entry} for entry in self.results["generators"]]
        return _matching(entries, **conditions)

    def synthetic_classes(self, fraction: float, arm: str) -> set[str]:
        """Returns the classes of which an arm trained on synthetic images, in any seed."""
        counts = (cell["train"][SYNTHETIC] for cell in self.cells(fraction=fraction, arm=arm))
        return {name for of_cell in counts for name, count in of_cell.items() if count}

    def validation_mean(self, fraction: float, arm: str, metric: str) -> float:
        """Returns the mean of a validation metric over the seeds."""
        cells = self.cells(fraction=fraction, arm=arm)
        return float(np.mean([cell["validation"][metric] for cell in cells]))

    def history(self, cell: dict) -> dict[str, np.ndarray]:
        """Returns the columns of a cell's `history.csv` and `updates`, the end of each epoch.

        An arm that trains in two phases keeps the history of the last one, which ends with the
        last update; an epoch is as many updates as in `real`.
        """
        history = read_columns(self.directory / cell["directory"] / "history.csv")
        real = self.cells(fraction=cell["fraction"], seed=cell["seed"], arm=REAL)
        epochs, longest = history["epoch"], len(history["epoch"])
        if real:
            longest = len(
                read_columns(self.directory / real[0]["directory"] / "history.csv")["epoch"]
            )
        step = cell["updates"] / longest
        return {**history, "updates": cell["updates"] - (len(epochs) - epochs) * step}

    def test_scores(self, cell: dict) -> tuple[np.ndarray, np.ndarray]:
        """Returns a cell's predictions on the test split.

        Returns:
            bool array, whether each image is of the positive class, and float64 array, its
            probability; both of shape `(count,)`.
        """
        labels, probabilities = read_test_scores(
            self.directory / cell["directory"], self.class_names
        )
        column = self.class_names.index(self.positive_class)
        return labels == self.positive_class, probabilities[:, column]

    def synthetic_images(self, generator: dict, count: int) -> np.ndarray:
        """Returns the first images that a GAN drew, nothing chosen.

        Args:
            generator: an entry of `generators`.
            count: how many at most.

        Returns:
            uint8 array, shape `(at most count, height, width, 3)`.

        Raises:
            ValueError: if they stand outside the run's folder of synthetic images, since a
                figure must never show a patient's image.
            FileNotFoundError: if there are none.
        """
        directory = (self.directory / generator["synthetic_directory"]).resolve()
        allowed = (self.directory / SYNTHETIC).resolve()
        if not directory.is_relative_to(allowed):
            raise ValueError(
                "Invalid value for `synthetic_directory`. Expected a folder below "
                f"{SYNTHETIC}/ of the run. Received: {generator['synthetic_directory']}. "
                "Export the synthetic images there: figures show no others."
            )
        if not any(directory.glob("*.png")):
            raise FileNotFoundError(
                "Invalid value for `synthetic_directory`. Expected a folder with PNG files. "
                f"Received: {generator['synthetic_directory']}, which has none. Draw them again."
            )
        return read_first_images(directory, count)


def read_study(run: str | os.PathLike) -> StudyRun:
    """Opens the folder of a finished study.

    Raises:
        FileNotFoundError: if it has no `results.json`.
        ValueError: if the results are those of something else than a study.
    """
    results = read_results(run, "examples/study.py")
    if results.get("kind") != "study":
        raise ValueError(
            "Invalid value for `run`. Expected the folder of a study. Received: "
            f"{run}, whose results.json is of another kind. Pass it to `write_report`."
        )
    config = Path(run) / CONFIG
    settings = read_json(config) if config.is_file() else {}
    return StudyRun(Path(run), results, settings)


def is_conditional(arm: str) -> bool:
    """Returns whether an arm's images were drawn by a GAN of all classes."""
    return arm in ARMS and ARMS[arm].conditional


def drawn_class(generator: dict) -> str:
    """Names the class that a GAN drew, and the GAN if it is one of all classes.

    Args:
        generator: an entry of `StudyRun.generators`.
    """
    return generator["class"] + " (GAN of all classes)" * generator["conditional"]


def _matching(entries: list[dict], **conditions) -> list[dict]:
    return [
        entry
        for entry in entries
        if all(entry[name] == value for name, value in conditions.items())
    ]
