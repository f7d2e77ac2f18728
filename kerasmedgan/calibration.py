"""Stage 5, calibration: validation predictions enter, a temperature for probabilities leaves."""

import dataclasses

import numpy as np
from scipy.optimize import minimize_scalar

from kerasmedgan.data.split_guard import VALIDATION, require_split
from kerasmedgan.evaluation import Predictions, expected_calibration_error

_COLDEST, _HOTTEST = 0.01, 100.0
# The smallest float32 above 0 whose logarithm is exact enough; a softmax may give 0 itself.
_FLOOR = 1e-37


def fit_temperature(predictions: Predictions) -> float:
    """Chooses the temperature under which validation labels are the most likely.

    Logits are divided by it: above 1 it makes a classifier less sure of itself, below 1 more. It
    changes no ranking and, with two classes, no decision. The targets are not 0 and 1 but
    `(n + 1) / (n + 2)` of a class of `n` images and the rest, or classes that are told apart
    without an error would ask for a temperature of 0.
    Sources: Guo et al. 2017, arXiv:1706.04599, section 4.2; Platt 1999, "Probabilistic outputs
    for support vector machines", section 2.2 (targets).

    Args:
        predictions: of the validation split, any number of classes.

    Returns:
        The temperature, in [0.01, 100].

    Raises:
        TestSplitError: if the predictions are of the test split.
        ValueError: if they are of the training split.
    """
    require_split(predictions.split, VALIDATION, "predictions")
    logits, targets = _log(predictions.probabilities), _soft_targets(predictions)

    def loss(log_temperature: float) -> float:
        scaled = _log_softmax(logits / np.exp(log_temperature))
        return -float((targets * scaled).sum(axis=1).mean())

    bounds = (np.log(_COLDEST), np.log(_HOTTEST))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Divides the logits behind class probabilities by a temperature.

    Args:
        probabilities: shape `(..., num_classes)`; the last axis sums to 1.
        temperature: above 0; 1 changes nothing.

    Returns:
        float64 probabilities of the same shape.

    Raises:
        ValueError: if the temperature is not above 0.
    """
    if not 0 < temperature < np.inf:
        raise ValueError(
            "Invalid value for `temperature`. Expected a number above 0. "
            f"Received: {temperature}. Use `fit_temperature`."
        )
    return np.exp(_log_softmax(_log(probabilities) / temperature))


def describe_calibration(
    validation: Predictions, test: Predictions, *, positive_class: str | None
) -> dict:
    """Fits the temperature on validation and says what it does to both splits' calibration.

    Args:
        validation: chooses the temperature.
        test: measured with it.
        positive_class: the class to detect; `None` with more than two classes.

    Returns:
        `temperature` and, for each split, its `expected_calibration_error` as the network gives
        probabilities (`uncalibrated`) and at the temperature (`calibrated`).
    """
    temperature = fit_temperature(validation)
    return {
        "temperature": temperature,
        **{
            part.split: {
                "uncalibrated": _calibration_error(part, positive_class),
                "calibrated": _calibration_error(_at(temperature, part), positive_class),
            }
            for part in (validation, test)
        },
    }


def _at(temperature: float, predictions: Predictions) -> Predictions:
    calibrated = apply_temperature(predictions.probabilities, temperature)
    return dataclasses.replace(predictions, probabilities=calibrated)


def _calibration_error(predictions: Predictions, positive_class: str | None) -> float:
    """Returns what `evaluate` calls so: of the positive class, or of the predicted ones."""
    if positive_class is not None:
        return expected_calibration_error(*predictions.positive_scores(positive_class))
    probabilities = predictions.probabilities
    is_right = probabilities.argmax(axis=1) == predictions.labels
    return expected_calibration_error(is_right, probabilities.max(axis=1))


def _soft_targets(predictions: Predictions) -> np.ndarray:
    classes = len(predictions.class_names)
    counts = np.bincount(predictions.labels, minlength=classes)
    sure = ((counts + 1) / (counts + 2))[predictions.labels]
    targets = np.repeat(((1 - sure) / (classes - 1))[:, None], classes, axis=1)
    targets[np.arange(len(targets)), predictions.labels] = sure
    return targets


def _log(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(np.asarray(probabilities, np.float64), _FLOOR))


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
