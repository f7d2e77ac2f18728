"""Stage 5, likeness: real training images enter, a rule leaves that flags images unlike them."""

import dataclasses
import os

import numpy as np
from sklearn.decomposition import PCA
from sklearn.model_selection import GroupKFold

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.split_guard import TRAIN, require_split
from kerasmedgan.files import atomic_path
from kerasmedgan.images import resize_image

_SIDE = 32
_COMPONENTS = 16
_FOLDS = 5
# Of images like those of training, about 1 % are flagged: half of them by their distance, which
# tells the most, the others by the three further limits.
_FAR_SHARE, _FLAGGED_SHARE = 0.005, 0.0017
# One grey level: below it, dividing by the contrast would only blow up rounding.
_LEAST_CONTRAST = 1.0

LOW_CONTRAST = "it has almost no contrast"
OTHER_PATTERN = "its light and dark parts lie otherwise than in them"
TOO_SMOOTH = "it is smoother than they are"
TOO_ROUGH = "it is rougher than they are"


@dataclasses.dataclass(frozen=True, eq=False)
class LikenessRule:
    """A Gaussian of few directions over images whose brightness and contrast were taken out.

    An image is unlike the training images if it has less contrast than they have, is smoother or
    rougher than they are, or lies further from their mean than they do, by the Mahalanobis
    distance of probabilistic principal component analysis.
    Source: Tipping and Bishop 1999, doi:10.1111/1467-9868.00196.

    Attributes:
        mean: float64 array, shape `(1024,)`: the mean image of 32 x 32 pixels.
        components: float64 array, shape `(directions, 1024)`, orthonormal.
        variances: float64 array, shape `(directions,)`: variance along each of them.
        noise_variance: variance along every other direction.
        distance_limit: an image that lies further is flagged.
        contrast_limit: an image of less contrast (standard deviation of its grey levels) is too.
        roughness_limits: float64 array, shape `(2,)`: and one whose roughness, the root mean
            square of its Laplacian, lies outside.
    """

    mean: np.ndarray
    components: np.ndarray
    variances: np.ndarray
    noise_variance: float
    distance_limit: float
    contrast_limit: float
    roughness_limits: np.ndarray

    def distances(self, images: np.ndarray) -> np.ndarray:
        """Returns each image's distance, float64 `(count,)`; about 1 for a training image.

        Args:
            images: uint8 array, shape `(count, size, size, 1 or 3)`.
        """
        return self._distances(_vectors(images)[0])

    def reasons(self, images: np.ndarray) -> list[str | None]:
        """Says of each image why it is unlike the training images; `None` where it is like them.

        Args:
            images: uint8 array, shape `(count, size, size, 1 or 3)`.
        """
        vectors, contrasts = _vectors(images)
        smoothest, roughest = self.roughness_limits
        roughness = _roughness(vectors)
        said = np.full(len(vectors), None, object)
        said[roughness < smoothest] = TOO_SMOOTH
        said[roughness > roughest] = TOO_ROUGH
        said[self._distances(vectors) > self.distance_limit] = OTHER_PATTERN
        said[contrasts < self.contrast_limit] = LOW_CONTRAST
        return said.tolist()

    def save(self, path: str | os.PathLike) -> None:
        """Writes the rule as an `.npz` file of plain arrays, atomically."""
        with atomic_path(path) as temporary:
            np.savez(temporary, **dataclasses.asdict(self))

    @classmethod
    def load(cls, file) -> "LikenessRule":
        """Reads what `save` wrote: a path or an open binary file. No object is unpickled."""
        with np.load(file, allow_pickle=False) as arrays:
            parts = {name: arrays[name] for name in arrays.files}
        return cls(**{name: float(a) if a.ndim == 0 else a for name, a in parts.items()})

    def _distances(self, vectors: np.ndarray) -> np.ndarray:
        centred = vectors - self.mean
        along = centred @ self.components.T
        rest = (centred**2).sum(axis=1) - (along**2).sum(axis=1)
        squared = (along**2 / self.variances).sum(axis=1) + rest / self.noise_variance
        return np.sqrt(squared / vectors.shape[1])


def fit_likeness(train: LabeledImages, *, seed: int = 0) -> LikenessRule:
    """Learns the rule from real training images alone.

    The limit of the distance is taken from images that the Gaussian did not see: patients are
    dealt into folds, and each fold is measured by the others' Gaussian.

    Args:
        train: training images; synthetic ones are left out.
        seed: seed of the numerical method.

    Raises:
        TestSplitError: if this is the test split.
        ValueError: if it is the validation split, or has fewer than 8 real images or 2 patients.
    """
    require_split(train.split, TRAIN, "train")
    real = train.take(np.flatnonzero(~train.synthetic))
    patients = len(np.unique(real.groups))
    if len(real) < 8 or patients < 2:
        raise ValueError(
            "Invalid value for `train`. Expected at least 8 real images of 2 patients. Received: "
            f"{len(real)} of {patients}. Add images: what they look like cannot be learned."
        )
    vectors, contrasts = _vectors(real.images)
    held_out = np.empty(len(real))
    for rest, fold in GroupKFold(min(_FOLDS, patients)).split(vectors, groups=real.groups):
        held_out[fold] = _fit(vectors[rest], seed)._distances(vectors[fold])
    return dataclasses.replace(
        _fit(vectors, seed),
        distance_limit=float(np.quantile(held_out, 1 - _FAR_SHARE)),
        contrast_limit=float(max(_LEAST_CONTRAST, np.quantile(contrasts, _FLAGGED_SHARE))),
        roughness_limits=np.quantile(_roughness(vectors), (_FLAGGED_SHARE, 1 - _FLAGGED_SHARE)),
    )


def _fit(vectors: np.ndarray, seed: int) -> LikenessRule:
    directions = max(1, min(_COMPONENTS, len(vectors) // 4))
    pca = PCA(directions, svd_solver="randomized", random_state=seed).fit(vectors)
    # Identical images have no variance at all.
    least = 1e-6
    return LikenessRule(
        mean=pca.mean_,
        components=pca.components_,
        variances=np.maximum(pca.explained_variance_, least),
        noise_variance=max(float(pca.noise_variance_), least),
        distance_limit=np.inf,
        contrast_limit=0.0,
        roughness_limits=np.array([0.0, np.inf]),
    )


def _roughness(vectors: np.ndarray) -> np.ndarray:
    """Returns the root mean square of each image's Laplacian, away from its border."""
    images = vectors.reshape(-1, _SIDE, _SIDE)
    middle = images[:, 1:-1, 1:-1]
    across = images[:, 1:-1, 2:] - 2 * middle + images[:, 1:-1, :-2]
    down = images[:, 2:, 1:-1] - 2 * middle + images[:, :-2, 1:-1]
    return np.sqrt(((across + down) ** 2).mean(axis=(1, 2)))


def _vectors(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns images as `(count, 1024)` of mean 0 and deviation 1, and the deviations before."""
    small = np.stack([resize_image(image, _SIDE) for image in images])
    grey = small.mean(axis=-1).reshape(len(small), -1)
    contrasts = grey.std(axis=1)
    centred = grey - grey.mean(axis=1, keepdims=True)
    return centred / np.maximum(contrasts, _LEAST_CONTRAST)[:, None], contrasts
