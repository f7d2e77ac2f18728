"""Quality, data copying: are synthetic images nearer to the training images than new ones are?"""

from typing import NamedTuple

import numpy as np
from scipy.stats import norm, rankdata
from sklearn.cluster import KMeans

from kerasmedgan.quality.feature_checks import check_integer

# Cells with a smaller share of the synthetic images are left out, as in the authors' experiments.
_SMALLEST_SHARE = 0.01


def rank_statistic(held_out: np.ndarray, synthetic: np.ndarray) -> float:
    """Returns the z-scored Mann-Whitney U of distances to the training images.

    U counts the pairs in which the synthetic image is farther from the training images than the
    held-out one; ties count half. Source: Meehan et al. 2020, arXiv:2004.05675, section 3.1.

    Args:
        held_out: distance of each held-out real image to its nearest training image, `(n,)`.
        synthetic: the same of each synthetic image, `(m,)`.

    Returns:
        About standard normal if both come from one distribution. Far below 0: synthetic images
        are nearer, as copies are. Far above 0: they are farther, as images that fit badly are.
    """
    n, m = len(held_out), len(synthetic)
    ranks = rankdata(np.concatenate([synthetic, held_out]))
    u = ranks[:m].sum() - m * (m + 1) / 2
    return float((u - n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12))


def copying_statistic(
    held_out: np.ndarray,
    synthetic: np.ndarray,
    *,
    held_out_cells: np.ndarray | None = None,
    synthetic_cells: np.ndarray | None = None,
) -> float:
    """Returns C_T: the mean of `rank_statistic` over cells, weighted by held-out images.

    Cells let a copied corner of the data show that is hidden by a rest which fits badly. Cells
    with less than 1 % of the synthetic images do not count.
    Source: Meehan et al. 2020, arXiv:2004.05675, section 4, equation 3.

    Args:
        held_out: distances to the nearest training image, `(n,)`.
        synthetic: the same, `(m,)`.
        held_out_cells: cell of each held-out image, int `(n,)`; `None` for one cell.
        synthetic_cells: cell of each synthetic image, int `(m,)`.

    Returns:
        Its mean is 0 without copying, its standard deviation at most 1.
    """
    if held_out_cells is None or synthetic_cells is None:
        held_out_cells, synthetic_cells = np.zeros(len(held_out)), np.zeros(len(synthetic))
    weighted, total = 0.0, 0.0
    for cell in np.unique(held_out_cells):
        real, drawn = held_out[held_out_cells == cell], synthetic[synthetic_cells == cell]
        if len(drawn) > _SMALLEST_SHARE * len(synthetic):
            weighted += len(real) * rank_statistic(real, drawn)
            total += len(real)
    return weighted / total if total else 0.0


class Preference(NamedTuple):
    """Whether synthetic images lie rather beside training images than beside held-out ones.

    Attributes:
        held_out_share: share of synthetic images whose nearest real image is a held-out one.
        expected_share: the share if training and held-out images were exchanged at random.
        z: how many standard deviations of such exchanges the share is above that; far below 0
            for a generator that copies.
    """

    held_out_share: float
    expected_share: float
    z: float


def training_preference(nearest: np.ndarray, training: int, held_out: int) -> Preference:
    """Asks which real image is nearest to each synthetic one: one it learned from, or a new one?

    Unlike `copying_statistic` it does not mistake blurred images, which are nearer to everything,
    for copies, nor is it blind to copies among images that fit badly: training and held-out images
    are looked at by the same synthetic ones. The mean and variance are those of the permutation
    test that exchanges training and held-out images, so images drawn alike do not count as many.
    Source: the variance of a sample drawn without repetition, Cochran 1977, Sampling Techniques,
    theorem 2.2.

    Args:
        nearest: int `(m,)`, index of the nearest real image, training images first.
        training: number of training images.
        held_out: number of held-out images.
    """
    total = training + held_out
    drawn = np.bincount(nearest, minlength=total)
    expected = held_out * drawn.mean()
    variance = held_out * training / total * drawn.var(ddof=1)
    observed = drawn[training:].sum()
    z = (observed - expected) / np.sqrt(variance) if variance > 0 else 0.0
    return Preference(float(observed / len(nearest)), held_out / total, float(z))


def copying_p_value(statistic: float) -> float:
    """Returns the chance of a C_T as low as this without copying: at most that of a normal."""
    return float(norm.cdf(statistic))


def fit_cells(training: np.ndarray, cells: int, *, seed: int) -> KMeans:
    """Divides the feature space into cells by k-means on the training features.

    Args:
        training: shape `(count, features)`.
        cells: number of cells; few enough that each holds tens of held-out images.
        seed: seed of k-means.

    Returns:
        A fitted `KMeans`, whose `predict` gives the cell of each row.
    """
    check_integer("cells", cells, 1, len(training), "Use 1 for the test without cells.")
    return KMeans(cells, n_init=3, random_state=seed).fit(training)
