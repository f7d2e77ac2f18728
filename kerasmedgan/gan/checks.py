"""Stage 2, GAN: what would mistrain quietly, or fail obscurely, is refused here."""

import tensorflow as tf


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
