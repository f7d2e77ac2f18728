"""Stage 5, classifier: training and validation images enter, a trained CNN leaves."""

import os
from collections.abc import Callable, Mapping, Sequence

import keras
import tensorflow as tf

from kerasmedgan.classifier.class_weights import check_class_weight
from kerasmedgan.data.batches import PREFETCHED, evaluation_batches
from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.split_guard import TRAIN, VALIDATION, require_split
from kerasmedgan.resume import BestWeights, TrainingState

VALIDATION_AUC = "val_auc"


def train_classifier(
    model: keras.Model,
    train: LabeledImages,
    validation: LabeledImages,
    *,
    updates: int,
    batch_size: int = 64,
    updates_per_epoch: int = 100,
    stop_after: int | None = None,
    seed: int = 0,
    class_weight: Mapping[int, float] | None = None,
    transform: Callable[[tf.Tensor], tf.Tensor] | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    state_directory: str | os.PathLike | None = None,
    verbose: str | int = "auto",
) -> keras.callbacks.History:
    """Trains for a fixed number of updates and keeps the weights best on validation.

    The number of updates does not depend on the size of the training set, so that sets of
    different sizes can be compared. Validation AUC chooses among the epochs; nothing stops early.

    Args:
        model: from `build_classifier` and `compile_classifier`.
        train: training images.
        validation: validation images.
        updates: number of optimizer updates, a multiple of `updates_per_epoch`.
        batch_size: images an update.
        updates_per_epoch: updates between two looks at validation.
        stop_after: updates after which this call ends, a multiple of `updates_per_epoch`. Another
            call with the same `state_directory` goes on from there. Default: `updates`.
        seed: seed of the batch order.
        class_weight: weight of each label in the training loss, as from `balanced_class_weights`.
            Validation is not weighted.
        transform: applied to each batch of training images, float32
            `(batch_size, height, width, channels)` in [-1, 1], and returns the same shape and
            dtype. Validation images never pass through it. It is called batch by batch in order,
            so that one with random state of its own gives the same training again (not under a
            strategy: see `ClassicalAugmentation`); to be resumed it needs a method
            `skip(batches)`.
        callbacks: further Keras callbacks.
        state_directory: where the training's state is kept after each epoch, and taken up from if
            there is one: see `TrainingState`. `None` keeps none.
        verbose: as in `fit`.

    Returns:
        The Keras `History`, one entry for each look at validation.

    Raises:
        TestSplitError: if one of the sets is the test split.
        ValueError: if a set is of the wrong split, the updates cannot be divided into epochs,
            `class_weight` does not name every label, or `transform` cannot be resumed.
        TrainingStateError: if the state in `state_directory` is that of another training.
    """
    require_split(train.split, TRAIN, "train")
    require_split(validation.split, VALIDATION, "validation")
    check_updates(updates, updates_per_epoch)
    check_updates(updates if stop_after is None else stop_after, updates_per_epoch)
    check_class_weight(class_weight, train.num_classes)
    best, state, first_epoch = BestWeights(VALIDATION_AUC), None, 0
    if state_directory is not None:
        _check_skip(transform)
        settings = {
            "training images": train.fingerprint(),
            "validation images": validation.fingerprint(),
            **{"updates": updates, "updates_per_epoch": updates_per_epoch},
            **{"batch_size": batch_size, "seed": seed, "class_weight": str(class_weight)},
            "transform": type(transform).__name__,
        }
        state = TrainingState(state_directory, settings=settings)
        state.register("best", best)
        first_epoch = state.restore(model)
    skipped = first_epoch * updates_per_epoch
    pairs = train.batches(batch_size, seed=seed, repeat=True, initial_batch=skipped)
    if transform is not None:
        if skipped:
            transform.skip(skipped)
        pairs = _transform_images(pairs, transform)
    history = model.fit(
        one_hot(pairs, train.num_classes),
        steps_per_epoch=updates_per_epoch,
        initial_epoch=first_epoch,
        epochs=min(updates, stop_after or updates) // updates_per_epoch,
        validation_data=one_hot(validation_batches(validation), train.num_classes),
        class_weight=None if class_weight is None else dict(class_weight),
        shuffle=False,
        verbose=verbose,
        callbacks=[best, *callbacks, *([] if state is None else [state])],
    )
    if skipped:
        history.epoch, history.history = list(range(len(state.logs))), state.history
    return history


def validation_batches(images: LabeledImages, *, batch_size: int = 256) -> tf.data.Dataset:
    """Returns validation images in their own order as `(images in [-1, 1], labels)` batches.

    Raises:
        TestSplitError: if this is the test split.
        ValueError: if this is the training split.
    """
    require_split(images.split, VALIDATION, "validation")
    return evaluation_batches(images.images, images.labels, batch_size)


def one_hot(pairs: tf.data.Dataset, num_classes: int) -> tf.data.Dataset:
    """Returns `(images, labels)` batches with labels as float32 `(batch, num_classes)`."""
    return pairs.map(lambda images, labels: (images, tf.one_hot(labels, num_classes)))


def _transform_images(
    pairs: tf.data.Dataset, transform: Callable[[tf.Tensor], tf.Tensor]
) -> tf.data.Dataset:
    """Transforms the images of `(images, labels)` batches, while the network learns."""
    # Not in parallel: a random state would be read in whatever order the threads come.
    return pairs.map(lambda images, labels: (transform(images), labels)).prefetch(PREFETCHED)


def _check_skip(transform: Callable | None) -> None:
    if transform is not None and not hasattr(transform, "skip"):
        raise ValueError(
            "Invalid value for `transform`. Expected a method `skip(batches)` beside "
            f"`state_directory`. Received: {transform!r}, which a resumed training could not bring "
            "to its place. Use `ClassicalAugmentation`, or keep no state."
        )


def check_updates(updates: int, updates_per_epoch: int) -> None:
    """Raises `ValueError` unless `updates` makes whole epochs."""
    if updates < 1 or updates_per_epoch < 1 or updates % updates_per_epoch:
        raise ValueError(
            "Invalid value for `updates`. Expected a positive multiple of `updates_per_epoch`, "
            f"{updates_per_epoch}. Received: {updates}. Round one of them."
        )
