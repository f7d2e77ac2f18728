import keras
import numpy as np
import pytest
from small_gan import SMALL, assert_same, compiled, fit

from kerasmedgan import DCGAN
from kerasmedgan.gan.dcgan import (
    DISCRIMINATOR_LOSS,
    GENERATOR_LOSS,
    REAL_ACCURACY,
    SYNTHETIC_ACCURACY,
)
from kerasmedgan.gan.latents import training_latents


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
    pairs = zip(gan.ema_generator.weights, gan.generator.weights, strict=True)
    followed = [(mean, weight) for mean, weight in pairs if weight.trainable]
    assert_same(*zip(*followed, strict=True))


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


def test_the_r1_penalty_is_part_of_training_if_it_has_a_weight(tiny):
    losses = {}
    for weight in (0.0, 50.0):
        gan = compiled(r1_weight=weight)
        history = fit(gan, tiny, epochs=1).history
        losses[weight] = history["discriminator_loss"][0]
        assert gan.get_config()["r1_weight"] == weight
    assert losses[50.0] > losses[0.0] + 0.1
