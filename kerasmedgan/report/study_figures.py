"""Report of a study, figures of its results: arms over fractions, differences to `real`."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kerasmedgan.report import canvas
from kerasmedgan.report.study_metrics import format_fraction, metric_title
from kerasmedgan.report.study_read import StudyRun
from kerasmedgan.study.verdict import HELPS, HURTS

WIDTH = 8
# Colour, marker and line, by position: no two arms share a marker, `real` comes first in black.
_STYLES = (
    (canvas.BLACK, "o", "-"),
    (canvas.BLUE, "s", "--"),
    (canvas.VERMILION, "^", "-."),
    (canvas.GREEN, "D", ":"),
    (canvas.PURPLE, "v", "-"),
    (canvas.ORANGE, "P", "--"),
    (canvas.SKY, "X", "-."),
    ("#882255", "<", ":"),
    ("#999933", ">", "-"),
)
_VERDICT_COLOURS = {HELPS: canvas.BLUE, HURTS: canvas.VERMILION}
_DODGE = 0.045


def learning_curves(study: StudyRun) -> Figure:
    """Draws primary metric and accuracy of every arm over the fractions, seeds as bars."""
    metrics = list(dict.fromkeys((study.primary, "accuracy")))
    figure = canvas.new_figure(WIDTH, 0.6 + 4.1 * len(metrics) + 0.25 * len(study.arms) / 3)
    panels = figure.subplots(len(metrics), 1, sharex=True, squeeze=False)[:, 0]
    for axes, metric in zip(panels, metrics, strict=True):
        for position, arm in enumerate(study.arms):
            _draw_over_fractions(axes, study, arm, metric, position)
        axes.set_ylabel(f"{metric_title(metric)}, test split")
        axes.grid(alpha=0.3)
    _mark_fractions(panels[-1], study)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, handlelength=4)
    return figure


def arm_dots(study: StudyRun) -> Figure:
    """Draws primary metric and accuracy of every arm at the only fraction, a dot a seed."""
    metrics = list(dict.fromkeys((study.primary, "accuracy")))
    figure = canvas.new_figure(WIDTH, 1.6 + 0.42 * len(study.arms))
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        for row, arm in enumerate(study.arms):
            _draw_dots(axes, study.summary(study.fractions[0], arm)[metric], row)
        axes.set_xlabel(f"{metric_title(metric)}, test split")
        axes.grid(alpha=0.3)
        axes.margins(x=0.08)
    panels[0].set_yticks(range(len(study.arms)), study.arms)
    panels[0].set_ylim(len(study.arms) - 0.4, -0.6)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles[:2], labels[:2], loc="outside lower center", ncols=2, markerscale=0.6)
    return figure


def differences(study: StudyRun) -> Figure:
    """Draws every arm's paired difference to `real` with its corrected interval and verdict."""
    arms, count = study.compared_arms, len(study.fractions)
    figure = canvas.new_figure(WIDTH, 1.1 + count * (0.5 + 0.36 * len(arms)))
    panels = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    for axes, fraction in zip(panels, study.fractions, strict=True):
        axes.axvline(0, color=canvas.GUIDE_COLOUR, linewidth=1)
        for row, arm in enumerate(arms):
            _draw_difference(axes, study, study.comparison(fraction, arm), row)
        axes.set_yticks(range(len(arms)), arms)
        axes.set_ylim(len(arms) - 0.4, -0.6)
        axes.set_title(f"fraction {format_fraction(fraction)}")
        axes.grid(alpha=0.3, axis="x")
    panels[-1].set_xlabel(f"{metric_title(study.primary)} minus that of real, test split")
    handles, labels = panels[0].get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    figure.legend(unique.values(), unique, loc="outside lower center", ncols=3)
    return figure


def _draw_over_fractions(axes: Axes, study: StudyRun, arm: str, metric: str, position: int) -> None:
    """Draws means joined by a line; a bar from the lowest to the highest seed."""
    colour, marker, line = _STYLES[position % len(_STYLES)]
    summaries = [study.summary(fraction, arm)[metric] for fraction in study.fractions]
    means = np.array([summary["mean"] for summary in summaries])
    lowest = [min(summary["values"]) for summary in summaries]
    highest = [max(summary["values"]) for summary in summaries]
    # Side by side on the log axis, or the bars would hide one another.
    shift = np.exp(_DODGE * (position - (len(study.arms) - 1) / 2))
    axes.errorbar(
        np.array(study.fractions) * shift,
        means,
        yerr=[np.maximum(means - lowest, 0), np.maximum(highest - means, 0)],
        color=colour,
        marker=marker,
        linestyle=line,
        linewidth=1.5,
        elinewidth=1.2,
        capsize=2.5,
        label=arm,
    )


def _mark_fractions(axes: Axes, study: StudyRun) -> None:
    axes.set_xscale("log")
    axes.set_xticks(study.fractions, [format_fraction(part) for part in study.fractions])
    axes.minorticks_off()
    axes.set_xlabel("fraction of the training patients (log scale; arms set side by side)")


def _draw_dots(axes: Axes, summary: dict, row: int) -> None:
    values = summary["values"]
    # Seeds stand a little below one another, or equal values would look like one.
    axes.plot(
        values,
        row + np.linspace(-0.15, 0.15, len(values)) if len(values) > 1 else [row],
        linestyle="",
        marker="o",
        fillstyle="none",
        color=canvas.BLUE,
        label="one seed",
    )
    axes.plot(
        summary["mean"],
        row,
        linestyle="",
        marker="|",
        markersize=20,
        markeredgewidth=2.5,
        color=canvas.BLACK,
        label="mean of the seeds",
    )


def _draw_difference(axes: Axes, study: StudyRun, comparison: dict, row: int) -> None:
    difference = comparison["differences"][study.primary]
    colour = _VERDICT_COLOURS.get(comparison["verdict"], canvas.BLACK)
    interval = comparison["primary"]["corrected_interval"]
    if interval is not None:
        axes.plot(interval, [row, row], color=colour, linewidth=2, label="corrected interval")
    axes.plot(
        difference["per_seed"],
        [row + 0.24] * len(difference["per_seed"]),
        linestyle="",
        marker="o",
        markersize=4,
        fillstyle="none",
        color=canvas.GUIDE_COLOUR,
        label="one seed",
    )
    axes.plot(
        difference["mean"], row, linestyle="", marker="D", color=colour, label="mean of the seeds"
    )
    verdict = comparison["verdict"] if interval is not None else "no verdict"
    at_right = {"xycoords": ("axes fraction", "data"), "va": "center", "annotation_clip": False}
    axes.annotate(verdict, (1.02, row), color=colour, **at_right)
