"""Figures of a search: scores trial by trial, and hyperparameters beside the score."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from kerasmedgan.report import canvas
from kerasmedgan.tuning.result import TrialResult, hyperparameter_names
from kerasmedgan.tuning.settings import OBJECTIVES

_WIDTH = 9.0
_FEW = 6


def draw(trials: Sequence[TrialResult], objective: str) -> dict[str, Figure]:
    """Returns the figures `scores` and `hyperparameters`."""
    return {
        "scores": draw_scores({"": trials}, objective),
        "hyperparameters": draw_hyperparameters(trials, objective),
    }


def draw_scores(arms: dict[str, Sequence[TrialResult]], objective: str) -> Figure:
    """Draws each trial's score and the best so far, with a panel an arm; a cross is a failure."""
    figure = canvas.new_figure(_WIDTH, 3.4)
    panels = figure.subplots(1, len(arms), sharey=True, squeeze=False)[0]
    for axes, (arm, trials) in zip(panels, arms.items(), strict=True):
        _draw_scores(axes, trials, objective)
        axes.set_title(arm)
    if OBJECTIVES[objective] == "max":
        # Good scores crowd below 1.
        panels[0].set_yscale("logit")
        panels[0].yaxis.set_major_formatter(lambda score, _: f"{score:g}")
        panels[0].yaxis.set_minor_formatter(NullFormatter())
    panels[0].set_ylabel(objective)
    panels[-1].legend(loc="lower right")
    return figure


def _draw_scores(axes: Axes, trials: Sequence[TrialResult], objective: str) -> None:
    scores = np.array([np.nan if trial.score is None else trial.score for trial in trials])
    places = np.arange(len(scores))
    # A promotion of Hyperband goes on with the network of an earlier trial.
    promoted = np.array([trial.continues is not None for trial in trials])
    axes.scatter(places[~promoted], scores[~promoted], color=canvas.BLUE, label="new network")
    if promoted.any():
        axes.scatter(
            places[promoted],
            scores[promoted],
            color=canvas.ORANGE,
            marker="^",
            label="trained on",
        )
    best = np.fmax if OBJECTIVES[objective] == "max" else np.fmin
    axes.step(
        places, best.accumulate(scores), where="post", color=canvas.VERMILION, label="best so far"
    )
    failed = [place for place, trial in enumerate(trials) if trial.status == "FAILED"]
    for place in failed:
        axes.plot(place, 0.03, "x", color=canvas.BLACK, transform=axes.get_xaxis_transform())
    axes.set_xlabel("trial")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)


def draw_hyperparameters(trials: Sequence[TrialResult], objective: str) -> Figure:
    """Draws parallel coordinates: a line a completed trial, its colour the rank of its score."""
    done = [trial for trial in trials if trial.score is not None]
    columns = {
        name: [trial.values.get(name) for trial in done] for name in hyperparameter_names(done)
    }
    columns = {name: _places(values) for name, values in columns.items() if len(set(values)) > 1}
    figure = canvas.new_figure(_WIDTH + 2, 4.2)
    axes = figure.subplots()
    ranks = np.argsort(np.argsort([trial.score for trial in done]))
    if OBJECTIVES[objective] == "min":
        ranks = len(done) - 1 - ranks
    colours = ScalarMappable(Normalize(0, max(1, len(done) - 1)), "viridis")
    heights = np.array([heights for heights, _ in columns.values()]).reshape(-1, len(done))
    for trial in np.argsort(ranks):
        axes.plot(heights[:, trial], color=colours.to_rgba(ranks[trial]), alpha=0.8)
    for place, (_, ticks) in enumerate(columns.values()):
        axes.axvline(place, color=canvas.GUIDE_COLOUR, linewidth=0.8)
        for height, text in ticks:
            axes.text(place + 0.04, height, text, fontsize=7, va="center")
    axes.set_xticks(range(len(columns)), columns, rotation=30, ha="right")
    axes.set_yticks([])
    bar = figure.colorbar(colours, ax=axes, label=f"rank by {objective}: best on top")
    bar.set_ticks([])
    return figure


def _places(values: list) -> tuple[list[float], list[tuple[float, str]]]:
    """Returns a height in [0, 1] for each value, and what to write beside the axis.

    Few values are spread evenly in their order, many by their logarithm; a hyperparameter that a
    trial does not have is at the foot.
    """
    # 0.1 + 0.2 is not 0.3 to a computer.
    values = [float(f"{value:.6g}") if isinstance(value, float) else value for value in values]
    known = sorted({value for value in values if value is not None})
    if len(known) <= _FEW:
        places = {value: (i + 1) / len(known) for i, value in enumerate(known)}
    else:
        low, high = np.log(known[0]), np.log(known[-1])
        places = {value: 0.15 + 0.85 * (np.log(value) - low) / (high - low) for value in known}
    shown = known if len(known) <= _FEW else [known[0], known[-1]]
    ticks = [(places[v], f"{v:.3g}" if isinstance(v, float) else str(v)) for v in shown]
    if None in values:
        ticks.append((0.0, "-"))
    return [0.0 if value is None else places[value] for value in values], ticks
