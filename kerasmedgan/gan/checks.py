"""Stage 2, GAN: what would mistrain quietly, or fail obscurely, is refused here."""

from collections.abc import Sequence

import tensorflow as tf

from kerasmedgan.gan.differentiable_augmentation import AUGMENTATIONS


def check_settings(ema_decay: float, r1_weight: float, dtype_policy) -> None:
    """Refuses what would mistrain quietly; the networks check the rest."""
    if not 0 <= ema_decay < 1:
        raise ValueError(
            "Invalid value for `ema_decay`. Expected a number in [0, 1). "
            f"Received: {ema_decay}. Use 0.995, or 0 for no average."
        )
    if not 0 <= r1_weight < float("inf"):
        raise ValueError(
            "Invalid value for `r1_weight`. Expected a number >= 0. "
            f"Received: {r1_weight}. Use 0 for no penalty, 1 to 10 for one."
        )
    if dtype_policy.compute_dtype == "float16":
        raise ValueError(
            "Invalid value for `dtype`. Expected 'float32' or 'mixed_bfloat16'. Received: "
            f"{dtype_policy.name!r}. Use 'mixed_bfloat16', which needs no loss scaling."
        )


def check_augmentation(
    names: Sequence[str] | None, adaptive_target: float | None, adaptation_images: int
) -> tuple[str, ...] | None:
    """Returns the names of the changes in the order in which they are made, or `None`."""
    if names is not None and (
        isinstance(names, str) or not names or not set(names) <= set(AUGMENTATIONS)
    ):
        raise ValueError(
            f"Invalid value for `augmentation`. Expected some of {list(AUGMENTATIONS)}, or None. "
            f"Received: {names!r}. Use None for images as they are."
        )
    if adaptive_target is not None and not -1 < adaptive_target < 1:
        raise ValueError(
            "Invalid value for `adaptive_target`. Expected a number in (-1, 1), or None. "
            f"Received: {adaptive_target}. Use 0.6, or None to change every image."
        )
    if adaptive_target is not None and names is None:
        raise ValueError(
            "Invalid value for `adaptive_target`. Expected None without `augmentation`. Received: "
            f"{adaptive_target}. Name the changes too, as in `augmentation={AUGMENTATIONS}`."
        )
    if adaptation_images < 1:
        raise ValueError(
            "Invalid value for `adaptation_images`. Expected an integer >= 1. "
            f"Received: {adaptation_images}. Leave it out for the default."
        )
    return None if names is None else tuple(name for name in AUGMENTATIONS if name in names)


def check_num_classes(num_classes: int | None) -> None:
    """Raises `ValueError` for a number of classes that is none."""
    if num_classes is not None and num_classes < 2:
        raise ValueError(
            "Invalid value for `num_classes`. Expected an integer >= 2, or None. "
            f"Received: {num_classes}. Use None to train on images of one class."
        )


def check_sampling(num_classes: int | None, label: int | None) -> None:
    """Raises `ValueError` for a class that cannot be drawn."""
    if label is not None and num_classes is None:
        raise ValueError(
            "Invalid value for `label`. Expected None of a GAN without classes. "
            f"Received: {label}. Train with `DCGAN(num_classes=...)` to choose."
        )
    if label is not None and label not in range(num_classes):
        raise ValueError(
            f"Invalid value for `label`. Expected an integer from 0 to {num_classes - 1}, or None "
            f"for all classes in turn. Received: {label!r}. Labels count the classes in the order "
            "of `class_names`."
        )


def check_real_images(real: tf.Tensor, image_size: int, channels: int) -> None:
    """Raises `ValueError` unless a batch can be what the networks were built for.

    It looks at shape and dtype alone, when `train_step` is traced.
    """
    expected = (image_size, image_size, channels)
    if not real.shape[1:].is_compatible_with(expected) or not real.dtype.is_floating:
        raise ValueError(
            f"Invalid value for `x`. Expected float images in [-1, 1] of shape {expected}. "
            f"Received: {real.dtype.name} of shape {tuple(real.shape[1:])}. Use "
            "`LabeledImages.batches`, which scales, and load the images at the GAN's size."
        )


def check_labels(labels: tf.Tensor | None, num_classes: int | None) -> tf.Tensor | None:
    """Returns the labels of a batch that the networks take; `None` of a GAN without classes.

    Raises:
        ValueError: when `train_step` is traced, if there are none or they are no integers.
        tf.errors.InvalidArgumentError: in training, if one is out of range.
    """
    if num_classes is None:
        return None
    if labels is None or not labels.dtype.is_integer or labels.shape.rank != 1:
        received = "none" if labels is None else f"{labels.dtype.name} of rank {labels.shape.rank}"
        raise ValueError(
            "Invalid value for `y`. Expected integer labels of shape (batch,), since the GAN has "
            f"classes. Received: {received}. Use `LabeledImages.batches`, or `fit(images, labels)`."
        )
    is_known = (labels >= 0) & (labels < num_classes)
    message = f"Invalid value for `y`. Expected labels from 0 to {num_classes - 1}."
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(is_known), [message, labels])]):
        return tf.identity(tf.cast(labels, tf.int64))
