"""The watchdog is provoked: poisoned images, a learning rate of 1, a collapsed generator."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_gan import SMALL, assert_same, compiled, state

from kerasmedgan import DCGAN
from kerasmedgan.callbacks import TrainingState, TrainingWatchdog
from kerasmedgan.gan import build_adam
from kerasmedgan.images import to_model_range


def watch(gan, tiny, folder, batches=None, *, epochs=2, **settings):
    """Trains under the eyes of a watchdog and returns it."""
    saved = TrainingState(folder)
    watchdog = TrainingWatchdog(saved, tiny.images, **{"min_diversity": 0.0, **settings})
    epoch = saved.restore(gan)
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


def test_a_resumed_training_keeps_the_changes(tiny, tmp_path):
    for decay in (None, 100):
        folder = tmp_path / str(decay)
        for epochs, batches in ((1, poisoned(tiny, 1, 3)), (2, None)):
            gan = DCGAN(**SMALL)
            gan.compile(build_adam(decay_updates=decay), build_adam(decay_updates=decay))
            watchdog = watch(gan, tiny, folder, batches, epochs=epochs)
            assert watchdog.changes == 2
            assert gan.r1_weight == 1
            assert rates(gan) == pytest.approx([1e-4, 1e-4], rel=0.05)


def test_a_learning_rate_of_one_ends_with_a_diagnosis(tiny, tmp_path):
    gan = DCGAN(**SMALL)
    # Without Adam's scaling of gradients the weights grow without a bound.
    gan.compile(keras.optimizers.SGD(1e6), keras.optimizers.SGD(1e6))
    watchdog = watch(gan, tiny, tmp_path, epochs=20)
    assert watchdog.changes == 3
    assert "Stopped after 3 changes that did not help: epoch 1: " in watchdog.diagnosis
    assert "not finite" in watchdog.diagnosis and "lower learning rate" in watchdog.diagnosis
    assert gan.r1_weight == 10
    assert all(np.isfinite(part).all() for part in state(gan))
    assert len(watchdog.state.logs) < 20


class Collapse(keras.callbacks.Callback):
    """Makes the averaged generator draw one image for all latents."""

    def on_epoch_end(self, epoch, logs=None):
        for network in (self.model.generator, self.model.ema_generator):
            network.layers[1].kernel.assign(0 * network.layers[1].kernel)


def test_images_alike_are_a_collapse(tiny, tmp_path, caplog):
    gan, saved = compiled(), TrainingState(tmp_path)
    watchdog = TrainingWatchdog(saved, tiny.images, collapse_patience=2, samples=8)
    gan.fit(
        tiny.batches(8),
        epochs=2,
        shuffle=False,
        verbose=0,
        callbacks=[Collapse(), watchdog, saved],
    )
    assert watchdog.changes == 1
    assert "epoch 2: images alike (diversity 0.0" in caplog.text


def test_a_discriminator_that_is_always_right(tiny, tmp_path):
    gan = compiled()
    watchdog = TrainingWatchdog(TrainingState(tmp_path), tiny.images, 0.0, pinned_patience=3)
    watchdog.set_model(gan)
    right = {"real_accuracy": 1.0, "synthetic_accuracy": 1.0}
    assert [watchdog._trouble(right) for _ in range(2)] == [None, None]
    assert watchdog._trouble({**right, "real_accuracy": 0.9}) is None
    assert [watchdog._trouble(right) for _ in range(2)] == [None, None]
    assert "always right for 3 epochs" in watchdog._trouble(right)


def test_a_share_out_of_range(tiny, tmp_path):
    with pytest.raises(ValueError, match=r"`min_diversity`.*\[0, 1\]. Received: 2"):
        TrainingWatchdog(TrainingState(tmp_path), tiny.images, min_diversity=2)
