"""Stage 1, data: images become tf.data pipelines in [-1, 1]."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from kerasmedgan.data.image_rows import ImageRows
from kerasmedgan.images import to_model_range

# Batches made while the network learns.
PREFETCHED = 2
# As many as replicas may be.
_FEW_IMAGES = 8


def training_batches(
    images: np.ndarray | ImageRows,
    labels: np.ndarray,
    batch_size: int,
    *,
    seed: int,
    initial_epoch: int,
    initial_batch: int,
    drop_remainder: bool,
    repeat: bool,
    replicas: tuple[int, ...] = (0,),
    num_replicas: int = 1,
) -> tf.data.Dataset:
    """Returns shuffled batches: what `LabeledImages.batches` documents.

    Only the images of a batch are read from `images`, which may be on the disk. Each batch is cut
    into `num_replicas` parts, of which those of `replicas` are returned, one after the other.
    """
    count = len(images)
    _check_batch_size(batch_size, count, drop_remainder, num_replicas)
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
                parts = np.array_split(order[start : min(start + batch_size, stop)], num_replicas)
                for rows in (parts[replica] for replica in replicas):
                    yield images[rows], labels[rows]
            first = 0

    batches = _from_generator(
        rows_of_batches, images, batch_size // num_replicas if drop_remainder else None
    )
    if repeat:
        batches = batches.apply(
            tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
        )
    elif len(replicas) == 1:
        # The parts of several replicas are more elements than there are steps.
        batches = batches.apply(tf.data.experimental.assert_cardinality(steps))
    return _in_model_range(batches)


def worker_batches(
    strategy: tf.distribute.Strategy,
    images: np.ndarray | ImageRows,
    labels: np.ndarray,
    batch_size: int,
    **order,
) -> tf.distribute.DistributedDataset:
    """Returns the same batches, of which each worker reads only what its own replicas get.

    Left to itself, TensorFlow has every worker read whole batches and throw most of them away.
    """

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        local = context.num_replicas_in_sync // context.num_input_pipelines
        first = context.input_pipeline_id * local
        return training_batches(
            images,
            labels,
            batch_size,
            replicas=tuple(range(first, first + local)),
            num_replicas=context.num_replicas_in_sync,
            **order,
        )

    return strategy.distribute_datasets_from_function(of_worker)


def evaluation_batches(
    images: np.ndarray | ImageRows, labels: np.ndarray, batch_size: int
) -> tf.data.Dataset:
    """Returns all images in their own order as `(images in [-1, 1], labels)` batches.

    The size is the largest up to `batch_size` that leaves no batch of a few images: under a
    strategy such a one would leave a replica without any, which fails.
    """
    count = len(images)
    sizes = range(max(min(batch_size, count), 1), 0, -1)
    size = next((n for n in sizes if not 0 < count % n < min(n, _FEW_IMAGES)), sizes[0])

    def slices() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, count, size):
            yield images[start : start + size], labels[start : start + size]

    batches = _from_generator(slices, images, None)
    return _in_model_range(
        batches.apply(tf.data.experimental.assert_cardinality(-(-count // size)))
    )


def _check_batch_size(batch_size: int, count: int, drop_remainder: bool, num_replicas: int) -> None:
    if batch_size < 1 or not count or (drop_remainder and batch_size > count):
        raise ValueError(
            f"Invalid value for `batch_size`. Expected 1 to {count}, the number of images. "
            f"Received: {batch_size}. Use a smaller batch or more images."
        )
    if num_replicas > 1 and (batch_size % num_replicas or not drop_remainder):
        raise ValueError(
            f"Invalid value for `batch_size`. Expected a multiple of {num_replicas}, the number of "
            f"replicas, with `drop_remainder`. Received: {batch_size} with drop_remainder="
            f"{drop_remainder}. Round it."
        )


def _from_generator(generator, images, batch_size: int | None) -> tf.data.Dataset:
    signature = (
        tf.TensorSpec((batch_size, *images.shape[1:]), tf.uint8),
        tf.TensorSpec((batch_size,), tf.int64),
    )
    return tf.data.Dataset.from_generator(generator, output_signature=signature)


def _in_model_range(batches: tf.data.Dataset) -> tf.data.Dataset:
    scaled = batches.map(lambda images, labels: (to_model_range(images), labels))
    return scaled.prefetch(PREFETCHED).with_options(_options())


def _options() -> tf.data.Options:
    # There is nothing to tune, and the tuning thread, which looks around after 10, 20, 40, ...
    # milliseconds, is waited for when an epoch ends: that can double the time of a training.
    options = tf.data.Options()
    options.autotune.enabled = False
    return options
