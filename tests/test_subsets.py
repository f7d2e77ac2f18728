import numpy as np
import pytest

from kerasmedgan.data import TestSplitError
from kerasmedgan.data.subsets import limit_patients, take_fraction


def test_a_fraction_is_of_patients_with_all_their_images(tiny):
    half = take_fraction(tiny, 0.5, seed=0)
    assert half.patient_counts() == {"NORMAL": 3, "PNEUMONIA": 7}
    # Every patient of the tiny split has two images.
    assert half.counts() == {"NORMAL": 6, "PNEUMONIA": 14}
    inside = np.isin(tiny.groups, half.groups)
    np.testing.assert_array_equal(half.files, tiny.files[inside])


def test_smaller_fractions_are_inside_larger_ones(tiny):
    groups = [set(take_fraction(tiny, share, seed=3).groups) for share in (0.4, 0.7, 1.0)]
    assert groups[0] < groups[1] < groups[2] == set(tiny.groups)


def test_seeds_choose_other_patients(tiny):
    first, second = (set(take_fraction(tiny, 0.5, seed=seed).groups) for seed in (0, 1))
    assert first != second


def test_a_limit_keeps_the_other_classes_whole(tiny):
    limited = limit_patients(tiny, {"NORMAL": 2}, seed=0)
    assert limited.patient_counts() == {"NORMAL": 2, "PNEUMONIA": 14}
    assert limited.counts() == {"NORMAL": 4, "PNEUMONIA": 28}


def test_a_limit_above_the_patients_changes_nothing(tiny):
    assert len(limit_patients(tiny, {"NORMAL": 999}, seed=0)) == len(tiny)


def test_two_patients_of_each_class_must_stay(tiny):
    with pytest.raises(ValueError, match="fraction 0.2.*two patients.*1 of NORMAL"):
        take_fraction(tiny, 0.2, seed=0)
    with pytest.raises(ValueError, match="two patients.*1 of NORMAL"):
        limit_patients(tiny, {"NORMAL": 1}, seed=0)


@pytest.mark.parametrize("fraction", [0, -0.5, 1.01, float("nan")])
def test_fractions_out_of_range(tiny, fraction):
    with pytest.raises(ValueError, match="`fractions`.*Received"):
        take_fraction(tiny, fraction, seed=0)


def test_unknown_class(tiny):
    with pytest.raises(ValueError, match="'FLU'"):
        limit_patients(tiny, {"FLU": 5}, seed=0)


def test_the_test_split_is_refused(tiny_splits):
    with pytest.raises(TestSplitError):
        take_fraction(tiny_splits.test, 0.5, seed=0)
    with pytest.raises(TestSplitError):
        limit_patients(tiny_splits.test, {"NORMAL": 2}, seed=0)
