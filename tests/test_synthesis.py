import cv2
import numpy as np
import pytest

from kerasmedgan import DCGAN
from kerasmedgan.synthesis import (
    export_images,
    load_synthetic,
    read_manifest,
    regenerate,
    weights_sha256,
)

CLASSES = ("NORMAL", "PNEUMONIA")


@pytest.fixture(scope="module")
def gan():
    return DCGAN(image_size=32, latent_dim=8, width=4)


@pytest.fixture(scope="module")
def export(gan, tmp_path_factory):
    directory = tmp_path_factory.mktemp("synthetic")
    export_images(gan, directory, count=70, class_name="NORMAL", seed=3)
    return directory


def test_files_and_manifest_agree(gan, export):
    rows = read_manifest(export)
    files = sorted(path.name for path in (export / "NORMAL").iterdir())
    assert files == [f"{index:06d}.png" for index in range(70)]
    assert [row.file for row in rows] == [f"NORMAL/{file}" for file in files]
    assert {(row.class_name, row.seed) for row in rows} == {("NORMAL", 3)}
    assert {row.model_sha256 for row in rows} == {weights_sha256(gan.ema_generator)}
    header = (export / "manifest.csv").read_text().splitlines()[0]
    assert header == "file,class,seed,index,model_sha256,truncation"


def test_regenerate_gives_the_same_pixels_as_the_file(gan, export):
    for row in (read_manifest(export)[index] for index in (0, 63, 64, 69)):
        stored = cv2.imread(str(export / row.file), cv2.IMREAD_GRAYSCALE)
        np.testing.assert_array_equal(regenerate(gan, row)[..., 0], stored)


def test_regenerate_refuses_another_model(export):
    other = DCGAN(image_size=32, latent_dim=8, width=4, seed=1)
    with pytest.raises(ValueError, match=r"`model`.*Load the model that wrote the manifest"):
        regenerate(other, read_manifest(export)[0])


def test_synthetic_images_come_back_as_they_were_drawn(gan, export):
    images = load_synthetic(export, CLASSES, image_size=32)
    np.testing.assert_array_equal(images.images, gan.generate(70, seed=3))
    assert images.counts() == {"NORMAL": 70, "PNEUMONIA": 0}
    assert images.synthetic.all()
    assert images.split == "train"


def test_a_second_class_joins_the_manifest_and_a_new_export_replaces_its_own(gan, tmp_path):
    export_images(gan, tmp_path, count=3, class_name="NORMAL", seed=0)
    export_images(gan, tmp_path, count=2, class_name="PNEUMONIA", seed=0)
    export_images(gan, tmp_path, count=1, class_name="NORMAL", seed=1)
    assert load_synthetic(tmp_path, CLASSES, image_size=32).counts() == {
        "NORMAL": 1,
        "PNEUMONIA": 2,
    }
    assert len(list((tmp_path / "NORMAL").iterdir())) == 1


def test_an_export_that_fails_leaves_no_rows_without_files(gan, tmp_path):
    (tmp_path / "PNEUMONIA").write_text("a file where the folder should go")
    with pytest.raises(OSError, match="PNEUMONIA"):
        export_images(gan, tmp_path, count=2, class_name="PNEUMONIA", seed=0)
    assert not (tmp_path / "manifest.csv").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["PNEUMONIA"]


def test_unknown_class_and_missing_manifest(export, tmp_path):
    with pytest.raises(ValueError, match=r"Expected synthetic images of \['A', 'B'\]"):
        load_synthetic(export, ("A", "B"), image_size=32)
    with pytest.raises(FileNotFoundError, match="manifest.csv"):
        read_manifest(tmp_path)


def test_each_class_of_one_gan_is_exported_by_its_label(tmp_path):
    gan = DCGAN(image_size=32, latent_dim=8, width=4, num_classes=2)
    generator = np.random.default_rng(0)
    # Classes begin alike.
    gan.ema_generator.set_weights(
        [
            w + generator.normal(0, 0.2, w.shape) * (w.ndim > 1)
            for w in gan.ema_generator.get_weights()
        ]
    )
    for label, name in enumerate(CLASSES):
        how = {"truncation": 0.5} if label else {}
        export_images(gan, tmp_path, count=3, class_name=name, seed=4, label=label, **how)
    images = load_synthetic(tmp_path, CLASSES, image_size=32)
    expected = [gan.generate(3, seed=4, label=0), gan.generate(3, seed=4, label=1, truncation=0.5)]
    assert not np.array_equal(expected[0], gan.generate(3, seed=4, label=1))
    np.testing.assert_array_equal(images.images, np.concatenate(expected))
    np.testing.assert_array_equal(images.labels, [0, 0, 0, 1, 1, 1])
    rows = read_manifest(tmp_path)
    assert [(row.label, row.truncation) for row in rows[2:4]] == [(0, 1.0), (1, 0.5)]
    np.testing.assert_array_equal(regenerate(gan, rows[5]), images.images[5])
    np.testing.assert_array_equal(regenerate(gan, rows[0]), images.images[0])
    with pytest.raises(ValueError, match="`label`.*number of class 'NORMAL'.*2 classes"):
        export_images(gan, tmp_path, count=3, class_name="NORMAL", seed=4)


def test_sha256_sees_one_changed_weight(gan):
    other = DCGAN(image_size=32, latent_dim=8, width=4)
    assert weights_sha256(other.generator) == weights_sha256(gan.generator)
    bias = other.generator.weights[-1]
    bias.assign(bias + 1e-6)
    assert weights_sha256(other.generator) != weights_sha256(gan.generator)
