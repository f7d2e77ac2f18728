import json

import numpy as np
import pytest
from scipy import stats
from simulated_study import draw_study
from sklearn.metrics import roc_auc_score

from kerasmedgan.study.statistics import METRICS, ArmScores, compare_arms, exact_mcnemar


def draw(seed=0, **kwargs):
    arms, is_positive, groups = draw_study(np.random.default_rng(seed), **kwargs)
    return arms, {"is_positive": is_positive, "groups": groups}


def delong_error(is_positive, scores, others):
    """Standard error of an AUC difference. DeLong et al. 1988, Biometrics 44, 837-845."""
    parts = []
    for one in (scores, others):
        wins = np.heaviside(one[is_positive][:, None] - one[~is_positive], 0.5)
        parts.append((wins.mean(axis=1), wins.mean(axis=0)))
    (first, first_negative), (second, second_negative) = parts
    positive, negative = first - second, first_negative - second_negative
    return np.sqrt(positive.var(ddof=1) / positive.size + negative.var(ddof=1) / negative.size)


def one_seed_twice(arms):
    """The same classifiers as two seeds: no noise between seeds, patients alone remain."""
    return {
        name: ArmScores(np.repeat(arm.scores[:1], 2, axis=0), np.repeat(arm.thresholds[:1], 2))
        for name, arm in arms.items()
    }


def test_differences_are_paired_by_seed():
    arms, test = draw()
    found = compare_arms(arms, **test, resamples=100)["gan"]["differences"]["auc"]
    per_seed = [
        roc_auc_score(test["is_positive"], arms["gan"].scores[seed])
        - roc_auc_score(test["is_positive"], arms["real"].scores[seed])
        for seed in range(3)
    ]
    assert found["per_seed"] == pytest.approx(per_seed)
    assert found["mean"] == pytest.approx(np.mean(per_seed))


def test_standard_error_of_one_classifier_is_delongs():
    arms, test = draw(images_a_patient=1, patients=(150, 200))
    test["groups"] = np.arange(len(test["groups"])).astype(str)
    for name, entry in compare_arms(one_seed_twice(arms), **test).items():
        expected = delong_error(test["is_positive"], arms[name].scores[0], arms["real"].scores[0])
        assert entry["differences"]["auc"]["standard_error"] == pytest.approx(expected, rel=0.15)


@pytest.mark.slow
def test_resampling_images_of_clustered_patients_would_promise_too_much():
    arms, test = draw(images_a_patient=30, patients=(30, 40), seed=2)
    by_patient = compare_arms(one_seed_twice(arms), **test)
    test["groups"] = np.arange(len(test["groups"])).astype(str)
    by_image = compare_arms(one_seed_twice(arms), **test)
    ratios = [
        by_patient[name]["differences"]["auc"]["standard_error"]
        / by_image[name]["differences"]["auc"]["standard_error"]
        for name in by_patient
    ]
    assert np.mean(ratios) > 1.5


def test_entry_is_json_with_every_key_and_the_same_again():
    arms, test = draw()
    entries = compare_arms(arms, **test, resamples=100, primary_metric="balanced_accuracy")
    assert list(entries) == ["weights", "oversample", "classical", "gan"]
    assert json.loads(json.dumps(entries, allow_nan=False)) == entries
    entry = entries["gan"]
    keys = {"differences", "primary", "mcnemar", "matched", "verdict", "reason"}
    assert set(entry) == keys and tuple(entry["differences"]) == METRICS
    assert entry["primary"]["metric"] == "balanced_accuracy"
    assert len(entry["mcnemar"]) == 3 and len(entry["matched"]["specificity"]) == 3
    again = compare_arms(arms, **test, resamples=100, primary_metric="balanced_accuracy")
    assert again == entries


