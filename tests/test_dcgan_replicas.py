import keras
import numpy as np
import tensorflow as tf
from small_gan import SMALL, compiled, fit

from kerasmedgan import DCGAN
from kerasmedgan.distribution import get_strategy
from kerasmedgan.gan.latents import training_latents


def test_trains_on_two_replicas(tiny):
    strategy = get_strategy("mirrored")
    with strategy.scope():
        gan = compiled()
    history = fit(gan, tiny)
    assert np.isfinite(list(history.history.values())).all()
    for network in (gan.generator, gan.discriminator, gan.ema_generator):
        kernel = network.weights[0].value
        copies = [copy.numpy() for copy in strategy.experimental_local_results(kernel)]
        assert len(copies) == 2
        np.testing.assert_array_equal(*copies)


def gradients_by_hand(gan, real, latents):
    """Returns the non-saturating gradients of one replica's share of a batch, by network."""
    with tf.GradientTape(persistent=True) as tape:
        real_logits = gan.discriminator(real, training=True)
        synthetic_logits = gan.discriminator(gan.generator(latents, training=True), training=True)
        generator = tf.reduce_mean(tf.math.softplus(-synthetic_logits))
        discriminator = tf.reduce_mean(tf.math.softplus(-real_logits)) + tf.reduce_mean(
            tf.math.softplus(synthetic_logits)
        )
    losses = {"generator": generator, "discriminator": discriminator}
    return {
        name: [g.numpy() for g in tape.gradient(loss, network_values(gan, name))]
        for name, loss in losses.items()
    }


def network_values(gan, name):
    return [variable.value for variable in getattr(gan, name).trainable_variables]


def test_two_replicas_step_along_the_mean_of_their_gradients(tiny):
    """One SGD step, since Adam would hide a gradient of the wrong scale."""
    # Far larger than a sensible rate: the generator's first gradients are tiny.
    learning_rate = 1.0
    twin = DCGAN(**SMALL)
    start = {
        name: [value.numpy() for value in network_values(twin, name)]
        for name in ("generator", "discriminator")
    }
    strategy = get_strategy("mirrored")
    with strategy.scope():
        gan = DCGAN(**SMALL)
        gan.compile(
            g_optimizer=keras.optimizers.SGD(learning_rate),
            d_optimizer=keras.optimizers.SGD(learning_rate),
        )
    noise = strategy.run(lambda: training_latents(4, 8, seed=0, step=0))
    real, _ = next(iter(tiny.batches(8)))
    halves = [
        gradients_by_hand(twin, half, latents)
        for half, latents in zip(
            (real[:4], real[4:]), strategy.experimental_local_results(noise), strict=True
        )
    ]
    gan.fit(tf.data.Dataset.from_tensors(real), shuffle=False, verbose=0)
    for name, before in start.items():
        means = [np.mean(pair, axis=0) for pair in zip(*(h[name] for h in halves), strict=True)]
        for value, old, mean in zip(network_values(gan, name), before, means, strict=True):
            # A step of twice or half the length is out of the tolerance.
            assert np.abs(mean).max() > 1e-4
            copies = strategy.experimental_local_results(value)
            assert len(copies) == 2
            for copy in copies:
                expected = old - learning_rate * mean
                np.testing.assert_allclose(copy.numpy(), expected, rtol=1e-5, atol=1e-6)
