import dataclasses
import os
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasmedgan.data import LabeledImages, TestSplitError, concatenate
from kerasmedgan.data.batches import evaluation_batches, training_batches
from kerasmedgan.data.image_rows import ImageFile, ImageRows, ImageWriter
from kerasmedgan.distribution import get_strategy


@pytest.fixture(scope="module")
def numbered(tiny):
    """The tiny train split with image k of the grey value 3 k: an image tells its row."""
    rows = np.arange(len(tiny), dtype=np.uint8)
    images = np.broadcast_to(3 * rows[:, None, None, None], (len(tiny), 4, 4, 1))
    return dataclasses.replace(tiny, images=images.copy())


def rows_of(images):
    return (np.rint((np.asarray(images)[:, 0, 0, 0] + 1) * 127.5) / 3).astype(int)


def passes(batches, count=1):
    """Returns the rows of `count` passes over a data set, one list a pass."""
    return [np.concatenate([rows_of(x) for x, _ in batches]).tolist() for _ in range(count)]


def test_order_is_a_function_of_seed_and_epoch(numbered):
    first = passes(numbered.batches(8, seed=3), 3)
    assert first == passes(numbered.batches(8, seed=3), 3)
    assert len({tuple(rows) for rows in first}) == 3
    assert first != passes(numbered.batches(8, seed=4), 3)
    assert first[0] != sorted(first[0])


def test_initial_epoch_resumes_the_order(numbered):
    fresh = passes(numbered.batches(8, seed=3), 4)
    assert passes(numbered.batches(8, seed=3, initial_epoch=2), 2) == fresh[2:]


def test_every_image_comes_once_an_epoch_with_its_label(numbered):
    batches = numbered.batches(8, seed=1)
    for _ in range(2):
        images, labels = (np.concatenate(part) for part in zip(*batches, strict=True))
        rows = rows_of(images)
        assert sorted(rows) == list(range(40))
        np.testing.assert_array_equal(labels, numbered.labels[rows])


def test_remainder_is_dropped_or_kept(numbered):
    dropped, kept = numbered.batches(16), numbered.batches(16, drop_remainder=False)
    assert [len(x) for x, _ in dropped] == [16, 16]
    assert [len(x) for x, _ in kept] == [16, 16, 8]
    assert (int(dropped.cardinality()), int(kept.cardinality())) == (2, 3)
    assert dropped.element_spec[0].shape == (16, 4, 4, 1)
    assert sorted(passes(kept)[0]) == list(range(40))


def test_repeat_goes_on_from_epoch_to_epoch(numbered):
    batches = numbered.batches(16, seed=3, repeat=True)
    assert batches.cardinality() == tf.data.INFINITE_CARDINALITY
    epochs = passes(numbered.batches(16, seed=3), 3)
    assert passes(batches.take(6))[0] == epochs[0] + epochs[1] + epochs[2]


def test_repeat_starts_anew_after_an_abandoned_iteration(numbered):
    """Keras abandons one under a strategy: `_maybe_symbolic_build` takes a batch to build."""
    batches = numbered.batches(8, seed=3, initial_epoch=1, repeat=True)
    next(iter(batches))
    assert passes(batches.take(5)) == passes(numbered.batches(8, seed=3, initial_epoch=1))


def test_values_are_in_the_range_of_models(tiny):
    images, labels = next(iter(tiny.batches(40)))
    assert (images.dtype, labels.dtype) == (tf.float32, tf.int64)
    assert images.shape == (40, 32, 32, 1)
    assert -1 <= float(tf.reduce_min(images)) < float(tf.reduce_max(images)) <= 1
    brightness = tf.reduce_mean(images, axis=(1, 2, 3))
    assert tf.reduce_min(brightness[labels == 1]) > tf.reduce_max(brightness[labels == 0])


class BatchRecorder(keras.Model):
    """Trains nothing and keeps the rows of each batch it is given."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def call(self, images, training=None):
        return images

    def train_step(self, data):
        tf.py_function(lambda images: self.seen.append(sorted(rows_of(images))), [data[0]], [])
        return {"nothing": tf.constant(0.0)}


@pytest.mark.parametrize("repeat", [False, True])
def test_keras_sees_the_epochs_in_order(numbered, repeat):
    model = BatchRecorder()
    model.compile(optimizer=None)
    steps = {"steps_per_epoch": 5} if repeat else {}
    batches = numbered.batches(8, seed=3, repeat=repeat)
    model.fit(batches, epochs=2, shuffle=False, verbose=0, **steps)
    orders = passes(numbered.batches(8, seed=3), 2)
    assert model.seen == [sorted(o[i : i + 8]) for o in orders for i in range(0, 40, 8)]


def test_a_mirrored_fit_shares_each_batch_among_the_replicas(numbered):
    strategy = get_strategy("mirrored")
    with strategy.scope():
        model = BatchRecorder()
        model.compile(optimizer=None)
    batches = numbered.batches(8, seed=3, repeat=True)
    model.fit(batches, epochs=1, steps_per_epoch=5, shuffle=False, verbose=0)
    assert [len(rows) for rows in model.seen] == [4] * 10
    pairs = [sorted(model.seen[i] + model.seen[i + 1]) for i in range(0, 10, 2)]
    (order,) = passes(numbered.batches(8, seed=3))
    assert pairs == [sorted(order[i : i + 8]) for i in range(0, 40, 8)]


def test_the_test_split_makes_no_batches(tiny_splits):
    with pytest.raises(TestSplitError, match="the test split, which is for the final number"):
        tiny_splits.test.batches(8)
    assert len(list(tiny_splits.validation.batches(8))) == 3


@pytest.mark.parametrize("batch_size", [0, 41])
def test_a_batch_larger_than_the_set_is_refused(tiny, batch_size):
    with pytest.raises(ValueError, match=f"Expected 1 to 40.* Received: {batch_size}"):
        tiny.batches(batch_size)


def test_a_batch_larger_than_the_set_holds_it_all_where_the_remainder_is_kept(tiny):
    assert [len(x) for x, _ in tiny.batches(64, drop_remainder=False)] == [40]


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


def test_no_batch_to_evaluate_on_is_of_a_few_images(tiny):
    """Of several replicas none may be left without an image."""
    for batch_size in (39, 20, 13, 64):
        batches = evaluation_batches(tiny.images, tiny.labels, batch_size)
        found = [len(labels) for _, labels in batches]
        assert sum(found) == 40 and min(found) >= 8 and max(found) <= batch_size, found


def test_parts_of_several_replicas_a_worker_make_up_the_batches(numbered):
    order = {"seed": 3, "initial_epoch": 1, "initial_batch": 0}
    order |= {"drop_remainder": True, "repeat": False}

    def rows(replicas):
        batches = training_batches(
            numbered.images, numbered.labels, 8, replicas=replicas, num_replicas=4, **order
        )
        return np.stack([rows_of(images) for images, _ in batches]).reshape(5, -1)

    whole = np.reshape(passes(numbered.batches(8, seed=3, initial_epoch=1))[0], (5, 8))
    np.testing.assert_array_equal(np.concatenate([rows((0, 1)), rows((2, 3))], axis=1), whole)


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
