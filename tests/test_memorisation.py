import dataclasses
import json

import numpy as np
import pytest
from planted_copies import phantom_images, plant

from kerasmedgan.classifier import build_classifier
from kerasmedgan.data import TestSplitError
from kerasmedgan.quality import KerasFeatures, MemorisationAudit


@pytest.fixture(scope="module")
def training():
    return phantom_images(0, 120)


@pytest.fixture(scope="module")
def held_out():
    return phantom_images(1000, 120, split="validation")


@pytest.fixture(scope="module")
def honest():
    return phantom_images(2000, 200).images


@pytest.fixture(scope="module")
def audit(training, held_out):
    return MemorisationAudit(training, held_out)


KINDS = ("exact", "flipped", "shifted", "brighter", "noisy")


@pytest.mark.parametrize("kind", KINDS)
def test_planted_copies_are_caught_and_traced_to_their_source(audit, training, kind):
    copies = plant(training.images[:100])[kind]
    result = audit(copies)
    assert result.flagged.mean() >= 0.95
    assert (result.nearest == np.arange(100))[result.flagged].mean() >= 0.95
    assert "are copies of training images" in result.refusal


def test_honest_images_pass(audit, honest):
    result = audit(honest)
    assert result.flagged.mean() <= 0.02
    assert result.refusal is None
    for space in result.spaces.values():
        assert abs(space.copying_statistic) < 3
        assert abs(space.preference_z) < 3


def test_few_copies_among_honest_images_are_flagged_alone(audit, training, honest):
    images = honest[:100].copy()
    images[::20] = training.images[5:10]
    result = audit(images)
    assert result.flagged[::20].all() and result.flagged.sum() <= 5 + 2
    assert result.refusal is None
    np.testing.assert_array_equal(result.nearest[::20], np.arange(5, 10))


def test_blurred_images_are_near_to_all_and_not_refused(audit, training, honest):
    mean = honest.mean(axis=0)
    blurred = np.rint(0.6 * honest + 0.4 * mean).astype(np.uint8)
    result = audit(blurred)
    # Meehan's test alone calls them copies.
    assert result.spaces["pixels"].copying_p_value < 0.01
    assert result.flagged.mean() <= 0.02
    assert result.refusal is None


def test_a_set_that_leans_on_training_images_is_refused_without_one_copy(audit, training):
    pairs = training.images.astype(float)
    between = np.rint(0.6 * pairs + 0.4 * np.roll(pairs, 1, axis=0)).astype(np.uint8)
    result = audit(between)
    assert "in pixels a held-out image is nearest to" in result.refusal
    assert result.spaces["pixels"].preference_z < -3


def test_without_held_out_images_training_images_are_the_null(training, honest):
    audit = MemorisationAudit(training)
    result = audit(honest)
    assert result.flagged.mean() <= 0.02
    assert result.refusal is None
    for copies in map(plant(training.images[:40]).get, ("flipped", "noisy")):
        assert audit(copies).flagged.mean() >= 0.95
    assert audit.to_dict()["null"] == "training images, by patient"
    assert result.spaces["pixels"].preference_z is None


def test_a_second_image_of_a_patient_does_not_hide_copies(training):
    # As if every patient had been taken twice, a little apart.
    twice = training.take(np.repeat(np.arange(100), 2))
    twice.images[1::2] = plant(twice.images[1::2])["shifted"]
    audit = MemorisationAudit(twice)
    for copies in map(plant(twice.images[:40]).get, ("shifted", "noisy")):
        assert audit(copies).flagged.mean() >= 0.95


def test_features_of_a_network_and_colours(training, held_out, honest):
    def coloured(part):
        return dataclasses.replace(part, images=part.images.repeat(3, axis=-1))

    features = KerasFeatures(build_classifier(image_size=32, channels=3, filters=(4, 8)))
    audit = MemorisationAudit(coloured(training), coloured(held_out), extractor=features)
    assert audit(training.images[:20].repeat(3, axis=-1)).flagged.all()
    assert audit(honest.repeat(3, axis=-1)).flagged.mean() <= 0.02
    assert audit.to_dict()["extractor"] == "classifier:features"


def test_the_result_can_be_written_and_says_nothing_of_single_images(audit, honest):
    result = audit(honest[:30])
    written = json.loads(json.dumps({**audit.to_dict(), **result.to_dict()}))
    assert written["images"] == 30 and written["refused"] is False
    assert written["training_images"] == 120 and written["held_out_images"] == 120
    assert set(written["spaces"]) == {"pixels", "features"}
    assert not any(isinstance(value, list) for value in written.values())


def test_equal_audits_give_equal_results(audit, training, held_out, honest):
    again = MemorisationAudit(training, held_out)(honest[:40])
    np.testing.assert_array_equal(again.score, audit(honest[:40]).score)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"false_rate": 0.0}, "`false_rate`.*Received: 0.0"),
        ({"most_copies": 1.5}, "`most_copies`.*Received: 1.5"),
    ],
)
def test_bad_settings(training, held_out, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        MemorisationAudit(training, held_out, **change)


def test_sets_that_cannot_be_audited(audit, training, held_out):
    with pytest.raises(ValueError, match="`held_out`.*other patients.*100 of the same"):
        MemorisationAudit(training, training.take(np.arange(100)))
    with pytest.raises(TestSplitError, match="`held_out`"):
        MemorisationAudit(training, dataclasses.replace(held_out, split="test"))
    with pytest.raises(ValueError, match="`training`.*at least 3 patients.*2 of 2"):
        MemorisationAudit(training.take([0, 1]), held_out)
    with pytest.raises(ValueError, match="`held_out`.*at least 99.*Received: 98"):
        MemorisationAudit(training, held_out.take(np.arange(98)))
    with pytest.raises(ValueError, match="`training`.*at least 99.*Received: 50"):
        MemorisationAudit(training.take(np.arange(50)))
    with pytest.raises(ValueError, match=r"`images`.*\(32, 32, 1\).*\(5, 16, 16, 1\)"):
        audit(np.zeros((5, 16, 16, 1), np.uint8))
