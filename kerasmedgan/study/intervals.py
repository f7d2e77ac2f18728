"""Stage 6, study: per-seed differences and their resamples enter, tests and intervals leave.

Seeds and test patients are crossed: every seed's classifiers see the same test patients. That is
the design of a multi-reader multi-case study, with seeds for readers and patients for cases.
"""

from collections.abc import Sequence

import numpy as np
from scipy import optimize, special, stats

_SMALLEST_P_VALUE = 1e-300


def summarise(values: Sequence[float]) -> dict:
    """Returns `mean`, `standard_deviation` and `values`, JSON-ready.

    The standard deviation is that of a sample (n - 1); `None` with one value.
    """
    values = [float(value) for value in values]
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "standard_deviation": deviation, "values": values}


def crossed_variance(resampled: np.ndarray, *, least: float = 0.0) -> tuple[float, float]:
    """Estimates the variance of a mean difference over seeds and over test patients.

    With n seeds it is the sum of two parts, S^2 / n and C.

    S^2 is the sample variance of the per-seed differences. S^2 / n is the bootstrap over seeds,
    which needs no drawing: the mean of n seeds drawn with replacement has the variance
    S^2 (n - 1) / n^2, here multiplied by n / (n - 1), without which three seeds fall short by a
    third.

    C is the covariance, over resamples of the patients, of two seeds' differences: the luck that
    all seeds share because they are tested on the same patients; at least 0. The luck of one
    seed on these patients is in S^2 already: resampling both at once would count it three times.
    C is raised where the sum would fall below the variance over patients with the seeds held
    fixed.

    Sources: Obuchowski and Rockette 1995, Communications in Statistics - Simulation and
    Computation 24(2), 285-308, and Hillis 2014, Statistics in Medicine 33(2), 330-360 (the two
    parts); Owen 2007, Annals of Applied Statistics 1(2), 386-411 (resampling both at once).

    Args:
        resampled: float64 array, shape `(seeds, 1 + resamples)`: the differences; column 0 is
            the test split as it is. Two or more seeds.
        least: S^2 is taken for no less than this, as from `pooled_seed_variance`.

    Returns:
        The seeds' part and the patients' part.
    """
    count = len(resampled)
    seeds = max(float(np.var(resampled[:, 0], ddof=1)), least) / count
    covariance = np.cov(resampled[:, 1:])
    fixed_seeds = float(covariance.mean())
    shared = float(covariance.sum() - np.trace(covariance)) / (count * (count - 1))
    return seeds, max(shared, 0.0, fixed_seeds - seeds)


def pooled_seed_variance(values: np.ndarray) -> tuple[float, float]:
    """Estimates the variance between seeds of a paired difference from all arms together.

    Two or three seeds of one arm say little of its noise; all arms together say more. It is twice
    the error of the two-way layout of arms and seeds (randomized blocks), on which Dunnett's
    comparisons with a control rest. Its (arms - 1) (seeds - 1) degrees of freedom hold for arms
    that are equally noisy. They need not be, so half of them are counted: with one arm, or `real`,
    two or three times as noisy as the others, simulated studies without an effect then still claim
    one less often than the level allows (`tests/test_intervals.py`).
    Sources: Dunnett 1955, Journal of the American Statistical Association 50, 1096-1121; Box 1954,
    Annals of Mathematical Statistics 25(3), 484-498 (unequal noise costs degrees of freedom).

    Args:
        values: float64 array, shape `(arms, seeds)`: one metric of every arm, `real` among them;
            two arms and two seeds or more.

    Returns:
        The variance of one seed's difference of two arms, and its degrees of freedom; with two
        arms these are the sample variance of the differences and seeds - 1.
    """
    arms, seeds = values.shape
    of_arm, of_seed = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    residuals = values - of_arm - of_seed + values.mean()
    freedom = (arms - 1) * (seeds - 1)
    return 2 * float(np.sum(residuals**2)) / freedom, max(freedom / 2, seeds - 1)


def describe_difference(
    resampled: np.ndarray,
    *,
    patients: int,
    level: float,
    pooled: tuple[float, float] | None = None,
) -> dict:
    """Tests a paired difference against 0.

    Args:
        resampled: as in `crossed_variance`; with one seed only its mean can be described.
        patients: the number of patients that the patients' part rests on, two or more.
        level: of the interval, in (0, 1).
        pooled: as from `pooled_seed_variance`. The seeds' part rests on it, or on this arm's own
            variance where that is the larger. `None` leaves the arm's own, with seeds - 1 degrees
            of freedom.

    Returns:
        `mean`, `per_seed`; `standard_error` and its two parts `standard_error_seeds` and
        `standard_error_patients`; `degrees_of_freedom` (of the seeds' part);
        `interval` (two numbers, see `crossed_interval`) and `p_value` (two-sided: 1 - the
        highest level at which the interval excludes 0). JSON-ready; all but the first two are
        `None` with one seed.
    """
    per_seed = [float(value) for value in resampled[:, 0]]
    entry = {"mean": float(np.mean(per_seed)), "per_seed": per_seed}
    if len(per_seed) < 2:
        names = ("standard_error", "standard_error_seeds", "standard_error_patients")
        return entry | dict.fromkeys((*names, "degrees_of_freedom", "interval", "p_value"))
    variance, freedom = pooled or (0.0, len(per_seed) - 1)
    seeds_part, patients_part = crossed_variance(resampled, least=variance)
    entry["standard_error"] = float(np.sqrt(seeds_part + patients_part))
    entry["standard_error_seeds"] = float(np.sqrt(seeds_part))
    entry["standard_error_patients"] = float(np.sqrt(patients_part))
    entry["degrees_of_freedom"] = float(freedom)
    entry["interval"] = crossed_interval(entry, patients=patients, level=level)
    entry["p_value"] = _p_value(entry, patients)
    return entry


