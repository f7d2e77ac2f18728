"""Stage 2, GAN: random numbers as pure functions of integers, so that no state must be saved."""

import numpy as np
import tensorflow as tf

from kerasmedgan.distribution import num_replicas, replica_id

# Images are always drawn in whole chunks of this many, so that one image's bytes do not depend on
# how many others were asked for: convolutions round differently in batches of another size.
CHUNK = 64


def training_latents(batch_size, latent_dim: int, *, seed: int, step) -> tf.Tensor:
    """Draws the noise of one training step; it differs from replica to replica.

    Args:
        batch_size: images of this replica.
        latent_dim: size of a latent vector.
        seed: seed of the training.
        step: integer scalar tensor, the number of the step.

    Returns:
        float32 tensor, shape `(batch_size, latent_dim)`, standard normal.
    """
    return tf.random.stateless_normal((batch_size, latent_dim), seed=_training_key(seed, step))


def training_uniforms(batch_size, count: int, *, seed: int, step, stream: int) -> tf.Tensor:
    """Draws what else is random in one training step, independently of the latents.

    Args:
        batch_size: images of this replica.
        count: numbers an image.
        seed: seed of the training.
        step: integer scalar tensor, the number of the step.
        stream: a number for each purpose, so that no two share their numbers.

    Returns:
        float32 tensor, shape `(batch_size, count)`, uniform in [0, 1).
    """
    key = tf.random.experimental.stateless_fold_in(_training_key(seed, step), stream)
    return tf.random.stateless_uniform((batch_size, count), seed=key)


def sampling_latents(
    chunk: int, latent_dim: int, *, seed: int, truncation: float = 1.0
) -> tf.Tensor:
    """Draws the latents of the images with index `chunk * CHUNK` up to `(chunk + 1) * CHUNK - 1`.

    Args:
        chunk: number of the chunk.
        latent_dim: size of a latent vector.
        seed: seed of the sequence.
        truncation: in (0, 1], multiplies the latents: images nearer to the generator's average,
            that vary less. Source: Kingma and Dhariwal 2018, arXiv:1807.03039, section 6
            (sampling at a reduced temperature).

    Returns:
        float32 tensor, shape `(CHUNK, latent_dim)`, normal of standard deviation `truncation`.

    Raises:
        ValueError: if the truncation is not in (0, 1].
    """
    if not 0 < truncation <= 1:
        raise ValueError(
            "Invalid value for `truncation`. Expected a number above 0 and at most 1. "
            f"Received: {truncation}. Use 1 for images as varied as the generator draws them."
        )
    key = tf.constant([seed, chunk], tf.int64)
    return tf.random.stateless_normal((CHUNK, latent_dim), seed=key) * truncation


def sampling_labels(chunk: int, num_classes: int, label: int | None) -> np.ndarray:
    """Returns the classes of the images of a chunk: `label`, or all classes in turn.

    Returns:
        int64 array, shape `(CHUNK,)`.
    """
    if label is not None:
        return np.full(CHUNK, label, np.int64)
    return (chunk * CHUNK + np.arange(CHUNK)) % num_classes


def _training_key(seed: int, step) -> tf.Tensor:
    draw = tf.cast(step, tf.int64) * num_replicas() + tf.cast(replica_id(), tf.int64)
    # Negative numbers are for training, the others for sampling: no image is drawn from noise that
    # the generator was trained on.
    return tf.stack([tf.constant(seed, tf.int64), -1 - draw])
