"""Quality, manifold: how much of each set lies where the other one is, by nearest neighbours."""

from typing import NamedTuple

import numpy as np

from kerasmedgan.quality.feature_checks import check_features, check_integer
from kerasmedgan.quality.neighbours import blocks, neighbour_radii, squared_distances


class ManifoldScores(NamedTuple):
    """Four views of two sets of features.

    A real image's ball reaches to its k-th nearest other real image; a synthetic image's ball
    likewise.

    Attributes:
        precision: share of synthetic images in some real image's ball, in [0, 1].
        recall: share of real images in some synthetic image's ball, in [0, 1]. Outliers among
            the synthetic images raise it.
        density: mean number of real balls that a synthetic image is in, divided by k. About 1
            for two sets of one distribution; may be more.
        coverage: share of real images with a synthetic image in their ball, in [0, 1].
    """

    precision: float
    recall: float
    density: float
    coverage: float


def manifold_scores(
    real: np.ndarray, synthetic: np.ndarray, *, neighbours: int = 5
) -> ManifoldScores:
    """Measures fidelity (precision, density) and variety (recall, coverage).

    Source: precision and recall Kynkaanniemi et al. 2019, arXiv:1904.06991; density and coverage
    Naeem et al. 2020, arXiv:2002.09797, of which the strict "nearer than" is taken for all four.
    Costs `(real + synthetic) ** 2 * features` multiplications.

    Args:
        real: shape `(count, features)`.
        synthetic: shape `(count, features)`.
        neighbours: k; fewer than either count.

    Raises:
        ValueError: if there are too few images or the arrays do not fit.
    """
    most = min(len(real), len(synthetic)) - 1
    check_integer("neighbours", neighbours, 1, most, "Use fewer, or more images.")
    real, synthetic = check_features(real, synthetic)
    middle = real.mean(axis=0)
    real, synthetic = real - middle, synthetic - middle
    real_radii = neighbour_radii(real, neighbours)
    synthetic_radii = neighbour_radii(synthetic, neighbours)
    balls = np.zeros(len(synthetic), np.int64)
    recalled, covered = np.empty(len(real), bool), np.empty(len(real), bool)
    for rows in blocks(len(real)):
        squared = squared_distances(real[rows], synthetic)
        inside = squared < real_radii[rows, None]
        balls += inside.sum(axis=0)
        covered[rows] = inside.any(axis=1)
        recalled[rows] = (squared < synthetic_radii).any(axis=1)
    return ManifoldScores(
        precision=float((balls > 0).mean()),
        recall=float(recalled.mean()),
        density=float(balls.mean() / neighbours),
        coverage=float(covered.mean()),
    )
