"""Stage 1, data: images of the smaller classes are repeated, so that batches hold all alike."""

import numpy as np

from kerasmedgan.data.labeled import LabeledImages


def oversample(real: LabeledImages, *, seed: int) -> LabeledImages:
    """Repeats images of the smaller classes until each class has as many as the largest.

    Every image of a class is there equally often, give or take one. For a classifier, and for a GAN
    of all classes: of 100 images among 3,875 a batch would hold two.

    Args:
        real: training images; a class without any stays without.
        seed: seed of the choice of images that are there once more.
    """
    generator = np.random.default_rng(seed)
    largest = max(real.counts().values())
    rows = []
    for label in np.unique(real.labels):
        of_class = generator.permutation(np.flatnonzero(real.labels == label))
        rows.append(np.resize(of_class, largest))
    return real.take(np.concatenate(rows))
