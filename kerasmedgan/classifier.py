"""Stage 5, classifier: training and validation images enter, a trained CNN leaves."""

import os
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sklearn.utils.class_weight import compute_class_weight

from kerasmedgan.data.batches import evaluation_batches
from kerasmedgan.data.labeled import TRAIN, VALIDATION, LabeledImages, require_split
from kerasmedgan.multi_worker import MultiWorkerMixin
from kerasmedgan.resume import BestWeights, TrainingState

VALIDATION_AUC = "val_auc"

# Keras' default momentum of 0.99 lags behind for several epochs of tens of steps.
_BATCH_NORM_MOMENTUM = 0.9


@keras.saving.register_keras_serializable("kerasmedgan")
class Classifier(MultiWorkerMixin, keras.Model):
    """A functional model that also trains on several workers; `build_classifier` returns one."""


def build_classifier(
    *,
    image_size: int,
    channels: int = 1,
    num_classes: int = 2,
    filters: Sequence[int] = (16, 32, 64, 128),
    dropout: float = 0.3,
    seed: int = 0,
    dtype=None,
) -> Classifier:
    """Builds a small CNN: blocks of convolution, BatchNormalization, ReLU and max pooling.

    Args:
        image_size: side of the images in pixels, at least 2 to the power of `len(filters)`.
        channels: 1 or 3.
        num_classes: number of classes, at least 2.
        filters: filters of each block.
        dropout: share of pooled features dropped in training.
        seed: seed of the initial weights and of dropout.
        dtype: dtype or dtype policy of the hidden layers. The output is float32.

    Returns:
        A model from float32 `(batch, image_size, image_size, channels)` in [-1, 1] to float32
        class probabilities `(batch, num_classes)`. It is not compiled.
    """
    if image_size < 2 ** len(filters):
        raise ValueError(
            f"Invalid value for `image_size`. Expected at least {2 ** len(filters)} for "
            f"{len(filters)} poolings. Received: {image_size}. Use fewer `filters`."
        )
    seeds = iter(range(seed * 1000, seed * 1000 + len(filters) + 2))
    images = keras.Input((image_size, image_size, channels), name="images")
    x = images
    for position, count in enumerate(filters):
        x = layers.Conv2D(
            count,
            3,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(next(seeds)),
            dtype=dtype,
            name=f"conv_{position}",
        )(x)
        x = layers.BatchNormalization(
            momentum=_BATCH_NORM_MOMENTUM, synchronized=True, dtype=dtype
        )(x)
        x = layers.ReLU(dtype=dtype)(x)
        x = layers.MaxPooling2D(dtype=dtype)(x)
    x = layers.GlobalAveragePooling2D(dtype=dtype, name="features")(x)
    x = layers.Dropout(dropout, seed=next(seeds), dtype=dtype)(x)
    probabilities = layers.Dense(
        num_classes,
        activation="softmax",
        kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
        dtype="float32",
        name="probabilities",
    )(x)
    return Classifier(images, probabilities, name="classifier")


def compile_classifier(
    model: keras.Model, *, updates: int, learning_rate: float = 1e-3, label_smoothing: float = 0.0
) -> None:
    """Compiles with Adam, a cosine decay over `updates`, cross-entropy, accuracy and AUC.

    The AUC is the mean of the one-versus-rest AUCs; with two classes that is the usual AUC.
    """
    model.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps=updates)
        ),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
        metrics=[
            keras.metrics.CategoricalAccuracy(name="accuracy"),
            keras.metrics.AUC(name="auc", multi_label=True, num_labels=model.output_shape[-1]),
        ],
        jit_compile=False,
    )


