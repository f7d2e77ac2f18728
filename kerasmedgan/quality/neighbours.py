"""Quality, neighbours: distances between many rows, by matrix products, a block at a time."""

from collections.abc import Iterator

import numpy as np

# A block of float64 distances to 4,000 rows takes 32 MB.
BLOCK = 1024


def squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns the squared Euclidean distance of each pair of rows.

    Args:
        first: float array, shape `(m, features)`.
        second: float array, shape `(n, features)`. Rows near the origin round best.

    Returns:
        Array of shape `(m, n)`, never below 0.
    """
    products = first @ second.T
    norms = np.sum(first**2, axis=1)[:, None] + np.sum(second**2, axis=1)
    return np.maximum(norms - 2.0 * products, 0.0)


def blocks(count: int) -> Iterator[slice]:
    """Yields slices that cover `count` rows."""
    for start in range(0, count, BLOCK):
        yield slice(start, min(start + BLOCK, count))


def neighbour_radii(features: np.ndarray, neighbours: int) -> np.ndarray:
    """Returns the squared distance of each row to its `neighbours`-th nearest other row."""
    radii = np.empty(len(features))
    for rows in blocks(len(features)):
        squared = squared_distances(features[rows], features)
        # The nearest row is the row itself.
        radii[rows] = np.partition(squared, neighbours, axis=1)[:, neighbours]
    return radii
