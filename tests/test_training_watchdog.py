"""The watchdog is provoked: poisoned images, rates far too high, a collapsed generator."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_gan import SMALL, assert_same, compiled, state

from kerasmedgan import DCGAN
from kerasmedgan.callbacks import TrainingState, TrainingWatchdog
from kerasmedgan.distribution import get_strategy
from kerasmedgan.gan import build_adam
from kerasmedgan.images import to_model_range


def watch(gan, tiny, folder, batches=None, *, epochs=2, restore_first=False, **settings):
    """Trains under the eyes of a watchdog and returns it."""
    saved = TrainingState(folder)
    epoch = saved.restore(gan) if restore_first else None
    watchdog = TrainingWatchdog(tiny.images, saved, **{"min_diversity": 0.0, **settings})
    epoch = saved.restore(gan) if epoch is None else epoch
    gan.fit(
        tiny.batches(8, initial_epoch=epoch) if batches is None else batches,
        initial_epoch=epoch,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[watchdog, saved],
    )
    return watchdog


def poisoned(tiny, *places):
    """Eight batches of real images, NaN where a place says so."""
    images = to_model_range(tiny.images[:8])
    batches = np.stack([np.full_like(images, np.nan) if p in places else images for p in range(8)])
    return tf.data.Dataset.from_tensor_slices(batches.astype(np.float32))


def rates(gan):
    return [float(optimizer.learning_rate) for optimizer in (gan.g_optimizer, gan.d_optimizer)]


def test_a_training_that_is_well_is_left_alone(tiny, tmp_path):
    alone, watched = compiled(), compiled()
    alone.fit(tiny.batches(8), epochs=2, shuffle=False, verbose=0)
    watchdog = watch(watched, tiny, tmp_path)
    assert (watchdog.changes, watchdog.diagnosis) == (0, None)
    assert_same(state(alone), state(watched))


@pytest.mark.parametrize("decay", [None, 100])
def test_a_poisoned_batch_halves_the_rates_and_training_goes_on(tiny, tmp_path, caplog, decay):
    gan = DCGAN(**SMALL)
    gan.compile(build_adam(decay_updates=decay), build_adam(decay_updates=decay))
    other = DCGAN(**SMALL)
    other.compile(build_adam(decay_updates=decay), build_adam(decay_updates=decay))
    before = rates(other)
    watchdog = watch(gan, tiny, tmp_path, poisoned(tiny, 3), epochs=1)
    assert (watchdog.changes, watchdog.diagnosis, gan.r1_weight) == (1, None, 0)
    assert "change 1 of 3" in caplog.text and "epoch 1" in caplog.text
    assert "discriminator_loss" in caplog.text and "learning rates halved" in caplog.text
    assert all(np.isfinite(part).all() for part in state(gan))
    # Five updates after the state before the first one: three were undone, one was poisoned.
    assert int(gan.g_optimizer.iterations.numpy()) == 4
    assert rates(gan) == pytest.approx([rate / 2 for rate in before], rel=0.01)


def test_it_steps_in_on_all_replicas(tiny, tmp_path):
    with get_strategy("mirrored").scope():
        gan = DCGAN(**SMALL)
        gan.compile(build_adam(decay_updates=100), build_adam(decay_updates=100))
    before = [rate_of(optimizer) for optimizer in (gan.g_optimizer, gan.d_optimizer)]
    watchdog = watch(gan, tiny, tmp_path, poisoned(tiny, 3).map(lambda images: images), epochs=1)
    assert (watchdog.changes, watchdog.diagnosis) == (1, None)
    after = [rate_of(optimizer) for optimizer in (gan.g_optimizer, gan.d_optimizer)]
    assert after == pytest.approx([rate / 2 for rate in before], rel=0.1)


def rate_of(optimizer):
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))


def test_an_epoch_whose_last_batch_was_poisoned_has_no_logs_but_nan(tiny, tmp_path):
    gan = compiled()
    assert watch(gan, tiny, tmp_path, poisoned(tiny, 7), epochs=1).changes == 1
    assert gan.history.history
    assert all(np.isnan(values).all() for values in gan.history.history.values())


def test_a_discriminator_that_is_always_right_is_noticed(tiny, tmp_path):
    gan = compiled()
    gan.d_optimizer.learning_rate, gan.g_optimizer.learning_rate = 1e-3, 0.0
    watchdog = watch(gan, tiny, tmp_path, epochs=12, pinned_patience=2)
    assert watchdog.changes >= 1
    assert "always right for 2 epochs" in watchdog._reasons[0]


@pytest.mark.parametrize(("decay", "restore_first"), [(None, True), (100, True), (100, False)])
def test_a_resumed_training_keeps_the_changes(tiny, tmp_path, decay, restore_first):
    for epochs, batches in ((1, poisoned(tiny, 1, 3)), (2, None)):
        gan = DCGAN(**SMALL)
        gan.compile(build_adam(decay_updates=decay), build_adam(decay_updates=decay))
        watchdog = watch(gan, tiny, tmp_path, batches, epochs=epochs, restore_first=restore_first)
        assert watchdog.changes == 2
        assert gan.r1_weight == 1
        assert rates(gan) == pytest.approx([1e-4, 1e-4], rel=0.05)


def test_a_second_fit_makes_no_change_again_and_restores_itself(tiny, tmp_path):
    gan, saved = compiled(), TrainingState(tmp_path)
    watchdog = TrainingWatchdog(tiny.images, saved, min_diversity=0.0)
    fit = {"shuffle": False, "verbose": 0, "callbacks": [watchdog, saved]}
    gan.fit(poisoned(tiny, 1, 3), **fit)
    assert (watchdog.changes, gan.r1_weight, rates(gan)) == (2, 1, pytest.approx([1e-4, 1e-4]))
    gan.fit(tiny.batches(8, initial_epoch=1), initial_epoch=1, epochs=2, **fit)
    assert (watchdog.changes, gan.r1_weight, rates(gan)) == (2, 1, pytest.approx([1e-4, 1e-4]))
    assert saved.restore(gan) == 2


def test_a_state_from_before_the_watchdog_can_be_gone_on_with(tiny, tmp_path):
    gan, saved = compiled(), TrainingState(tmp_path)
    gan.fit(tiny.batches(8), shuffle=False, verbose=0, callbacks=[saved])
    assert watch(compiled(), tiny, tmp_path).changes == 0


def test_a_rate_of_one_is_noticed_and_ends_well_or_with_a_diagnosis(tiny, tmp_path):
    """Adam then draws noise or one image; whether the changes suffice is up to rounding."""
    gan = DCGAN(**SMALL)
    gan.compile(keras.optimizers.Adam(1.0), keras.optimizers.Adam(1.0))
    alike = {"min_diversity": 0.5, "collapse_patience": 1, "samples": 8}
    # Noise is told from real images at once.
    watchdog = watch(gan, tiny, tmp_path, epochs=20, pinned_patience=1, **alike)
    assert watchdog.changes >= 1
    assert rates(gan) == [0.25 if watchdog.changes == 3 else 0.5] * 2
    assert gan.r1_weight == [0, 1, 10][watchdog.changes - 1]
    assert all(np.isfinite(part).all() for part in state(gan))
    if len(gan.history.epoch) < 20:
        assert "Stopped after 3 changes that did not help: epoch" in watchdog.diagnosis


def test_a_rate_far_too_high_ends_with_a_diagnosis(tiny, tmp_path):
    gan = DCGAN(**SMALL)
    gan.compile(keras.optimizers.SGD(1e6), keras.optimizers.SGD(1e6))
    watchdog = watch(gan, tiny, tmp_path, epochs=60)
    assert watchdog.changes == 3
    assert "Stopped after 3 changes that did not help: epoch" in watchdog.diagnosis
    assert "lower learning rate" in watchdog.diagnosis
    assert gan.r1_weight == 10
    assert all(np.isfinite(part).all() for part in state(gan))


class Collapse(keras.callbacks.Callback):
    """Makes the generator and its average draw one image for all latents."""

    def __init__(self, after):
        super().__init__()
        self.after = after

    def on_epoch_end(self, epoch, logs=None):
        if epoch < self.after:
            return
        for network in (self.model.generator, self.model.ema_generator):
            network.layers[1].kernel.assign(0 * network.layers[1].kernel)


def test_images_alike_are_a_collapse_and_it_goes_back_to_before_it_began(tiny, tmp_path, caplog):
    gan, saved = compiled(), TrainingState(tmp_path)
    watchdog = TrainingWatchdog(tiny.images, saved, 1e-6, collapse_patience=2, samples=8)
    gan.fit(
        tiny.batches(8),
        epochs=4,
        shuffle=False,
        verbose=0,
        # Well in the first two epochs; collapsed in the third and the fourth.
        callbacks=[Collapse(after=2), watchdog, saved],
    )
    assert watchdog.changes == 1
    assert "epoch 4: images alike (diversity 0.0" in caplog.text
    assert int(gan.g_optimizer.iterations.numpy()) == 2 * 5
    assert np.abs(gan.generator.layers[1].kernel.numpy()).max() > 0


def test_a_stop_amid_a_collapse_changes_nothing_of_that(tiny, tmp_path):
    def fit(gan, epochs, *callbacks):
        saved = TrainingState(tmp_path)
        watchdog = TrainingWatchdog(tiny.images, saved, 1e-6, collapse_patience=2, samples=8)
        epoch = saved.restore(gan)
        gan.fit(
            tiny.batches(8, initial_epoch=epoch),
            initial_epoch=epoch,
            epochs=epochs,
            shuffle=False,
            verbose=0,
            callbacks=[*callbacks, watchdog, saved],
        )
        return watchdog

    assert fit(compiled(), 3, Collapse(after=2)).changes == 0
    gan = compiled()
    assert fit(gan, 4, Collapse(after=2)).changes == 1
    assert int(gan.g_optimizer.iterations.numpy()) == 2 * 5


def test_a_discriminator_that_is_always_right(tiny, tmp_path):
    gan = compiled()
    watchdog = TrainingWatchdog(tiny.images, min_diversity=0.0, pinned_patience=3)
    watchdog.set_model(gan)
    right = {"real_accuracy": 1.0, "synthetic_accuracy": 1.0}
    assert [watchdog._trouble(right) for _ in range(2)] == [None, None]
    assert watchdog._trouble({**right, "real_accuracy": 0.9}) is None
    assert [watchdog._trouble(right) for _ in range(2)] == [None, None]
    assert "always right for 3 epochs" in watchdog._trouble(right)


def test_arguments_out_of_range(tiny):
    with pytest.raises(ValueError, match=r"`min_diversity`.*\[0, 1\]. Received: 2"):
        TrainingWatchdog(tiny.images, min_diversity=2)
    with pytest.raises(ValueError, match="`samples`.*>= 2. Received: 1"):
        TrainingWatchdog(tiny.images, samples=1)
    with pytest.raises(ValueError, match="`pinned_patience`.*>= 1. Received: 0"):
        TrainingWatchdog(tiny.images, pinned_patience=0)
