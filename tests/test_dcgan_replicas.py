import keras
import numpy as np
import pytest
import small_classifier
import tensorflow as tf
from small_gan import ALL_OPTIONS, SMALL, compiled, noise_of_both, uniforms_of_both

from kerasmedgan import DCGAN
from kerasmedgan.distribution import get_strategy

# Far larger than a sensible rate, so that a step shows the gradient to all its digits.
GRADIENT_RATE = 1000.0
STEPS = 20


@pytest.fixture
def one_replica_draws_for_two(monkeypatch):
    """A GAN that is not in the strategy's scope gets the noise of its two replicas."""

    def use():
        monkeypatch.setattr("kerasmedgan.gan.dcgan.training_latents", noise_of_both)
        monkeypatch.setattr("kerasmedgan.gan.dcgan.training_uniforms", uniforms_of_both)

    return use


def compiled_with_sgd(**options):
    gan = DCGAN(**{**SMALL, **options})
    gan.compile(*(keras.optimizers.SGD(GRADIENT_RATE) for _ in range(2)))
    return gan


def in_scope(build):
    with get_strategy("mirrored").scope():
        return build()


def fit(gan, images, *, steps):
    """Takes single steps, one an epoch, and returns their logs."""
    batches = small_classifier.pairs(images.images, images.labels, 8).repeat()
    batches = batches.map(lambda pixels, one_hot: (pixels, tf.argmax(one_hot, axis=1)))
    return gan.fit(batches, epochs=steps, steps_per_epoch=1, shuffle=False, verbose=0).history


def gradients(gan, images):
    """Returns the gradient of each trainable variable in the first step."""
    variables = gan.generator.trainable_variables + gan.discriminator.trainable_variables
    before = [np.array(variable) for variable in variables]
    fit(gan, images, steps=1)
    pairs = zip(before, variables, strict=True)
    return [(start - np.array(variable)) / GRADIENT_RATE for start, variable in pairs]


@pytest.mark.parametrize(("r1_weight", "tolerance"), [(0.0, 1e-5), (1.0, 3e-5)])
def test_two_replicas_have_the_gradients_of_one(
    tiny, one_replica_draws_for_two, r1_weight, tolerance
):
    """With SGD, since Adam would hide a gradient of the wrong scale."""
    two = gradients(in_scope(lambda: compiled_with_sgd(r1_weight=r1_weight)), tiny)
    one_replica_draws_for_two()
    for mine, expected in zip(
        two, gradients(compiled_with_sgd(r1_weight=r1_weight), tiny), strict=True
    ):
        largest = np.abs(expected).max()
        assert largest > 1e-4
        np.testing.assert_allclose(mine, expected, rtol=0, atol=tolerance * largest)


def test_options_have_the_gradients_of_one_replica(tiny, one_replica_draws_for_two):
    """All changes are made, from the first step on, so that they show in the gradients."""
    options = {**ALL_OPTIONS, "adaptive_target": None}
    two = gradients(in_scope(lambda: compiled_with_sgd(**options)), tiny)
    one_replica_draws_for_two()
    for mine, expected in zip(two, gradients(compiled_with_sgd(**options), tiny), strict=True):
        largest = np.abs(expected).max()
        assert largest > 1e-5
        np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-4 * largest)


def test_options_have_an_equal_state_on_all_replicas(tiny):
    gan = in_scope(lambda: compiled(**ALL_OPTIONS))
    logs = fit(gan, tiny, steps=10)
    assert_replicas_are_equal(gan.weights + gan.g_optimizer.variables + gan.d_optimizer.variables)
    # Of the images of both replicas, every fourth step.
    expected = np.repeat([0, 0.32, 0.64], [3, 4, 3])
    np.testing.assert_allclose(logs["augmentation_probability"], expected, atol=1e-6)


def test_two_replicas_have_the_losses_of_one_and_stay_equal(tiny, one_replica_draws_for_two):
    gan = in_scope(compiled)
    two = fit(gan, tiny, steps=STEPS)
    one_replica_draws_for_two()
    one = fit(compiled(), tiny, steps=STEPS)
    for name in ("generator_loss", "discriminator_loss"):
        assert len(one[name]) == STEPS
        np.testing.assert_allclose(two[name], one[name], rtol=0, atol=1e-3)
        # A GAN that stood still would agree as well.
        assert np.ptp(one[name]) > 0.05
    assert_replicas_are_equal(gan.weights + gan.g_optimizer.variables + gan.d_optimizer.variables)


def assert_replicas_are_equal(variables):
    """Weights, BatchNormalization statistics, the moving average and the optimizers' slots."""
    for variable in variables:
        copies = get_strategy("mirrored").experimental_local_results(variable.value)
        first, second = (copy.numpy() for copy in copies)
        np.testing.assert_array_equal(first, second)
