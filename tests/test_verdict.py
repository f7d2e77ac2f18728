"""The rule, case by case, and its error rate over studies whose truth is known."""

import numpy as np
import pytest
from scipy import stats
from simulated_study import draw_study

from kerasmedgan.study.intervals import correct_with_holm
from kerasmedgan.study.statistics import compare_arms
from kerasmedgan.study.verdict import decide

STUDIES = 200
PRIMARY_METRICS = ("auc", "balanced_accuracy")


def entry(interval, *, mean=0.004, auc=0.004):
    differences = {"auc": {"mean": auc}, "balanced_accuracy": {"mean": mean}}
    return {"differences": differences, "primary": {"corrected_interval": interval}}


@pytest.mark.parametrize(
    ("interval", "auc", "expected"),
    [
        ([-0.003, 0.011], 0.004, "no evidence: includes zero."),
        ([0.0, 0.011], 0.004, "no evidence: includes zero."),
        ([-0.011, 0.0], 0.004, "no evidence: includes zero."),
        ([0.001, 0.007], 0.002, "helps: above zero, and AUC did not fall (+0.002)."),
        ([0.001, 0.007], 0.0, "helps: above zero, and AUC did not fall (+0.000)."),
        (
            [0.001, 0.007],
            -0.002,
            "no evidence: above zero, but AUC fell by 0.002, so thresholds or calibration moved "
            "and the ranking did not improve.",
        ),
        ([-0.007, -0.001], 0.002, "hurts: below zero."),
    ],
)
def test_rule(interval, auc, expected):
    verdict, reason = decide(entry(interval, auc=auc), primary_metric="balanced_accuracy")
    assert reason.startswith("Balanced accuracy +0.004, corrected interval ")
    assert f"{verdict}: {reason.partition(': ')[2]}" == expected


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ([-0.003, 0.011], "AUC +0.004, corrected interval -0.003 to +0.011: includes zero."),
        ([0.00001, 0.008], "AUC +0.004, corrected interval +1e-05 to +0.008: above zero."),
        (None, "AUC +0.004: fewer than two seeds can give no interval, so no verdict."),
    ],
)
def test_reason_is_one_sentence_with_the_numbers(interval, expected):
    assert decide(entry(interval), primary_metric="auc")[1] == expected


def test_one_seed_gives_no_verdict():
    assert decide(entry(None), primary_metric="auc")[0] == "none"


def verdicts(seed, metrics=PRIMARY_METRICS, **kwargs):
    """Returns every arm's verdict on one drawn study, for each primary metric."""
    arms, is_positive, groups = draw_study(np.random.default_rng(seed), **kwargs)
    test = {"is_positive": is_positive, "groups": groups}
    entries = compare_arms(arms, **test, resamples=100, seed=seed)
    patients = min(len(set(groups[is_positive])), len(set(groups[~is_positive])))
    found = {"auc": {name: one["verdict"] for name, one in entries.items()}}
    for metric in set(metrics) - {"auc"}:
        tested = [one["differences"][metric] for one in entries.values()]
        corrected = correct_with_holm(tested, patients=patients, level=0.95)
        found[metric] = {
            name: decide(one | {"primary": primary}, primary_metric=metric)[0]
            for (name, one), primary in zip(entries.items(), corrected, strict=True)
        }
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "noise",
    [
        pytest.param({"seed_noise": 0.05}, id="seeds as measured"),
        pytest.param({"seed_noise": 0.0, "threshold_noise": 0.0}, id="no seed noise"),
        pytest.param({"seed_noise": 0.3, "threshold_noise": 0.5}, id="large seed noise"),
        pytest.param(
            {"patients": (50, 70), "images_a_patient": 12, "patient_noise": 0.9}, id="clustered"
        ),
    ],
)
def test_without_an_effect_one_study_in_twenty_at_most_claims_one(noise):
    studies = [verdicts(seed, **noise) for seed in range(STUDIES)]
    for metric in PRIMARY_METRICS:
        claims = sum(bool({"helps", "hurts"} & set(s[metric].values())) for s in studies)
        assert claims <= stats.binom.isf(0.01, STUDIES, 0.05)


def test_five_points_of_auc_are_found_and_no_other_arm_is_taken_for_them():
    effect = {"separation": 1.75, "effect": 0.75, "seed_noise": 0.05, "patients": (130, 210)}
    studies = [verdicts(seed, ("auc",), **effect)["auc"] for seed in range(50)]
    assert sum(study.pop("gan") == "helps" for study in studies) >= 40
    assert sum(set(study.values()) != {"no evidence"} for study in studies) <= 5


def test_an_arm_that_loses_five_points_hurts():
    effect = {"separation": 2.5, "effect": -0.75, "seed_noise": 0.03, "seeds": 5}
    assert [verdicts(seed, ("auc",), **effect)["auc"]["gan"] for seed in range(5)] == ["hurts"] * 5
