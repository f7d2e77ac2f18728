import numpy as np
import pytest

from kerasmedgan.quality import TextureFeatures


def test_standardised_on_the_reference_and_a_function_of_the_image(tiny):
    features = TextureFeatures(tiny.images)
    rows = features(tiny.images)
    assert rows.shape == (40, features.size) and np.isfinite(rows).all()
    varying = rows.std(axis=0) > 0
    assert varying.sum() > 40
    np.testing.assert_allclose(rows[:, varying].mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(rows[:, varying].std(axis=0), 1, atol=1e-9)
    np.testing.assert_array_equal(features(tiny.images[7:9]), rows[7:9])
    np.testing.assert_allclose(features(tiny.images.repeat(3, axis=-1)), rows)
    assert features.weights_sha256 != TextureFeatures(tiny.images[:20]).weights_sha256


def test_it_sees_texture_and_not_where_it_is(tiny):
    features = TextureFeatures(tiny.images)
    rows = features(tiny.images)
    spread = np.linalg.norm(rows - rows.mean(axis=0), axis=1).mean()
    flipped = np.linalg.norm(features(tiny.images[:, :, ::-1]) - rows, axis=1)
    np.testing.assert_allclose(flipped, 0, atol=1e-9)
    mean = tiny.images.mean(axis=(1, 2), keepdims=True)
    blurred = ((tiny.images + 3 * mean) / 4).astype(np.uint8)
    assert np.linalg.norm(features(blurred) - rows, axis=1).min() > spread


@pytest.mark.parametrize("side", [8, 64])
def test_small_and_larger_images(side):
    images = np.random.default_rng(0).integers(0, 256, (3, side, side, 1), np.uint8)
    assert np.isfinite(TextureFeatures(images)(images)).all()


def test_one_reference_image_has_no_spread(tiny):
    with pytest.raises(ValueError, match="`reference`.*at least 2.*Received: 1"):
        TextureFeatures(tiny.images[:1])
