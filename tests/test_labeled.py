import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from kerasmedgan.data import LabeledImages, concatenate
from kerasmedgan.data.batches import evaluation_batches
from kerasmedgan.data.image_rows import ImageFile, ImageRows, ImageWriter


def test_unknown_class_is_refused(tiny):
    with pytest.raises(ValueError, match=r"Expected one of \['NORMAL', 'PNEUMONIA'\].*'COVID'"):
        tiny.of_class("COVID")


def test_take_and_of_class_keep_the_parts_aligned(numbered):
    rows = np.array([5, 0, 33])
    taken = numbered.take(rows)
    np.testing.assert_array_equal(taken.images[:, 0, 0, 0], 3 * rows)
    for part in ("labels", "groups", "synthetic", "files"):
        np.testing.assert_array_equal(getattr(taken, part), getattr(numbered, part)[rows])
    normal = numbered.of_class("NORMAL")
    assert normal.counts() == {"NORMAL": 12, "PNEUMONIA": 0}
    assert all("NORMAL" in name for name in (*normal.groups, *normal.files))
    np.testing.assert_array_equal(
        normal.images[:, 0, 0, 0] // 3, np.flatnonzero(numbered.labels == 0)
    )
    assert normal.class_names == numbered.class_names


def test_concatenate_joins_all_parts(tiny):
    drawn = dataclasses.replace(tiny.take(np.arange(3)), synthetic=np.ones(3, bool))
    joined = concatenate([tiny, drawn])
    assert len(joined) == 43
    assert joined.synthetic.sum() == 3 and joined.synthetic[40:].all()
    for part in ("images", "labels", "groups", "files"):
        np.testing.assert_array_equal(getattr(joined, part)[:40], getattr(tiny, part))
        np.testing.assert_array_equal(getattr(joined, part)[40:], getattr(drawn, part))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("class_names", {"class_names": ("A", "B")}),
        ("split", {"split": "validation"}),
        ("image_size", {"images": np.zeros((40, 16, 16, 1), np.uint8)}),
        ("channels", {"images": np.zeros((40, 32, 32, 3), np.uint8)}),
    ],
)
def test_concatenate_refuses_sets_that_differ(tiny, name, change):
    with pytest.raises(ValueError, match=f"Cannot join images of different `{name}`"):
        concatenate([tiny, dataclasses.replace(tiny, **change)])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("images", np.zeros((40, 32, 32, 1), np.float32)),
        ("images", np.zeros((40, 32, 32), np.uint8)),
        ("images", np.zeros((40, 32, 30, 1), np.uint8)),
        ("labels", np.zeros(39, np.int64)),
        ("groups", np.full(41, "p")),
        ("synthetic", np.zeros(3, bool)),
        ("files", np.full(1, "")),
        ("split", "val"),
    ],
)
def test_parts_that_do_not_fit_are_refused(tiny, name, value):
    with pytest.raises(ValueError, match=f"Invalid value for `{name}`"):
        dataclasses.replace(tiny, **{name: value})


def test_what_is_left_out_is_filled():
    images = LabeledImages(
        images=np.zeros((2, 4, 4, 3), np.uint8),
        labels=np.array([0, 1]),
        class_names=["A", "B", "C"],
        groups=np.array(["p", "q"]),
    )
    assert not images.synthetic.any() and list(images.files) == ["", ""]
    assert (images.image_size, images.channels, images.num_classes) == (4, 3, 3)
    assert images.counts() == {"A": 1, "B": 1, "C": 0}
    assert repr(images) == "LabeledImages(train, 4 px, {'A': 1, 'B': 1, 'C': 0})"


def test_sets_compare_and_hash_by_identity(tiny, tiny_splits):
    assert tiny_splits.train in list(tiny_splits)
    assert tiny != dataclasses.replace(tiny)
    assert len({tiny, tiny_splits.test, tiny_splits}) == 3


def test_fingerprint_changes_with_a_pixel(tiny_splits):
    images = tiny_splits.test.images.copy()
    images[3, 4, 5, 0] ^= 1
    changed = dataclasses.replace(tiny_splits.test, images=images)
    same = dataclasses.replace(tiny_splits, train=dataclasses.replace(tiny_splits.train))
    assert tiny_splits.fingerprint() == same.fingerprint()
    assert tiny_splits.fingerprint() != dataclasses.replace(same, test=changed).fingerprint()


@pytest.mark.parametrize("labels", [np.full(40, 2), np.full(40, -1), np.full(40, 0.5)])
def test_labels_outside_the_classes_are_refused(tiny, labels):
    with pytest.raises(ValueError, match="`labels`.*integers from 0 to 1"):
        dataclasses.replace(tiny, labels=labels)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc tells the memory here")
def test_memory_does_not_grow_with_the_images_read(tmp_path):
    """A memory map would grow by all of the 96 MiB, a copy too."""

    def resident_mib():
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    count = 6 * 1024
    with ImageWriter(tmp_path / "images.npy") as file:
        for _ in range(count):
            file.write(np.full((128, 128, 1), 9, np.uint8))
    pixels = ImageRows([ImageFile(tmp_path / "images.npy")])
    labels = np.arange(count) % 2
    images = LabeledImages(pixels, labels, ("A", "B"), np.full(count, ""), split="validation")
    for _ in images.batches(64).take(10):  # what TensorFlow itself takes once
        pass
    before = resident_mib()
    images.fingerprint()
    for name in ("A", "B"):
        for batch, _ in images.of_class(name).batches(64):
            assert (np.asarray(batch[:, 0, 0, 0]) < -0.9).all()
    for _ in evaluation_batches(images.images, images.labels, 64):
        pass
    assert resident_mib() - before < 40
