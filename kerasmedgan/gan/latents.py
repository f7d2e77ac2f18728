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
    chunk: int, latent_dim: int, *, seed: int, truncation: float | None = None
) -> tf.Tensor:
    """Draws the latents of the images with index `chunk * CHUNK` up to `(chunk + 1) * CHUNK - 1`.

    Args:
        chunk: number of the chunk.
        latent_dim: size of a latent vector.
        seed: seed of the latents.
        truncation: as in `truncate`; `None` leaves them as they are.

    Returns:
        float32 tensor, shape `(CHUNK, latent_dim)`, standard normal.
    """
    key = tf.constant([seed, chunk], tf.int64)
    latents = tf.random.stateless_normal((CHUNK, latent_dim), seed=key)
    return latents if truncation is None else truncate(latents, truncation)


def truncate(latents: tf.Tensor, truncation: float) -> tf.Tensor:
    """Moves standard normal numbers into [-truncation, truncation], in their order.

    What leaves is distributed as by drawing anew until every number is within the bounds, the
    truncation trick of Brock et al. 2019, arXiv:1809.11096, section 3.1; but each number is a
    function of what it was, so that an image with little truncation resembles the one without.

    Args:
        latents: float32 tensor, standard normal.
        truncation: the bound, above 0.

    Returns:
        float32 tensor of the same shape, from the truncated normal distribution.
    """
    below = tf.math.erfc(tf.cast(-latents, tf.float64) / np.sqrt(2)) / 2
    share_outside = tf.math.erfc(tf.cast(truncation, tf.float64) / np.sqrt(2)) / 2
    within = tf.math.ndtri(share_outside + (1 - 2 * share_outside) * below)
    return tf.cast(tf.clip_by_value(within, -truncation, truncation), tf.float32)


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
