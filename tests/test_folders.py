import json
import logging
import os
import shutil

import numpy as np
import pytest
from conftest import write_image

from kerasmedgan.data.folders import default_cache_dir, list_class_folders, read_folder
from kerasmedgan.data.image_rows import ImageRows
from kerasmedgan.images import prepare_image


@pytest.fixture
def train(class_folders):
    return class_folders / "train"


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def entries(cache):
    return sorted(path.name for path in cache.iterdir()) if cache.exists() else []


def add_images(folder, count):
    """Fills a class up, so that one broken file is less than 5 % of it."""
    for index in range(count):
        write_image(folder / f"extra{index:02d}.png", np.full((8, 8, 1), index, np.uint8))


def test_a_tree_is_read_in_order_through_the_one_pixel_path(train, cache):
    folder = read_folder(train, image_size=16, cache_dir=cache)
    assert folder.class_names == ("NORMAL", "PNEUMONIA")
    assert np.bincount(folder.labels).tolist() == [12, 20]
    assert (folder.images.dtype, folder.images.shape) == (np.uint8, (32, 16, 16, 1))
    assert list(folder.files) == sorted(folder.files)
    for file, label, image in zip(folder.files, folder.labels, folder.images, strict=True):
        assert file.startswith(folder.class_names[label] + "/")
        expected = prepare_image((train / file).read_bytes(), 16)
        np.testing.assert_array_equal(image, expected)
    # Height before width: the images are 20 high and 24 wide.
    assert folder.sizes.tolist() == [[20, 24]] * 32
    assert folder.unreadable == {}


def test_digests_are_of_the_pixels_at_their_original_size(train, cache):
    write_image(train / "NORMAL/a.png", np.full((40, 40, 1), 9, np.uint8))
    write_image(train / "NORMAL/b.bmp", np.full((40, 40, 1), 9, np.uint8))
    write_image(train / "NORMAL/c.png", np.full((20, 80, 1), 9, np.uint8))
    folder = read_folder(train, image_size=8, cache_dir=cache)
    digest = dict(zip(folder.files, folder.digests, strict=True))
    assert digest["NORMAL/a.png"] == digest["NORMAL/b.bmp"] != digest["NORMAL/c.png"]
    assert len(set(digest.values())) == len(digest) - 1


def test_hidden_files_and_nested_folders_are_passed_over(train, cache):
    plain = list_class_folders(train)
    (train / "__MACOSX/NORMAL").mkdir(parents=True)
    (train / ".hidden").mkdir()
    (train / "readme.txt").write_text("no class")
    for name in ("._IM-0100-0001.jpeg", ".DS_Store", "._x.jpeg"):
        (train / "NORMAL" / name).write_bytes(b"junk")
    shutil.copytree(train / "PNEUMONIA", train / "NORMAL/nested")
    assert list_class_folders(train) == plain
    assert len(read_folder(train, image_size=8, cache_dir=cache).images) == 32


def test_a_few_unreadable_files_are_reported_and_skipped(train, cache, caplog):
    add_images(train / "NORMAL", 20)
    (train / "NORMAL/broken.jpeg").write_bytes(b"not an image")
    with caplog.at_level(logging.WARNING):
        folder = read_folder(train, image_size=8, cache_dir=cache)
    assert list(folder.unreadable) == ["NORMAL/broken.jpeg"]
    assert "cannot be decoded" in folder.unreadable["NORMAL/broken.jpeg"]
    assert "Skipped NORMAL/broken.jpeg" in caplog.text
    assert "NORMAL/broken.jpeg" not in folder.files
    parts = (folder.images, folder.labels, folder.files, folder.digests, folder.sizes)
    assert [len(part) for part in parts] == [52] * 5
    # The rows after the skipped one are still those of their files.
    for row in (31, 32, 51):
        expected = prepare_image((train / folder.files[row]).read_bytes(), 8)
        np.testing.assert_array_equal(folder.images[row], expected)
    again = read_folder(train, image_size=8, cache_dir=cache)
    assert again.unreadable == folder.unreadable
    assert sorted(path.name for path in next(cache.iterdir()).iterdir()) == [
        "images.npy",
        "index.npz",
    ]


def test_many_unreadable_files_stop_and_leave_no_cache(train, cache):
    for name in ("a.jpeg", "b.jpeg"):
        (train / "PNEUMONIA" / name).write_bytes(b"not an image")
    sentence = (
        "Cannot read class 'PNEUMONIA'. Expected at most 5% unreadable files. "
        "Received: 2 of 22, first PNEUMONIA/a.jpeg, PNEUMONIA/b.jpeg"
    )
    with pytest.raises(ValueError, match=sentence):
        read_folder(train, image_size=8, cache_dir=cache)
    assert entries(cache) == []


