import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats
from statsmodels.formula.api import ols
from statsmodels.stats.multitest import multipletests

from kerasmedgan.study.intervals import (
    correct_with_holm,
    crossed_interval,
    crossed_variance,
    describe_difference,
    holm_p_values,
    pooled_seed_variance,
    summarise,
)

SAME = {
    "mean": 0.0,
    "standard_error_seeds": 0.0,
    "standard_error_patients": 0.0,
    "degrees_of_freedom": 2,
    "p_value": 1.0,
}


def draw(generator, *, seed_noise, patient_noise):
    """Draws the differences of three seeds: each seed's own noise, and that which all share."""
    truth = seed_noise * generator.normal(size=(3, 1)) + patient_noise * generator.normal()
    return np.hstack([truth, truth + patient_noise * generator.normal(size=150)])


def entry_with(p_value, *, patients=200):
    """An entry of three seeds whose p-value is the one given."""
    parts = {"standard_error_seeds": 1.0, "standard_error_patients": 0.5}
    entry = SAME | parts | {"mean": 0.01, "p_value": p_value}
    half = crossed_interval(entry, patients=patients, level=1 - p_value)[1] - entry["mean"]
    for part in parts:
        entry[part] *= 0.01 / half
    return entry


def test_summarise():
    assert summarise(np.array([1.0, 2.0, 4.0])) == {
        "mean": pytest.approx(7 / 3),
        "standard_deviation": pytest.approx(np.sqrt(7 / 3)),
        "values": [1.0, 2.0, 4.0],
    }
    assert summarise([0.5]) == {"mean": 0.5, "standard_deviation": None, "values": [0.5]}


def test_the_seeds_part_is_a_bootstrap_over_seeds_corrected_for_few_of_them():
    resampled = np.hstack([np.array([[0.01], [0.03], [-0.02]]), np.zeros((3, 200))])
    every_draw = [np.mean(draw) for draw in itertools.product(resampled[:, 0], repeat=3)]
    seeds, patients = crossed_variance(resampled)
    assert seeds == pytest.approx(np.var(every_draw) * 3 / 2)
    assert patients == 0


def test_noise_of_one_seed_on_the_patients_is_counted_once():
    """Variances: 4 of the patients for all seeds, 9 for one seed; 36 between seeds."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(500):
        shared, own = generator.normal(0, 2, 201), generator.normal(0, 3, (3, 201))
        shared[1:] += shared[0]
        own[:, 1:] += own[:, :1]
        own += generator.normal(0, 6, (3, 1))
        found.append(sum(crossed_variance(shared + own)))
    assert np.mean(found) == pytest.approx(4 + (9 + 36) / 3, rel=0.1)


def test_the_variance_is_never_below_that_of_fixed_seeds():
    resampled = np.random.default_rng(0).normal(size=(3, 2001))
    resampled[:, 0] = 0.5
    assert sum(crossed_variance(resampled)) == pytest.approx(1 / 3, rel=0.1)


def test_with_one_source_of_noise_the_interval_is_students():
    seeds_only = np.hstack([np.array([[0.01], [0.03], [0.05]]), np.zeros((3, 200))])
    entry = describe_difference(seeds_only, patients=100, level=0.95)
    expected = stats.ttest_1samp(seeds_only[:, 0], 0)
    assert entry["p_value"] == pytest.approx(expected.pvalue)
    assert entry["interval"] == pytest.approx(list(expected.confidence_interval(0.95)))
    generator = np.random.default_rng(0)
    patients_only = 0.03 + 0.01 * np.tile(generator.normal(size=2001), (3, 1))
    patients_only[:, 0] = 0.03
    entry = describe_difference(patients_only, patients=100, level=0.95)
    error = patients_only[0, 1:].std(ddof=1)
    assert entry["standard_error"] == pytest.approx(error)
    assert entry["p_value"] == pytest.approx(2 * stats.t.sf(0.03 / error, 99))


def test_interval_covers_at_its_level_whichever_noise_is_the_larger():
    """At Holm's first step over four arms; Satterthwaite's would miss three times too often."""
    generator = np.random.default_rng(0)
    studies, error_rate = 1000, 0.05 / 4
    for seed_noise, patient_noise in ((1, 0), (1, 0.15), (1, 0.3), (1, 1), (0.1, 1)):
        missed = 0
        for _ in range(studies):
            resampled = draw(generator, seed_noise=seed_noise, patient_noise=patient_noise)
            entry = describe_difference(resampled, patients=200, level=1 - error_rate)
            missed += not entry["interval"][0] <= 0 <= entry["interval"][1]
        assert missed <= stats.binom.isf(0.01, studies, error_rate)


def test_the_pooled_variance_is_that_of_the_two_way_layout():
    values = np.random.default_rng(0).normal(size=(5, 3)) + np.arange(5)[:, None] + np.arange(3)
    table = pd.DataFrame(
        [(a, s, values[a, s]) for a in range(5) for s in range(3)], columns=["arm", "seed", "y"]
    )
    fitted = ols("y ~ C(arm) + C(seed)", table).fit()
    variance, freedom = pooled_seed_variance(values)
    assert variance == pytest.approx(2 * fitted.mse_resid)
    assert (freedom, fitted.df_resid) == (4, 8)
    # With two arms it is the variance of their differences.
    assert pooled_seed_variance(values[:2]) == (
        pytest.approx(np.var(values[1] - values[0], ddof=1)),
        2,
    )


@pytest.mark.parametrize(
    "noise",
    [(1, 1, 1, 1, 1), (1, 1, 1, 1, 3), (1, 1, 1, 2, 2), (2, 1, 1, 1, 1), (3, 1, 1, 1, 1)],
    ids=lambda noise: "real and arms " + " ".join(map(str, noise)),
)
@pytest.mark.parametrize("seeds", [3, 5])
def test_pooled_seeds_claim_at_most_their_share_however_unequal_the_noise(noise, seeds):
    """Studies without an effect, seeds alone: any arm of four claimed after Holm's correction."""
    generator, studies, claims = np.random.default_rng(0), 5000, 0
    for _ in range(studies):
        values = generator.normal(size=(5, seeds)) * np.array(noise)[:, None]
        differences = values[1:] - values[0]
        variance, freedom = pooled_seed_variance(values)
        own = np.maximum(differences.var(axis=1, ddof=1), variance)
        t = np.abs(differences.mean(axis=1)) / np.sqrt(own / seeds)
        claims += (2 * special.stdtr(freedom, -t) * 4 <= 0.05).any()
    assert claims <= stats.binom.isf(0.01, studies, 0.05)


