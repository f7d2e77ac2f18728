import keras
import numpy as np
import pytest

from kerasmedgan.classifier import build_classifier
from kerasmedgan.data.image_rows import ImageFile, ImageRows
from kerasmedgan.fingerprints import weights_sha256
from kerasmedgan.images import resize_image, to_model_range
from kerasmedgan.quality import KerasFeatures, inception_features


@pytest.fixture(scope="module")
def classifier():
    return build_classifier(image_size=32, filters=(4, 8), seed=3)


def test_the_penultimate_layer_of_a_classifier(classifier, tiny):
    features = KerasFeatures(classifier)
    rows = features(tiny.images)
    assert rows.shape == (40, 8) and rows.dtype == np.float64
    # What the last layer reads: its own arithmetic gives the classifier's answer.
    kernel, bias = classifier.get_layer("probabilities").get_weights()
    answer = classifier(to_model_range(tiny.images), training=False)
    np.testing.assert_allclose(keras.ops.softmax(rows @ kernel + bias), answer, atol=1e-5)
    assert (features.name, features.size) == ("classifier:features", 8)
    assert features.weights_sha256 == weights_sha256(features.network)
    other = KerasFeatures(build_classifier(image_size=32, filters=(4, 8), seed=4))
    assert other.weights_sha256 != features.weights_sha256


def test_images_on_the_disk_and_in_memory_give_the_same(classifier, tiny, tmp_path):
    np.save(tmp_path / "images.npy", tiny.images)
    rows = ImageRows([ImageFile(tmp_path / "images.npy")])
    features = KerasFeatures(classifier)
    np.testing.assert_array_equal(features(rows), features(tiny.images))


def test_any_model_any_layer_other_sizes_and_colours(tiny):
    inputs = keras.Input((16, 16, 3))
    model = keras.Sequential(
        [inputs, keras.layers.Conv2D(5, 3, name="middle"), keras.layers.ReLU()]
    )
    features = KerasFeatures(model, layer="middle", name="mine")
    assert features.name == "mine:middle" and features.size == 5
    small = np.stack([resize_image(image, 16) for image in tiny.images[:4]]).repeat(3, axis=-1)
    expected = np.mean(model.get_layer("middle")(to_model_range(small)), axis=(1, 2))
    np.testing.assert_allclose(features(tiny.images[:4]), expected, rtol=1e-5, atol=1e-6)
    assert "16 px" in features.pixel_path


def test_refusals(classifier, tiny):
    with pytest.raises(ValueError, match="`layer`.*'nowhere'"):
        KerasFeatures(classifier, layer="nowhere")
    with pytest.raises(ValueError, match="`images`.*1 channels.*Received: 3"):
        KerasFeatures(classifier)(tiny.images.repeat(3, axis=-1))
    with pytest.raises(ValueError, match="`images`.*uint8.*Received: float32"):
        KerasFeatures(classifier)(tiny.images.astype(np.float32))
    with pytest.raises(ValueError, match="`images`.*at least one"):
        KerasFeatures(classifier)(tiny.images[:0])
    free = keras.Input((None, None, 1))
    with pytest.raises(ValueError, match="`model`.*fixed size"):
        KerasFeatures(keras.Model(free, keras.layers.GlobalAveragePooling2D()(free)))


def test_inception_without_its_weights_says_how_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="`weights`.*notop.h5, which is not there"):
        inception_features()
    with pytest.raises(FileNotFoundError, match="mine.h5"):
        inception_features(tmp_path / "mine.h5")


@pytest.mark.slow
def test_inception_with_weights_at_hand(tiny, tmp_path):
    untrained = keras.applications.InceptionV3(
        weights=None, include_top=False, pooling="avg", input_shape=(299, 299, 3)
    )
    untrained.save_weights(tmp_path / "inception.weights.h5")
    features = inception_features(tmp_path / "inception.weights.h5")
    assert features(tiny.images[:2]).shape == (2, 2048)
    assert features.weights_sha256 == weights_sha256(untrained)
    assert features.name.startswith("inception_v3:")
