"""Report, writing: a run folder enters; figures/*.png and report.md are added to it."""

import os
from pathlib import Path

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.split_guard import TRAIN, refuse_test_split
from kerasmedgan.files import atomic_path
from kerasmedgan.images import write_png
from kerasmedgan.report import figures
from kerasmedgan.report.canvas import literal_text, save_figure
from kerasmedgan.report.markdown import REAL_BESIDE_SYNTHETIC, format_report
from kerasmedgan.report.read import Run, read_run

FIGURES = "figures"
REPORT = "report.md"


def write_report(run: str | os.PathLike, *, real: LabeledImages | None = None) -> Path:
    """Writes the figures and the report of a finished run into its folder.

    An older report is replaced, and so is an older figure of real images if `real` is left out.

    Args:
        run: the run folder, with `results.json`.
        real: the real training images of the GAN's class, to show beside synthetic ones. They
            are patients' images: left out, no figure shows one.

    Returns:
        The path of `report.md`.

    Raises:
        FileNotFoundError: if the folder has no `results.json`.
        TestSplitError: if `real` is the test split.
        ValueError: if `real` holds anything but real training images of the GAN's class.
    """
    opened = read_run(run)
    if real is not None:
        _check_real(real, opened.results["gan"]["class"])
    with literal_text():
        names = _write_figures(opened, real)
    path = opened.directory / REPORT
    with atomic_path(path) as temporary:
        temporary.write_text(format_report(opened.results, names), encoding="utf-8")
    return path


def _write_figures(run: Run, real: LabeledImages | None) -> list[str]:
    """Writes every figure and returns their paths below the run folder."""
    directory = run.directory / FIGURES
    drawn = {
        "accuracy_curves.png": figures.accuracy_curves(run),
        "auc_curves.png": figures.auc_curves(run),
        "roc.png": figures.roc_curves(run),
        "confusion_matrices.png": figures.confusion_matrices(run),
        "gan_losses.png": figures.gan_losses(run),
    }
    if real is not None:
        drawn[REAL_BESIDE_SYNTHETIC] = figures.real_beside_synthetic(run, real)
    else:
        (directory / REAL_BESIDE_SYNTHETIC).unlink(missing_ok=True)
    for name, figure in drawn.items():
        save_figure(directory / name, figure)
    write_png(directory / "synthetic_grid.png", figures.synthetic_grid(run))
    return [f"{FIGURES}/{name}" for name in (*drawn, "synthetic_grid.png")]


def _check_real(real: LabeledImages, class_name: str) -> None:
    refuse_test_split(real.split, "real", f"pass `splits.train.of_class({class_name!r})`")
    classes = sorted(name for name, count in real.counts().items() if count)
    if classes != [class_name] or real.synthetic.any() or real.split != TRAIN:
        raise ValueError(
            f"Invalid value for `real`. Expected real training images of {class_name}, the GAN's "
            f"class. Received: {real.synthetic.sum()} synthetic and {(~real.synthetic).sum()} "
            f"real images of {classes} of the {real.split} split. "
            f"Pass `splits.train.of_class({class_name!r})`."
        )
