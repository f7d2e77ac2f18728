import csv
import io
import zipfile

import keras
import numpy as np
import pytest
from PIL import Image
from small_gan import compiled

from kerasmedgan import DCGAN
from kerasmedgan.serving import Sampler
from kerasmedgan.serving.sampler import _slerp
from kerasmedgan.synthesis import load_synthetic, read_manifest, regenerate


@pytest.fixture(scope="module")
def sampler(small_run):
    return Sampler.load(small_run)


@pytest.fixture(scope="module")
def gan(small_run):
    return keras.saving.load_model(small_run / "gan/NORMAL/model.keras")


def test_a_sample_is_what_the_generator_draws(sampler, gan):
    images = sampler.sample(70, seed=3)
    assert (images.dtype, images.shape) == (np.uint8, (70, 32, 32, 1))
    np.testing.assert_array_equal(images, gan.generate(70, seed=3))
    np.testing.assert_array_equal(images[:5], sampler.sample(5, seed=3))
    assert not np.array_equal(images[:5], sampler.sample(5, seed=4))
    assert sampler.class_name == "NORMAL"


@pytest.fixture(scope="module")
def varied():
    """A generator that nothing taught, but whose images differ."""
    gan = compiled(seed=1)
    for layer in gan.ema_generator.layers:
        if hasattr(layer, "kernel"):
            layer.kernel.assign(layer.kernel * 10)
    return Sampler(gan, "NORMAL")


def test_truncated_images_vary_less(varied):
    spreads = [
        varied.sample(64, seed=1, truncation=share).astype(float).std(axis=0).mean()
        for share in (1.0, 0.5, 0.1)
    ]
    assert spreads[0] > 1.2 * spreads[1] > 1.2 * spreads[2] > 0


def test_a_walk_goes_from_one_image_to_the_other(varied):
    images = varied.walk(3, 8, steps=9).astype(int)
    assert images.shape == (9, 32, 32, 1)
    for end, seed in ((0, 3), (-1, 8)):
        assert np.abs(images[end] - varied.sample(1, seed=seed)[0]).max() <= 1
    to_first, to_last = (np.abs(images - images[end]).mean(axis=(1, 2, 3)) for end in (0, -1))
    assert to_first.argmax() > 4 > to_last.argmax()
    assert min(to_first[1:].min(), to_last[:-1].min()) > 0
    still = varied.walk(3, 3, steps=4)
    np.testing.assert_array_equal(still, np.repeat(still[:1], 4, axis=0))


def test_latents_of_a_walk_turn_evenly():
    first, last = np.array([3.0, 0.0]), np.array([0.0, 1.0])
    way = _slerp(first, last, np.linspace(0, 1, 5))
    np.testing.assert_allclose(np.degrees(np.arctan2(*way.T[::-1])), [0, 22.5, 45, 67.5, 90])
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), [3, 2.5, 2, 1.5, 1])


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"count": 0}, "count"),
        ({"count": 5000}, "count"),
        ({"count": 2.5}, "count"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**31}, "seed"),
        ({"truncation": 0.0}, "truncation"),
        ({"truncation": 1.5}, "truncation"),
    ],
)
def test_what_is_out_of_range_is_refused(sampler, arguments, name):
    with pytest.raises(ValueError, match=f"`{name}`"):
        sampler.sample(**{"count": 2, "seed": 0, **arguments})


@pytest.mark.parametrize("steps", [1, 65])
def test_steps_out_of_range_are_refused(sampler, steps):
    with pytest.raises(ValueError, match="`steps`"):
        sampler.walk(1, 2, steps=steps)


def test_a_class_without_a_generator_is_refused(small_run):
    with pytest.raises(ValueError, match=r"`class_name`. Expected one of \['NORMAL'\]"):
        Sampler.load(small_run, class_name="PNEUMONIA")


def test_the_archive_is_marked_and_can_be_read_and_drawn_anew(sampler, gan, tmp_path):
    data = sampler.archive(6, seed=11, truncation=0.5)
    assert data == sampler.archive(6, seed=11, truncation=0.5)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(tmp_path)
    assert "no patient" in (tmp_path / "NOTICE.txt").read_text()
    images = load_synthetic(tmp_path, ("NORMAL", "PNEUMONIA"), image_size=32)
    np.testing.assert_array_equal(images.images, sampler.sample(6, seed=11, truncation=0.5))
    for row, image in zip(read_manifest(tmp_path), images.images, strict=True):
        np.testing.assert_array_equal(regenerate(gan, row), image)
        text = Image.open(tmp_path / row.file).text
        assert "SYNTHETIC" in text["Description"]
        assert text["Disclaimer"] == "Not for clinical use."
        assert f"seed 11; index {row.index}" in text["Source"]
        assert text["DigitalSourceType"].endswith("trainedAlgorithmicMedia")


def test_the_run_marks_its_own_export_too(small_run):
    rows = list(csv.DictReader((small_run / "synthetic/manifest.csv").open()))
    assert len(rows) == 8
    for row in rows:
        assert "SYNTHETIC" in Image.open(small_run / "synthetic" / row["file"]).text["Description"]


def test_a_gan_of_several_classes_draws_the_one_that_is_named():
    gan = DCGAN(image_size=32, latent_dim=8, width=4, num_classes=2)
    # Before any training the classes differ in nothing.
    generator = np.random.default_rng(0)
    for weight in gan.ema_generator.weights:
        weight.assign(np.array(weight) + generator.normal(0, 0.1, weight.shape))
    sampler = Sampler(gan, "PNEUMONIA", label=1)
    expected = gan.generate(3, seed=5, label=1)
    assert not np.array_equal(expected, gan.generate(3, seed=5, label=0))
    np.testing.assert_array_equal(sampler.sample(3, seed=5), expected)
    walk = sampler.walk(5, 6, steps=2)
    assert np.abs(walk[0].astype(int) - expected[0]).max() <= 1
    assert [row.label for row in sampler.rows(2, seed=5)] == [1, 1]
