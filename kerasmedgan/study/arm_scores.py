"""Stage 6, study: what the arms' classifiers say of the test images, checked before it is used."""

import dataclasses
from collections.abc import Mapping

import numpy as np


@dataclasses.dataclass(frozen=True)
class ArmScores:
    """What one arm's classifiers say of the test images.

    Attributes:
        scores: float64 array, shape `(seeds, images)`, in [0, 1]: probability of the positive
            class. Seeds and images stand in the same order in every arm.
        thresholds: float64 array, shape `(seeds,)`, in [0, 1]: validation-chosen; an image is
            positive if its score is at least this.
    """

    scores: np.ndarray
    thresholds: np.ndarray

    def decisions(self) -> np.ndarray:
        """Returns a bool array, shape `(seeds, images)`: which images are called positive."""
        return self.scores >= self.thresholds[:, None]


def check_arms(arms: Mapping[str, ArmScores], *, reference: str, images: int) -> None:
    """Refuses arms that cannot be compared seed by seed and image by image.

    Args:
        arms: each arm's scores.
        reference: the arm that the others are compared with.
        images: the number of test images.

    Raises:
        ValueError: if the reference is missing, shapes differ, or a score or a threshold is not
            a number in [0, 1].
    """
    if reference not in arms:
        raise ValueError(
            f"Invalid value for `reference`. Expected one of {list(arms)}. Received: "
            f"{reference!r}. Run that arm too: the others are compared with it."
        )
    seeds = len(arms[reference].scores)
    for name, arm in arms.items():
        _check_shapes(name, arm, (seeds, images))
        for argument, values in (("scores", arm.scores), ("thresholds", arm.thresholds)):
            _check_probabilities(name, argument, np.asarray(values))


def check_test_split(is_positive: np.ndarray, groups: np.ndarray) -> None:
    """Refuses labels and patients of test images that do not fit together.

    Args:
        is_positive: bool array, shape `(images,)`, of both classes.
        groups: str array, shape `(images,)`: the patient of each image.

    Raises:
        ValueError: if it is not so.
    """
    if is_positive.dtype != bool or is_positive.ndim != 1:
        raise ValueError(
            "Invalid value for `is_positive`. Expected a bool array of shape (images,). Received: "
            f"{is_positive.dtype}, shape {is_positive.shape}. Compare the labels with the positive "
            "class."
        )
    if is_positive.all() or not is_positive.any():
        raise ValueError(
            "Invalid value for `is_positive`. Expected both classes. Received: "
            f"{int(is_positive.sum())} positive of {len(is_positive)} images. Use a test split "
            "with images of both."
        )
    if groups.shape != is_positive.shape:
        raise ValueError(
            f"Invalid value for `groups`. Expected the patient of each image, shape "
            f"{is_positive.shape}. Received: shape {groups.shape}. Pass one name an image."
        )


def _check_shapes(name: str, arm: ArmScores, expected: tuple[int, int]) -> None:
    scores, thresholds = np.shape(arm.scores), np.shape(arm.thresholds)
    if scores != expected or not expected[0]:
        raise ValueError(
            f"Invalid value for `arms[{name!r}].scores`. Expected shape (seeds, images), here "
            f"{expected}, with one seed or more. Received: shape {scores}. Give every arm the same "
            "seeds and test images."
        )
    if thresholds != expected[:1]:
        raise ValueError(
            f"Invalid value for `arms[{name!r}].thresholds`. Expected one a seed, shape "
            f"{expected[:1]}. Received: shape {thresholds}. Choose one on each seed's validation "
            "split."
        )


def _check_probabilities(name: str, argument: str, values: np.ndarray) -> None:
    wrong = values[~((values >= 0) & (values <= 1))]
    if wrong.size:
        raise ValueError(
            f"Invalid value for `arms[{name!r}].{argument}`. Expected numbers in [0, 1]. Received: "
            f"{wrong.size} outside, the first {wrong[0]}. Pass probabilities, not logits; a NaN "
            "means that the classifier diverged."
        )
