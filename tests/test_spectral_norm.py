import keras
import numpy as np
import pytest
import tensorflow as tf
from small_gan import compiled, fit

from kerasmedgan.gan.spectral_norm import SpectralNorm


def gain(layer):
    """Returns the largest singular value of what a layer does in inference, without its bias.

    It lets a layer of the same kind do the same with the bare kernel, whose value NumPy knows.
    """
    kernel = layer.layer.get_weights()[0]
    bare = keras.layers.Conv2D if kernel.ndim == 4 else keras.layers.Dense
    options = {"strides": 2, "padding": "same"} if kernel.ndim == 4 else {}
    bare = bare(kernel.shape[-1], *kernel.shape[:1] * (kernel.ndim == 4), use_bias=False, **options)
    side = 8 if kernel.ndim == 4 else None
    shape = (2, side, side, kernel.shape[2]) if side else (2, kernel.shape[0])
    inputs = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    bare.build(shape)
    bare.set_weights([kernel])
    outputs = layer(inputs, training=False) - layer.bias
    known = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), ord=2)
    return known * float(np.std(outputs) / np.std(bare(inputs)))


def test_the_largest_singular_value_of_every_layer_is_near_1_after_training(tiny):
    gan = compiled(spectral_norm=True)
    fit(gan, tiny, epochs=12)
    held = [layer for layer in gan.discriminator.layers if isinstance(layer, SpectralNorm)]
    assert len(held) == 4
    kinds = {type(layer).__name__ for layer in gan.discriminator.layers}
    assert "Conv2D" not in kinds and "Dense" not in kinds and "BatchNormalization" not in kinds
    for layer in held:
        assert gain(layer) == pytest.approx(1, abs=0.05)


@pytest.fixture
def dense():
    normal = keras.initializers.RandomNormal(seed=3)
    layer = SpectralNorm(keras.layers.Dense(5, use_bias=False, kernel_initializer=normal), seed=3)
    layer.build((None, 7))
    return layer


def test_the_estimate_is_made_in_training_alone(dense):
    start = dense.vector.numpy()
    inputs = np.ones((2, 7), np.float32)
    dense(inputs, training=False)
    np.testing.assert_array_equal(dense.vector.numpy(), start)
    for _ in range(300):
        dense(inputs, training=True)
    known = np.linalg.norm(dense.layer.kernel.numpy(), ord=2)
    expected = inputs @ dense.layer.kernel.numpy() / known
    np.testing.assert_allclose(dense(inputs, training=False), expected, rtol=1e-4)


def test_the_gradient_knows_that_the_length_of_the_kernel_does_not_matter(dense):
    inputs = np.random.default_rng(0).normal(size=(4, 7)).astype(np.float32)
    kernel = dense.layer.kernel
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(dense(inputs, training=True) ** 3)
    gradient = tape.gradient(loss, kernel.value).numpy()
    along = float((gradient * kernel.numpy()).sum())
    assert abs(along) < 1e-4 * np.linalg.norm(gradient) * np.linalg.norm(kernel.numpy())
    assert np.linalg.norm(gradient) > 0.1


def test_an_embedding_is_held_too():
    normal = keras.initializers.RandomNormal(seed=3)
    layer = SpectralNorm(keras.layers.Embedding(3, 4, normal), use_bias=False)
    for _ in range(200):
        vectors = layer(np.arange(3), training=True)
    assert np.linalg.norm(vectors, ord=2) == pytest.approx(1, abs=1e-3)
