import numpy as np
import pytest

from kerasmedgan.data.phantom import draw_phantoms, phantom_data_set


def _draw(count=24, label=0, shot=0, first=0, **settings):
    patients = np.arange(first, first + count)
    settings.setdefault("image_size", 32)
    return draw_phantoms(patients, np.full(count, label), np.full(count, shot), **settings).astype(
        np.float32
    )


def _lung_brightness(images):
    """Mean grey of two boxes that lie inside the lungs in every pose."""
    eighth = images.shape[1] // 8
    rows = slice(3 * eighth, 5 * eighth)
    right, left = (images[:, rows, k * eighth : (k + 1) * eighth] for k in (2, 5))
    return np.stack([right, left]).mean(axis=(0, 2, 3, 4))


@pytest.mark.parametrize("image_size", [8, 16, 32, 64, 100])
def test_shape_and_type_at_every_size(image_size):
    images = draw_phantoms(np.arange(3), np.array([0, 1, 1]), np.arange(3), image_size=image_size)
    assert images.shape == (3, image_size, image_size, 1)
    assert images.dtype == np.uint8
    assert (images.std(axis=(1, 2, 3)) > 30).all()


def test_the_same_scene_at_another_size():
    fine = _draw(8, image_size=128)
    coarse = _draw(8, image_size=64)
    averaged = fine.reshape(8, 64, 2, 64, 2).mean(axis=(2, 4))
    assert np.abs(averaged - coarse[..., 0]).mean() < 8


def test_the_seed_decides_the_bytes():
    np.testing.assert_array_equal(_draw(seed=3), _draw(seed=3))
    different = np.abs(_draw(seed=3) - _draw(seed=4)).mean(axis=(1, 2, 3))
    assert (different > 5).all()


@pytest.mark.parametrize("label", [0, 1])
def test_an_image_does_not_depend_on_its_batch(label):
    batch = _draw(12, label=label, shot=1)
    alone = _draw(1, label=label, shot=1, first=7)
    np.testing.assert_array_equal(batch[7], alone[0])


def test_global_random_state_is_left_alone():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    _draw(2)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_two_shots_of_a_patient_differ_yet_look_alike():
    first, second = _draw(40), _draw(40, shot=1)
    same = np.abs(first - second).mean(axis=(1, 2, 3))
    others = np.mean([np.abs(first - np.roll(second, k, axis=0)).mean() for k in range(1, 40)])
    assert (same > 2).all()
    assert same.mean() < 0.85 * others


def test_pneumonia_whitens_the_lungs_and_nothing_else():
    normal, pneumonia = _draw(60), _draw(60, label=1)
    gain = _lung_brightness(pneumonia) - _lung_brightness(normal)
    assert gain.mean() > 4
    assert (gain > -1).all()
    abdomen = np.abs(pneumonia - normal)[:, -3:].mean()
    assert abdomen < 0.25 * gain.mean()


def test_brightness_alone_does_not_give_pneumonia_away():
    normal, pneumonia = _lung_brightness(_draw(60)), _lung_brightness(_draw(60, label=1, first=60))
    area = (pneumonia[:, None] > normal[None, :]).mean()
    assert 0.5 < area < 0.9


def test_positive_exposure_brightens_every_image():
    dark, middle, bright = (
        _draw(exposure=shift).mean(axis=(1, 2, 3)) for shift in (-0.3, 0.0, 0.3)
    )
    assert (dark < middle).all()
    assert (middle < bright).all()


def test_data_set_has_both_classes_and_several_images_a_patient():
    images, labels, groups = phantom_data_set(
        image_size=16, normal_patients=10, pneumonia_patients=20, first_patient=5
    )
    assert len(images) == len(labels) == len(groups)
    assert labels.dtype == np.int64
    assert len(set(groups[labels == 0])) == 10
    assert len(set(groups[labels == 1])) == 20
    assert groups[0] == "phantom0005"
    assert set(np.unique(groups, return_counts=True)[1]) == {1, 2, 3}
    assert len(np.unique(images, axis=0)) == len(images)


def test_data_set_draws_what_draw_phantoms_draws():
    images, labels, groups = phantom_data_set(
        image_size=16, normal_patients=0, pneumonia_patients=4, seed=2, first_patient=30
    )
    again = draw_phantoms(np.array([33]), np.array([1]), np.array([0]), image_size=16, seed=2)
    assert (labels == 1).all()
    np.testing.assert_array_equal(images[groups == "phantom0033"][0], again[0])


def test_splits_of_one_seed_share_no_image():
    settings = {"image_size": 16, "normal_patients": 4, "pneumonia_patients": 4}
    train = phantom_data_set(**settings)
    test = phantom_data_set(**settings, first_patient=8)
    assert not set(train[2]) & set(test[2])
    assert len(np.unique(np.concatenate([train[0], test[0]]), axis=0)) == len(train[0]) + len(
        test[0]
    )


def test_an_empty_request_is_an_empty_array():
    assert draw_phantoms([], [], [], image_size=16).shape == (0, 16, 16, 1)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("patients", [-1]),
        ("patients", [0.5]),
        ("patients", [[1]]),
        ("labels", [2]),
        ("labels", [0, 1]),
        ("shots", [-1]),
        ("image_size", 7),
        ("image_size", 64.0),
        ("seed", -1),
        ("exposure", float("nan")),
        ("exposure", 3.0),
    ],
)
def test_invalid_input_says_what_to_do(argument, value):
    arguments = {"patients": [0], "labels": [0], "shots": [0], argument: value}
    with pytest.raises(
        ValueError, match=rf"Invalid value for `{argument}`\. Expected .+\. Received: .+\. \w+"
    ):
        draw_phantoms(**arguments)


@pytest.mark.parametrize("argument", ["normal_patients", "pneumonia_patients", "first_patient"])
def test_invalid_patient_numbers(argument):
    with pytest.raises(ValueError, match=rf"Invalid value for `{argument}`\. Expected integers"):
        phantom_data_set(image_size=16, **{argument: -1})
