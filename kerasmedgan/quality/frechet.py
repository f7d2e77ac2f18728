"""Quality, Frechet distance: how far apart two sets of features are as normal distributions."""

import numpy as np

from kerasmedgan.quality.feature_checks import check_features


def frechet_distance(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Returns the squared Frechet (2-Wasserstein) distance of the two fitted normal distributions.

    `|m1 - m2|^2 + tr(C1) + tr(C2) - 2 tr((C1 C2)^(1/2))`, with covariances divided by count - 1.
    With few images it is too large, so compare it only at equal counts, and with its floor.
    Source: Dowson and Landau 1982, doi:10.1016/0047-259X(82)90077-X; Heusel et al. 2017,
    arXiv:1706.08500.

    The last trace is the sum of the singular values of `A B^T`, with `C1 = A^T A` and
    `C2 = B^T B`. No square root of a product of covariances is taken, which fails where there are
    fewer images than features. Costs one QR decomposition of each set and one singular value
    decomposition of side `min(count, features)`.

    Args:
        real: shape `(count, features)`, at least 2 images.
        synthetic: the same.

    Returns:
        A number >= 0, in squared units of the features.

    Raises:
        ValueError: if the arrays do not fit.
    """
    real, synthetic = check_features(real, synthetic)
    shift = real.mean(axis=0) - synthetic.mean(axis=0)
    first, second = _covariance_factor(real), _covariance_factor(synthetic)
    overlap = np.linalg.svd(first @ second.T, compute_uv=False).sum()
    distance = shift @ shift + np.sum(first**2) + np.sum(second**2) - 2.0 * overlap
    return max(float(distance), 0.0)


def _covariance_factor(features: np.ndarray) -> np.ndarray:
    """Returns F of shape `(min(count, features), features)` with `F^T F` the covariance."""
    centred = features - features.mean(axis=0)
    return np.linalg.qr(centred, mode="r") / np.sqrt(len(features) - 1)
