import csv

import numpy as np
import pytest
from sklearn import metrics

from kerasmedgan.classifier import build_classifier
from kerasmedgan.data import TestSplitError
from kerasmedgan.evaluation import (
    Predictions,
    choose_threshold,
    default_positive_class,
    evaluate,
    expected_calibration_error,
    predict,
    write_predictions,
)


def make(scores, labels, split="validation"):
    scores, labels = np.array(scores, np.float32), np.array(labels)
    names = np.array([f"image{i}" for i in range(len(labels))])
    return Predictions(
        probabilities=np.stack([1 - scores, scores], axis=1),
        labels=labels,
        class_names=("NORMAL", "PNEUMONIA"),
        groups=names,
        files=names,
        split=split,
    )


@pytest.fixture
def noisy():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 300)
    return make(np.clip(labels * 0.3 + generator.uniform(0, 0.7, 300), 0, 1), labels)


def test_metrics_equal_scikit_learn(noisy):
    result = evaluate(noisy, positive_class="PNEUMONIA", threshold=0.4)
    scores, decisions = noisy.probabilities[:, 1], noisy.probabilities[:, 1] >= 0.4
    labels = noisy.labels
    assert result["auc"] == pytest.approx(metrics.roc_auc_score(labels, scores))
    assert result["accuracy"] == pytest.approx(metrics.accuracy_score(labels, decisions))
    assert result["balanced_accuracy"] == pytest.approx(
        metrics.balanced_accuracy_score(labels, decisions)
    )
    assert result["sensitivity"] == pytest.approx(metrics.recall_score(labels, decisions))
    assert result["specificity"] == pytest.approx(
        metrics.recall_score(labels, decisions, pos_label=0)
    )
    expected = metrics.confusion_matrix(labels, decisions).tolist()
    assert result["confusion_matrix"] == expected
    assert result["threshold"] == 0.4
    assert result["at_half"]["accuracy"] == pytest.approx(
        metrics.accuracy_score(labels, scores >= 0.5)
    )


def test_the_other_class_as_positive_swaps_sensitivity_and_specificity(noisy):
    one = evaluate(noisy, positive_class="PNEUMONIA", threshold=0.5)
    other = evaluate(noisy, positive_class="NORMAL", threshold=0.5)
    assert one["sensitivity"] == pytest.approx(other["specificity"])
    assert one["auc"] == pytest.approx(other["auc"])
    assert one["confusion_matrix"] == other["confusion_matrix"]


def test_threshold_is_the_best_youden_point_and_off_the_scores(noisy):
    chosen = choose_threshold(noisy, "PNEUMONIA")
    scores = noisy.probabilities[:, 1].astype(float)

    def youden(threshold):
        return metrics.balanced_accuracy_score(noisy.labels, scores >= threshold)

    assert youden(chosen) == pytest.approx(max(youden(level) for level in scores))
    assert chosen not in scores


def test_threshold_of_a_clear_gap_is_its_middle():
    assert choose_threshold(make([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]), "PNEUMONIA") == (
        pytest.approx(0.5)
    )
    assert choose_threshold(make([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]), "NORMAL") == (
        pytest.approx(0.5)
    )


@pytest.mark.parametrize(
    ("names", "positive"),
    [
        (("NORMAL", "PNEUMONIA"), "PNEUMONIA"),
        (("COVID", "NORMAL"), "COVID"),
        (("Healthy", "Sick"), "Sick"),
        (("a", "b"), "b"),
        (("NORMAL", "control"), "control"),
        (("a", "b", "c"), None),
    ],
)
def test_the_healthy_class_is_not_the_one_to_detect(names, positive):
    assert default_positive_class(names) == positive


def test_threshold_from_the_test_split_is_refused(noisy):
    with pytest.raises(TestSplitError, match="`predictions`.*validation split.*test split"):
        choose_threshold(make([0.1, 0.9], [0, 1], split="test"), "PNEUMONIA")
    with pytest.raises(ValueError, match="`threshold`.*choose_threshold"):
        evaluate(noisy, positive_class="PNEUMONIA")


def test_calibration_error_of_known_cases():
    positive = np.array([True] * 30 + [False] * 70)
    assert expected_calibration_error(positive, np.full(100, 0.3)) == pytest.approx(0.0)
    assert expected_calibration_error(positive, np.full(100, 0.9)) == pytest.approx(0.6)
    assert expected_calibration_error(positive, positive.astype(float)) == pytest.approx(0.0)
    two_bins = np.array([0.9] * 30 + [0.2] * 70)
    assert expected_calibration_error(positive, two_bins) == pytest.approx(0.3 * 0.1 + 0.7 * 0.2)


def test_three_classes():
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 3, 90)
    probabilities = generator.dirichlet(np.ones(3), 90) * 0.5 + np.eye(3)[labels] * 0.5
    names = np.array([str(i) for i in range(90)])
    three = Predictions(probabilities, labels, ("A", "B", "C"), names, names, "test")
    result = evaluate(three, positive_class=None)
    assert result["auc"] == pytest.approx(
        metrics.roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
    )
    predicted = probabilities.argmax(axis=1)
    assert result["accuracy"] == pytest.approx((predicted == labels).mean())
    assert list(result["recall"].values()) == pytest.approx(
        metrics.recall_score(labels, predicted, average=None)
    )
    assert "sensitivity" not in result


def test_predict_and_write(tiny_splits, tmp_path):
    model = build_classifier(image_size=32, filters=(4,))
    predictions = predict(model, tiny_splits.validation)
    expected = model(tiny_splits.validation.images / np.float32(127.5) - 1.0, training=False)
    np.testing.assert_allclose(predictions.probabilities, expected, atol=1e-5)
    write_predictions(tmp_path / "predictions.csv", predictions)
    with (tmp_path / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(tiny_splits.validation)
    assert rows[0]["split"] == "validation"
    assert {row["label"] for row in rows} == set(tiny_splits.validation.class_names)
    assert float(rows[3]["probability_NORMAL"]) == pytest.approx(
        predictions.probabilities[3, 0], rel=1e-5
    )