def test_pooling_lets_three_seeds_find_four_standard_deviations():
    """Half of such arms are found; by an arm's own variance one in four would be."""
    generator, found = np.random.default_rng(0), 0
    for _ in range(200):
        values = generator.normal(size=(5, 3))
        values[4] += 4
        difference = (values[4] - values[0])[:, None]
        entry = describe_difference(
            np.hstack([difference, np.zeros((3, 50))]),
            patients=200,
            level=0.95,
            pooled=pooled_seed_variance(values),
        )
        found += entry["p_value"] * 4 <= 0.05
    assert found >= 80


def test_p_value_and_interval_agree():
    entry = describe_difference(
        draw(np.random.default_rng(3), seed_noise=0.5, patient_noise=0.5) + 1,
        patients=20,
        level=0.9,
    )
    assert entry["degrees_of_freedom"] == 2
    low, high = crossed_interval(entry, patients=20, level=1 - entry["p_value"])
    assert min(abs(low), abs(high)) == pytest.approx(0, abs=1e-9)
    assert 0 < entry["p_value"] < 1


def test_one_seed_has_a_mean_and_nothing_else():
    entry = describe_difference(np.full((1, 101), 0.02), patients=20, level=0.95)
    assert (entry.pop("mean"), entry.pop("per_seed")) == (0.02, [0.02])
    assert set(entry.values()) == {None} and {"interval", "p_value"} < set(entry)


def test_arms_that_do_not_differ_and_arms_that_always_do():
    same = describe_difference(np.zeros((3, 101)), patients=20, level=0.95)
    assert (same["interval"], same["p_value"]) == ([0, 0], 1)
    always = describe_difference(np.ones((3, 101)), patients=20, level=0.95)
    assert always["interval"] == [1, 1] and 0 < always["p_value"] < 1e-9
    corrected = correct_with_holm([same, always], patients=20, level=0.95)
    assert [one["p_holm"] <= 0.05 for one in corrected] == [False, True]


def test_holm_is_that_of_statsmodels():
    generator = np.random.default_rng(1)
    for count in (1, 2, 9):
        p_values = generator.choice([1e-9, 0.004, 0.02, 0.02, 0.3, 1.0], count)
        expected = multipletests(p_values, method="holm")[1]
        np.testing.assert_allclose(holm_p_values(p_values), expected, rtol=1e-12)


def test_holm_by_hand():
    """Sorted 0.01, 0.02, 0.022, 0.9 times 4, 3, 2, 1; the third takes over the second's 0.06."""
    entries = [entry_with(p) for p in (0.022, 0.01, 0.9, 0.02)]
    corrected = correct_with_holm(entries, patients=200, level=0.95)
    assert [one["p_holm"] for one in corrected] == pytest.approx([0.06, 0.04, 0.9, 0.06])
    steps = [0.05 / (1 - one["corrected_level"]) for one in corrected]
    assert steps == pytest.approx([0.06 / 0.022, 4, 1, 3])


@pytest.mark.slow
def test_corrected_interval_excludes_zero_exactly_when_the_corrected_p_value_says_so():
    generator = np.random.default_rng(0)
    seen = set()
    for _ in range(20):
        p_values = generator.choice([0.0003, 0.0126, 0.012, 0.02, 0.024, 0.04, 0.3, 1.0], 4)
        entries = [entry_with(p) if p < 1 else SAME for p in p_values]
        for one in correct_with_holm(entries, patients=200, level=0.95):
            low, high = one["corrected_interval"]
            excluded = low > 0 or high < 0
            assert excluded == (one["p_holm"] <= 0.05)
            seen.add(excluded)
    assert seen == {True, False}
