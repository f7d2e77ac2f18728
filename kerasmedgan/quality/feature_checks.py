"""Quality, checks: feature arrays that a measure cannot use are refused before any work."""

import numpy as np


def check_features(
    real: np.ndarray, synthetic: np.ndarray, *, least: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Returns two feature arrays as float64.

    Args:
        real: any real dtype, shape `(count, features)`.
        synthetic: the same, with as many features.
        least: smallest count of each.

    Raises:
        ValueError: if shapes do not fit, there are too few rows, or a value is not finite.
    """
    arrays = [np.asarray(array, np.float64) for array in (real, synthetic)]
    for name, array in zip(("real", "synthetic"), arrays, strict=True):
        if array.ndim != 2 or array.shape[1] != arrays[0].shape[-1] or len(array) < least:
            raise ValueError(
                f"Invalid value for `{name}`. Expected features of shape (count >= {least}, "
                f"features), as many features in both sets. Received: {array.shape}. Extract both "
                "with one extractor, from more images."
            )
        if not np.isfinite(array).all():
            raise ValueError(
                f"Invalid value for `{name}`. Expected finite features. Received: NaN or infinity. "
                "The network that made them, or the one that drew the images, broke down."
            )
    return arrays[0], arrays[1]


def check_integer(name: str, value: int, least: int, most: int, advice: str) -> None:
    """Raises `ValueError` unless `least <= value <= most`."""
    if not least <= value <= most:
        raise ValueError(
            f"Invalid value for `{name}`. Expected an integer from {least} to {most}. "
            f"Received: {value}. {advice}"
        )
