"""Quality, feature space: distances of images to real images in an extractor's features."""

from __future__ import annotations

import numpy as np

from kerasmedgan.data.image_rows import ImageRows
from kerasmedgan.quality.features import FeatureExtractor
from kerasmedgan.quality.neighbours import squared_distances


class FeatureSpace:
    """Euclidean distances to real images, each feature scaled to standard deviation 1 of these.

    The smaller distance of an image and of its mirror image counts.

    Args:
        real: uint8 array or `ImageRows`, shape `(count, size, size, channels)`.
        extractor: makes the features.

    Attributes:
        name: "features".
        rows: the scaled features of the real images, float64 `(count, features)`.
    """

    name = "features"

    def __init__(self, real: np.ndarray | ImageRows, extractor: FeatureExtractor):
        """Extracts the real images' features."""
        self._extractor = extractor
        features = extractor(real)
        spread = features.std(axis=0)
        self._middle, self._scale = features.mean(axis=0), np.where(spread > 1e-12, spread, np.inf)
        self.rows = self._standardise(features)

    def distances(self, images: np.ndarray) -> np.ndarray:
        """Returns the distance of each image to each real image.

        Returns:
            float32 array, shape `(len(images), len(real))`.
        """
        views = [images, images[:, :, ::-1]] if self._extractor.sees_mirroring else [images]
        rows = [self._standardise(self._extractor(view)) for view in views]
        nearer = np.min([squared_distances(view, self.rows) for view in rows], axis=0)
        return np.sqrt(nearer).astype(np.float32)

    def _standardise(self, features: np.ndarray) -> np.ndarray:
        return (features - self._middle) / self._scale
