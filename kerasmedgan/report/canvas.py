"""Report, canvas: what all figures share: size, panels, colours and how they are written.

Figures are objects with their own canvas; pyplot and its global state are never touched.
"""

import os
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kerasmedgan.files import atomic_path

# Okabe and Ito 2008: told apart with any colour vision.
BLUE, VERMILION, SKY, ORANGE, BLACK = "#0072B2", "#D55E00", "#56B4E9", "#E69F00", "#000000"
GREEN, PURPLE = "#009E73", "#CC79A7"
GUIDE_COLOUR = "#767676"

_DOTS_PER_INCH = 150
PANELS_IN_A_ROW = 3
_FEW_POINTS = 40


def new_figure(width: float, height: float, *, layout: str = "compressed") -> Figure:
    """Returns an empty figure of the given inches that keeps all its labels inside."""
    figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, layout=layout)
    FigureCanvasAgg(figure)
    return figure


def new_panels(count: int, side: float, legend_lines: int = 0) -> tuple[Figure, list[Axes]]:
    """Returns a figure and `count` axes of about `side` inches, wrapped into rows."""
    columns = min(count, PANELS_IN_A_ROW)
    rows = -(-count // columns)
    figure = new_figure(side * columns, side * rows + 0.25 * legend_lines)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for unused in panels[count:]:
        unused.remove()
    return figure, panels[:count]


def marker_of(points: np.ndarray) -> str:
    """Dots a short curve, since a line through one point shows nothing."""
    return "." if len(points) <= _FEW_POINTS else ""


def show_grid(axes: Axes, grid: np.ndarray) -> None:
    """Draws a uint8 image of shape `(height, width, 1 or 3)` without axes."""
    axes.imshow(grid.repeat(3, axis=-1) if grid.shape[-1] == 1 else grid)
    axes.set_axis_off()


def literal_text():
    """Returns a context in which a `$` in a class's name is no formula."""
    return matplotlib.rc_context({"text.parse_math": False})


def save_figure(path: str | os.PathLike, figure: Figure) -> None:
    """Writes a figure as PNG, atomically."""
    with atomic_path(Path(path)) as temporary:
        figure.savefig(temporary, bbox_inches="tight", pad_inches=0.1)
