import numpy as np
import pytest
from sklearn import metrics

from kerasmedgan.study.bootstrap import (
    METRICS,
    metrics_at_specificity,
    resample_patients,
    resampled_metrics,
)


def reference_metrics(labels, scores, threshold, weights=None):
    """The same by scikit-learn."""
    kwargs = {"sample_weight": weights}
    decisions = scores >= threshold
    return {
        "auc": metrics.roc_auc_score(labels, scores, **kwargs),
        "accuracy": metrics.accuracy_score(labels, decisions, **kwargs),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, decisions, **kwargs),
        "sensitivity": metrics.recall_score(labels, decisions, **kwargs),
        "specificity": metrics.recall_score(labels, decisions, pos_label=0, **kwargs),
    }


@pytest.fixture
def study():
    generator = np.random.default_rng(0)
    patient = np.repeat(np.arange(60), generator.integers(1, 5, 60))
    is_positive = patient < 25
    # Rounded, so that there are ties within and between the classes.
    noise = generator.normal(0, 0.2, len(patient))
    scores = np.round(np.clip(0.4 + 0.2 * is_positive + noise, 0, 1), 1)
    groups = np.array([f"person{number}" for number in patient])
    return scores, is_positive, groups


def weights_of(drawn, is_positive):
    weights = np.empty((len(drawn.positive), len(is_positive)))
    weights[:, is_positive], weights[:, ~is_positive] = drawn.positive, drawn.negative
    return weights


def test_metrics_equal_scikit_learn_on_the_split_and_on_resamples(study):
    scores, is_positive, groups = study
    drawn = resample_patients(is_positive, groups, resamples=20, seed=1)
    found = resampled_metrics(scores, 0.5, is_positive=is_positive, resamples=drawn)
    assert tuple(found) == METRICS
    for row, weights in enumerate(weights_of(drawn, is_positive)):
        expected = reference_metrics(is_positive, scores, 0.5, weights if row else None)
        assert {name: found[name][row] for name in METRICS} == pytest.approx(expected)


def test_all_images_of_a_patient_are_drawn_together_and_classes_apart(study):
    _, is_positive, groups = study
    drawn = resample_patients(is_positive, groups, resamples=50, seed=1)
    weights = weights_of(drawn, is_positive)
    assert (weights[0] == 1).all()
    _, first, patient = np.unique(groups, return_index=True, return_inverse=True)
    assert (weights == weights[:, first][:, patient]).all()
    assert (weights[:, first][:, is_positive[first]].sum(axis=1) == 25).all()
    assert (weights[:, first].sum(axis=1) == 60).all()
    assert drawn.patients == 25
    assert weights[1:, first].mean() == 1 and weights[1:, first].var() == pytest.approx(1, abs=0.1)


def test_a_patient_with_both_classes_counts_as_diseased():
    is_positive = np.array([True, False, True, False, False])
    groups = np.array(["a", "a", "b", "c", "d"])
    drawn = resample_patients(is_positive, groups, resamples=100, seed=0)
    assert (drawn.positive[:, 0] == drawn.negative[:, 0]).all()
    assert (drawn.positive.sum(axis=1) == 2).all()


def test_one_patient_in_a_class_is_refused():
    is_positive = np.array([True, True, False, False])
    with pytest.raises(ValueError, match="two or more test patients with a positive.*Received: 1"):
        resample_patients(is_positive, np.array(["a", "a", "b", "c"]), resamples=100, seed=0)
    with pytest.raises(ValueError, match="patients without a positive image. Received: 1"):
        resample_patients(is_positive, np.array(["a", "b", "c", "c"]), resamples=100, seed=0)


def test_matched_specificity_is_never_below_and_as_near_as_ties_allow(study):
    scores, is_positive, groups = study
    drawn = resample_patients(is_positive, groups, resamples=20, seed=1)
    asked = np.linspace(0, 1, 21)
    found = metrics_at_specificity(scores, asked, is_positive=is_positive, resamples=drawn)
    for row, weights in enumerate(weights_of(drawn, is_positive)):
        # Between all scores, below and above them.
        candidates = [
            reference_metrics(is_positive, scores, threshold, weights)
            for threshold in np.arange(-0.05, 1.1, 0.1)
        ]
        reached = [one for one in candidates if one["specificity"] >= asked[row] - 1e-12]
        best = max(reached, key=lambda one: one["sensitivity"])
        assert found["sensitivity"][row] == pytest.approx(best["sensitivity"])
        nearest = min(one["specificity"] for one in reached)
        assert best["specificity"] == pytest.approx(nearest)
        assert found["accuracy"][row] == pytest.approx(best["accuracy"])