def train_classifier(
    model: keras.Model,
    train: LabeledImages,
    validation: LabeledImages,
    *,
    updates: int,
    batch_size: int = 64,
    updates_per_epoch: int = 100,
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
        seed: seed of the batch order.
        class_weight: weight of each label in the training loss, as from `balanced_class_weights`.
            Validation is not weighted.
        transform: applied to each batch of training images, float32
            `(batch_size, height, width, channels)` in [-1, 1], and returns the same shape and
            dtype. Validation images never pass through it. It is called batch by batch in order,
            so that one with random state of its own gives the same training again; to be resumed
            it needs a method `skip(batches)`, as `ClassicalAugmentation` has.
        callbacks: further Keras callbacks.
        state_directory: where the training's state is kept after each epoch, and taken up from if
            there is one: see `TrainingState`. `None` keeps none.
        verbose: as in `fit`.

    Returns:
        The Keras `History`, one entry for each look at validation.

    Raises:
        TestSplitError: if one of the sets is the test split.
        ValueError: if a set is of the wrong split, `updates` cannot be divided into epochs, or
            `class_weight` does not name every label.
        TrainingStateError: if the state in `state_directory` is that of another training.
    """
    require_split(train.split, TRAIN, "train")
    require_split(validation.split, VALIDATION, "validation")
    check_updates(updates, updates_per_epoch)
    _check_class_weight(class_weight, train.num_classes)
    best, first_epoch = BestWeights(VALIDATION_AUC), 0
    keepers = [best]
    if state_directory is not None:
        settings = {
            "training images": train.fingerprint(),
            "validation images": validation.fingerprint(),
            **{"updates": updates, "updates_per_epoch": updates_per_epoch},
            **{"batch_size": batch_size, "seed": seed, "class_weight": str(class_weight)},
        }
        state = TrainingState(state_directory, settings=settings, also={"best": best})
        first_epoch = state.restore(model)
        keepers.append(state)
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
        epochs=updates // updates_per_epoch,
        validation_data=one_hot(validation_batches(validation), train.num_classes),
        class_weight=None if class_weight is None else dict(class_weight),
        shuffle=False,
        verbose=verbose,
        callbacks=[*keepers, *callbacks],
    )
    if skipped:
        history.epoch, history.history = list(range(len(state.logs))), state.history
    return history


def balanced_class_weights(counts: Mapping[str, int]) -> dict[int, float]:
    """Returns the weights that let every class count the same in the training loss.

    The weight of a class is `total / (num_classes * count)`; the mean over all images is 1.
    Source: King and Zeng 2001, Political Analysis 9(2), 137-163; scikit-learn's "balanced".

    Args:
        counts: images of each class in label order, as from `LabeledImages.counts()`.

    Returns:
        The weight of each label, for `train_classifier(class_weight=...)`.

    Raises:
        ValueError: if a class has no image.
    """
    empty = [name for name, count in counts.items() if count < 1]
    if empty or not counts:
        raise ValueError(
            "Invalid value for `counts`. Expected at least one image of each class. Received: "
            f"{dict(counts)}. Add images of {empty} or leave those classes out."
        )
    labels = np.arange(len(counts))
    weights = compute_class_weight(
        "balanced", classes=labels, y=np.repeat(labels, list(counts.values()))
    )
    return {label: float(weight) for label, weight in enumerate(weights)}


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
    return pairs.map(lambda images, labels: (transform(images), labels)).prefetch(tf.data.AUTOTUNE)


def check_updates(updates: int, updates_per_epoch: int) -> None:
    """Raises `ValueError` unless `updates` makes whole epochs."""
    if updates < 1 or updates_per_epoch < 1 or updates % updates_per_epoch:
        raise ValueError(
            "Invalid value for `updates`. Expected a positive multiple of `updates_per_epoch`, "
            f"{updates_per_epoch}. Received: {updates}. Round one of them."
        )


def _check_class_weight(class_weight: Mapping[int, float] | None, num_classes: int) -> None:
    # Keras gives a forgotten label the weight 1 or fails in the middle of an epoch.
    if class_weight is not None and set(class_weight) != set(range(num_classes)):
        raise ValueError(
            f"Invalid value for `class_weight`. Expected a weight for each label from 0 to "
            f"{num_classes - 1}. Received: {dict(class_weight)}. Use `balanced_class_weights`."
        )
