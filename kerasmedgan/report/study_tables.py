"""Report of a study, tables: metrics and comparisons at one fraction become Markdown."""

from kerasmedgan.report.study_metrics import (
    format_difference,
    format_fraction,
    format_interval,
    format_spread,
    metric_columns,
    metric_title,
)
from kerasmedgan.report.study_read import StudyRun
from kerasmedgan.report.tables import escape, format_list, format_p_value, format_table
from kerasmedgan.study import REAL


def format_fraction_results(study: StudyRun, fraction: float) -> str:
    """Writes the section of one fraction: metrics, threshold against ranking, McNemar."""
    compared = study.compared_arms
    sections = [
        f"### Fraction {format_fraction(fraction)}",
        f"Test split, mean ± standard deviation over {_seeds(study)}; decisions at the threshold "
        "that each classifier chose on validation.",
        _metrics_table(study, fraction),
    ]
    if compared:
        sections += [
            _levels(study, fraction),
            format_list(
                f"`{arm}`: {escape(study.comparison(fraction, arm)['reason'])}" for arm in compared
            ),
            "A moved threshold changes accuracy without telling the classes apart any better. What "
            "is left when both arms are cut at the specificity of `real`, a cut that is found on "
            "the test images: it explains a difference, nobody could have chosen it before.",
            _threshold_table(study, fraction),
            "Exact McNemar test on the test images' decisions: how many only the arm and only "
            "`real` got right. Each is of one seed and takes images as independent, also those of "
            "one patient; it decides nothing.",
            _mcnemar_table(study, fraction),
        ]
    return "\n\n".join(sections)


def _metrics_table(study: StudyRun, fraction: float) -> str:
    columns = metric_columns(study)
    title = metric_title(study.primary)
    header = ["arm", *columns, f"{title} minus `{REAL}` [corrected interval]", "p (Holm)"]
    rows = []
    for arm in study.arms:
        summary = study.summary(fraction, arm)
        row = [f"`{arm}`", *(format_spread(summary[key]) for key in columns.values())]
        rows.append([*row, *_comparison_columns(study, fraction, arm)])
    return format_table([*header, "verdict"], rows)


def _comparison_columns(study: StudyRun, fraction: float, arm: str) -> list[str]:
    if arm == REAL:
        return ["-", "-", "compared with"]
    comparison = study.comparison(fraction, arm)
    primary = comparison["primary"]
    difference = comparison["differences"][study.primary]
    return [
        format_difference(difference, primary["corrected_interval"]),
        format_p_value(primary["p_holm"]),
        comparison["verdict"],
    ]


def _levels(study: StudyRun, fraction: float) -> str:
    """Says at what level the intervals of the table hold."""
    primaries = [study.comparison(fraction, arm)["primary"] for arm in study.compared_arms]
    levels = sorted(
        {
            f"{primary['corrected_level']:.4g}"
            for primary in primaries
            if primary["corrected_level"] is not None
        }
    )
    if not levels:
        return "One seed gives no interval."
    span = f"level {levels[0]}"
    if len(levels) > 1:
        span = f"levels from {levels[0]} to {levels[-1]}"
    return (
        f"The intervals of the differences are at {span}: {study.results['level']:g}, corrected "
        "for the number of arms."
    )


def _threshold_table(study: StudyRun, fraction: float) -> str:
    header = [
        "arm",
        "thresholds, seed by seed",
        "accuracy gain",
        "accuracy gain at matched specificity",
        "specificity of `real`, seed by seed",
        "sensitivity difference there [interval]",
    ]
    rows = []
    for arm in study.arms:
        row = [f"`{arm}`", _values(_thresholds(study, fraction, arm))]
        if arm == REAL:
            rows.append([*row, "-", "-", "-", "-"])
            continue
        matched = study.comparison(fraction, arm)["matched"]
        gains = (matched["accuracy_gain"], matched["accuracy_gain_at_matched_specificity"])
        difference = matched["sensitivity_difference"]
        rows.append(
            [
                *row,
                *(f"{gain:+.3f}" for gain in gains),
                _values(matched["specificity"]),
                f"{difference['mean']:+.3f} {format_interval(difference['interval'])}",
            ]
        )
    return format_table(header, rows)


def _mcnemar_table(study: StudyRun, fraction: float) -> str:
    header = ["arm", *(f"seed {seed}: only arm / only `{REAL}`, p (Holm)" for seed in study.seeds)]
    rows = []
    for arm in study.compared_arms:
        tests = study.comparison(fraction, arm)["mcnemar"]
        rows.append([f"`{arm}`", *(_mcnemar(test) for test in tests)])
    return format_table(header, rows)


def _mcnemar(test: dict) -> str:
    counts = f"{test['only_arm_right']} / {test['only_real_right']}"
    return f"{counts}, {format_p_value(test['p_value'])} ({format_p_value(test['p_holm'])})"


def _thresholds(study: StudyRun, fraction: float, arm: str) -> list[float]:
    return [cell["test"]["threshold"] for cell in study.cells(fraction=fraction, arm=arm)]


def _values(values: list[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def _seeds(study: StudyRun) -> str:
    count = len(study.seeds)
    return f"{count} seeds" if count > 1 else "one seed, which has no deviation"
