"""The options for little data, each and all together, in training and in sampling."""

import keras
import numpy as np
import pytest
from small_gan import ALL_OPTIONS, SMALL, assert_same, compiled, fit

from kerasmedgan import DCGAN
from kerasmedgan.gan import AUGMENTATIONS
from kerasmedgan.gan.dcgan import (
    AUGMENTATION_PROBABILITY,
    DISCRIMINATOR_LOSS,
    GENERATOR_LOSS,
)
from kerasmedgan.gan.differentiable_augmentation import UNIFORMS, augment_images
from kerasmedgan.gan.latents import training_latents, training_uniforms
from kerasmedgan.quality import mean_pairwise_distance


def flat_classes(count=24):
    """Returns images of three classes, dark, bright and middle, of any grey near it, and labels."""
    labels = np.arange(count) % 3
    grey = np.array([-0.7, 0.7, 0.0])[labels]
    grey += np.random.default_rng(0).uniform(-0.2, 0.2, count)
    return np.broadcast_to(grey[:, None, None, None], (count, 32, 32, 1)).astype(np.float32), labels


@pytest.fixture(scope="module")
def of_classes():
    """A GAN that learned the three classes."""
    gan = DCGAN(**SMALL, num_classes=3, ema_decay=0.9)
    gan.compile(*(keras.optimizers.Adam(2e-3, beta_1=0.5) for _ in range(2)))
    images, labels = flat_classes()
    gan.fit(images, labels, batch_size=12, epochs=60, shuffle=False, verbose=0)
    return gan


def test_losses_of_a_step_are_those_of_augmented_images_of_both_kinds(tiny):
    """Recomputes the first step by hand."""
    real, _ = next(iter(tiny.batches(8)))
    twin, losses = compiled(), []
    synthetic = twin.generator(training_latents(8, 8, seed=0, step=0), training=True)
    for stream, images in enumerate((real, synthetic)):
        uniforms = training_uniforms(8, UNIFORMS, seed=0, step=0, stream=stream)
        seen = augment_images(images, uniforms, AUGMENTATIONS, probability=1.0)
        assert not np.allclose(seen, images)
        logits = twin.discriminator(seen, training=True).numpy()
        losses.append(np.log1p(np.exp((-1, 1)[stream] * logits)).mean())
    logs = compiled(augmentation=AUGMENTATIONS).train_on_batch(real, return_dict=True)
    np.testing.assert_allclose(logs[DISCRIMINATOR_LOSS], sum(losses), rtol=1e-4)
    np.testing.assert_allclose(logs[GENERATOR_LOSS], np.log1p(np.exp(-logits)).mean(), rtol=1e-4)


def test_the_generator_learns_through_the_augmentation(tiny):
    gan = compiled(augmentation=AUGMENTATIONS)
    before = gan.generator.get_weights()
    fit(gan, tiny)
    for start, variable in zip(before, gan.generator.get_weights(), strict=True):
        assert not np.array_equal(start, variable)


def test_the_probability_is_reported_and_starts_at_0(tiny):
    gan = compiled(augmentation=("cutout",), adaptive_target=-0.9, adaptation_images=200)
    history = fit(gan, tiny, epochs=3).history[AUGMENTATION_PROBABILITY]
    # The first change comes with the fourth of five steps, and is seen in two.
    assert history[0] == pytest.approx(2 * 4 * 8 / 200 / 5)
    assert history[0] < history[1] < history[2]
    assert AUGMENTATION_PROBABILITY not in fit(compiled(augmentation=("cutout",)), tiny).history


def test_adaptive_training_begins_as_plain_training(tiny):
    """As long as nothing is overlearned nothing is changed, to the bit."""
    plain = compiled()
    adaptive = compiled(augmentation=AUGMENTATIONS, adaptive_target=0.99)
    for gan in (plain, adaptive):
        gan.train_on_batch(next(iter(tiny.batches(8)))[0])
    assert_same(plain.generator.get_weights(), adaptive.generator.get_weights())


def test_each_class_is_drawn_by_its_own_label(of_classes):
    means = [of_classes.generate(64, seed=1, label=label).mean() for label in range(3)]
    np.testing.assert_allclose(means, [38, 217, 127], atol=35)