def crossed_interval(entry: dict, *, patients: int, level: float) -> list[float]:
    """Returns the two ends of an interval for a mean difference, symmetric about it.

    Each part of the variance is multiplied by the square of its own Student quantile, with the
    seeds' degrees of freedom and `patients` - 1; the half width is the root of the sum. It
    covers at least at its level, whichever part is the larger, since the distribution function of
    a squared normal variable is concave. Satterthwaite's degrees of freedom for the sum do not:
    with three seeds whose differences are alike by chance they call the error well known, and at
    Holm's first step over four arms they err up to three times as often as they say.
    Source: Banerjee 1960, Sankhya 22, 357-358.

    Args:
        entry: of `describe_difference`, for two or more seeds.
        patients: as in `describe_difference`.
        level: in (0, 1).
    """
    half = _half_width(entry, patients, 1 - level)
    return [entry["mean"] - half, entry["mean"] + half]


def holm_p_values(p_values: np.ndarray) -> np.ndarray:
    """Returns the corrected p-values of Holm's step-down, at most 1, in the order given.

    They are statsmodels', whose function makes a full garbage collection each time: seconds in a
    process that holds networks.
    Source: Holm 1979, Scandinavian Journal of Statistics 6(2), 65-70.

    Args:
        p_values: float64 array, shape `(tests,)`.
    """
    order = np.argsort(p_values, kind="stable")
    steps = np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(np.maximum.accumulate(steps * p_values[order]), 1)
    return corrected


def correct_with_holm(entries: Sequence[dict], *, patients: int, level: float) -> list[dict]:
    """Corrects the tests of several arms for their number.

    Holm's step-down: the arm with the k-th smallest of m p-values has it multiplied by
    m - k + 1, and no arm's corrected p-value is below that of an arm before it. The corrected
    interval is at the level of that step, 1 - (1 - `level`) / (m - k + 1), so the order of the
    p-values chooses each arm's level. Where an arm took over the p-value of one before it, its
    level rises in the same proportion. So an interval excludes 0 exactly when the corrected
    p-value is at most 1 - `level`. It is Holm's test drawn as an interval: of all intervals
    together it does not promise that they cover all true differences.
    Source: Holm 1979, Scandinavian Journal of Statistics 6(2), 65-70.

    Args:
        entries: one an arm, as returned by `describe_difference` for two or more seeds.
        patients: as in `describe_difference`.
        level: of the family of arms, in (0, 1).

    Returns:
        `p_holm`, `corrected_interval` and `corrected_level` of each arm, JSON-ready.
    """
    p_values = np.array([entry["p_value"] for entry in entries])
    p_holm = holm_p_values(p_values)
    steps = len(p_values) - stats.rankdata(p_values, method="ordinal") + 1.0
    levels = 1 - (1 - level) / np.maximum(steps, p_holm / p_values)
    return [
        {
            "p_holm": float(p),
            "corrected_interval": crossed_interval(entry, patients=patients, level=float(raised)),
            "corrected_level": float(raised),
        }
        for entry, p, raised in zip(entries, p_holm, levels, strict=True)
    ]


def _half_width(entry: dict, patients: int, error_rate: float) -> float:
    # Student's quantile function itself: `stats.t.isf` is this within a hundred times as long.
    freedom = np.array([entry["degrees_of_freedom"], patients - 1.0])
    parts = (entry["standard_error_seeds"], entry["standard_error_patients"])
    return float(np.hypot(*(special.stdtrit(freedom, error_rate / 2) * parts)))


def _p_value(entry: dict, patients: int) -> float:
    """Finds the error rate whose half width is the distance of the mean from 0."""
    if entry["mean"] == 0:
        return 1.0

    def excess(logarithm: float) -> float:
        return _half_width(entry, patients, np.exp(logarithm)) - abs(entry["mean"])

    lowest = np.log(_SMALLEST_P_VALUE)
    if excess(lowest) <= 0:
        return _SMALLEST_P_VALUE
    return float(np.exp(optimize.brentq(excess, lowest, 0.0)))
