"""Stage 6, study: the test scores of all arms enter, each arm's comparison with real leaves."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from statsmodels.stats.contingency_tables import mcnemar

from kerasmedgan.study.arm_scores import ArmScores, check_arms, check_test_split
from kerasmedgan.study.bootstrap import (
    METRICS,
    Resamples,
    metrics_at_specificity,
    resample_patients,
    resampled_metrics,
)
from kerasmedgan.study.intervals import (
    correct_with_holm,
    describe_difference,
    holm_p_values,
    pooled_seed_variance,
    summarise,
)
from kerasmedgan.study.verdict import decide

__all__ = ["METRICS", "ArmScores", "compare_arms", "exact_mcnemar", "summarise"]

_MATCHED_SENSITIVITY = "sensitivity at matched specificity"


@dataclasses.dataclass(frozen=True)
class _Resampled:
    """An arm's metrics, at its own thresholds and at the specificity of the reference arm.

    Each array has shape `(seeds, 1 + resamples)`; column 0 is the test split as it is.
    """

    own: dict[str, np.ndarray]
    matched: dict[str, np.ndarray]


def compare_arms(
    arms: Mapping[str, ArmScores],
    *,
    is_positive: np.ndarray,
    groups: np.ndarray,
    reference: str = "real",
    primary_metric: str = "auc",
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, dict]:
    """Compares every arm with the reference: same seed, same test image.

    The intervals are over seeds, whose noise all arms tell of together (`pooled_seed_variance`),
    and over test patients (`crossed_variance`, `crossed_interval`), corrected for the number of
    arms (`correct_with_holm`). They say what other seeds and other test patients would give.

    Args:
        arms: each arm's test scores, the reference among them.
        is_positive: bool array, shape `(images,)`.
        groups: str array, shape `(images,)`: the patient of each image.
        reference: the arm that the others are compared with.
        primary_metric: one of `METRICS`, named before the run: the verdict rests on it.
        level: of the intervals, and of the family of arms.
        resamples: how many resamples of the patients to draw.
        seed: seed of the resamples.

    Returns:
        For each arm but the reference, JSON-ready:
        `differences`: of each of `METRICS`, as in `describe_difference`;
        `primary`: `metric`, `p_holm`, `corrected_interval`, `corrected_level`, the last three
        `None` with one seed;
        `mcnemar`: one entry a seed, as in `exact_mcnemar`;
        `matched`: what remains if the arm's thresholds are moved until its specificity on the
        test images is that of the reference at its own threshold: `specificity` (of the
        reference, one a seed), `sensitivity_difference` (as in `describe_difference`),
        `accuracy_gain` (at own thresholds) and `accuracy_gain_at_matched_specificity`. It tells
        better ranking from a shifted threshold; it only describes and chooses nothing. Both
        arms take the lowest threshold at which the specificity is not below, so that two arms
        which rank alike differ by exactly 0;
        `verdict` and `reason`: as in `decide`.

    Raises:
        ValueError: if the metric, the reference, the level, the number of resamples, a shape, a
            score, a threshold, the classes or the patients cannot be used.
    """
    is_positive, groups = np.asarray(is_positive), np.asarray(groups)
    _check_options(primary_metric, level, resamples)
    check_test_split(is_positive, groups)
    check_arms(arms, reference=reference, images=len(is_positive))
    drawn = resample_patients(is_positive, groups, resamples=resamples, seed=seed)
    real = _resample(arms[reference], None, is_positive, drawn)
    others = {
        name: _resample(arm, real, is_positive, drawn)
        for name, arm in arms.items()
        if name != reference
    }
    pooled = _pool_seeds([real, *others.values()])
    entries = {
        name: _compare(arm, real, pooled, patients=drawn.patients, level=level)
        for name, arm in others.items()
    }
    _add_primary(entries, primary_metric, drawn.patients, level)
    _add_mcnemar(entries, arms, reference, is_positive)
    for entry in entries.values():
        entry["verdict"], entry["reason"] = decide(entry, primary_metric=primary_metric)
    return entries


def exact_mcnemar(
    arms: Mapping[str, np.ndarray], reference: np.ndarray, is_positive: np.ndarray
) -> dict[str, dict]:
    """Tests each arm's decisions against the reference's, for one seed.

    It counts the images that only one of the two gets right, and corrects over arms with Holm.
    It says nothing of other seeds, and takes images as independent, which several images of one
    patient are not. It stands beside the verdict and has no part in it.
    Sources: McNemar 1947, Psychometrika 12(2), 153-157; Holm 1979, Scandinavian Journal of
    Statistics 6(2), 65-70.

    Args:
        arms: each arm's decisions: bool array, shape `(images,)`; one arm or more.
        reference: the same of the reference arm.
        is_positive: bool array, shape `(images,)`.

    Returns:
        For each arm `only_arm_right`, `only_real_right`, `p_value` and `p_holm`, JSON-ready.
    """
    entries = {}
    for name, decisions in arms.items():
        right, reference_right = decisions == is_positive, reference == is_positive
        gained, lost = int((right & ~reference_right).sum()), int((~right & reference_right).sum())
        table = [[int((right & reference_right).sum()), gained]]
        table.append([lost, int((~right & ~reference_right).sum())])
        entries[name] = {
            "only_arm_right": gained,
            "only_real_right": lost,
            "p_value": float(mcnemar(table, exact=True).pvalue),
        }
    corrected = holm_p_values(np.array([entry["p_value"] for entry in entries.values()]))
    for entry, p in zip(entries.values(), corrected, strict=True):
        entry["p_holm"] = float(p)
    return entries


def _check_options(primary_metric: str, level: float, resamples: int) -> None:
    if primary_metric not in METRICS:
        raise ValueError(
            f"Invalid value for `primary_metric`. Expected one of {METRICS}. Received: "
            f"{primary_metric!r}. Name it before the run."
        )
    if not 0 < level < 1:
        raise ValueError(
            f"Invalid value for `level`. Expected a number in (0, 1). Received: {level}. Use 0.95."
        )
    if resamples < 100:
        raise ValueError(
            "Invalid value for `resamples`. Expected an integer >= 100. Received: "
            f"{resamples}. Use 2000."
        )


def _resample(
    arm: ArmScores, real: _Resampled | None, is_positive: np.ndarray, drawn: Resamples
) -> _Resampled:
    """Computes one arm's metrics on all resamples; the reference is matched with itself."""
    fixed = {"is_positive": is_positive, "resamples": drawn}
    own = _stack(
        resampled_metrics(scores, threshold, **fixed)
        for scores, threshold in zip(arm.scores, arm.thresholds, strict=True)
    )
    specificity = (real.own if real else own)["specificity"]
    matched = _stack(
        metrics_at_specificity(scores, target, **fixed)
        for scores, target in zip(arm.scores, specificity, strict=True)
    )
    return _Resampled(own, matched)


