import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasmedgan.data import TestSplitError
from kerasmedgan.data.batches import evaluation_batches, training_batches
from kerasmedgan.distribution import get_strategy


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


@pytest.mark.parametrize(
    "make",
    [
        lambda images: images.batches(8),
        lambda images: evaluation_batches(images.images, images.labels, 8),
    ],
)
def test_no_autotuning_thread_is_waited_for_when_an_epoch_ends(tiny, make):
    later = make(tiny).map(lambda images, labels: (images + 0.0, labels)).prefetch(1)
    assert later.options().autotune.enabled is False
