"""Stage 5, evaluation: a classifier's probabilities become metrics, thresholds and curves."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

import keras
import numpy as np
from sklearn import metrics

from kerasmedgan.data.batches import evaluation_batches
from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.split_guard import VALIDATION, require_split
from kerasmedgan.files import write_csv

_CALIBRATION_BINS = 15
_BATCH = 256
# Names of classes that are the absence of what one looks for.
_HEALTHY = {"normal", "healthy", "negative", "control", "benign", "no_finding", "no finding"}


@dataclasses.dataclass(frozen=True)
class Predictions:
    """Class probabilities of one model on one split.

    Attributes:
        probabilities: float32 array, shape `(count, num_classes)`; rows sum to 1.
        labels: int64 array, shape `(count,)`.
        class_names: the classes, in label order.
        groups: str array, shape `(count,)`: the patient of each image.
        files: str array, shape `(count,)`.
        split: the split that the images belong to.
    """

    probabilities: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    groups: np.ndarray
    files: np.ndarray
    split: str

    @property
    def is_binary(self) -> bool:
        """Whether there are two classes."""
        return len(self.class_names) == 2

    def positive_scores(self, positive_class: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns (bool: is the positive class, float: its probability) of each image."""
        label = self.class_names.index(positive_class)
        return self.labels == label, self.probabilities[:, label].astype(np.float64)


def predict(model: keras.Model, images: LabeledImages) -> Predictions:
    """Runs a classifier over all images of a split.

    Each use with the test split is a use of the final number: make one an arm and seed.
    """
    batches = evaluation_batches(images.images, images.labels, _BATCH)
    pixels = batches.map(lambda batch, _: batch)
    return Predictions(
        probabilities=model.predict(pixels, verbose=0),
        labels=images.labels,
        class_names=images.class_names,
        groups=images.groups,
        files=images.files,
        split=images.split,
    )


def default_positive_class(class_names: Sequence[str]) -> str | None:
    """Returns the class to detect: the last that is not named like "NORMAL" or "healthy".

    Returns:
        A class name; `None` with more than two classes, where none stands against the rest.
    """
    if len(class_names) > 2:
        return None
    diseased = [name for name in class_names if name.lower() not in _HEALTHY]
    return (diseased or list(class_names))[-1]


def choose_threshold(predictions: Predictions, positive_class: str) -> float:
    """Chooses the threshold that maximises sensitivity + specificity - 1.

    Ties go to the middle of the widest gap between scores, so that the threshold does not sit on
    a patient. Source: Youden 1950, Cancer 3(1), 32-35.

    Args:
        predictions: of the validation split, two classes.
        positive_class: the class to detect.

    Returns:
        The threshold: an image is positive if its probability is at least this.

    Raises:
        TestSplitError: if the predictions are of the test split.
        ValueError: if they are of the training split.
    """
    require_split(predictions.split, VALIDATION, "predictions")
    is_positive, scores = predictions.positive_scores(positive_class)
    false_positive, true_positive, levels = metrics.roc_curve(
        is_positive, scores, drop_intermediate=False
    )
    youden = true_positive - false_positive
    upper = np.minimum(levels, 1.0)
    lower = np.append(levels[1:], 0.0)
    best = np.flatnonzero(np.isclose(youden, youden.max()))
    widest = best[(upper - lower)[best].argmax()]
    return float((upper[widest] + lower[widest]) / 2)


