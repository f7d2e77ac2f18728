import dataclasses

import numpy as np
import pytest
from conftest import CLASSES, draw_images

from kerasmedgan.data import LabeledImages, TestSplitError
from kerasmedgan.study.shortcut import DISTINGUISHABLE_AUC, _balanced_halves, audit_shortcut

SHORT = {"updates": 60, "batch_size": 32}


def draw(count, *, seed, synthetic, images_a_patient=2, image_size=16, label=0):
    """Returns images of one class, in patients of equal size if real."""
    labels = np.full(count, label)
    patients = np.arange(count) // (1 if synthetic else images_a_patient)
    return LabeledImages(
        images=draw_images(labels, image_size=image_size, seed=seed),
        labels=labels,
        class_names=CLASSES,
        groups=np.array([f"patient {patient}" for patient in patients]),
        synthetic=np.full(count, synthetic),
    )


def mark(images):
    """Returns them with the lower right pixel brighter, as a generator might leave it."""
    pixels = images.images.copy()
    pixels[:, -1, -1] = np.minimum(pixels[:, -1, -1] + 100, 255)
    return dataclasses.replace(images, images=pixels)


@pytest.fixture(scope="module")
def real():
    return draw(200, seed=1, synthetic=False)


@pytest.fixture(scope="module")
def synthetic():
    return draw(200, seed=2, synthetic=True)


def test_images_of_one_distribution_cannot_be_told_apart(real, synthetic):
    result = audit_shortcut(real, synthetic, seed=0, **SHORT)
    # By chance alone the standard error is 0.03.
    assert abs(result["auc"] - 0.5) < 0.1
    assert result["auc"] < DISTINGUISHABLE_AUC
    assert result["auc"] == pytest.approx(np.mean(result["fold_aucs"]))
    assert len(result["fold_aucs"]) == 2
    assert result["images"] == 200
    assert result["updates"] == 60


def test_one_brighter_pixel_is_found_and_equal_calls_agree(real, synthetic):
    result = audit_shortcut(real, mark(synthetic), seed=0, **SHORT)
    assert min(result["fold_aucs"]) > 0.9
    assert result == audit_shortcut(real, mark(synthetic), seed=0, **SHORT)


def test_the_direction_is_that_of_looking_synthetic(real, synthetic):
    learned = audit_shortcut(mark(real), synthetic, seed=3, **SHORT)
    assert learned["auc"] > 0.9


@pytest.mark.parametrize("seed", range(5))
def test_halves_share_no_patient_and_hold_as_many_of_each_origin(seed):
    # Every tenth image has a patient of its own, the others belong to three.
    real = draw(60, seed=1, synthetic=False)
    groups = np.array([f"{i}" if i % 10 == 0 else f"big {i % 3}" for i in range(60)])
    real = dataclasses.replace(real, groups=groups)
    # Names of groups that synthetic images happen to have as well tie nothing together.
    synthetic = draw(100, seed=2, synthetic=True)
    synthetic = dataclasses.replace(synthetic, groups=np.full(100, "big 0"))
    halves = list(_balanced_halves(real, synthetic, seed=seed))
    for half in halves:
        assert half.counts()["real"] == half.counts()["synthetic"] > 0
        np.testing.assert_array_equal(half.labels, half.synthetic.astype(int))
    first, second = (set(half.groups[~half.synthetic]) for half in halves)
    assert first
    assert not first & second
    drawn = np.concatenate([half.images[half.synthetic] for half in halves])
    assert len(np.unique(drawn.reshape(len(drawn), -1), axis=0)) == len(drawn)


def test_the_seed_chooses_the_halves(real, synthetic):
    first, same, other = (
        next(iter(_balanced_halves(real, synthetic, seed=seed))).images for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_the_larger_set_is_sampled_down(real):
    few = draw(30, seed=3, synthetic=True)
    assert audit_shortcut(real, few, seed=0, updates=2)["images"] == 30


@pytest.mark.parametrize("seed", range(3))
def test_few_and_small_images_are_enough(seed):
    real = draw(2, seed=1, synthetic=False, images_a_patient=1, image_size=4)
    synthetic = draw(2, seed=2, synthetic=True, image_size=4)
    result = audit_shortcut(real, synthetic, seed=seed, updates=2)
    assert result["images"] == 2
    assert np.isfinite(result["auc"])


def test_only_training_images_are_audited(real, synthetic):
    for split, error in (("test", TestSplitError), ("validation", ValueError)):
        wrong = dataclasses.replace(real, split=split)
        with pytest.raises(error, match=f"`real`.*{split} split.*`splits.train`"):
            audit_shortcut(wrong, synthetic, seed=0)
        with pytest.raises(error, match=f"`synthetic`.*{split} split.*`splits.train`"):
            audit_shortcut(real, dataclasses.replace(synthetic, split=split), seed=0)


def test_wrong_origin_or_class_or_too_few(real, synthetic):
    with pytest.raises(ValueError, match="`real`.*real images alone.*Received: 200 of the other"):
        audit_shortcut(synthetic, synthetic, seed=0)
    with pytest.raises(ValueError, match="`synthetic`.*synthetic images alone.*Received: 200"):
        audit_shortcut(real, real, seed=0)
    with pytest.raises(ValueError, match="`synthetic`.*one class of `real`.*'PNEUMONIA': 4"):
        audit_shortcut(real, draw(4, seed=0, synthetic=True, label=1), seed=0)
    with pytest.raises(ValueError, match="at least 2 patients.*Received: 1 patients"):
        audit_shortcut(real.take(np.arange(2)), synthetic, seed=0)
    with pytest.raises(ValueError, match="2 synthetic images.*Received: 100 patients and 1"):
        audit_shortcut(real, synthetic.take(np.arange(1)), seed=0)