def test_one_seed_gives_no_verdict_and_no_interval():
    arms, test = draw(seeds=1, effect=5)
    entry = compare_arms(arms, **test, resamples=100)["gan"]
    assert entry["verdict"] == "none" and "fewer than two seeds" in entry["reason"]
    assert entry["differences"]["auc"]["interval"] is None
    assert entry["matched"]["sensitivity_difference"]["p_value"] is None
    assert [entry["primary"][k] for k in ("p_holm", "corrected_interval")] == [None, None]
    assert 0 < entry["mcnemar"][0]["p_holm"] <= 1


def test_the_reference_alone_has_nothing_to_be_compared_with():
    arms, test = draw(arms=("real",))
    assert compare_arms(arms, **test, resamples=100) == {}


def test_a_shifted_threshold_gains_nothing_at_matched_specificity():
    arms, test = draw(arms=("real", "gan"), threshold_noise=0.0)
    real = arms["real"]
    arms["real"] = ArmScores(real.scores, np.full(3, 0.2))
    arms["gan"] = ArmScores(np.sqrt(real.scores), np.full(3, np.sqrt(0.5)))
    entry = compare_arms(arms, **test, resamples=100)["gan"]
    assert entry["matched"]["accuracy_gain"] > 0.02
    assert entry["matched"]["accuracy_gain_at_matched_specificity"] == 0
    assert entry["matched"]["sensitivity_difference"]["interval"] == [0, 0]
    assert entry["verdict"] == "no evidence"


def test_better_ranking_keeps_its_gain_at_matched_specificity():
    arms, test = draw(effect=1.0, threshold_noise=0.0)
    matched = compare_arms(arms, **test, resamples=100)["gan"]["matched"]
    assert matched["accuracy_gain_at_matched_specificity"] > 0.02
    assert matched["sensitivity_difference"]["mean"] > 0.04


def test_mcnemar_is_the_binomial_test_of_the_images_only_one_gets_right():
    is_positive = np.array([True] * 10 + [False] * 10)
    real, better, mixed = is_positive.copy(), is_positive.copy(), is_positive.copy()
    real[:8] ^= True
    mixed[6:9] ^= True
    found = exact_mcnemar({"better": better, "mixed": mixed}, real, is_positive)
    expected = {
        "only_arm_right": 8,
        "only_real_right": 0,
        "p_value": pytest.approx(stats.binomtest(8, 8).pvalue),
        "p_holm": pytest.approx(2 * stats.binomtest(8, 8).pvalue),
    }
    assert found["better"] == expected
    assert (found["mixed"]["only_arm_right"], found["mixed"]["only_real_right"]) == (6, 1)
    assert found["mixed"]["p_value"] == pytest.approx(stats.binomtest(6, 7).pvalue)
    same = exact_mcnemar({"same": real}, real, is_positive)["same"]
    assert (same["p_value"], same["p_holm"]) == (1, 1)


def test_what_cannot_be_compared_is_refused():
    arms, test = draw()
    with pytest.raises(ValueError, match="`primary_metric`.*'auc'.*Received: 'f1'"):
        compare_arms(arms, **test, primary_metric="f1")
    with pytest.raises(ValueError, match="`reference`.*Received: 'none'"):
        compare_arms(arms, **test, reference="none")
    with pytest.raises(ValueError, match="`level`.*Received: 95"):
        compare_arms(arms, **test, level=95)
    with pytest.raises(ValueError, match="`resamples`.*Received: 1. "):
        compare_arms(arms, **test, resamples=1)
    with pytest.raises(ValueError, match="`groups`.*Received: 1"):
        compare_arms(arms, **test | {"groups": np.where(test["is_positive"], "a", test["groups"])})
    with pytest.raises(ValueError, match="`is_positive`.*both classes"):
        compare_arms(arms, **test | {"is_positive": np.ones(len(test["groups"]), bool)})
    with pytest.raises(ValueError, match="scores`.*outside"):
        compare_arms(arms | {"gan": ArmScores(arms["gan"].scores * 9, np.ones(3))}, **test)
