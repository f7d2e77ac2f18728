"""Quality, aligned pixels: how alike two images are, whatever their pose, light and mirroring."""

from __future__ import annotations

import cv2
import numpy as np

from kerasmedgan.data.image_rows import ImageRows
from kerasmedgan.images import resize_image

_SIDE = 32
_SHIFT = 2
# Standard deviation in pixels. More makes the borders of a shifted image matter.
_SMOOTHING = 0.7
_SLICE = 4096


class AlignedPixels:
    """Distances in pixels after the best shift and mirroring, free of brightness and contrast.

    Images are averaged down to 32 px and smoothed a little, which takes noise and shifts by parts
    of a pixel away. The middle of an image, as it is and mirrored, is laid on each training image
    in 25 places up to 2 px off, a sixteenth of the side. The distance is `sqrt(2 - 2 r)` of the
    largest correlation `r`, which no change of brightness or contrast moves: 0 for a copy, 1.41
    for two images that have nothing in common.

    The cost is 50 matrix products, 39,200 multiplications a pair of images and channel, whatever
    the size of the images: about a second for 1,000 by 1,000 images on two cores.

    Args:
        training: uint8 array or `ImageRows`, shape `(count, size, size, channels)`.

    Attributes:
        name: "pixels".
    """

    name = "pixels"

    def __init__(self, training: np.ndarray | ImageRows):
        """Keeps the training images small, 4 kB each."""
        self._side = min(_SIDE, training.shape[1])
        self._training = self._shrink(training)

    def distances(self, images: np.ndarray | ImageRows) -> np.ndarray:
        """Returns the distance of each image to each training image.

        Returns:
            float32 array, shape `(len(images), len(training))`, in [0, 2].
        """
        inner = self._side - 2 * _SHIFT
        middle = self._shrink(images)[:, _SHIFT : _SHIFT + inner, _SHIFT : _SHIFT + inner]
        views = [_unit_rows(middle), _unit_rows(middle[:, :, ::-1])]
        best = np.full((len(images), len(self._training)), -1.0, np.float32)
        for top, left in np.ndindex(2 * _SHIFT + 1, 2 * _SHIFT + 1):
            moved = _unit_rows(self._training[:, top : top + inner, left : left + inner]).T
            for view in views:
                np.maximum(best, view @ moved, out=best)
        return np.sqrt(np.maximum(2.0 - 2.0 * best, 0.0))

    def _shrink(self, images: np.ndarray | ImageRows) -> np.ndarray:
        small = np.empty((len(images), self._side, self._side, images.shape[3]), np.uint8)
        for start in range(0, len(images), _SLICE):
            for row, image in enumerate(images[start : start + _SLICE], start):
                smooth = cv2.GaussianBlur(resize_image(image, self._side), (0, 0), _SMOOTHING)
                small[row] = smooth.reshape(small.shape[1:])
        return small


def _unit_rows(images: np.ndarray) -> np.ndarray:
    """Returns rows of mean 0 and length 1; of an image without contrast zeros."""
    rows = images.reshape(len(images), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-3)
