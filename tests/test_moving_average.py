import numpy as np

from kerasmedgan.gan.moving_average import update_moving_average
from kerasmedgan.gan.networks import build_generator

ARGUMENTS = {"image_size": 32, "channels": 1, "latent_dim": 4, "width": 1}


def networks():
    average, network = (build_generator(**ARGUMENTS, seed=seed) for seed in (0, 1))
    for weight in network.non_trainable_variables:
        weight.assign(weight + 5.0)
    return average, network


def test_weights_are_averaged_and_statistics_copied():
    average, network = networks()
    before = [np.array(w) for w in average.trainable_variables]
    update_moving_average(average, network, 0.75, step=1000)
    for old, new, source in zip(
        before, average.trainable_variables, network.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(new, 0.75 * old + 0.25 * np.array(source), atol=1e-6)
    for mean, source in zip(
        average.non_trainable_variables, network.non_trainable_variables, strict=True
    ):
        np.testing.assert_array_equal(mean, source)


def test_memory_is_short_at_first():
    average, network = networks()
    before = np.array(average.weights[0])
    update_moving_average(average, network, 0.999, step=0)
    expected = 0.1 * before + 0.9 * np.array(network.weights[0])
    np.testing.assert_allclose(average.weights[0], expected, atol=1e-6)
