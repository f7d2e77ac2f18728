"""The intervals of more seeds: against SciPy's, and in simulated comparisons without a gain."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

FOLDER = str(Path(__file__).parents[1] / "benchmarks")


@pytest.fixture(scope="module")
def compare():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        import tuned_again

        yield tuned_again.compare


def test_without_overlap_both_are_the_paired_t_test(compare):
    tuned, untuned = np.random.default_rng(0).normal((0.99, 0.98), 0.01, (12, 2)).T
    found = compare(list(tuned), list(untuned), share=0.0)
    expected = stats.ttest_rel(tuned, untuned)
    for prefix in ("", "corrected_"):
        assert found[f"{prefix}interval"] == pytest.approx(expected.confidence_interval(0.95))
        assert found[f"{prefix}p_value"] == pytest.approx(expected.pvalue)
    assert found["mean"] == pytest.approx(np.mean(tuned - untuned))
    assert found["above"] == np.sum(tuned > untuned)


def test_the_corrected_interval_covers_where_seeds_share_patients(compare):
    """Each seed sees a tenth of the patients; no network is better on patients in general."""
    draw = np.random.default_rng(1)
    studies, seeds, patients, share = 400, 20, 300, 0.1
    covered = {"interval": 0, "corrected_interval": 0}
    for _ in range(studies):
        gain_of_patient = draw.normal(size=patients)
        gains = [
            gain_of_patient[draw.permutation(patients)[: int(share * patients)]].mean()
            for _ in range(seeds)
        ]
        found = compare(gains, [0.0] * seeds, share=share)
        for name in covered:
            low, high = found[name]
            covered[name] += low < 0 < high
    assert covered["corrected_interval"] / studies == pytest.approx(0.95, abs=0.03)
    assert covered["interval"] / studies < 0.85
