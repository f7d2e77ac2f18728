"""Quality, judge: real and synthetic images enter, a score with passport and floor leaves."""

from __future__ import annotations

import cv2
import numpy as np

from kerasmedgan.data.image_rows import ImageRows
from kerasmedgan.fingerprints import images_sha256
from kerasmedgan.quality.feature_checks import check_integer
from kerasmedgan.quality.features import FeatureExtractor
from kerasmedgan.quality.frechet import frechet_distance
from kerasmedgan.quality.kid import kernel_distance
from kerasmedgan.quality.manifold import manifold_scores
from kerasmedgan.quality.score import Measures, Passport, Score

PIXEL_PATH = f"kerasmedgan.images.prepare_image, OpenCV {cv2.__version__}"
_MOST_IN_A_SUBSET = 100


class Judge:
    """Scores sets of synthetic images against one set of real images, always in the same way.

    The real images are cut into two random halves by patient. Each half is compared with as many
    synthetic images, and with the other half: that is the floor. This is done for several random
    halvings and the mean is taken. The real images' features are extracted once.

    Example:
        judge = Judge(validation.images, features, groups=validation.groups)
        score = judge(gan.generate(judge.count, seed=1))

    Args:
        real: uint8 array or `ImageRows`, shape `(count, size, size, channels)`, of one class.
        extractor: makes the features.
        groups: the patient of each real image, `(count,)`; `None` if all differ.
        count: images on either side. Default: half of the real images.
        seed: seed of halves and subsets.
        halvings: number of random halvings.
        subset_size: images of a subset of KID. Default: 100, or half of `count` in smaller
            sets: subsets of nearly all images differ too little to show a spread.
        subsets: number of subsets of KID, in each halving `subsets / halvings`.
        neighbours: k of precision, recall, density and coverage.
        pixel_path: how image files became pixels.

    Attributes:
        count: how many synthetic images it needs.
        passport: of all its scores.
        floor: the measures between halves of the real images.

    Raises:
        ValueError: if a count is larger than its set. No feature is extracted before that.
    """

    def __init__(
        self,
        real: np.ndarray | ImageRows,
        extractor: FeatureExtractor,
        *,
        groups: np.ndarray | None = None,
        count: int | None = None,
        seed: int = 0,
        halvings: int = 4,
        subset_size: int | None = None,
        subsets: int = 100,
        neighbours: int = 5,
        pixel_path: str = PIXEL_PATH,
    ):
        """Checks everything, then extracts the real features and measures the floor."""
        half = len(real) // 2
        count = half if count is None else count
        if subset_size is None:
            subset_size = min(_MOST_IN_A_SUBSET, count // 2)
        check_integer("count", count, 4, half, f"There are {len(real)} real images to halve.")
        check_integer("subset_size", subset_size, 2, count, "Each side has `count` images.")
        check_integer("halvings", halvings, 1, 1000, "Use 4.")
        check_integer("subsets", subsets, halvings, 1_000_000, "Use one at least a halving.")
        check_integer("neighbours", neighbours, 1, count - 1, "Use fewer, or more images.")
        if groups is not None and len(groups) != len(real):
            raise ValueError(
                f"Invalid value for `groups`. Expected one patient for each of {len(real)} images. "
                f"Received: {len(groups)}. Pass `.groups` of the same `LabeledImages`."
            )
        self.count = count
        self._extractor = extractor
        self._groups = np.arange(len(real)) if groups is None else np.asarray(groups)
        self._real = extractor(real)
        self.passport = Passport(
            extractor=extractor.name,
            weights_sha256=extractor.weights_sha256,
            layer_size=extractor.size,
            real_sha256=images_sha256(real),
            real_count=len(real),
            count=count,
            halvings=halvings,
            image_size=real.shape[1],
            channels=real.shape[3],
            pixel_path=f"{pixel_path}; {extractor.pixel_path}",
            seed=seed,
            subset_size=subset_size,
            subsets=subsets,
            neighbours=neighbours,
        )
        self.floor = self._mean_over_halvings(None)

    def __call__(self, synthetic: np.ndarray | ImageRows) -> Score:
        """Scores synthetic images.

        Args:
            synthetic: uint8, of the real images' size and channels, `count` or more; of more, a
                random sample is taken for each halving.

        Raises:
            ValueError: if there are too few, or they differ in shape.
        """
        if len(synthetic) < self.count or synthetic.shape[1:] != self._shape:
            raise ValueError(
                f"Invalid value for `synthetic`. Expected at least {self.count} images of shape "
                f"{self._shape}. Received: {len(synthetic)} of shape {synthetic.shape[1:]}. Draw "
                "more, or make a `Judge` with a smaller `count`; read them at the same size."
            )
        return Score(
            self._mean_over_halvings(self._extractor(synthetic)), self.floor, self.passport
        )

    @property
    def _shape(self) -> tuple[int, int, int]:
        size = self.passport.image_size
        return size, size, self.passport.channels

    def _mean_over_halvings(self, synthetic: np.ndarray | None) -> Measures:
        """Measures one half against the other, or against synthetic features."""
        halves = [self._halves(number, synthetic) for number in range(self.passport.halvings)]
        measured = [self._measure(number, *pair) for number, pair in enumerate(halves)]
        return Measures(*np.mean(measured, axis=0).tolist())

    def _halves(self, number: int, synthetic: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng((self.passport.seed, number))
        _, patient = np.unique(self._groups, return_inverse=True)
        # Images of a patient stand together, so that one patient at most is in both halves.
        order = np.argsort(generator.permutation(patient.max() + 1)[patient], kind="stable")
        first = self._real[order[: self.count]]
        if synthetic is None:
            return first, self._real[order[-self.count :]]
        return first, synthetic[generator.choice(len(synthetic), self.count, replace=False)]

    def _measure(self, number: int, first: np.ndarray, second: np.ndarray) -> tuple[float, ...]:
        kid = kernel_distance(
            first,
            second,
            subset_size=self.passport.subset_size,
            subsets=self.passport.subsets // self.passport.halvings,
            seed=self.passport.seed + number,
        )
        manifold = manifold_scores(first, second, neighbours=self.passport.neighbours)
        return *kid, frechet_distance(first, second), *manifold
