"""Stage 2, GAN: latent vectors as pure functions of integers, so that no state must be saved."""

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
    draw = tf.cast(step, tf.int64) * num_replicas() + tf.cast(replica_id(), tf.int64)
    # Negative numbers are for training, the others for sampling: no image is drawn from noise that
    # the generator was trained on.
    key = tf.stack([tf.constant(seed, tf.int64), -1 - draw])
    return tf.random.stateless_normal((batch_size, latent_dim), seed=key)


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
