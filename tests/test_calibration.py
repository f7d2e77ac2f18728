import numpy as np
import pytest

from kerasmedgan.calibration import apply_temperature, describe_calibration, fit_temperature
from kerasmedgan.data.split_guard import TestSplitError
from kerasmedgan.evaluation import Predictions, evaluate


def predictions(logits, labels, split="validation"):
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return Predictions(
        probabilities=(shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32),
        labels=np.asarray(labels),
        class_names=("A", "B", "C")[: logits.shape[1]],
        groups=np.arange(len(logits)).astype(str),
        files=np.arange(len(logits)).astype(str),
        split=split,
    )


def drawn(count, classes, *, factor, seed=0, split="validation"):
    """Labels drawn by the probabilities of logits, and predictions of `factor` times the logits."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, (count, classes))
    shares = predictions(logits, np.zeros(count, int)).probabilities
    labels = (generator.random((count, 1)) > np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)
    return predictions(logits * factor, labels, split)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("factor", [0.25, 1.0, 3.0])
def test_the_factor_that_spoilt_the_logits_is_found(classes, factor):
    assert fit_temperature(drawn(4000, classes, factor=factor)) == pytest.approx(factor, rel=0.08)


def test_the_temperature_divides_the_logits():
    logits = np.random.default_rng(1).normal(0, 3, (20, 3))
    halved = apply_temperature(predictions(logits, np.zeros(20, int)).probabilities, 2.0)
    expected = predictions(logits / 2, np.zeros(20, int)).probabilities
    np.testing.assert_allclose(halved, expected, rtol=1e-5)
    assert halved.dtype == np.float64
    np.testing.assert_allclose(halved.sum(axis=1), 1)


def test_certainty_is_scaled_and_stays_finite():
    scaled = apply_temperature(np.array([[0.0, 1.0], [1.0, 0.0]], np.float32), 50.0)
    assert np.isfinite(scaled).all() and 0.5 < scaled[0, 1] < 0.9


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf])
def test_other_temperatures_are_refused(temperature):
    with pytest.raises(ValueError, match="`temperature`. Expected a number above 0"):
        apply_temperature(np.array([0.5, 0.5]), temperature)


def test_classes_told_apart_without_an_error_get_a_temperature_within_bounds():
    labels = np.repeat([0, 1], 20)
    logits = np.stack([1.0 - labels, labels], axis=1) * 5
    temperature = fit_temperature(predictions(logits, labels))
    assert 1.0 < temperature < 2.0
    # Platt's targets: 21 of 22.
    calibrated = apply_temperature(predictions(logits, labels).probabilities, temperature)
    assert calibrated.max(axis=1) == pytest.approx(21 / 22, abs=1e-4)


def test_calibration_is_described_on_both_splits():
    validation = drawn(3000, 2, factor=4.0)
    test = drawn(3000, 2, factor=4.0, seed=9, split="test")
    described = describe_calibration(validation, test, positive_class="B")
    for part in (validation, test):
        errors = described[part.split]
        whole = evaluate(part, positive_class="B", threshold=0.5)
        assert errors["uncalibrated"] == whole["expected_calibration_error"]
        assert errors["calibrated"] < errors["uncalibrated"] / 3
    many = drawn(500, 3, factor=2.0), drawn(500, 3, factor=2.0, seed=3, split="test")
    described = describe_calibration(*many, positive_class=None)
    for part in many:
        expected = evaluate(part, positive_class=None)["expected_calibration_error"]
        assert described[part.split]["uncalibrated"] == expected


def test_the_test_split_chooses_nothing():
    with pytest.raises(TestSplitError, match="the test split"):
        fit_temperature(drawn(50, 2, factor=1.0, split="test"))
    with pytest.raises(ValueError, match="the train split"):
        fit_temperature(drawn(50, 2, factor=1.0, split="train"))
