"""Report of a study, figures with a panel an arm or class, all at the largest fraction."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.calibration import calibration_curve

from kerasmedgan.images import make_grid
from kerasmedgan.report import canvas
from kerasmedgan.report.study_figures import WIDTH
from kerasmedgan.report.study_metrics import metric_title
from kerasmedgan.report.study_read import StudyRun, drawn_class

CALIBRATION_BINS = 10
GRID_IMAGES = 36
_GRID_COLUMNS = 6
_TITLE_CHARACTERS = 36
_LINES = (("val_", "validation", canvas.BLUE, "-"), ("", "training", canvas.VERMILION, "--"))


def training_curves(study: StudyRun, metric: str) -> Figure:
    """Draws training and validation curves of every arm: mean of the seeds, band of all."""
    rows, columns = _layout(len(study.arms))
    figure = canvas.new_figure(WIDTH, 2.3 * rows + 0.9)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    panels = _used(grid, len(study.arms))
    for axes, arm in zip(panels, study.arms, strict=True):
        _draw_training(axes, study, arm, metric)
        axes.set_title(arm)
        axes.grid(alpha=0.3)
    _label_outer(grid, len(study.arms), "optimizer updates", metric_title(metric))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def reliability(study: StudyRun) -> Figure:
    """Draws observed frequency over probability on the test split, and how many images."""
    rows, columns = _layout(len(study.arms))
    figure = canvas.new_figure(WIDTH, 3.4 * rows + 0.3)
    grid = figure.subplots(
        2 * rows,
        columns,
        sharex=True,
        sharey="row",
        squeeze=False,
        height_ratios=[3, 1] * rows,
    )
    curves, bars = _used(grid[::2], len(study.arms)), _used(grid[1::2], len(study.arms))
    for curve, bar, arm in zip(curves, bars, study.arms, strict=True):
        _draw_reliability(curve, bar, study, arm)
    _label_outer(grid[1::2], len(study.arms), "predicted probability", "images")
    for axes in grid[::2, 0]:
        axes.set_ylabel("observed share")
    return figure


def synthetic_images(study: StudyRun) -> Figure:
    """Draws the first synthetic images of each class, of the first seed; no real image."""
    drawn = study.generators(fraction=study.fractions[0], seed=study.seeds[0])
    figure = canvas.new_figure(WIDTH if len(drawn) > 1 else 6, 4.4 if len(drawn) > 1 else 6.3)
    figure.get_layout_engine().set(wspace=0.06)
    panels = figure.subplots(1, len(drawn), squeeze=False)[0]
    for axes, generator in zip(panels, drawn, strict=True):
        images = study.synthetic_images(generator, GRID_IMAGES)
        canvas.show_grid(axes, make_grid(images, columns=_GRID_COLUMNS))
        # A long name of a class would run into its neighbour's.
        name = textwrap.fill(drawn_class(generator), _TITLE_CHARACTERS)
        axes.set_title(f"{name}\nsynthetic", fontsize=10)
    return figure


def _draw_training(axes: Axes, study: StudyRun, arm: str, metric: str) -> None:
    cells = study.cells(fraction=study.fractions[0], arm=arm)
    histories = [study.history(cell) for cell in cells]
    updates = histories[0]["updates"]
    for prefix, label, colour, line in _LINES:
        values = np.stack([history[f"{prefix}{metric}"] for history in histories])
        axes.fill_between(
            updates, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.2, linewidth=0
        )
        axes.plot(
            updates,
            values.mean(axis=0),
            color=colour,
            linestyle=line,
            marker=canvas.marker_of(updates),
            label=label,
        )


def _draw_reliability(curve: Axes, bar: Axes, study: StudyRun, arm: str) -> None:
    cells = study.cells(fraction=study.fractions[0], arm=arm)
    scores = [study.test_scores(cell) for cell in cells]
    is_positive, probability = (np.concatenate(part) for part in zip(*scores, strict=True))
    observed, predicted = calibration_curve(is_positive, probability, n_bins=CALIBRATION_BINS)
    curve.plot([0, 1], [0, 1], color=canvas.GUIDE_COLOUR, linestyle=":")
    curve.plot(predicted, observed, color=canvas.BLUE, marker="o", markersize=5)
    error = study.summary(study.fractions[0], arm)["expected_calibration_error"]["mean"]
    curve.set_title(f"{arm}\ncalibration error {error:.3f}", fontsize=10)
    curve.set_ylim(-0.04, 1.04)
    curve.set_xlim(-0.04, 1.04)
    counts, edges = np.histogram(probability, bins=CALIBRATION_BINS, range=(0, 1))
    bar.bar(edges[:-1], counts, width=np.diff(edges), align="edge", color=canvas.SKY, edgecolor="w")
    for axes in (curve, bar):
        axes.grid(alpha=0.3)


def _layout(count: int) -> tuple[int, int]:
    """Returns rows and columns of a panel an arm."""
    columns = min(count, canvas.PANELS_IN_A_ROW)
    return -(-count // columns), columns


def _used(grid: np.ndarray, count: int) -> list[Axes]:
    """Returns the first `count` axes and empties the others."""
    panels = list(grid.flat)
    for axes in panels[count:]:
        axes.set_visible(False)
    return panels[:count]


def _label_outer(grid: np.ndarray, count: int, below: str, left: str) -> None:
    """Labels the left column, and each column's lowest panel in use."""
    columns = grid.shape[1]
    for axes in grid[:, 0]:
        axes.set_ylabel(left)
    for axes in list(grid.flat)[max(count - columns, 0) : count]:
        axes.set_xlabel(below)
        axes.xaxis.set_tick_params(labelbottom=True)
