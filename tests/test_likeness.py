import dataclasses

import cv2
import numpy as np
import pytest

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.phantom import phantom_data_set
from kerasmedgan.data.split_guard import TestSplitError
from kerasmedgan.likeness import (
    PHOTOS,
    LikenessRule,
    draw_strangers,
    fit_likeness,
    measure_likeness,
    transformed,
)
from kerasmedgan.likeness.rule import LOW_CONTRAST, OTHER_PATTERN, TOO_ROUGH, TOO_SMOOTH


def phantoms(split, patients, first_patient):
    images, labels, groups = phantom_data_set(
        image_size=32,
        normal_patients=patients // 2,
        pneumonia_patients=patients // 2,
        first_patient=first_patient,
    )
    names = ("NORMAL", "PNEUMONIA")
    return LabeledImages(images, labels, names, groups, split=split)


@pytest.fixture(scope="module")
def train():
    return phantoms("train", 120, 0)


@pytest.fixture(scope="module")
def held_out():
    return phantoms("validation", 40, 500)


@pytest.fixture(scope="module")
def rule(train):
    return fit_likeness(train)


def test_held_out_images_pass_and_strangers_are_caught(rule, held_out):
    measured = measure_likeness(rule, held_out, count=40)
    assert measured["split"] == "validation" and measured["count"] == len(held_out)
    assert measured["wrongly_flagged"] <= 0.05
    caught = measured["caught"]
    assert {PHOTOS, "negatives", "blanks", "noise", "turned by 90 degrees"} <= set(caught)
    assert min(kind["share"] for kind in caught.values()) >= 0.95, caught


def test_the_measure_counts_what_the_rule_says(rule, held_out):
    others = {"half": np.concatenate([held_out.images[:5], 255 - held_out.images[:5]])}
    measured = measure_likeness(rule, held_out, others=others, count=3)
    flagged = [reason is not None for reason in rule.reasons(others["half"])]
    assert measured["caught"]["half"] == {"count": 10, "share": np.mean(flagged)}
    assert measured["caught"]["noise"]["count"] == 3


def test_reasons_are_told_apart(rule, held_out):
    noise = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 1)).astype(np.uint8)
    blurred = cv2.blur(held_out.images[0, ..., 0], (5, 5))[None, ..., None]
    grain = np.random.default_rng(0).normal(0, 14, (1, 32, 32, 1))
    grainy = np.rint(held_out.images[:1] + grain).clip(0, 255).astype(np.uint8)
    images = np.concatenate([np.zeros_like(noise), noise, blurred, grainy, held_out.images[:1]])
    assert rule.reasons(images) == [LOW_CONTRAST, OTHER_PATTERN, TOO_SMOOTH, TOO_ROUGH, None]
    assert rule.distances(held_out.images).mean() == pytest.approx(1, abs=0.5)


def test_brightness_and_contrast_do_not_matter_but_pattern_does(rule, held_out):
    images = held_out.images[:20].astype(float)
    darker = np.rint(30 + 0.5 * images).astype(np.uint8)
    np.testing.assert_allclose(
        rule.distances(darker), rule.distances(held_out.images[:20]), rtol=0.05
    )


def test_the_distance_is_the_density_of_probabilistic_pca(train):
    """Compared with scikit-learn's own log-likelihood, on the vectors that the rule takes."""
    from sklearn.decomposition import PCA

    from kerasmedgan.likeness.rule import _vectors

    vectors, _ = _vectors(train.images)
    pca = PCA(16, svd_solver="randomized", random_state=0).fit(vectors)
    squared = fit_likeness(train).distances(train.images) ** 2 * vectors.shape[1]
    likelihood = pca.score_samples(vectors)
    np.testing.assert_allclose(squared - squared[0], -2 * (likelihood - likelihood[0]), rtol=1e-5)


def test_colour_images_are_measured_by_their_grey(rule, held_out):
    coloured = np.repeat(held_out.images, 3, axis=-1)
    np.testing.assert_allclose(rule.distances(coloured), rule.distances(held_out.images))


def test_saved_and_loaded_it_says_the_same(rule, held_out, tmp_path):
    rule.save(tmp_path / "rule.npz")
    loaded = LikenessRule.load(tmp_path / "rule.npz")
    np.testing.assert_array_equal(
        loaded.distances(held_out.images), rule.distances(held_out.images)
    )
    assert loaded.distance_limit == rule.distance_limit
    assert loaded.contrast_limit == rule.contrast_limit


def test_pickled_objects_are_not_loaded(tmp_path):
    np.savez(tmp_path / "rule.npz", mean=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="pickle"):
        LikenessRule.load(tmp_path / "rule.npz")


def test_synthetic_images_are_left_out(train):
    strangers = draw_strangers(50, 32)["noise"]
    mixed = LabeledImages(
        np.concatenate([train.images, strangers]),
        np.concatenate([train.labels, np.zeros(50, np.int64)]),
        train.class_names,
        np.concatenate([train.groups, [f"synthetic/{i}" for i in range(50)]]),
        synthetic=np.arange(len(train) + 50) >= len(train),
    )
    assert fit_likeness(mixed).distance_limit == fit_likeness(train).distance_limit


def test_only_training_images_are_learned_from(train, held_out):
    with pytest.raises(TestSplitError):
        fit_likeness(dataclasses.replace(train, split="test"))
    with pytest.raises(ValueError, match="Expected the train split"):
        fit_likeness(held_out)
    with pytest.raises(ValueError, match="at least 8 real images of 2 patients. Received: 4"):
        fit_likeness(train.take(np.arange(4)))


def test_few_images_make_a_rule_too(tiny):
    rule = fit_likeness(tiny)
    assert len(rule.components) <= len(tiny) // 4
    noise = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 1)).astype(np.uint8)
    assert rule.reasons(np.concatenate([noise, np.zeros_like(noise)])) == [
        OTHER_PATTERN,
        LOW_CONTRAST,
    ]


@pytest.mark.parametrize("channels", [1, 3])
def test_strangers_have_the_asked_form_and_a_seed(channels):
    drawn = draw_strangers(3, 16, channels=channels, seed=1)
    for name, images in drawn.items():
        assert (images.dtype, images.shape) == (np.uint8, (3, 16, 16, channels)), name
        np.testing.assert_array_equal(
            images, draw_strangers(3, 16, channels=channels, seed=1)[name]
        )
    assert (drawn["blanks"].std(axis=(1, 2, 3)) == 0).all()
    turned = transformed(drawn["gradients"])
    np.testing.assert_array_equal(255 - turned["negatives"], drawn["gradients"])
    np.testing.assert_array_equal(
        turned["turned by 180 degrees"][:, ::-1, ::-1], drawn["gradients"]
    )
