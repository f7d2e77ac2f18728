"""Report of a study, numbers in words: titles of metrics, spreads, differences and intervals."""

from collections.abc import Sequence

from kerasmedgan.report.study_read import StudyRun

_TITLES = {
    "auc": "AUC",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "expected_calibration_error": "expected calibration error",
}


def metric_title(metric: str) -> str:
    """Returns a metric's name for people."""
    return _TITLES[metric]


def metric_columns(study: StudyRun) -> dict[str, str]:
    """Returns title and key of the test metrics, the primary one first.

    Sensitivity and specificity name the class that they belong to.
    """
    owners = {"sensitivity": study.positive_class, "specificity": study.negative_class}
    keys = sorted(_TITLES, key=lambda key: key != study.primary)
    return {f"{_TITLES[k]} ({owners[k]})" if k in owners else _TITLES[k]: k for k in keys}


def format_fraction(fraction: float) -> str:
    """Writes a fraction without trailing zeros."""
    return f"{fraction:g}"


def format_spread(summary: dict) -> str:
    """Writes mean and standard deviation over the seeds; one seed has no spread."""
    if len(summary["values"]) < 2 or summary["standard_deviation"] is None:
        return f"{summary['mean']:.3f}"
    return f"{summary['mean']:.3f} ± {summary['standard_deviation']:.3f}"


def format_interval(interval: Sequence[float] | None) -> str:
    """Writes an interval of a difference; none as "no interval"."""
    if interval is None or None in interval:
        return "[no interval]"
    lower, upper = interval
    return f"[{lower:+.3f}, {upper:+.3f}]"


def format_difference(difference: dict, interval: Sequence[float] | None) -> str:
    """Writes a mean difference with an interval beside it."""
    return f"{difference['mean']:+.3f} {format_interval(interval)}"


def primary_difference(study: StudyRun, fraction: float, arm: str) -> str:
    """Writes the primary metric's difference to `real`, as in "AUC +0.021"."""
    difference = study.comparison(fraction, arm)["differences"][study.primary]
    return f"{metric_title(study.primary)} {difference['mean']:+.3f}"
