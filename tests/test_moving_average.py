import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasmedgan.gan.moving_average import freeze_for_average, update_moving_average
from kerasmedgan.gan.networks import build_generator

ARGUMENTS = {"image_size": 32, "channels": 1, "latent_dim": 4, "width": 1}
LATENTS = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)


@pytest.fixture
def networks():
    average, network = (build_generator(**ARGUMENTS, seed=seed) for seed in (0, 1))
    freeze_for_average(average)
    return average, network


def averaged(average, network):
    """Pairs the weights that are averaged."""
    pairs = zip(average.weights, network.weights, strict=True)
    return [(mean, weight) for mean, weight in pairs if weight.trainable]


def test_weights_are_averaged(networks):
    before = [np.array(mean) for mean, _ in averaged(*networks)]
    assert len(before) > 4 and not networks[0].trainable_variables
    update_moving_average(*networks, 0.75, LATENTS, step=1000)
    for old, (new, source) in zip(before, averaged(*networks), strict=True):
        np.testing.assert_allclose(new, 0.75 * old + 0.25 * np.array(source), atol=1e-6)


def test_memory_is_short_at_first(networks):
    average, network = networks
    before = np.array(average.weights[0])
    update_moving_average(average, network, 0.999, LATENTS, step=0)
    expected = 0.1 * before + 0.9 * np.array(network.weights[0])
    np.testing.assert_allclose(average.weights[0], expected, atol=1e-6)


def test_statistics_are_those_of_the_average_not_of_the_network(networks):
    """An average of two networks has other activations than either."""
    average, network = networks
    update_moving_average(average, network, 0.5, LATENTS, step=1000)

    @tf.function
    def measure():
        update_moving_average(average, average, 0.0, LATENTS, step=1000)
        network(LATENTS, training=True)

    for _ in range(200):
        measure()
    last, of_network = (
        [layer for layer in one.layers if isinstance(layer, keras.layers.BatchNormalization)][-1]
        for one in networks
    )
    before = keras.Model(average.inputs, last.input)(LATENTS)
    variance = np.var(before, axis=(0, 1, 2))
    np.testing.assert_allclose(last.moving_variance, variance, rtol=0.01)
    assert not np.allclose(of_network.moving_variance, variance, rtol=0.1)
    # So inference draws what training saw.
    np.testing.assert_allclose(
        average(LATENTS, training=False), average(LATENTS, training=True), atol=0.01
    )
