import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasmedgan import DCGAN
from kerasmedgan.gan.dcgan import (
    DISCRIMINATOR_LOSS,
    GENERATOR_LOSS,
    REAL_ACCURACY,
    SYNTHETIC_ACCURACY,
)
from kerasmedgan.gan.latents import training_latents

SMALL = {"image_size": 32, "latent_dim": 8, "width": 4}


def compiled(**kwargs):
    gan = DCGAN(**SMALL, **kwargs)
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


@pytest.fixture(scope="module")
def trained(tiny):
    gan = compiled()
    history = fit(gan, tiny, epochs=2)
    return gan, history


def test_fit_reports_the_four_metrics_and_nothing_else(trained):
    _, history = trained
    assert set(history.history) == {
        GENERATOR_LOSS,
        DISCRIMINATOR_LOSS,
        REAL_ACCURACY,
        SYNTHETIC_ACCURACY,
    }
    assert np.isfinite(list(history.history.values())).all()


def test_no_third_optimizer(trained):
    gan, _ = trained
    assert gan.optimizer is None
    assert int(gan.g_optimizer.iterations) == int(gan.d_optimizer.iterations) == 10


def test_losses_of_a_step_are_those_of_the_networks(tiny):
    """Recomputes the first step by hand, with BatchNormalization in training mode."""
    gan = compiled()
    real, _ = next(iter(tiny.batches(8)))
    twin = compiled()
    latents = training_latents(8, 8, seed=0, step=0)
    synthetic = twin.generator(latents, training=True)
    real_logits = twin.discriminator(real, training=True).numpy()
    synthetic_logits = twin.discriminator(synthetic, training=True).numpy()
    expected_generator = np.log1p(np.exp(-synthetic_logits)).mean()
    expected_discriminator = (
        np.log1p(np.exp(-real_logits)).mean() + np.log1p(np.exp(synthetic_logits)).mean()
    )
    logs = gan.train_on_batch(real, return_dict=True)
    np.testing.assert_allclose(logs[GENERATOR_LOSS], expected_generator, rtol=1e-4)
    np.testing.assert_allclose(logs[DISCRIMINATOR_LOSS], expected_discriminator, rtol=1e-4)
    np.testing.assert_allclose(logs[REAL_ACCURACY], (real_logits > 0).mean())
    np.testing.assert_allclose(logs[SYNTHETIC_ACCURACY], (synthetic_logits <= 0).mean())


def test_each_optimizer_moves_its_own_network_alone(tiny):
    for still, moving in (("generator", "discriminator"), ("discriminator", "generator")):
        gan = DCGAN(**SMALL)
        rates = {still: 0.0, moving: 1e-3}
        gan.compile(
            g_optimizer=keras.optimizers.SGD(rates["generator"]),
            d_optimizer=keras.optimizers.SGD(rates["discriminator"]),
        )
        before = {
            name: [np.array(v) for v in getattr(gan, name).trainable_variables] for name in rates
        }
        fit(gan, tiny)
        changed = {
            name: not np.array_equal(before[name][0], getattr(gan, name).trainable_variables[0])
            for name in rates
        }
        assert changed == {still: False, moving: True}


def test_the_discriminator_learns_from_real_and_synthetic_batch_norm_statistics(tiny):
    """The moving mean takes two passes a step: momentum 0.9 twice, each batch on its own."""
    gan = compiled()
    real, _ = next(iter(tiny.batches(8)))
    norm = next(
        layer
        for layer in gan.discriminator.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    )
    gan.train_on_batch(real)
    share_of_start = 0.9**2
    # The moving variance starts at 1 and the batches' variances are far smaller than that.
    assert abs(float(np.mean(norm.moving_variance)) - share_of_start) < 0.1
    assert float(np.mean(norm.moving_variance)) < 0.95


def test_moving_average_follows_and_lags(trained):
    gan, _ = trained
    kernel, average = gan.generator.weights[0], gan.ema_generator.weights[0]
    start = DCGAN(**SMALL).generator.weights[0]
    to_start = float(np.abs(np.array(average) - np.array(start)).mean())
    to_now = float(np.abs(np.array(average) - np.array(kernel)).mean())
    assert to_start > 0
    assert to_now > 0
    assert not gan.ema_generator.trainable_variables


def test_without_decay_the_average_is_the_generator(tiny):
    gan = compiled(ema_decay=0.0)
    fit(gan, tiny)
    assert_same(gan.generator.get_weights(), gan.ema_generator.get_weights())


def test_generate_is_uint8_and_a_prefix_of_more(trained):
    gan, _ = trained
    many = gan.generate(70, seed=5)
    assert many.dtype == np.uint8
    assert many.shape == (70, 32, 32, 1)
    np.testing.assert_array_equal(gan.generate(3, seed=5), many[:3])
    np.testing.assert_array_equal(gan.generate_range(60, 68, seed=5), many[60:68])
    assert not np.array_equal(gan.generate(3, seed=6), many[:3])
    assert len(np.unique(many.reshape(70, -1), axis=0)) == 70


