"""Quality, audit checks: what a memorisation audit could not judge is refused at the door."""

from __future__ import annotations

import numpy as np

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.split_guard import refuse_test_split

# The smallest null of which 1 / (count + 1) is 1 %.
LEAST_NULL = 99


def check_rates(false_rate: float, most_copies: float) -> None:
    """Raises `ValueError` unless both are between 0 and 1."""
    for name, value in (("false_rate", false_rate), ("most_copies", most_copies)):
        if not 0 < value < 1:
            raise ValueError(
                f"Invalid value for `{name}`. Expected a number between 0 and 1. "
                f"Received: {value}. Leave it out for the default."
            )


def check_sets(training: LabeledImages, held_out: LabeledImages | None) -> None:
    """Refuses the test split, too few images or patients, and patients in both sets."""
    patients, sizes = np.unique(training.groups, return_counts=True)
    if len(patients) < 3 or len(training) - sizes.max() < 2:
        raise ValueError(
            "Invalid value for `training`. Expected images of at least 3 patients. Received: "
            f"{len(training)} of {len(patients)}. Pass all images that the generator learned from."
        )
    for name, part in (("training", training), ("held_out", held_out)):
        if part is not None:
            refuse_test_split(part.split, name, "use `splits.train` and `splits.validation`")
    null = training if held_out is None else held_out
    if len(null) < LEAST_NULL:
        name = "training" if held_out is None else "held_out"
        raise ValueError(
            f"Invalid value for `{name}`. Expected at least {LEAST_NULL} images, or more than 1 % "
            f"of new images could be withheld. Received: {len(null)}. Use more images, or "
            "`held_out=None` for the training images themselves."
        )
    if held_out is not None and (shared := np.intersect1d(patients, held_out.groups)).size:
        raise ValueError(
            "Invalid value for `held_out`. Expected other patients than those of `training`. "
            f"Received: {len(shared)} of the same, first {shared[0]}. Divide the images by patient."
        )