def test_the_discriminator_asks_whether_an_image_is_of_its_class(of_classes):
    images, labels = flat_classes()
    judge = of_classes.discriminator
    right = judge([images, labels], training=False).numpy()
    for shift in (1, 2):
        wrong = judge([images, (labels + shift) % 3], training=False).numpy()
        assert (right - wrong).mean() > 0.3


def test_without_a_label_all_classes_come_in_turn(of_classes):
    mixed = of_classes.generate(70, seed=5)
    for label in range(3):
        alone = of_classes.generate(70, seed=5, label=label)
        np.testing.assert_array_equal(mixed[label::3], alone[label::3])
    np.testing.assert_array_equal(of_classes.generate_range(62, 70, seed=5), mixed[62:])
    own = of_classes.generate_range(62, 70, seed=5, label=2)
    np.testing.assert_array_equal(own, of_classes.generate(70, seed=5, label=2)[62:])


def test_truncation_makes_images_more_alike_and_keeps_their_order(of_classes):
    def drawn(count, truncation):
        return of_classes.generate(count, seed=2, label=2, truncation=truncation)

    whole, near, nearest = (drawn(66, truncation) for truncation in (1.0, 0.7, 0.2))
    spreads = [mean_pairwise_distance(images) for images in (whole, near, nearest)]
    assert spreads[1] < 0.9 * spreads[0] and spreads[2] < 0.5 * spreads[1]
    np.testing.assert_array_equal(drawn(3, 0.7), near[:3])
    own = of_classes.generate_range(63, 66, seed=2, label=2, truncation=0.7)
    np.testing.assert_array_equal(own, near[63:])


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"label": 3}, "`label`.*from 0 to 2.*Received: 3"),
        ({"label": -1}, "`label`.*Received: -1"),
        ({"label": "NORMAL"}, "`label`.*Received: 'NORMAL'"),
        ({"truncation": 0}, "`truncation`.*above 0.*Received: 0"),
        ({"truncation": float("nan")}, "`truncation`.*Received: nan"),
    ],
)
def test_what_cannot_be_drawn_is_refused(of_classes, how, sentence):
    with pytest.raises(ValueError, match=sentence):
        of_classes.generate(1, seed=0, **how)


def test_a_label_of_a_gan_without_classes_is_refused():
    with pytest.raises(ValueError, match="`label`.*without classes.*num_classes"):
        compiled().generate(1, seed=0, label=0)


def test_a_gan_with_classes_asks_for_labels():
    images, labels = flat_classes()
    gan = compiled(num_classes=3)
    with pytest.raises(ValueError, match="`y`.*integer labels.*Received: none"):
        gan.fit(images, verbose=0)
    with pytest.raises(ValueError, match="`y`.*Received: float32 of rank 1"):
        gan.fit(images, labels.astype(np.float32), verbose=0)
    with pytest.raises(Exception, match="`y`. Expected labels from 0 to 2"):
        gan.fit(images, labels + 1, verbose=0)


def test_all_options_together_in_mixed_bfloat16(tiny, tmp_path):
    gan = compiled(**ALL_OPTIONS, dtype="mixed_bfloat16")
    history = fit(gan, tiny).history
    assert np.isfinite(list(history.values())).all()
    assert {weight.dtype for weight in gan.trainable_variables} == {"float32"}
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.discriminator.layers[1].compute_dtype == "bfloat16"
    drawn = (model.generate(2, seed=0, label=1, truncation=1.0) for model in (gan, loaded))
    np.testing.assert_array_equal(*drawn)


def test_256_px_trains_a_step(tiny):
    gan = DCGAN(image_size=256, latent_dim=8, width=2, **ALL_OPTIONS)
    gan.compile(run_eagerly=True)
    images = np.random.default_rng(0).uniform(-1, 1, (2, 256, 256, 1)).astype(np.float32)
    history = gan.fit(images, np.array([0, 1]), batch_size=2, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert gan.generate(1, seed=0, label=1).shape == (1, 256, 256, 1)