def _stack(per_seed) -> dict[str, np.ndarray]:
    per_seed = list(per_seed)
    return {name: np.stack([seed[name] for seed in per_seed]) for name in per_seed[0]}


def _pool_seeds(arms: list[_Resampled]) -> dict[str, tuple[float, float] | None]:
    """Returns each metric's `pooled_seed_variance` over the arms; `None` with one seed or arm."""
    columns = {name: [arm.own[name][:, 0] for arm in arms] for name in METRICS}
    columns[_MATCHED_SENSITIVITY] = [arm.matched["sensitivity"][:, 0] for arm in arms]
    if len(arms) < 2 or len(columns["auc"][0]) < 2:
        return dict.fromkeys(columns)
    return {name: pooled_seed_variance(np.stack(values)) for name, values in columns.items()}


def _compare(
    arm: _Resampled,
    real: _Resampled,
    pooled: dict[str, tuple[float, float] | None],
    **settings,
) -> dict:
    differences = {
        name: describe_difference(arm.own[name] - real.own[name], pooled=pooled[name], **settings)
        for name in METRICS
    }
    gain = arm.matched["accuracy"] - real.matched["accuracy"]
    return {
        "differences": differences,
        "matched": {
            "specificity": real.own["specificity"][:, 0].tolist(),
            "sensitivity_difference": describe_difference(
                arm.matched["sensitivity"] - real.matched["sensitivity"],
                pooled=pooled[_MATCHED_SENSITIVITY],
                **settings,
            ),
            "accuracy_gain": differences["accuracy"]["mean"],
            "accuracy_gain_at_matched_specificity": float(gain[:, 0].mean()),
        },
    }


def _add_primary(entries: dict[str, dict], metric: str, patients: int, level: float) -> None:
    tested = [entry["differences"][metric] for entry in entries.values()]
    nothing = dict.fromkeys(("p_holm", "corrected_interval", "corrected_level"))
    corrected = [nothing] * len(tested)
    if tested and tested[0]["p_value"] is not None:
        corrected = correct_with_holm(tested, patients=patients, level=level)
    for entry, primary in zip(entries.values(), corrected, strict=True):
        entry["primary"] = {"metric": metric, **primary}


def _add_mcnemar(
    entries: dict[str, dict],
    arms: Mapping[str, ArmScores],
    reference: str,
    is_positive: np.ndarray,
) -> None:
    decisions = {name: arm.decisions() for name, arm in arms.items()}
    for entry in entries.values():
        entry["mcnemar"] = []
    for seed, real in enumerate(decisions[reference] if entries else ()):
        others = {name: decisions[name][seed] for name in entries}
        for name, test in exact_mcnemar(others, real, is_positive).items():
            entries[name]["mcnemar"].append(test)
