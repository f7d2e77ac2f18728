import numpy as np
import pytest
import tensorflow as tf

from kerasmedgan.gan.differentiable_augmentation import AUGMENTATIONS, UNIFORMS, augment_images

COUNT, SIZE = 200, 16


def uniforms(count=COUNT, seed=0):
    return np.random.default_rng(seed).random((count, UNIFORMS), np.float32)


def noise(count=COUNT, channels=1, seed=1):
    shape = (count, SIZE, SIZE, channels)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def augmented(images, name, probability=1.0, seed=0):
    drawn = uniforms(len(images), seed)
    return augment_images(images, drawn, (name,), probability=probability).numpy()


def changed_rows(before, after):
    return np.abs(after - before).max(axis=(1, 2, 3)) > 0


def test_nothing_changes_at_probability_0():
    images = noise(channels=3)
    same = augment_images(images, uniforms(), AUGMENTATIONS, probability=0.0)
    np.testing.assert_array_equal(same, images)


def test_the_order_of_the_names_does_not_matter():
    images = noise()
    one, other = (
        augment_images(images, uniforms(), names, probability=0.7)
        for names in (AUGMENTATIONS, AUGMENTATIONS[::-1])
    )
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_probability_is_the_share_of_changed_images(name):
    images = noise(2000)
    for probability in (0.3, 1.0):
        # A shift by nothing leaves 1 in 25 as it was.
        share = changed_rows(images, augmented(images, name, probability)).mean()
        assert share == pytest.approx(probability, abs=0.05)


def test_changes_are_made_independently_of_each_other():
    images = noise(2000)
    made = [changed_rows(images, augmented(images, name, 0.5)) for name in AUGMENTATIONS]
    correlation = np.corrcoef(np.array(made, float))
    np.testing.assert_allclose(correlation, np.eye(len(AUGMENTATIONS)), atol=0.08)


def test_brightness_adds_one_number_to_an_image_up_to_a_half():
    images = noise(channels=3)
    added = augmented(images, "brightness") - images
    np.testing.assert_allclose(np.ptp(added, axis=(1, 2, 3)), 0, atol=1e-6)
    assert -0.5 <= added.min() < -0.4 and 0.4 < added.max() <= 0.5


def test_contrast_keeps_the_mean_and_scales_by_a_half_to_one_and_a_half():
    images = noise(channels=3)
    after = augmented(images, "contrast")
    axes = (1, 2, 3)
    np.testing.assert_allclose(after.mean(axis=axes), images.mean(axis=axes), atol=1e-5)
    factor = after.std(axis=axes) / images.std(axis=axes)
    assert 0.499 < factor.min() < 0.6 and 1.4 < factor.max() < 1.501


def test_translation_shifts_by_up_to_an_eighth_and_fills_with_grey():
    images = np.ones((COUNT, SIZE, SIZE, 2), np.float32)
    images[:, 8, 5, 0] = -1
    after = augmented(images, "translation")
    places = np.argwhere(after[..., 0] == -1)
    assert len(places) == COUNT
    shifts = places[:, 1:] - [8, 5]
    assert set(map(tuple, shifts)) == {(i, j) for i in range(-2, 3) for j in range(-2, 3)}
    for image, (down, right) in zip(after, shifts, strict=True):
        filled = SIZE * SIZE - (SIZE - abs(down)) * (SIZE - abs(right))
        assert (image[..., 1] == 0).sum() == filled
        assert set(np.unique(image[..., 1])) <= {0, 1}


def test_cutout_covers_a_square_of_half_the_side_anywhere():
    holes = augmented(np.ones((COUNT, SIZE, SIZE, 2), np.float32), "cutout") == 0
    np.testing.assert_array_equal(holes[..., 0], holes[..., 1])
    sides = {(rows.any(axis=1).sum(), rows.any(axis=0).sum()) for rows in holes[..., 0]}
    assert (8, 8) in sides and max(map(max, sides)) == 8 and min(map(min, sides)) == 4
    for hole in holes[..., 0]:
        assert hole.sum() == hole.any(axis=1).sum() * hole.any(axis=0).sum()
    assert holes.any(axis=0).all() and len(np.unique(holes, axis=0)) > COUNT / 2


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_gradients_reach_the_images(name):
    """The slope along a direction is what the gradient says, and is not 0."""
    images, direction, weights = (noise(6, seed=seed) for seed in (1, 2, 3))

    def judged(moved):
        return tf.reduce_sum(weights * augment_images(moved, uniforms(6), (name,), probability=0.8))

    with tf.GradientTape() as tape:
        start = tf.constant(images)
        tape.watch(start)
        value = judged(start)
    gradient = tape.gradient(value, start).numpy()
    slope = float(judged(images + direction) - judged(images - direction)) / 2
    assert slope == pytest.approx(float((gradient * direction).sum()), rel=1e-3)
    # Each image has a gradient of its own, also one that is changed.
    assert (np.abs(gradient).max(axis=(1, 2, 3)) > 0.1).all()
