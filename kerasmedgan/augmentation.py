"""Stage 4, augmentation: which class to draw and how many; real + synthetic training sets."""

import dataclasses
from collections.abc import Mapping

from kerasmedgan.data.labeled import LabeledImages, concatenate
from kerasmedgan.data.split_guard import refuse_test_split


@dataclasses.dataclass(frozen=True)
class AugmentationPlan:
    """What the GAN is trained on and asked for.

    Attributes:
        class_name: the class to draw.
        count: number of synthetic images.
    """

    class_name: str
    count: int


def plan_augmentation(
    counts: Mapping[str, int],
    *,
    class_name: str | None = None,
    count: int | None = None,
    force: bool = False,
) -> AugmentationPlan:
    """Chooses the class and the number of synthetic images.

    Args:
        counts: real training images of each class, as from `LabeledImages.counts()`.
        class_name: the class to draw. Default: the smallest.
        count: number of synthetic images. Default: as many as the class lacks to the largest.
        force: draw the largest class all the same.

    Returns:
        The plan.

    Raises:
        ValueError: if the class is unknown or larger than all others, or there is nothing to draw.
    """
    largest = max(counts, key=counts.__getitem__)
    if class_name is None:
        class_name = min(counts, key=counts.__getitem__)
    if class_name not in counts:
        raise ValueError(
            f"Invalid value for `class_name`. Expected one of {list(counts)}. "
            f"Received: {class_name!r}. Class names are the names of the class folders."
        )
    lacking = counts[largest] - counts[class_name]
    if count is None:
        count = lacking
    is_majority = all(
        counts[class_name] > number for name, number in counts.items() if name != class_name
    )
    if is_majority and not force:
        raise ValueError(
            f"Invalid value for `class_name`. Expected another class than the largest, "
            f"{largest!r}, of {counts[largest]} images. Received: {class_name!r}. "
            "More images of the largest class make the imbalance worse; pass `force=True` and a "
            "`count` if that is what you want."
        )
    if count < 1:
        raise ValueError(
            "Invalid value for `count`. Expected an integer >= 1. "
            f"Received: {count}. Name a `count`: the classes may be balanced already."
        )
    return AugmentationPlan(class_name, count)


def augment(real: LabeledImages, synthetic: LabeledImages) -> LabeledImages:
    """Joins real and synthetic training images; `.batches()` of the result mixes them.

    Args:
        real: real training images.
        synthetic: synthetic images of the same classes, size and channels.

    Returns:
        One training set, with `synthetic` telling the origin of each image.

    Raises:
        TestSplitError: if `real` is the test split.
        ValueError: if the two do not belong together.
    """
    refuse_test_split(real.split, "real", "augment `splits.train`")
    return concatenate([real, synthetic])
