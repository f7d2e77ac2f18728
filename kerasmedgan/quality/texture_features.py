"""Quality, texture features: numbers of an image that need no network and no training."""

import numpy as np
import skimage
from skimage.feature import graycomatrix, graycoprops, local_binary_pattern

from kerasmedgan.data.image_rows import ImageRows
from kerasmedgan.fingerprints import arrays_sha256
from kerasmedgan.quality.features import FeatureExtractor

_LEVELS = 32
# Distances as shares of the side, so that they mean the same at every size; at least one pixel.
_DISTANCES = (1 / 64, 1 / 16, 1 / 8)
_ANGLES = (0.0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)
_PROPERTIES = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation", "entropy")
_POINTS = 8
_GREY_BINS = 8


class TextureFeatures(FeatureExtractor):
    """Haralick's co-occurrence statistics, local binary patterns and a histogram of greys.

    Co-occurrence of 32 grey levels at three distances, the mean and the range of each property
    over four directions, without regard to order; 10 uniform binary patterns of 8 neighbours;
    8 bins of grey. Each is scaled to mean 0 and standard deviation 1 on reference images.
    Colours are averaged. About 3 ms an image of 64 px.

    Sources: Haralick et al. 1973, doi:10.1109/TSMC.1973.4309314; Ojala et al. 2002,
    doi:10.1109/TPAMI.2002.1017623; computed by scikit-image.

    Args:
        reference: uint8 real training images `(count, height, width, channels)`, two at least.
    """

    sees_mirroring = False

    def __init__(self, reference: np.ndarray | ImageRows):
        """Measures the reference images."""
        self._mean, self._scale = np.float64(0.0), np.float64(1.0)
        raw = self(reference)
        if len(raw) < 2:
            raise ValueError(
                "Invalid value for `reference`. Expected at least 2 images. "
                f"Received: {len(raw)}. Pass the real training images."
            )
        spread = raw.std(axis=0)
        self._mean, self._scale = raw.mean(axis=0), np.where(spread > 1e-12, spread, 1.0)
        self.name = f"texture, scikit-image {skimage.__version__}"
        self.weights_sha256 = arrays_sha256([self._mean, self._scale])
        self.size = raw.shape[1]
        self.pixel_path = f"mean of channels, {_LEVELS} grey levels"

    def _extract(self, images: np.ndarray) -> np.ndarray:
        grey = np.rint(images.mean(axis=-1)).astype(np.uint8)
        rows = np.stack([_describe(image) for image in grey])
        return (rows - self._mean) / self._scale


def _describe(image: np.ndarray) -> np.ndarray:
    """Returns the numbers of one grey uint8 image."""
    distances = sorted({max(1, round(share * len(image))) for share in _DISTANCES})
    pairs = graycomatrix(
        image // (256 // _LEVELS), distances, _ANGLES, _LEVELS, symmetric=True, normed=True
    )
    properties = np.stack([graycoprops(pairs, name) for name in _PROPERTIES])
    patterns = local_binary_pattern(image, _POINTS, 1, method="uniform").astype(np.int64)
    return np.concatenate(
        [
            properties.mean(axis=2).ravel(),
            np.ptp(properties, axis=2).ravel(),
            np.bincount(patterns.ravel(), minlength=_POINTS + 2) / image.size,
            np.bincount((image // (256 // _GREY_BINS)).ravel(), minlength=_GREY_BINS) / image.size,
        ]
    )
