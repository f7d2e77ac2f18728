"""Stage 1, data: arrays become tf.data pipelines in [-1, 1]."""

import itertools
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from kerasmedgan.images import to_model_range

# As many as replicas may be.
_FEW_IMAGES = 8


def training_batches(
    images: np.ndarray,
    labels: np.ndarray,
    batch_size: int,
    *,
    seed: int,
    initial_epoch: int,
    initial_batch: int,
    drop_remainder: bool,
    repeat: bool,
) -> tf.data.Dataset:
    """Returns shuffled batches: what `LabeledImages.batches` documents.

    Only the rows of a batch are read from `images`, which may be memory-mapped.
    """
    count = len(images)
    if batch_size < 1 or (drop_remainder and batch_size > count):
        raise ValueError(
            f"Invalid value for `batch_size`. Expected 1 to {count}, the number of images. "
            f"Received: {batch_size}. Use a smaller batch or more images."
        )
    stop = count - count % batch_size if drop_remainder else count
    steps = -(-stop // batch_size)
    skipped_epochs, skipped_batches = divmod(initial_batch, steps)
    epochs = itertools.count(initial_epoch + skipped_epochs)

    def rows_of_batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        first = skipped_batches * batch_size
        # Under a strategy Keras takes a batch and starts again: a shared count would race.
        for epoch in itertools.count(initial_epoch + skipped_epochs) if repeat else (next(epochs),):
            order = np.random.default_rng((seed, epoch)).permutation(count)
            for start in range(first, stop, batch_size):
                rows = order[start : min(start + batch_size, stop)]
                yield images[rows], labels[rows]
            first = 0

    batch = batch_size if drop_remainder else None
    signature = (
        tf.TensorSpec((batch, *images.shape[1:]), tf.uint8),
        tf.TensorSpec((batch,), tf.int64),
    )
    steps = tf.data.INFINITE_CARDINALITY if repeat else steps
    return _in_model_range(
        tf.data.Dataset.from_generator(rows_of_batches, output_signature=signature).apply(
            tf.data.experimental.assert_cardinality(steps)
        )
    )


def evaluation_batches(images: np.ndarray, labels: np.ndarray, batch_size: int) -> tf.data.Dataset:
    """Returns all images in their own order as `(images in [-1, 1], labels)` batches.

    The size is the largest up to `batch_size` that leaves no batch of a few images: under a
    strategy such a one would leave a replica without any, which fails.
    """
    sizes = range(max(min(batch_size, len(images)), 1), 0, -1)
    size = next((n for n in sizes if not 0 < len(images) % n < min(n, _FEW_IMAGES)), sizes[0])
    pairs = tf.data.Dataset.from_tensor_slices((images, labels))
    return _in_model_range(pairs.batch(size))


def _in_model_range(batches: tf.data.Dataset) -> tf.data.Dataset:
    return batches.map(lambda images, labels: (to_model_range(images), labels)).prefetch(
        tf.data.AUTOTUNE
    )
