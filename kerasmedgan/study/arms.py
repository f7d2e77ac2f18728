"""Stage 6, study: what each arm trains on, and nothing else that could differ."""

from kerasmedgan.augmentation import augment
from kerasmedgan.data.labeled import LabeledImages

REAL = "real"
REAL_AND_GAN = "real+gan"


def build_arms(train: LabeledImages, synthetic: LabeledImages) -> dict[str, LabeledImages]:
    """Returns each arm's training images.

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
