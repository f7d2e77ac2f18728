"""A small DCGAN for tests, and what tests ask of it."""

import numpy as np
import tensorflow as tf

from kerasmedgan import DCGAN
from kerasmedgan.gan import AUGMENTATIONS
from kerasmedgan.gan.latents import training_latents, training_uniforms

# Without the default's augmentation, for speed where a test is about something else.
SMALL = {"image_size": 32, "latent_dim": 8, "width": 4, "augmentation": None}
# The probability rises by 0.32 with every fourth step of 8 images, from the first epoch on.
ALL_OPTIONS = {
    "num_classes": 2,
    "augmentation": AUGMENTATIONS,
    "adaptive_target": -0.9,
    "adaptation_images": 100,
    "spectral_norm": True,
    "r1_weight": 1.0,
}


def compiled(**kwargs):
    gan = DCGAN(**{**SMALL, **kwargs})
    gan.compile()
    return gan


def fit(gan, images, epochs=1, initial_epoch=0):
    batches = images.batches(8, initial_epoch=initial_epoch)
    return gan.fit(batches, epochs=epochs, initial_epoch=initial_epoch, shuffle=False, verbose=0)


def state(gan):
    parts = [*gan.weights, *gan.g_optimizer.variables, *gan.d_optimizer.variables]
    return [np.array(part) for part in parts]


def assert_same(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def noise_of_both(batch_size, latent_dim, *, seed, step):
    """Draws in one replica what two draw together, in the order of the global batch."""
    halves = [
        training_latents(batch_size // 2, latent_dim, seed=seed, step=2 * step + replica)
        for replica in (0, 1)
    ]
    return tf.concat(halves, axis=0)


def uniforms_of_both(batch_size, count, *, seed, step, stream):
    """As `noise_of_both`, for what else is random."""
    halves = [
        training_uniforms(batch_size // 2, count, seed=seed, step=2 * step + replica, stream=stream)
        for replica in (0, 1)
    ]
    return tf.concat(halves, axis=0)
