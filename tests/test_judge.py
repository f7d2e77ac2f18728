import dataclasses
import json

import numpy as np
import pytest

from kerasmedgan.data.phantom import draw_phantoms
from kerasmedgan.fingerprints import images_sha256
from kerasmedgan.quality import Judge, PassportError, TextureFeatures, train_classifier_features


def phantoms(first, count, **kwargs):
    patients = np.arange(first, first + count)
    zeros = np.zeros(count, np.int64)
    return draw_phantoms(patients, zeros, zeros, image_size=16, **kwargs)


@pytest.fixture(scope="module")
def real():
    return phantoms(0, 120)


@pytest.fixture(scope="module")
def judge(real):
    return Judge(real, TextureFeatures(real))


def test_new_real_images_score_about_their_floor_and_others_do_not(judge):
    score = judge(phantoms(500, 60))
    assert score.frechet_ratio < 1.5
    assert abs(score.kid_units) < 1.5
    assert score.measures.coverage > 0.75
    overexposed = judge(phantoms(500, 60, exposure=0.6))
    assert overexposed.frechet_ratio > 2
    assert overexposed.kid_units > 3
    assert overexposed.measures.coverage < score.measures.coverage
    assert overexposed.minus(score)["kid"] > 0


def test_the_passport_says_all(judge, real):
    passport = judge.passport
    assert passport.count == 60 and passport.real_count == 120
    assert passport.real_sha256 == images_sha256(real)
    assert passport.layer_size == TextureFeatures(real).size
    assert (passport.image_size, passport.channels, passport.seed) == (16, 1, 0)
    assert (passport.subset_size, passport.neighbours) == (30, 5)
    assert "OpenCV" in passport.pixel_path and "grey levels" in passport.pixel_path
    assert len(passport.weights_sha256) == 64
    written = json.loads(json.dumps(judge(phantoms(500, 60)).to_dict()))
    assert written["passport"] == dataclasses.asdict(passport)
    assert written["floor"]["frechet_distance"] > 0


def test_equal_calls_give_equal_scores(judge, real):
    drawn = phantoms(500, 70)
    again = Judge(real, TextureFeatures(real))
    assert judge(drawn) == again(drawn)
    assert set(judge(drawn).minus(again(drawn)).values()) == {0.0}


@pytest.mark.parametrize(
    ("settings", "field"),
    [({"seed": 1}, "seed"), ({"count": 50}, "count"), ({"neighbours": 3}, "neighbours")],
)
def test_scores_with_different_passports_are_not_compared(judge, real, settings, field):
    other = Judge(real, TextureFeatures(real), **settings)
    drawn = phantoms(500, 60)
    with pytest.raises(PassportError, match=rf"equal passports.*`{field}` .* and "):
        judge(drawn).minus(other(drawn))


def test_other_features_or_other_real_images_are_another_passport(judge, real):
    drawn = phantoms(500, 60)
    other = Judge(real[:118], TextureFeatures(real[:118]), count=59)
    with pytest.raises(PassportError, match="`weights_sha256`.*`real_sha256`.*`real_count` 120"):
        judge(drawn).minus(other(drawn))


def test_halves_share_no_patient(real):
    seen = []

    class Noted(TextureFeatures):
        def __call__(self, images):
            return np.arange(len(images), dtype=float)[:, None].repeat(2, axis=1)

    class Watched(Judge):
        def _measure(self, number, first, second):
            seen.append((first[:, 0] // 4, second[:, 0] // 4))
            return super()._measure(number, first, second)

    extractor = TextureFeatures(real)
    extractor.__class__ = Noted
    Watched(real, extractor, groups=np.arange(120) // 4)
    assert len(seen) == 4
    for first, second in seen:
        assert len(np.intersect1d(first, second)) == 0


class Untouchable(TextureFeatures):
    def __init__(self):
        pass

    def __call__(self, images):
        raise RuntimeError("features were extracted")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"subset_size": 61}, "`subset_size`.*from 2 to 60.*Received: 61"),
        ({"count": 61}, "`count`.*from 4 to 60.*Received: 61"),
        ({"count": 20, "neighbours": 20}, "`neighbours`.*Received: 20"),
        ({"subsets": 3}, "`subsets`.*from 4"),
        ({"halvings": 0}, "`halvings`.*Received: 0"),
        ({"groups": np.arange(5)}, "`groups`.*each of 120 images.*Received: 5"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_any_work(real, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        Judge(real, Untouchable(), **settings)


def test_too_few_or_other_synthetic_images(judge):
    with pytest.raises(ValueError, match="`synthetic`.*at least 60.*Received: 59"):
        judge(phantoms(500, 59))
    with pytest.raises(ValueError, match=r"`synthetic`.*\(16, 16, 1\).*\(16, 16, 3\)"):
        judge(phantoms(500, 60).repeat(3, axis=-1))


@pytest.mark.slow
def test_a_classifier_of_the_real_classes_is_the_default_extractor(tiny_splits):
    features = train_classifier_features(
        tiny_splits.train, tiny_splits.validation, updates=20, batch_size=16
    )
    assert features.name == "classifier:features" and features.size == 128
    again = train_classifier_features(
        tiny_splits.train, tiny_splits.validation, updates=20, batch_size=16
    )
    assert again.weights_sha256 == features.weights_sha256
    one_class = tiny_splits.train.of_class("NORMAL")
    with pytest.raises(ValueError, match="`train`.*two classes or more"):
        train_classifier_features(one_class, tiny_splits.validation)
    with pytest.raises(ValueError, match="the final number alone"):
        train_classifier_features(tiny_splits.train, tiny_splits.test)