def evaluate(
    predictions: Predictions, *, positive_class: str | None, threshold: float | None = None
) -> dict:
    """Computes the metrics of one split.

    Args:
        predictions: of any split.
        positive_class: the class to detect; `None` with more than two classes.
        threshold: validation-chosen threshold; needed with two classes.

    Returns:
        With two classes `accuracy`, `balanced_accuracy`, `auc`, `sensitivity`, `specificity`,
        `threshold`, `expected_calibration_error`, `confusion_matrix` (rows true, columns
        predicted, in class order) and the same decisions `at_half`. With more classes `accuracy`,
        `balanced_accuracy`, `auc` (macro one-versus-rest), `recall` of each class,
        `expected_calibration_error` and `confusion_matrix`. All in [0, 1].
    """
    if not predictions.is_binary:
        return _evaluate_many(predictions)
    if threshold is None:
        raise ValueError(
            "Invalid value for `threshold`. Expected the validation-chosen threshold. Received: "
            "None. Pass `choose_threshold(predict(model, splits.validation), positive_class)`."
        )
    is_positive, scores = predictions.positive_scores(positive_class)
    return {
        "auc": float(metrics.roc_auc_score(is_positive, scores)),
        "expected_calibration_error": expected_calibration_error(is_positive, scores),
        **_decisions(predictions, positive_class, threshold),
        "at_half": _decisions(predictions, positive_class, 0.5),
    }


def balanced_accuracy(is_positive: np.ndarray, decisions: np.ndarray) -> float:
    """Returns the mean of sensitivity and specificity."""
    return float((decisions[is_positive].mean() + (~decisions[~is_positive]).mean()) / 2)


def expected_calibration_error(
    is_positive: np.ndarray, scores: np.ndarray, bins: int = _CALIBRATION_BINS
) -> float:
    """Returns the mean gap between probability and observed frequency over equal-width bins.

    The gap is that of the positive class's probability, weighted by the images in each bin.
    Source: Naeini et al. 2015, AAAI, doi:10.1609/aaai.v29i1.9602.
    """
    bin_of = np.minimum((scores * bins).astype(int), bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    gap = np.bincount(bin_of, scores, bins) - np.bincount(bin_of, is_positive, bins)
    return float(np.abs(gap).sum() / count.sum())


def write_predictions(path: str | os.PathLike, *predictions: Predictions) -> None:
    """Writes splits' predictions as CSV: split, file, group, label, one probability a class."""
    class_names = predictions[0].class_names
    header = ["split", "file", "group", "label", *(f"probability_{n}" for n in class_names)]
    rows = (
        [part.split, file, group, part.class_names[label], *(f"{p:.7g}" for p in row)]
        for part in predictions
        for file, group, label, row in zip(
            part.files, part.groups, part.labels, part.probabilities, strict=True
        )
    )
    write_csv(path, header, rows)


def _decisions(predictions: Predictions, positive_class: str, threshold: float) -> dict:
    is_positive, scores = predictions.positive_scores(positive_class)
    decisions = scores >= threshold
    positive = predictions.class_names.index(positive_class)
    predicted = np.where(decisions, positive, 1 - positive)
    return {
        "threshold": threshold,
        "accuracy": float((decisions == is_positive).mean()),
        "balanced_accuracy": balanced_accuracy(is_positive, decisions),
        "sensitivity": float(decisions[is_positive].mean()),
        "specificity": float((~decisions[~is_positive]).mean()),
        "confusion_matrix": _confusion(predictions.labels, predicted, 2),
    }


def _evaluate_many(predictions: Predictions) -> dict:
    labels, probabilities = predictions.labels, predictions.probabilities
    predicted = probabilities.argmax(axis=1)
    everything = range(len(predictions.class_names))
    recall = metrics.recall_score(labels, predicted, labels=everything, average=None)
    return {
        "auc": float(
            metrics.roc_auc_score(
                labels, probabilities, multi_class="ovr", average="macro", labels=everything
            )
        ),
        "expected_calibration_error": expected_calibration_error(
            predicted == labels, probabilities.max(axis=1)
        ),
        "accuracy": float((predicted == labels).mean()),
        "balanced_accuracy": float(recall.mean()),
        "recall": dict(zip(predictions.class_names, map(float, recall), strict=True)),
        "confusion_matrix": _confusion(labels, predicted, len(everything)),
    }


def _confusion(labels: np.ndarray, predicted: np.ndarray, num_classes: int) -> list[list[int]]:
    return metrics.confusion_matrix(labels, predicted, labels=range(num_classes)).tolist()
