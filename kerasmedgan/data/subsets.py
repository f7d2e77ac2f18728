"""Stage 1, data: fewer training patients, for a study of what a smaller set would have given."""

from collections.abc import Mapping

import numpy as np

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.patients import rarest_class
from kerasmedgan.data.split_guard import TRAIN, require_split


def take_fraction(train: LabeledImages, fraction: float, *, seed: int) -> LabeledImages:
    """Keeps a share of the training patients, stratified by class, with all their images.

    With the same seed, the patients of a smaller fraction are among those of a larger one. A
    patient with images of several classes counts for the rarest.

    Args:
        train: training images.
        fraction: share of the patients, above 0 and at most 1.
        seed: seed of the choice.

    Returns:
        The images kept, in their order.

    Raises:
        ValueError: if a class is left with fewer than two patients.
    """
    require_split(train.split, TRAIN, "train")
    if not 0 < fraction <= 1:
        raise ValueError(
            "Invalid value for `fractions`. Expected numbers above 0 and at most 1. "
            f"Received: {fraction}. Use 0.25 for a quarter of the training patients."
        )
    names, patient = np.unique(train.groups, return_inverse=True)
    stratum = rarest_class(train.labels, patient)
    generator = np.random.default_rng(seed)
    kept = np.zeros(len(names), bool)
    for label in np.unique(stratum):
        members = generator.permutation(np.flatnonzero(stratum == label))
        kept[members[: round(fraction * len(members))]] = True
    subset = train.take(np.flatnonzero(kept[patient]))
    _check_patients(subset, f"fraction {fraction:g}")
    return subset


def limit_patients(train: LabeledImages, limits: Mapping[str, int], *, seed: int) -> LabeledImages:
    """Keeps the images of at most so many patients of some classes, and all of the others.

    Args:
        train: training images.
        limits: number of patients of a class, by class name.
        seed: seed of the choice.

    Returns:
        The images kept, in their order.

    Raises:
        ValueError: if a class is unknown, or fewer than two patients are asked for or there.
    """
    require_split(train.split, TRAIN, "train")
    generator = np.random.default_rng(seed)
    kept = np.ones(len(train), bool)
    for name, limit in limits.items():
        if name not in train.class_names:
            raise ValueError(
                f"Invalid value for `limits`. Expected classes of {list(train.class_names)}. "
                f"Received: {name!r}. Class names are the names of the class folders."
            )
        of_class = train.labels == train.class_index(name)
        patients = generator.permutation(np.unique(train.groups[of_class]))
        kept &= ~of_class | np.isin(train.groups, patients[: max(limit, 0)])
    subset = train.take(np.flatnonzero(kept))
    _check_patients(subset, f"limits {dict(limits)}")
    return subset


def _check_patients(train: LabeledImages, setting: str) -> None:
    for name, count in train.patient_counts().items():
        if count < 2:
            raise ValueError(
                f"Cannot train on {setting}. Expected at least two patients of each class. "
                f"Received: {count} of {name}. Keep more patients."
            )
