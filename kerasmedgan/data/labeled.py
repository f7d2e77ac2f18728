"""Stage 1, data: `LabeledImages`, what every later stage takes."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from kerasmedgan.data.batches import training_batches, worker_batches
from kerasmedgan.data.image_rows import ImageRows, join_images, select_images
from kerasmedgan.data.split_guard import TEST, TRAIN, VALIDATION, refuse_test_split
from kerasmedgan.distribution import spans_workers

_SLICE = 4096
_PARTS = ("labels", "groups", "synthetic", "files")


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class LabeledImages:
    """Images with labels, patients and origin.

    Attributes:
        images: uint8 array, shape `(count, height, width, channels)`, values in [0, 255]; or
            `ImageRows`, which stay on the disk until they are indexed.
        labels: int64 array, shape `(count,)`, indexes into `class_names`.
        class_names: the classes, in label order.
        groups: str array, shape `(count,)`: the patient of each image.
        synthetic: bool array, shape `(count,)`: `True` where a generator drew the image.
        split: "train", "validation" or "test".
        files: str array, shape `(count,)`: where each image came from; empty strings if unknown.
    """

    images: np.ndarray | ImageRows
    labels: np.ndarray
    class_names: tuple[str, ...]
    groups: np.ndarray
    synthetic: np.ndarray | None = None
    split: str = TRAIN
    files: np.ndarray | None = None

    def __post_init__(self):
        """Fills what may be left out and checks that the parts belong together."""
        count = len(self.images)
        defaults = {"synthetic": np.zeros(count, bool), "files": np.full(count, "")}
        for name, value in defaults.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        object.__setattr__(self, "class_names", tuple(self.class_names))
        _check_parts(self)

    def __len__(self) -> int:
        """Returns the number of images."""
        return len(self.labels)

    def __repr__(self) -> str:
        """Shows the counts, not the pixels."""
        return f"LabeledImages({self.split}, {self.image_size} px, {self.counts()})"

    @property
    def image_size(self) -> int:
        """Side of the square images in pixels."""
        return self.images.shape[1]

    @property
    def channels(self) -> int:
        """1 for grey, 3 for RGB."""
        return self.images.shape[3]

    @property
    def num_classes(self) -> int:
        """Number of classes, also of those with no image here."""
        return len(self.class_names)

    def counts(self) -> dict[str, int]:
        """Returns the number of images of each class."""
        totals = np.bincount(self.labels, minlength=self.num_classes)
        return {name: int(total) for name, total in zip(self.class_names, totals, strict=True)}

    def patient_counts(self) -> dict[str, int]:
        """Returns the number of patients with an image of each class."""
        return {
            name: int(np.unique(self.groups[self.labels == label]).size)
            for label, name in enumerate(self.class_names)
        }

    def class_index(self, name: str) -> int:
        """Returns the label of a class name.

        Raises:
            ValueError: if there is no such class.
        """
        if name not in self.class_names:
            raise ValueError(
                f"Invalid value for `class_name`. Expected one of {list(self.class_names)}. "
                f"Received: {name!r}. Class names are the names of the class folders."
            )
        return self.class_names.index(name)

    def fingerprint(self) -> str:
        """Returns a sha256 over the pixels and labels, in their order."""
        digest = hashlib.sha256(np.ascontiguousarray(self.labels))
        for pixels in self.pixels():
            digest.update(pixels)
        return digest.hexdigest()

    def pixels(self) -> Iterator[np.ndarray]:
        """Yields the images in their order, a few thousand at a time: all may not fit in memory."""
        for start in range(0, len(self), _SLICE):
            yield np.ascontiguousarray(self.images[start : start + _SLICE])

    def of_class(self, name: str) -> LabeledImages:
        """Returns the images of one class; labels and class names stay as they are."""
        return self.take(np.flatnonzero(self.labels == self.class_index(name)))

    def take(self, rows: np.ndarray) -> LabeledImages:
        """Returns the images at the given rows, in that order."""
        parts = {part: getattr(self, part)[rows] for part in _PARTS}
        return dataclasses.replace(self, images=select_images(self.images, rows), **parts)

    def batches(
        self,
        batch_size: int,
        *,
        seed: int = 0,
        initial_epoch: int = 0,
        initial_batch: int = 0,
        drop_remainder: bool = True,
        repeat: bool = False,
        strategy: tf.distribute.Strategy | None = None,
    ) -> tf.data.Dataset | tf.distribute.DistributedDataset:
        """Returns a shuffled training pipeline. Pass `shuffle=False` to `fit` beside it.

        The order of an epoch is a function of `seed` and the epoch's number alone: the first
        iteration over the data set is epoch `initial_epoch`, the next one more. (Under a strategy
        the first iteration is `fit`'s own look at one batch, so training begins one later.)

        Args:
            batch_size: images a batch.
            seed: seed of the order.
            initial_epoch: number of the first epoch, for a resumed training.
            initial_batch: number of the first batch with `repeat`, for a resumed training whose
                epochs are no passes over the images; counted from the first of `initial_epoch`.
            drop_remainder: leave out the last images of an epoch that fill no batch.
            repeat: never end; every start is at `initial_epoch`. For `fit(steps_per_epoch=...)`.
            strategy: the model's strategy. With several workers each then reads its own share of
                a batch alone; `batch_size` is over all of them. Such batches have no `map`, so
                `train_classifier` does without. Else it changes nothing.

        Returns:
            A prefetched `tf.data.Dataset` of `(images, labels)`: float32
            `(batch, height, width, channels)` in [-1, 1] and int64 `(batch,)`. With several
            workers a `tf.distribute.DistributedDataset` of the same.

        Raises:
            TestSplitError: if this is the test split.
            ValueError: if the batch is larger than the set or cannot be shared among workers, or
                `initial_batch` is given without `repeat`.
        """
        refuse_test_split(self.split, "batches", "train on `splits.train`")
        if initial_batch and not repeat:
            raise ValueError(
                "Invalid value for `initial_batch`. Expected 0 without `repeat`. Received: "
                f"{initial_batch}. Use `initial_epoch`, or `repeat=True`."
            )
        order = {
            "seed": seed,
            "initial_epoch": initial_epoch,
            "initial_batch": initial_batch,
            "drop_remainder": drop_remainder,
            "repeat": repeat,
        }
        if strategy is not None and spans_workers(strategy):
            return worker_batches(strategy, self.images, self.labels, batch_size, **order)
        return training_batches(self.images, self.labels, batch_size, **order)


def concatenate(parts: Sequence[LabeledImages]) -> LabeledImages:
    """Joins sets of the same split, classes and image shape into one.

    Raises:
        ValueError: if they differ.
    """
    first = parts[0]
    for part in parts[1:]:
        for name in ("class_names", "split", "image_size", "channels"):
            _check_same(first, part, name)
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _PARTS}
    images = join_images([part.images for part in parts])
    return dataclasses.replace(first, images=images, **joined)


def _check_parts(images: LabeledImages) -> None:
    shape, dtype = images.images.shape, images.images.dtype
    if len(shape) != 4 or dtype != np.uint8 or shape[1] != shape[2]:
        raise ValueError(
            "Invalid value for `images`. Expected uint8 of shape (count, size, size, channels). "
            f"Received: {dtype} of shape {shape}. Use `load_images` or `kerasmedgan.images`."
        )
    for name in ("labels", "groups", "synthetic", "files"):
        if len(getattr(images, name)) != shape[0]:
            raise ValueError(
                f"Invalid value for `{name}`. Expected one entry for each of {shape[0]} images. "
                f"Received: {len(getattr(images, name))}. Pass arrays of equal length."
            )
    labels, classes = images.labels, images.num_classes
    if not np.issubdtype(labels.dtype, np.integer) or np.setdiff1d(labels, range(classes)).size:
        raise ValueError(
            f"Invalid value for `labels`. Expected integers from 0 to {classes - 1}, one for each "
            f"of {list(images.class_names)}. Received: {np.unique(labels)[:5].tolist()} of dtype "
            f"{labels.dtype}. Number the classes in the order of `class_names`."
        )
    if images.split not in (TRAIN, VALIDATION, TEST):
        raise ValueError(
            f"Invalid value for `split`. Expected one of {(TRAIN, VALIDATION, TEST)}. "
            f"Received: {images.split!r}. Name the split that these images belong to."
        )


def _check_same(first: LabeledImages, other: LabeledImages, name: str) -> None:
    expected, received = getattr(first, name), getattr(other, name)
    if expected != received:
        raise ValueError(
            f"Cannot join images of different `{name}`. Expected {expected!r}, as in the first "
            f"set. Received: {received!r}. Load both sets with the same settings."
        )
