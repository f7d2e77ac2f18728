import dataclasses

import numpy as np
import pytest

from kerasmedgan.augmentation import augment, plan_augmentation
from kerasmedgan.data import TestSplitError

COUNTS = {"NORMAL": 100, "PNEUMONIA": 300, "OTHER": 250}


def test_default_fills_the_smallest_class_up_to_the_largest():
    plan = plan_augmentation(COUNTS)
    assert (plan.class_name, plan.count) == ("NORMAL", 200)


def test_class_and_count_can_be_named():
    assert plan_augmentation(COUNTS, class_name="OTHER").count == 50
    assert plan_augmentation(COUNTS, class_name="OTHER", count=7).count == 7


def test_one_of_two_equal_classes_can_be_drawn_when_a_count_is_named():
    assert plan_augmentation({"A": 5, "B": 5}, count=3).count == 3


def test_the_majority_is_enlarged_only_by_force():
    with pytest.raises(ValueError, match="make the imbalance worse.*`force=True`"):
        plan_augmentation(COUNTS, class_name="PNEUMONIA", count=10)
    assert plan_augmentation(COUNTS, class_name="PNEUMONIA", count=10, force=True).count == 10


@pytest.mark.parametrize(
    ("counts", "arguments", "sentence"),
    [
        (COUNTS, {"class_name": "normal"}, r"`class_name`.*\['NORMAL'.*Received: 'normal'"),
        (COUNTS, {"count": 0}, "`count`.*Received: 0"),
        ({"A": 5, "B": 5}, {}, "`count`.*balanced already"),
    ],
)
def test_bad_plans(counts, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        plan_augmentation(counts, **arguments)


def test_augment_keeps_origin_and_mixes_in_batches(tiny):
    normal = tiny.of_class("NORMAL")
    synthetic = dataclasses.replace(
        normal, synthetic=np.ones(len(normal), bool), images=255 - normal.images
    )
    joined = augment(tiny, synthetic)
    assert len(joined) == len(tiny) + len(normal)
    assert joined.synthetic.sum() == len(normal)
    np.testing.assert_array_equal(joined.images[: len(tiny)], tiny.images)
    seen = np.concatenate([batch for batch, _ in joined.batches(4)])
    assert len(seen) == len(joined)


def test_augment_refuses_the_test_split(tiny_splits):
    with pytest.raises(TestSplitError, match="augment `splits.train`"):
        augment(tiny_splits.test, tiny_splits.train)
