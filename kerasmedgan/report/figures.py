"""Report, figures: a run becomes Matplotlib figures, one function a figure."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.images import make_grid
from kerasmedgan.report import canvas
from kerasmedgan.report.canvas import GUIDE_COLOUR, PANELS_IN_A_ROW
from kerasmedgan.report.read import Run

# Arms and networks share no colour.
_ARM_COLOURS = (canvas.BLUE, canvas.VERMILION, canvas.SKY, canvas.ORANGE, canvas.BLACK)
_GENERATOR_COLOUR, _DISCRIMINATOR_COLOUR = canvas.GREEN, canvas.PURPLE

_GRID_PIXELS = 512


def accuracy_curves(run: Run) -> Figure:
    """Draws training and validation accuracy of every arm in one plot."""
    return _classifier_curves(run, "accuracy", "accuracy (share of images)")


def auc_curves(run: Run) -> Figure:
    """Draws training and validation AUC of every arm in one plot."""
    return _classifier_curves(run, "auc", "AUC (area under the ROC curve)")


def gan_losses(run: Run) -> Figure:
    """Draws both losses and, below, how often the discriminator was right."""
    history = run.gan_history()
    figure = canvas.new_figure(8, 7)
    top, bottom = figure.subplots(2, 1, sharex=True)
    for axes, columns in ((top, _LOSS_LINES), (bottom, _ACCURACY_LINES)):
        for column, label, colour in columns:
            marker = canvas.marker_of(history["epoch"])
            axes.plot(history["epoch"], history[column], color=colour, label=label, marker=marker)
        axes.legend()
        axes.grid(alpha=0.3)
    bottom.axhline(0.5, color=GUIDE_COLOUR, linestyle=":")
    bottom.set_ylim(-0.02, 1.02)
    top.set_ylabel("loss (mean of an epoch)")
    bottom.set_ylabel("discriminator accuracy\n(share of images)")
    bottom.set_xlabel("epoch")
    top.set_title(f"GAN of class {run.results['gan']['class']}")
    return figure


def real_beside_synthetic(run: Run, real: LabeledImages) -> Figure:
    """Draws 8 rows of 4 real images on the left and as many synthetic ones on the right."""
    count, columns = 32, 4
    rows = np.unique(np.linspace(0, len(real) - 1, count).round().astype(int))
    figure = canvas.new_figure(9, 9)
    sides = figure.subplots(1, 2)
    images = (real.images[rows], run.synthetic_images(count))
    for axes, title, part in zip(sides, ("real", "synthetic"), images, strict=True):
        canvas.show_grid(axes, make_grid(part, columns=columns))
        axes.set_title(f"{title} ({run.results['gan']['class']})")
    return figure


def synthetic_grid(run: Run) -> np.ndarray:
    """Lays the first 64 synthetic images out, 8 in a row.

    Returns:
        uint8 array, shape `(grid_height, grid_width, 3)`, small images enlarged by whole pixels.
    """
    grid = make_grid(run.synthetic_images(64), columns=8)
    factor = -(-_GRID_PIXELS // grid.shape[1])
    return grid.repeat(factor, axis=0).repeat(factor, axis=1)


def roc_curves(run: Run) -> Figure:
    """Draws the test ROC curve of each arm: of the positive class, or else one panel a class."""
    classes = [run.positive_class] if run.positive_class else run.class_names
    side = 5.5 if run.positive_class else 4.2
    figure, panels = canvas.new_panels(len(classes), side, legend_lines=1 + len(run.arms))
    for axes, name in zip(panels, classes, strict=True):
        axes.plot([0, 1], [0, 1], color=GUIDE_COLOUR, linestyle=":", label="chance")
        for arm in run.arms:
            _draw_roc(axes, run, arm, name)
        axes.set_aspect("equal")
        axes.grid(alpha=0.3)
        axes.set_title(f"{name}, test split")
        axes.set_xlabel("1 - specificity (share of other images)")
        axes.set_ylabel(f"sensitivity (share of {name} images)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", borderaxespad=0)
    return figure


def confusion_matrices(run: Run) -> Figure:
    """Draws the test confusion matrix of each arm: counts and shares of the true class."""
    figure, panels = canvas.new_panels(len(run.arms), max(4.2, 1.1 * len(run.class_names) + 1.6))
    for axes, (name, arm) in zip(panels, run.arms.items(), strict=True):
        _draw_confusion(axes, np.array(arm["test"]["confusion_matrix"]), run.class_names)
        rule = "by the largest probability"
        if run.positive_class:
            rule = f"threshold {arm['test']['threshold']:.3f}, chosen on validation"
        axes.set_title(f"{name}, test split\n{rule}")
    return figure


_LOSS_LINES = (
    ("generator_loss", "generator", _GENERATOR_COLOUR),
    ("discriminator_loss", "discriminator", _DISCRIMINATOR_COLOUR),
)
_ACCURACY_LINES = (
    ("real_accuracy", "real images judged real", _DISCRIMINATOR_COLOUR),
    ("synthetic_accuracy", "synthetic images judged synthetic", _GENERATOR_COLOUR),
)


def _classifier_curves(run: Run, metric: str, label: str) -> Figure:
    figure = canvas.new_figure(8, 5.5)
    axes = figure.subplots()
    for position, (name, arm) in enumerate(run.arms.items()):
        history, colour = run.classifier_history(name), _arm_colour(position)
        updates, validation = history["updates"], history[f"val_{metric}"]
        marker = canvas.marker_of(updates)
        axes.plot(updates, validation, color=colour, marker=marker, label=f"{name}, validation")
        axes.plot(
            updates,
            history[metric],
            color=colour,
            linestyle="--",
            alpha=0.75,
            label=f"{name}, training",
        )
        kept = arm["best_epoch"] - 1
        axes.plot(
            updates[kept],
            validation[kept],
            color=colour,
            linestyle="",
            marker="o",
            markersize=11,
            fillstyle="none",
            markeredgewidth=2,
            label=f"{name}, weights kept",
        )
    axes.set_xlabel("optimizer updates")
    axes.set_ylabel(label)
    axes.grid(alpha=0.3)
    columns = len(run.arms) if len(run.arms) <= PANELS_IN_A_ROW else 2
    figure.legend(loc="outside lower center", ncols=columns)
    return figure


def _draw_roc(axes: Axes, run: Run, arm: str, class_name: str) -> None:
    """Draws one curve and, with two classes, the point that the classifier works at."""
    metrics, colour = run.arms[arm]["test"], _arm_colour(list(run.arms).index(arm))
    labels, probabilities = run.test_scores(arm)
    scores = probabilities[:, run.class_names.index(class_name)]
    false_positive, true_positive, _ = roc_curve(labels == class_name, scores)
    if not run.positive_class:
        label = f"{arm}: macro AUC {metrics['auc']:.3f}"
        axes.plot(false_positive, true_positive, color=colour, label=label)
        return
    axes.plot(false_positive, true_positive, color=colour)
    threshold = f"threshold {metrics['threshold']:.3f}, chosen on validation"
    label = f"{arm}: AUC {metrics['auc']:.3f}; dot: {threshold}"
    # A line of one point draws its dot alone, and line and dot in the legend.
    point = [1 - metrics["specificity"]], [metrics["sensitivity"]]
    axes.plot(*point, color=colour, marker="o", markersize=9, label=label)


def _draw_confusion(axes: Axes, counts: np.ndarray, class_names: list[str]) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        share = shares[row, column]
        colour = "white" if share > 0.6 else "black"
        text = f"{count}\n{100 * share:.1f} %"
        axes.text(column, row, text, ha="center", va="center", color=colour)
    ticks, tilt = range(len(class_names)), {"rotation": 30, "ha": "right"}
    axes.set_xticks(ticks, class_names, **(tilt if len(class_names) > 2 else {}))
    axes.set_yticks(ticks, class_names)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class (100 % a row)")


def _arm_colour(position: int) -> str:
    return _ARM_COLOURS[position % len(_ARM_COLOURS)]
