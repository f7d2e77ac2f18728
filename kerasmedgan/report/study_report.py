"""Report of a study, writing: its run folder enters; figures/*.png and report.md are added."""

import os
from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from kerasmedgan.files import atomic_path
from kerasmedgan.report import study_figures, study_panels
from kerasmedgan.report.canvas import literal_text, save_figure
from kerasmedgan.report.study_markdown import format_study_report
from kerasmedgan.report.study_read import StudyRun, read_study
from kerasmedgan.report.write import FIGURES, REPORT


def write_study_report(run: str | os.PathLike) -> Path:
    """Writes the figures and the report of a finished study into its folder.

    An older report is replaced. No figure shows a real image.

    Args:
        run: the run folder, with `results.json`.

    Returns:
        The path of `report.md`.

    Raises:
        FileNotFoundError: if the folder has no `results.json` or lacks a file that it names.
        ValueError: if it is not the folder of a study, or its synthetic images stand elsewhere.
    """
    study = read_study(run)
    text = format_study_report(study, list(drawings := _drawings(study)))
    with literal_text():
        for name, draw in drawings.items():
            save_figure(study.directory / FIGURES / name, draw(study))
    path = study.directory / REPORT
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    for name in _DRAWINGS.keys() - drawings.keys():
        (study.directory / FIGURES / name).unlink(missing_ok=True)
    return path


def _accuracy_curves(study: StudyRun) -> Figure:
    return study_panels.training_curves(study, "accuracy")


def _auc_curves(study: StudyRun) -> Figure:
    return study_panels.training_curves(study, "auc")


_DRAWINGS: dict[str, Callable[[StudyRun], Figure]] = {
    "learning_curves.png": study_figures.learning_curves,
    "arms.png": study_figures.arm_dots,
    "differences.png": study_figures.differences,
    "accuracy_curves.png": _accuracy_curves,
    "auc_curves.png": _auc_curves,
    "reliability.png": study_panels.reliability,
    "synthetic_images.png": study_panels.synthetic_images,
}


def _drawings(study: StudyRun) -> dict[str, Callable[[StudyRun], Figure]]:
    """Returns the figures that this study has something to show in."""
    left_out = {"learning_curves.png" if len(study.fractions) == 1 else "arms.png"}
    if not study.compared_arms:
        left_out.add("differences.png")
    if not study.generators(fraction=study.fractions[0], seed=study.seeds[0]):
        left_out.add("synthetic_images.png")
    return {name: draw for name, draw in _DRAWINGS.items() if name not in left_out}
