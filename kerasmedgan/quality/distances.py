"""Quality: distances between images as numbers that say how varied a set is."""

import numpy as np
from scipy.spatial.distance import pdist


def mean_pairwise_distance(images: np.ndarray, *, sample: int = 500, seed: int = 0) -> float:
    """Returns the mean distance between two different images of a set.

    The distance is the root mean square difference of pixels, as a share of the grey range.

    Args:
        images: uint8 array, shape `(count, height, width, channels)`, at least 2 images.
        sample: larger sets are sampled down to this many images.
        seed: seed of the sample.

    Returns:
        A number in [0, 1]; 0 for a set of copies.

    Raises:
        ValueError: if there are fewer than two images.
    """
    if len(images) < 2:
        raise ValueError(
            "Invalid value for `images`. Expected at least 2 images. "
            f"Received: {len(images)}. Draw more."
        )
    if len(images) > sample:
        images = images[np.random.default_rng(seed).choice(len(images), sample, replace=False)]
    flat = np.asarray(images).reshape(len(images), -1).astype(np.float32) / 255.0
    return float(pdist(flat).mean() / np.sqrt(flat.shape[1]))
