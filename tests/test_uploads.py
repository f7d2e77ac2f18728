import numpy as np
import pytest
from PIL import Image
from uploaded_files import bad_files, encoded, good_files

from kerasmedgan.data import load_images
from kerasmedgan.serving import UploadError, read_served_run, read_upload, uploads

BAD = bad_files()


@pytest.fixture(scope="module")
def run(small_run):
    return read_served_run(small_run)


def test_every_kind_of_file_has_the_pixels_of_the_training_path(run, tmp_path):
    files = good_files()
    assert len(files) == 20
    for index, (name, data) in enumerate(files.items()):
        folder = tmp_path / ("A", "B")[index % 2]
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    splits = load_images(tmp_path, image_size=run.image_size)
    parts = (splits.train, splits.validation, splits.test)
    loaded = {
        file.rpartition("/")[2]: image
        for part in parts
        for file, image in zip(part.files, part.images, strict=True)
    }
    assert set(loaded) == set(files)
    for name, data in files.items():
        np.testing.assert_array_equal(read_upload(data, run).image, loaded[name], name)


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_gets_one_sentence(name, run):
    data, words = BAD[name]
    with pytest.raises(UploadError, match=words) as caught:
        read_upload(data, run)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 160


def test_too_many_bytes_are_refused_before_they_are_decoded(run, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_UPLOAD_BYTES", 1 << 20)
    with pytest.raises(UploadError, match="has 2 MB. At most 1 MB"):
        read_upload(bytes(1 << 21), run)


def test_a_still_gif_is_taken(run):
    assert read_upload(encoded(Image.new("L", (40, 40), 7), "GIF"), run).image.max() == 7


def test_the_picture_to_show_keeps_its_aspect_and_is_small(run):
    files = good_files()
    assert read_upload(files["grey.png"], run).shown.shape == (96, 80, 1)
    assert read_upload(files["wide.jpg"], run).shown.shape == (23, 384, 1)
    assert read_upload(files["large.jpg"], run).shown.shape == (384, 302, 1)
