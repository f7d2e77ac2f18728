"""Quality, nearness: how near an image is to its nearest training image, for where it lies."""

from typing import NamedTuple

import numpy as np


class Nearness(NamedTuple):
    """Of each image.

    Attributes:
        nearest: int `(m,)`, index of the nearest training image.
        distance: float `(m,)`, distance to it.
        ratio: float `(m,)`, that distance over the mean distance to the next nearest ones.
        nearest_of_all: int `(m,)`, index of the nearest real image, held-out ones included.
    """

    nearest: np.ndarray
    distance: np.ndarray
    ratio: np.ndarray
    nearest_of_all: np.ndarray


def measure_nearness(distances: np.ndarray, *, training: int, neighbours: int) -> Nearness:
    """Measures from a matrix of distances.

    The ratio tells a copy from an image that looks like many others: blurred and average images
    are near to their nearest training image, but to all others too.
    Source: Carlini et al. 2023, arXiv:2301.13188.

    Args:
        distances: float `(m, n)` to real images, training images first; infinite where a pair
            must not count.
        training: how many of them are training images.
        neighbours: of how many next nearest training images the mean is taken.
    """
    to_training = distances[:, :training]
    near = np.partition(to_training, neighbours, axis=1)[:, : neighbours + 1]
    distance = near.min(axis=1)
    others = (near.sum(axis=1) - distance) / neighbours
    return Nearness(
        nearest=to_training.argmin(axis=1),
        distance=distance,
        ratio=distance / np.maximum(others, 1e-12),
        nearest_of_all=distances.argmin(axis=1),
    )


def join_nearness(parts: list[Nearness]) -> Nearness:
    """Joins what was measured a block at a time."""
    return Nearness(*map(np.concatenate, zip(*parts, strict=True)))
