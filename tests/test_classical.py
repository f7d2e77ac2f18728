import numpy as np
import pytest
import tensorflow as tf

from kerasmedgan.classical import ClassicalAugmentation, ClassicalSettings
from kerasmedgan.classifier import build_classifier, compile_classifier, train_classifier
from kerasmedgan.images import to_model_range

NOTHING = {"shift": 0, "rotation": 0, "zoom": 0, "contrast": 0}


@pytest.fixture(scope="module")
def images(tiny):
    return to_model_range(tiny.images[:8])


def augmented(images, *, batches=1, seed=0, **settings):
    """Returns float32 (batches, count, size, size, channels): the same batch again and again."""
    transform = ClassicalAugmentation(ClassicalSettings(**settings), seed=seed)
    pipeline = tf.data.Dataset.from_tensors(images).repeat(batches).map(transform)
    assert pipeline.element_spec == tf.TensorSpec(images.shape, tf.float32)
    return np.stack(list(pipeline.as_numpy_iterator()))


def dot_positions(row, column, **setting):
    """Returns where a dot of 65 px images went, from the centre: (row, column) of 200 images."""
    image = np.full((1, 65, 65, 1), -1.0, np.float32)
    image[:, row - 1 : row + 2, column - 1 : column + 2] = 1.0
    output = augmented(np.repeat(image, 20, axis=0), batches=10, **{**NOTHING, **setting})
    weight = output.reshape(200, 65, 65) + 1.0
    weight = weight / weight.sum(axis=(1, 2), keepdims=True)
    offset = np.arange(65) - 32
    return (weight.sum(axis=2) * offset).sum(axis=1), (weight.sum(axis=1) * offset).sum(axis=1)


def test_every_image_of_every_batch_is_changed_in_its_own_way(images):
    same = np.repeat(images[:1], 8, axis=0)
    outputs = augmented(same, batches=3).reshape(24, -1)
    assert len(np.unique(outputs, axis=0)) == 24


def test_a_second_build_gives_the_same_sequence_and_another_seed_another(images):
    first = augmented(images, batches=3, seed=4)
    np.testing.assert_array_equal(first, augmented(images, batches=3, seed=4))
    assert not np.array_equal(first, augmented(images, batches=3, seed=5))


def test_output_stays_in_range(images):
    extreme = np.sign(images).astype(np.float32)
    output = augmented(extreme, batches=4, contrast=1.0)
    assert output.min() == -1.0
    assert output.max() == 1.0


def test_nothing_asked_changes_nothing_also_in_batches_of_unknown_size(images):
    transform = ClassicalAugmentation(ClassicalSettings(**NOTHING), seed=0)
    pipeline = tf.data.Dataset.from_tensor_slices(images).batch(5).map(transform)
    parts = list(pipeline.as_numpy_iterator())
    assert [len(part) for part in parts] == [5, 3]
    np.testing.assert_array_equal(np.concatenate(parts), images)


def test_each_setting_acts_alone(images):
    for name, value in (("shift", 0.1), ("rotation", 10.0), ("zoom", 0.2), ("contrast", 0.3)):
        output = augmented(images, **{**NOTHING, name: value})[0]
        assert (np.abs(output - images).max(axis=(1, 2, 3)) > 1e-3).all(), name


def test_contrast_keeps_the_mean_and_scales_the_spread(images):
    output = augmented(images * 0.5, batches=20, **{**NOTHING, "contrast": 0.2})
    ratios = output.std(axis=(2, 3, 4)) / (images * 0.5).std(axis=(1, 2, 3))
    assert 0.8 <= ratios.min() < 0.85
    assert 1.15 < ratios.max() <= 1.2
    means = np.broadcast_to((images * 0.5).mean(axis=(1, 2, 3)), (20, 8))
    np.testing.assert_allclose(output.mean(axis=(2, 3, 4)), means, atol=1e-5)


def test_half_of_the_images_are_mirrored_only_if_asked(images):
    output = augmented(images, batches=50, **{**NOTHING, "horizontal_flip": True})
    as_before = (output == images).all(axis=(2, 3, 4))
    mirrored = (np.abs(output - images[:, :, ::-1]) < 1e-6).all(axis=(2, 3, 4))
    assert (as_before ^ mirrored).all()
    assert 0.4 < mirrored.mean() < 0.6


def assert_fills(values, low, high):
    """Asserts that values lie in a range and come near both its ends."""
    margin = 0.05 * (high - low)
    assert low - margin / 2 <= values.min() < low + margin
    assert high - margin < values.max() <= high + margin / 2


def test_the_unit_of_a_shift_is_the_side():
    for moved in dot_positions(32, 32, shift=0.2):
        assert_fills(moved, -13, 13)


def test_the_unit_of_a_rotation_is_a_degree():
    row, column = dot_positions(32, 52, rotation=30.0)
    assert_fills(np.rad2deg(np.arctan2(row, column)), -30, 30)
    np.testing.assert_allclose(np.hypot(row, column), 20, atol=0.5)


def test_the_unit_of_a_zoom_is_the_size_and_both_sides_change_alike():
    row, column = dot_positions(48, 48, zoom=0.2)
    np.testing.assert_allclose(row, column, atol=1e-3)
    # Keras draws the share of the image that is seen, the inverse of the size.
    assert_fills(16 / row, 0.8, 1.2)


def test_empty_space_is_filled_from_the_border(images):
    grey = np.full_like(images, 0.5)
    settings = {"shift": 0.5, "rotation": 45.0, "zoom": 0.5, "contrast": 0.0}
    np.testing.assert_allclose(augmented(grey, **settings)[0], grey, atol=1e-6)


def test_trainings_with_it_can_be_repeated(tiny_splits):
    weights = []
    for _ in range(2):
        model = build_classifier(image_size=32, filters=(4, 8))
        compile_classifier(model, updates=12)
        train_classifier(
            model,
            tiny_splits.train,
            tiny_splits.validation,
            updates=12,
            updates_per_epoch=6,
            batch_size=8,
            transform=ClassicalAugmentation(ClassicalSettings(), seed=3),
            verbose=0,
        )
        weights.append(model.get_weights())
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("name", "value"),
    [("shift", -0.1), ("shift", 0.6), ("rotation", 181), ("zoom", 1.0), ("contrast", float("nan"))],
)
def test_settings_out_of_range(name, value):
    with pytest.raises(ValueError, match=rf"`{name}`.*number in \[0, .*Received: {value}"):
        ClassicalSettings(**{name: value})
