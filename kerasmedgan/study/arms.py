"""Stage 6, study: what each arm trains on, and nothing else that could differ."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from kerasmedgan.augmentation import augment
from kerasmedgan.data.labeled import LabeledImages, concatenate
from kerasmedgan.data.oversample import oversample

REAL = "real"
REAL_AND_GAN = "real+gan"

# Which synthetic images an arm uses.
NO_CLASS, SCARCE_CLASS, EVERY_CLASS = "none", "scarce", "every"


@dataclasses.dataclass(frozen=True)
class Arm:
    """One way to train on the same real images.

    Attributes:
        name: as the user types it.
        description: what it trains on, in a few words.
        draws: the classes whose synthetic images it uses: "none", "scarce" or "every".
        keeps_real: whether real images stand beside the synthetic ones.
        pretrains: whether the synthetic images come first, alone, for half of the updates.
        classical: whether shifts, small rotations and the like are applied in training.
        weighs_classes: whether the loss weighs the classes alike.
        oversamples: whether images of the smaller classes are repeated to balance the classes.
        conditional: whether its synthetic images are drawn by one GAN of all classes, instead of a
            GAN of each class.
    """

    name: str
    description: str
    draws: str = NO_CLASS
    keeps_real: bool = True
    pretrains: bool = False
    classical: bool = False
    weighs_classes: bool = False
    oversamples: bool = False
    conditional: bool = False

    @property
    def is_synthetic(self) -> bool:
        """Whether it uses synthetic images."""
        return self.draws != NO_CLASS

    @property
    def trains_on_synthetic_alone(self) -> bool:
        """Whether a phase of its training has no real image."""
        return self.is_synthetic and (self.pretrains or not self.keeps_real)


ARMS = {
    arm.name: arm
    for arm in (
        Arm(REAL, "the real images as they are"),
        Arm("weights", "real images, classes weighed alike in the loss", weighs_classes=True),
        Arm("oversample", "real images, smaller classes repeated", oversamples=True),
        Arm("classical", "real images, shifted, turned, zoomed at random", classical=True),
        Arm("gan", "real images and synthetic ones of the scarce class", SCARCE_CLASS),
        Arm("gan+classical", "as gan, transformed as in classical", SCARCE_CLASS, classical=True),
        Arm("gan-only", "synthetic images of every class alone", EVERY_CLASS, keeps_real=False),
        Arm("gan-all", "real images and synthetic ones of every class alike", EVERY_CLASS),
        Arm("gan-pretrain", "synthetic images first, then real ones", EVERY_CLASS, pretrains=True),
    )
}
ARMS |= {
    f"c{arm.name}": dataclasses.replace(
        arm,
        name=f"c{arm.name}",
        description=f"as {arm.name}, drawn by one GAN of all classes",
        conditional=True,
    )
    for arm in ARMS.values()
    if arm.is_synthetic
}
DEFAULT_ARMS = (REAL, "weights", "classical", "gan", "gan+classical")


def check_arms(names: Sequence[str]) -> tuple[str, ...]:
    """Returns the arms to run, each once, with `real` first: the others are compared with it.

    Raises:
        ValueError: if an arm is unknown.
    """
    for name in names:
        if name not in ARMS:
            raise ValueError(
                f"Invalid value for `arms`. Expected some of {list(ARMS)}. Received: {name!r}. "
                "Choose from the list."
            )
    return tuple(dict.fromkeys((REAL, *names)))


def training_phases(
    arm: Arm, real: LabeledImages, synthetic: LabeledImages | None, *, seed: int
) -> list[LabeledImages]:
    """Returns what an arm trains on, one set after the other.

    Args:
        arm: the arm.
        real: real training images.
        synthetic: the synthetic images that the arm uses; `None` if it uses none.
        seed: seed of the choice of repeated images.

    Returns:
        One training set; two for an arm that pretrains.
    """
    if arm.oversamples:
        return [oversample(real, seed=seed)]
    if not arm.is_synthetic:
        return [real]
    if arm.pretrains:
        return [synthetic, real]
    return [augment(real, synthetic) if arm.keeps_real else synthetic]


def choose_synthetic(
    drawn: LabeledImages, real: LabeledImages, classes: Sequence[str], ratio: float
) -> LabeledImages:
    """Takes the first synthetic images of each class, `ratio` times as many as real ones.

    Args:
        drawn: synthetic images, at least as many of each class as are taken.
        real: real training images.
        classes: the classes to take.
        ratio: synthetic images for each real one.
    """
    parts = [drawn.of_class(name) for name in classes]
    counts = [synthetic_count(real.counts()[name], ratio) for name in classes]
    return concatenate(
        [part.take(np.arange(count)) for part, count in zip(parts, counts, strict=True)]
    )


def synthetic_count(real_count: int, ratio: float) -> int:
    """Returns the number of synthetic images of a class, at least 2."""
    return max(2, round(ratio * real_count))


def build_arms(train: LabeledImages, synthetic: LabeledImages) -> dict[str, LabeledImages]:
    """Returns the training images of the two arms of a single comparison.

    Args:
        train: real training images.
        synthetic: images of a GAN that saw only `train`.
    """
    return {REAL: train, REAL_AND_GAN: augment(train, synthetic)}


def composition(train: LabeledImages) -> dict[str, dict[str, int]]:
    """Counts an arm's training images by origin and class."""
    return {
        origin: train.take(rows).counts()
        for origin, rows in (("real", ~train.synthetic), ("synthetic", train.synthetic))
    }