def test_generate_nothing_is_refused(trained):
    with pytest.raises(ValueError, match="`count`.*Received: 0"):
        trained[0].generate(0, seed=0)


def test_save_and_load_keep_everything(trained, tiny, tmp_path):
    gan, _ = trained
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert_same(state(gan), state(loaded))
    assert loaded.get_config() == gan.get_config()
    assert type(loaded.loss_pair) is type(gan.loss_pair)
    np.testing.assert_array_equal(loaded.generate(4, seed=1), gan.generate(4, seed=1))


def test_a_second_fit_goes_on_where_the_first_stopped(tiny, tmp_path):
    through = compiled()
    fit(through, tiny, epochs=2)
    first_half = compiled()
    fit(first_half, tiny, epochs=1)
    first_half.save(tmp_path / "half.keras")
    resumed = keras.saving.load_model(tmp_path / "half.keras")
    fit(resumed, tiny, epochs=2, initial_epoch=1)
    assert_same(state(through), state(resumed))


def test_compile_settings_survive(tmp_path):
    gan = DCGAN(**SMALL)
    gan.compile(
        g_optimizer=keras.optimizers.Adam(3e-4, beta_1=0.4),
        d_optimizer=keras.optimizers.RMSprop(1e-5),
        loss="hinge",
    )
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.g_optimizer.get_config() == gan.g_optimizer.get_config()
    assert loaded.d_optimizer.get_config() == gan.d_optimizer.get_config()
    assert loaded.get_compile_config()["loss"]["class_name"] == "Hinge"


def test_loading_without_compiling_still_generates(trained, tmp_path):
    gan, _ = trained
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras", compile=False)
    np.testing.assert_array_equal(loaded.generate(2, seed=0), gan.generate(2, seed=0))


def test_weights_of_other_optimizers_are_an_error(trained, tmp_path):
    trained[0].save_weights(tmp_path / "gan.weights.h5")
    other = DCGAN(**SMALL)
    other.compile(g_optimizer=keras.optimizers.SGD(), d_optimizer=keras.optimizers.SGD())
    with pytest.raises(ValueError, match="Cannot load the optimizers' state"):
        other.load_weights(tmp_path / "gan.weights.h5")


def test_mixed_bfloat16_trains_with_float32_weights(tiny, tmp_path):
    gan = compiled(dtype="mixed_bfloat16")
    history = fit(gan, tiny)
    assert np.isfinite(list(history.history.values())).all()
    assert {weight.dtype for weight in gan.generator.weights} == {"float32"}
    assert gan.generator.layers[1].compute_dtype == "bfloat16"
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.generator.layers[1].compute_dtype == "bfloat16"
    np.testing.assert_array_equal(loaded.generate(2, seed=0), gan.generate(2, seed=0))


@pytest.mark.parametrize("loss", ["hinge", "least_squares"])
def test_other_loss_pairs_train(tiny, loss):
    gan = DCGAN(**SMALL)
    gan.compile(loss=loss)
    assert np.isfinite(list(fit(gan, tiny).history.values())).all()


def test_trains_on_two_replicas(tiny):
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
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
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
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


@pytest.mark.parametrize(
    ("argument", "value", "sentence"),
    [
        ("image_size", 48, r"`image_size`.*Received: 48"),
        ("channels", 2, r"`channels`.*Received: 2"),
        ("width", 0, r"`width`.*Received: 0"),
        ("ema_decay", 1.0, r"`ema_decay`.*Received: 1.0"),
        ("dtype", "mixed_float16", r"`dtype`.*mixed_float16.*mixed_bfloat16"),
    ],
)
def test_bad_arguments(argument, value, sentence):
    with pytest.raises(ValueError, match=sentence):
        DCGAN(**{**SMALL, argument: value})


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((8, 32, 32, 1), np.uint8),
        np.zeros((8, 16, 16, 1), np.float32),
        np.zeros((8, 32, 32, 3), np.float32),
    ],
)
def test_images_of_another_kind_are_refused(images):
    with pytest.raises(ValueError, match=r"`x`.*\[-1, 1\] of shape \(32, 32, 1\)"):
        compiled().fit(images, verbose=0)


def test_there_is_nothing_to_evaluate():
    with pytest.raises(NotImplementedError, match="`SampleGrid`"):
        compiled().evaluate(np.zeros((8, 32, 32, 1), np.float32), verbose=0)


def test_arrays_and_the_callbacks_of_keras_work(tmp_path):
    images = np.random.default_rng(0).uniform(-1, 1, (32, 32, 32, 1)).astype(np.float32)
    callbacks = [
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", GENERATOR_LOSS, mode="min"),
    ]
    gan = compiled()
    gan.fit(images, batch_size=8, epochs=2, verbose=0, callbacks=callbacks)
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 3
    loaded = keras.saving.load_model(tmp_path / "best.keras")
    assert int(loaded.g_optimizer.iterations) == 8


def test_one_optimizer_for_both_is_refused():
    shared = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="`d_optimizer`.*two optimizers"):
        DCGAN(**SMALL).compile(g_optimizer=shared, d_optimizer=shared)
