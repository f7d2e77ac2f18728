"""Quality, features: images become rows of numbers in which a distance means something."""

from __future__ import annotations

import abc
from collections.abc import Iterator

import numpy as np

from kerasmedgan.data.image_rows import ImageRows

_BATCH = 128


class FeatureExtractor(abc.ABC):
    """Turns uint8 images into features and can say, for the passport, what made them.

    Attributes:
        name: which network and layer, or which formula.
        weights_sha256: sha256 of what it learned.
        size: number of features.
        pixel_path: what happens to the pixels in front of it.
        sees_mirroring: whether a mirrored image may have other features.
    """

    name: str
    weights_sha256: str
    size: int
    pixel_path: str
    sees_mirroring = True

    def __call__(self, images: np.ndarray | ImageRows) -> np.ndarray:
        """Extracts features, a batch of images at a time.

        Args:
            images: uint8 array or `ImageRows`, shape `(count, height, width, channels)`.

        Returns:
            float64 array, shape `(count, size)`.

        Raises:
            ValueError: if there is no image, or not of uint8 with four axes.
        """
        if images.ndim != 4 or images.dtype != np.uint8 or not len(images):
            raise ValueError(
                "Invalid value for `images`. Expected uint8 of shape (count, height, width, "
                f"channels), at least one. Received: {images.dtype} of shape {images.shape}. Read "
                "them with `load_images` or `kerasmedgan.images`."
            )
        batches = [self._extract(np.asarray(batch)) for batch in _batches(images)]
        return np.concatenate(batches).astype(np.float64)

    @abc.abstractmethod
    def _extract(self, images: np.ndarray) -> np.ndarray:
        """Returns the features of a batch of uint8 images in memory."""


def _batches(images: np.ndarray | ImageRows) -> Iterator[np.ndarray]:
    for start in range(0, len(images), _BATCH):
        yield images[start : start + _BATCH]
