"""Quality, KID: the kernel distance between two sets of features, with its spread."""

from typing import NamedTuple

import numpy as np

from kerasmedgan.quality.feature_checks import check_features, check_integer


class KernelDistance(NamedTuple):
    """Mean and standard deviation over subsets; about zero for two sets of one distribution."""

    mean: float
    spread: float


def kernel_distance(
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    subset_size: int = 100,
    subsets: int = 100,
    seed: int = 0,
) -> KernelDistance:
    """Returns the squared maximum mean discrepancy, unbiased, over random subsets.

    The kernel is `(x . y / features + 1) ** 3`. Unlike the Frechet distance its mean does not
    depend on how many images there are; it may be a little below zero.
    Source: Binkowski et al. 2018, arXiv:1801.01401, section 4. Costs `subsets * subset_size ** 2
    * features` multiplications, three times.

    Args:
        real: shape `(count, features)`.
        synthetic: shape `(count, features)`.
        subset_size: images of each set in a subset, drawn without repetition.
        subsets: number of subsets.
        seed: seed of the subsets.

    Raises:
        ValueError: if a subset is larger than a set, or the arrays do not fit.
    """
    count = min(len(real), len(synthetic))
    check_integer("subset_size", subset_size, 2, count, f"The smaller set has {count} images.")
    check_integer("subsets", subsets, 1, 1_000_000, "Use 100.")
    real, synthetic = check_features(real, synthetic)
    generator = np.random.default_rng(seed)
    values = [
        squared_discrepancy(
            real[generator.choice(len(real), subset_size, replace=False)],
            synthetic[generator.choice(len(synthetic), subset_size, replace=False)],
        )
        for _ in range(subsets)
    ]
    return KernelDistance(float(np.mean(values)), float(np.std(values)))


def squared_discrepancy(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Returns the unbiased estimate for the kernel of KID, of all pairs.

    Source: Gretton et al. 2012, JMLR 13, lemma 6, equation 3.

    Args:
        real: shape `(m, features)`.
        synthetic: shape `(n, features)`.
    """
    real, synthetic = check_features(real, synthetic)
    within = sum(_mean_off_diagonal(_kernel(part, part)) for part in (real, synthetic))
    return float(within - 2.0 * _kernel(real, synthetic).mean())


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (first @ second.T / first.shape[1] + 1.0) ** 3


def _mean_off_diagonal(kernel: np.ndarray) -> float:
    count = len(kernel)
    return (kernel.sum() - np.trace(kernel)) / (count * (count - 1))