def test_the_share_is_counted_in_each_class(train, cache):
    add_images(train / "PNEUMONIA", 60)
    (train / "NORMAL/a.jpeg").write_bytes(b"not an image")
    with pytest.raises(ValueError, match="class 'NORMAL'.* Received: 1 of 13"):
        read_folder(train, image_size=8, cache_dir=cache)


def test_the_second_read_is_the_cache_and_opens_no_image(train, cache):
    first = read_folder(train, image_size=16, cache_dir=cache)
    for path in train.glob("*/*"):
        status = path.stat()
        path.write_bytes(bytes(status.st_size))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    second = read_folder(train, image_size=16, cache_dir=cache)
    assert isinstance(second.images, ImageRows)
    for name in ("images", "labels", "files", "digests", "sizes"):
        expected, received = getattr(first, name), getattr(second, name)
        assert expected.dtype == received.dtype
        np.testing.assert_array_equal(received, expected)
    assert len(entries(cache)) == 1


def test_a_touched_file_is_decoded_anew(train, cache):
    before = read_folder(train, image_size=16, cache_dir=cache)
    path = train / before.files[4]
    status = path.stat()
    write_image(path, np.full((24, 20, 1), 3, np.uint8))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    after = read_folder(train, image_size=16, cache_dir=cache)
    assert (after.images[4] == 3).all() and not (before.images[4] == 3).all()
    np.testing.assert_array_equal(np.delete(after.images, 4, 0), np.delete(before.images, 4, 0))


def test_added_and_removed_files_are_noticed(train, cache):
    read_folder(train, image_size=8, cache_dir=cache)
    add_images(train / "NORMAL", 1)
    assert len(read_folder(train, image_size=8, cache_dir=cache).images) == 33
    (train / "NORMAL/extra00.png").unlink()
    assert len(read_folder(train, image_size=8, cache_dir=cache).images) == 32
    assert len(entries(cache)) == 2


def test_each_setting_has_a_cache_entry_of_its_own(train, cache):
    settings = [
        {"image_size": 16},
        {"image_size": 8},
        {"image_size": 16, "channels": 3},
        {"image_size": 16, "pad_to_aspect_ratio": True},
    ]
    images = [read_folder(train, cache_dir=cache, **setting).images for setting in settings]
    assert len(entries(cache)) == 4
    assert [x.shape[1:] for x in images] == [(16, 16, 1), (8, 8, 1), (16, 16, 3), (16, 16, 1)]
    padded = images[3]
    # The images are wider than high, so black is above and below, not at the sides.
    assert (padded[:, [0, -1]] == 0).all()
    assert (padded[:, 8, [0, -1]] > 0).all()
    # The files are grey: RGB is three times the same.
    np.testing.assert_array_equal(images[2], np.repeat(images[0], 3, axis=-1))


def test_two_trees_of_the_same_names_do_not_share_an_entry(train, cache, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(train, copy)
    first = read_folder(train, image_size=8, cache_dir=cache)
    second = read_folder(copy, image_size=8, cache_dir=cache)
    np.testing.assert_array_equal(first.images, second.images)
    assert len(entries(cache)) == 2


def test_a_cache_folder_that_cannot_be_written_is_an_error(train, tmp_path):
    (tmp_path / "file").write_text("in the way")
    sentence = "Invalid value for `cache_dir`. Expected a folder to write to. Received: .*file"
    with pytest.raises(OSError, match=sentence):
        read_folder(train, image_size=8, cache_dir=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_half_written_entry_is_not_taken_for_the_cache(train, cache):
    read_folder(train, image_size=8, cache_dir=cache)
    entry = next(cache.iterdir())
    (entry / "index.npz").unlink()
    assert len(read_folder(train, image_size=8, cache_dir=cache).images) == 32
    with np.load(entry / "index.npz") as index:
        assert json.loads(str(index["facts"]))["class_names"] == ["NORMAL", "PNEUMONIA"]
    assert entries(cache) == [entry.name]


def test_default_cache_folder(monkeypatch, tmp_path, cache_folder):
    assert default_cache_dir() == cache_folder
    monkeypatch.delenv("KERASMEDGAN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / "kerasmedgan"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / ".cache/kerasmedgan"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        ([], "which holds no class folders"),
        (["NORMAL/a.png"], "with the single class 'NORMAL'"),
        (["NORMAL/a.png", "PNEUMONIA/.hidden.png"], "an empty class 'PNEUMONIA'"),
        (["NORMAL/a.png", "PNEUMONIA/deeper/a.png"], "an empty class 'PNEUMONIA'"),
    ],
)
def test_trees_without_classes_are_refused(tmp_path, cache, make, sentence):
    (tmp_path / "tree").mkdir()
    for name in make:
        write_image(tmp_path / "tree" / name, np.zeros((4, 4, 1), np.uint8))
    with pytest.raises(ValueError, match=f"Invalid value for `source`.*{sentence}"):
        read_folder(tmp_path / "tree", image_size=8, cache_dir=cache)
    assert entries(cache) == []
