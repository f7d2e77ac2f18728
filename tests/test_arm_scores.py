import numpy as np
import pytest

from kerasmedgan.study.arm_scores import ArmScores, check_arms, check_test_split


def arm(shape=(2, 4), value=0.5):
    return ArmScores(np.full(shape, value), np.full(shape[:1], 0.5))


def test_decisions_include_the_threshold():
    scores = ArmScores(np.array([[0.2, 0.5], [0.2, 0.5]]), np.array([0.5, 0.1]))
    assert scores.decisions().tolist() == [[False, True], [True, True]]


def test_arms_that_cannot_be_compared_are_refused():
    def check(other, reference="real"):
        check_arms({"real": arm(), "gan": other}, reference=reference, images=4)

    check(arm())
    with pytest.raises(ValueError, match=r"`reference`.*\['real', 'gan'\].*Received: 'none'"):
        check(arm(), reference="none")
    with pytest.raises(ValueError, match=r"`arms\['gan'\].scores`.*\(2, 4\).*shape \(3, 4\)"):
        check(arm((3, 4)))
    with pytest.raises(ValueError, match=r"`arms\['gan'\].scores`.*shape \(2, 5\)"):
        check(arm((2, 5)))
    with pytest.raises(ValueError, match=r"`arms\['gan'\].thresholds`.*shape \(1,\)"):
        check(ArmScores(arm().scores, np.array([0.5])))
    for wrong in (np.nan, -0.1, 1.1):
        with pytest.raises(ValueError, match=rf"scores`.*8 outside, the first {wrong}"):
            check(ArmScores(np.full((2, 4), wrong), np.full(2, 0.5)))
    with pytest.raises(ValueError, match=r"thresholds`.*1 outside, the first nan"):
        check(ArmScores(arm().scores, np.array([0.5, np.nan])))


def test_no_seed_at_all_is_refused():
    with pytest.raises(ValueError, match="with one seed or more"):
        check_arms({"real": arm((0, 4))}, reference="real", images=4)


def test_labels_and_patients_that_do_not_fit_are_refused():
    groups = np.array(["a", "b", "c"])
    check_test_split(np.array([True, False, True]), groups)
    with pytest.raises(ValueError, match="`is_positive`.*both classes.*3 positive of 3"):
        check_test_split(np.ones(3, bool), groups)
    with pytest.raises(ValueError, match="`is_positive`.*0 positive of 3"):
        check_test_split(np.zeros(3, bool), groups)
    with pytest.raises(ValueError, match="`is_positive`.*bool array.*int64"):
        check_test_split(np.array([1, 0, 1]), groups)
    with pytest.raises(ValueError, match=r"`groups`.*shape \(3,\).*shape \(2,\)"):
        check_test_split(np.array([True, False, True]), groups[:2])
