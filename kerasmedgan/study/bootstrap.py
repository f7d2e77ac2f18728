"""Stage 6, study: test scores enter, each metric on many resamples of the test patients leaves.

All arms and seeds share the resamples, so that a difference between two arms is paired: it is
that of the same images, weighted alike.
"""

import dataclasses

import numpy as np

METRICS = ("auc", "accuracy", "balanced_accuracy", "sensitivity", "specificity")


@dataclasses.dataclass(frozen=True)
class Resamples:
    """How often each test image is drawn; row 0 is the test split as it is.

    Sums of the weights are whole or half numbers, which float32 holds exactly up to 8 million.

    Attributes:
        positive: float32 array, shape `(1 + resamples, positive images)`, whole numbers >= 0.
        negative: float32 array, shape `(1 + resamples, negative images)`, whole numbers >= 0.
        patients: the number of patients in the smaller stratum of `patient_strata`.
    """

    positive: np.ndarray
    negative: np.ndarray
    patients: int


def patient_strata(is_positive: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Finds the patients and which of them have the disease.

    Args:
        is_positive: bool array, shape `(images,)`.
        groups: str array, shape `(images,)`: the patient of each image.

    Returns:
        Bool array, shape `(patients,)`: whether any image of the patient is positive; int64
        array, shape `(images,)`: the row of each image's patient in it.

    Raises:
        ValueError: if there are fewer than two patients with, or fewer than two without, a
            positive image: such a test split cannot say how much patients differ.
    """
    names, patient = np.unique(groups, return_inverse=True)
    diseased = np.bincount(patient, is_positive, minlength=len(names)) > 0
    counts = {"with": int(diseased.sum()), "without": int((~diseased).sum())}
    for word, count in counts.items():
        if count < 2:
            raise ValueError(
                f"Invalid value for `groups`. Expected two or more test patients {word} a "
                f"positive image. Received: {count}. Use a larger test split, or correct the "
                "patient pattern."
            )
    return diseased, patient


def resample_patients(
    is_positive: np.ndarray, groups: np.ndarray, *, resamples: int, seed: int
) -> Resamples:
    """Draws patients with replacement, all images of a patient together.

    Patients with and without a positive image are drawn apart, each as many as there are, so
    that every resample has both classes.
    Source: Rutter 2000, Academic Radiology 7(6), 413-419 (patient-clustered bootstrap of ROC).

    Args:
        is_positive: bool array, shape `(images,)`.
        groups: str array, shape `(images,)`: the patient of each image.
        resamples: how many to draw.
        seed: seed of the draws.

    Raises:
        ValueError: as in `patient_strata`.
    """
    diseased, patient = patient_strata(is_positive, groups)
    generator = np.random.default_rng(seed)
    drawn = np.ones((1 + resamples, len(diseased)), np.float32)
    sizes = []
    for stratum in (diseased, ~diseased):
        size = int(stratum.sum())
        drawn[1:, stratum] = generator.multinomial(size, np.full(size, 1 / size), size=resamples)
        sizes.append(size)
    return Resamples(drawn[:, patient[is_positive]], drawn[:, patient[~is_positive]], min(sizes))


def resampled_metrics(
    scores: np.ndarray, threshold: float, *, is_positive: np.ndarray, resamples: Resamples
) -> dict[str, np.ndarray]:
    """Computes one classifier's metrics on every resample.

    The AUC is the share of pairs of a positive and a negative image in which the positive one
    scores higher, ties counting half: a matrix of comparisons between two vectors of weights.
    Source: Hanley and McNeil 1982, Radiology 143(1), 29-36.

    Args:
        scores: float64 array, shape `(images,)`: probability of the positive class.
        threshold: validation-chosen; an image is positive if its score is at least this.
        is_positive: bool array, shape `(images,)`.
        resamples: as drawn by `resample_patients`.

    Returns:
        A float64 array, shape `(1 + resamples,)`, in [0, 1], for each of `METRICS`.
    """
    positive, negative = scores[is_positive], scores[~is_positive]
    wins = np.heaviside(positive[:, None] - negative, 0.5).astype(np.float32)
    pairs = _row_sums((resamples.positive @ wins) * resamples.negative)
    found = _row_sums(resamples.positive[:, positive >= threshold])
    cleared = _row_sums(resamples.negative[:, negative < threshold])
    positives, negatives = _row_sums(resamples.positive), _row_sums(resamples.negative)
    sensitivity, specificity = found / positives, cleared / negatives
    return {
        "auc": pairs / (positives * negatives),
        "accuracy": (found + cleared) / (positives + negatives),
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "sensitivity": sensitivity,
        "specificity": specificity,
    }


def metrics_at_specificity(
    scores: np.ndarray,
    specificity: np.ndarray,
    *,
    is_positive: np.ndarray,
    resamples: Resamples,
) -> dict[str, np.ndarray]:
    """Computes what a classifier reaches at a given specificity, on every resample.

    The threshold is found anew in each resample: the lowest at which the specificity is not
    below the one asked for. Where scores tie it lies above, never below.

    Args:
        scores: float64 array, shape `(images,)`: probability of the positive class.
        specificity: float64 array, shape `(1 + resamples,)`: the one to reach in each resample.
        is_positive: bool array, shape `(images,)`.
        resamples: as drawn by `resample_patients`.

    Returns:
        `accuracy` and `sensitivity`: float64 arrays, shape `(1 + resamples,)`, in [0, 1].
    """
    levels = np.unique(scores[~is_positive])
    cleared = _weight_up_to(levels, scores[~is_positive], resamples.negative)
    missed = _weight_up_to(levels, scores[is_positive], resamples.positive)
    # Weights are whole numbers: rounding makes the comparison exact.
    positives, negatives = _row_sums(resamples.positive), _row_sums(resamples.negative)
    asked = np.rint(specificity * negatives)
    first = (cleared < asked[:, None]).sum(axis=1)
    rows = np.arange(len(first))
    found = positives - missed[rows, first]
    return {
        "accuracy": (found + cleared[rows, first]) / (positives + negatives),
        "sensitivity": found / positives,
    }


def _row_sums(weights: np.ndarray) -> np.ndarray:
    return weights.sum(axis=1, dtype=np.float64)


def _weight_up_to(levels: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sums the weights of the scores up to each level, from none up: (rows, 1 + levels)."""
    order = np.argsort(scores)
    total = np.zeros((len(weights), len(scores) + 1), weights.dtype)
    np.cumsum(weights[:, order], axis=1, out=total[:, 1:])
    last = np.searchsorted(scores[order], levels, side="right")
    return total[:, np.concatenate([[0], last])]
