"""Report, files of a run: JSON, CSV and PNG become dictionaries and arrays."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kerasmedgan.data.split_guard import TEST
from kerasmedgan.files import read_json
from kerasmedgan.images import decode_image

RESULTS = "results.json"


def read_results(run: str | os.PathLike, example: str) -> dict:
    """Returns the content of a finished run's `results.json`.

    Args:
        run: the run folder.
        example: the script that writes such folders, for the error.

    Raises:
        FileNotFoundError: if the folder has no `results.json`.
    """
    path = Path(run) / RESULTS
    if not path.is_file():
        raise FileNotFoundError(
            f"Invalid value for `run`. Expected a run folder with {RESULTS}. "
            f"Received: {run}. Run {example} to its end and pass its folder."
        )
    return read_json(path)


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """Returns the columns of a CSV file of numbers, float64 of shape `(rows,)`."""
    rows = _read_rows(path)
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def read_test_scores(directory: Path, class_names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the predictions on the test split from a folder's `predictions.csv`.

    Returns:
        str array of class names, shape `(count,)`, and float64 probabilities, shape
        `(count, num_classes)`, in class order.
    """
    rows = [row for row in _read_rows(directory / "predictions.csv") if row["split"] == TEST]
    columns = [f"probability_{name}" for name in class_names]
    probabilities = [[float(row[column]) for column in columns] for row in rows]
    return np.array([row["label"] for row in rows]), np.array(probabilities)


def read_first_images(directory: Path, count: int) -> np.ndarray:
    """Returns the first PNG images of a folder by name, nothing chosen.

    Returns:
        uint8 array, shape `(at most count, height, width, 3)`.
    """
    paths = sorted(directory.glob("*.png"))[:count]
    return np.stack([decode_image(path.read_bytes(), channels=3) for path in paths])


def _read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
