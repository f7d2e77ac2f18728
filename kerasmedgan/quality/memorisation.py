"""Quality, memorisation: training and synthetic images enter, copies are named."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.stats import binom

from kerasmedgan.data.labeled import LabeledImages, concatenate
from kerasmedgan.data.split_guard import TRAIN
from kerasmedgan.quality.aligned_pixels import AlignedPixels
from kerasmedgan.quality.audit_checks import check_rates, check_sets
from kerasmedgan.quality.audit_result import AuditResult, SpaceResult
from kerasmedgan.quality.copying import (
    copying_p_value,
    copying_statistic,
    fit_cells,
    training_preference,
)
from kerasmedgan.quality.feature_space import FeatureSpace
from kerasmedgan.quality.features import FeatureExtractor
from kerasmedgan.quality.nearness import Nearness, join_nearness, measure_nearness
from kerasmedgan.quality.texture_features import TextureFeatures

_BLOCK = 512
_MOST_NEIGHBOURS = 50
_IMAGES_A_CELL = 50
_CHANCE = 0.01
_LOWER_TAIL = 0.05


class MemorisationAudit:
    """Finds synthetic images that are copies of training images, and generators that copy.

    Each image's distance to its nearest training image is measured in aligned pixels
    (`AlignedPixels`) and in features, as a share of the distance to the next nearest ones. The
    same is measured of real images that the generator never saw: the null. An image is flagged if
    it is nearer than all of the null but a share of `false_rate`, or than all n of it if n is
    small. Of images as new as the held-out ones no more than `false_rate` or 1 / (n + 1) is then
    expected to be withheld (conformal prediction, Vovk et al. 2005); the smaller n, the more the
    share varies about that.

    A whole set is refused if more than `most_copies` of it is flagged, or if in one space held-out
    images are nearest to the synthetic ones less than 0.75 times as often as exchanged training
    images would be, 3 standard deviations or more below (`training_preference`).

    The cells of the data-copying test are made by k-means on the training images' features; an
    image is in the cell of its nearest training image.

    Without held-out images the null is the training images themselves, each against those of all
    other patients; then only flags can refuse a set.

    Example:
        audit = MemorisationAudit(normal, splits.validation.of_class("NORMAL"))
        result = audit(gan.generate(500, seed=1))
        new = images[~result.flagged]

    Args:
        training: the real images that the generator learned from, at least 4 of 3 patients.
        held_out: real images of the same class and of other patients that it never saw, at least
            99; of the validation split. `None`: see above.
        extractor: makes the features. Default: `TextureFeatures` of the training images.
        false_rate: share of new images that may be withheld. The attribute is at least 1 / (n + 1).
        most_copies: share of flagged images from which a whole set is refused.
        seed: seed of the cells of the data-copying test.

    Raises:
        TestSplitError: if an argument is of the test split.
        ValueError: if images, patients or shapes do not fit.
    """

    def __init__(
        self,
        training: LabeledImages,
        held_out: LabeledImages | None = None,
        *,
        extractor: FeatureExtractor | None = None,
        false_rate: float = 0.005,
        most_copies: float = 0.1,
        seed: int = 0,
    ):
        """Measures the null."""
        check_rates(false_rate, most_copies)
        check_sets(training, held_out)
        self.most_copies = most_copies
        self.training = training
        self.held_out_count = 0 if held_out is None else len(held_out)
        real = training.images
        if held_out is not None:
            real = concatenate([training, _as_training(held_out)]).images
        extractor = extractor or TextureFeatures(training.images)
        self.extractor = extractor.name
        features = FeatureSpace(real, extractor)
        self._spaces = (AlignedPixels(real), features)
        _, patient, sizes = np.unique(training.groups, return_inverse=True, return_counts=True)
        self._patient = patient
        self._neighbours = min(_MOST_NEIGHBOURS, len(training) - int(sizes.max()) - 1)
        null_count = self.held_out_count or len(training)
        self.false_rate = max(false_rate, 1 / (null_count + 1))
        cells = max(1, min(null_count, len(training)) // _IMAGES_A_CELL)
        self._cell_of = fit_cells(features.rows[: len(training)], cells, seed=seed).labels_
        null_images = training if held_out is None else held_out
        self._null = self._measure(null_images.images, is_training=held_out is None)
        logs = [_log_ratio(nearness) for nearness in self._null]
        self._middles = [np.median(log) for log in logs]
        # Of the lower side alone, where copies are: its tail is not that of the upper side.
        self._scales = [
            max(middle - np.quantile(log, _LOWER_TAIL), 1e-6)
            for log, middle in zip(logs, self._middles, strict=True)
        ]
        null_scores = np.sort(self._scores(self._null).min(axis=0))
        rank = int(self.false_rate * (null_count + 1) + 1e-9)
        self.threshold = float(null_scores[rank - 1])

    def __call__(self, images: np.ndarray) -> AuditResult:
        """Judges synthetic images.

        Args:
            images: uint8, shape `(count, size, size, channels)` as the training images.

        Raises:
            ValueError: if the shape differs or there is no image.
        """
        shape = self.training.images.shape[1:]
        if images.shape[1:] != shape or images.dtype != np.uint8 or not len(images):
            raise ValueError(
                f"Invalid value for `images`. Expected uint8 of shape (count, {shape}). Received: "
                f"{images.dtype} of shape {images.shape}. Read them as the training images."
            )
        measured = self._measure(images, is_training=False)
        scores = self._scores(measured)
        farthest = scores.argmin(axis=0)
        nearest = np.stack([nearness.nearest for nearness in measured])
        spaces = {
            space.name: self._describe(null, nearness)
            for space, null, nearness in zip(self._spaces, self._null, measured, strict=True)
        }
        score = scores.min(axis=0)
        flagged = score < self.threshold
        return AuditResult(
            flagged=flagged,
            score=score,
            nearest=nearest[farthest, np.arange(len(images))],
            threshold=self.threshold,
            spaces=spaces,
            refusal=self._refusal(flagged, spaces),
        )

    def to_dict(self) -> dict:
        """Returns what the audit rests on, JSON-ready."""
        return {
            "training_images": len(self.training),
            "held_out_images": self.held_out_count,
            "null": "held-out images" if self.held_out_count else "training images, by patient",
            "extractor": self.extractor,
            "false_rate": self.false_rate,
            "most_copies": self.most_copies,
        }

    def _measure(self, images: np.ndarray, *, is_training: bool) -> list[Nearness]:
        """Returns the nearness in each space; training images do not meet their own patient."""
        measured: list[list[Nearness]] = [[] for _ in self._spaces]
        for start in range(0, len(images), _BLOCK):
            block = np.asarray(images[start : start + _BLOCK])
            for space, parts in zip(self._spaces, measured, strict=True):
                distances = space.distances(block)
                if is_training:
                    own = self._patient[start : start + len(block), None] == self._patient
                    distances[own] = np.inf
                parts.append(
                    measure_nearness(
                        distances, training=len(self.training), neighbours=self._neighbours
                    )
                )
        return [join_nearness(parts) for parts in measured]

    def _scores(self, measured: list[Nearness]) -> np.ndarray:
        """Returns the deviations from the null's middle, shape `(spaces, count)`."""
        parts = zip(measured, self._middles, self._scales, strict=True)
        return np.stack([(_log_ratio(part) - middle) / scale for part, middle, scale in parts])

    def _describe(self, null: Nearness, measured: Nearness) -> SpaceResult:
        statistic = copying_statistic(
            null.distance,
            measured.distance,
            held_out_cells=self._cell_of[null.nearest],
            synthetic_cells=self._cell_of[measured.nearest],
        )
        preference = (None, None, None)
        if self.held_out_count:
            preference = training_preference(
                measured.nearest_of_all, len(self.training), self.held_out_count
            )
        return SpaceResult(
            median_distance=float(np.median(measured.distance)),
            null_median_distance=float(np.median(null.distance)),
            median_ratio=float(np.median(measured.ratio)),
            null_median_ratio=float(np.median(null.ratio)),
            copying_statistic=statistic,
            copying_p_value=copying_p_value(statistic),
            held_out_share=preference[0],
            expected_held_out_share=preference[1],
            preference_z=preference[2],
        )

    def _refusal(self, flagged: np.ndarray, spaces: dict[str, SpaceResult]) -> str | None:
        copies, count = int(flagged.sum()), len(flagged)
        reasons = []
        by_chance = binom.sf(copies - 1, count, self.false_rate)
        if copies > self.most_copies * count and by_chance < _CHANCE:
            reasons.append(f"{copies} of {count} images are copies of training images")
        for name, space in spaces.items():
            if space.prefers_training:
                reasons.append(
                    f"in {name} a held-out image is nearest to {space.held_out_share:.1%} of "
                    f"them, not to {space.expected_held_out_share:.1%} as by chance"
                )
        return "; ".join(reasons) or None


def _log_ratio(nearness: Nearness) -> np.ndarray:
    return np.log(np.maximum(nearness.ratio, 1e-6))


def _as_training(images: LabeledImages) -> LabeledImages:
    return dataclasses.replace(images, split=TRAIN)
