"""Ground floor: sha256 of weights and images, by which a number says what it was made with."""

import hashlib
from collections.abc import Iterable

import keras
import numpy as np

_SLICE = 4096


def weights_sha256(network: keras.Model) -> str:
    """Returns the sha256 of a network's weights: shapes, dtypes and values, in layer order."""
    return arrays_sha256(network.get_weights())


def arrays_sha256(arrays: Iterable[np.ndarray]) -> str:
    """Returns the sha256 of arrays: shapes, dtypes and values, in their order."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def images_sha256(images) -> str:
    """Returns the sha256 of uint8 images in memory or on the disk, a few thousand at a time."""
    return arrays_sha256(images[start : start + _SLICE] for start in range(0, len(images), _SLICE))
