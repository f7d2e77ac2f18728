"""App, comparison: what the run's own files say of its arms."""

import io

from matplotlib.figure import Figure

from kerasmedgan.app.markup import escape, image, notice, paragraphs, table
from kerasmedgan.app.opened_run import OpenedRun
from kerasmedgan.report.canvas import literal_text
from kerasmedgan.report.caveats import format_caveats
from kerasmedgan.report.figures import accuracy_curves, auc_curves, roc_curves
from kerasmedgan.report.read import Run
from kerasmedgan.report.study_answer import format_recommendation, format_verdict
from kerasmedgan.report.study_metrics import format_difference, format_spread, metric_title
from kerasmedgan.report.study_read import StudyRun, read_study
from kerasmedgan.serving import served_cells
from kerasmedgan.study import REAL

_WIDTH, _HEIGHT = 4.4, 4.9
_METRICS = {
    "AUC": "auc",
    "accuracy": "accuracy",
    "balanced accuracy": "balanced_accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "threshold (chosen on validation)": "threshold",
}


def compare_arms(run: OpenedRun) -> str:
    """Returns tables, figures and, of a study, its verdict, from the run's own files."""
    cells = served_cells(run.results)
    parts = _study_answer(run) if run.is_study else _single_answer(run)
    return "".join(
        (
            *parts,
            "<h3>Test images</h3>",
            _metrics_table(cells, run),
            _calibration_table(cells),
            "<h3>Confusion matrices, test images</h3>",
            *(_confusion(name, cell, run) for name, cell in cells.items()),
            "<h3>Curves</h3>",
            _figures(cells, run),
        )
    )


def _single_answer(run: OpenedRun) -> list[str]:
    warning = (
        "This is one run with one seed. It cannot say whether augmentation helps: differences of "
        "this size can come from the seed alone. examples/study.py gives a verdict."
    )
    caveats = [line.removeprefix("- ") for line in format_caveats(run.results).splitlines()]
    listed = "".join(f"<li>{escape(line.replace('`', ''))}</li>" for line in caveats if line)
    return [
        notice(warning, kind="warning"),
        f"<details><summary>What this run can and cannot tell</summary><ul>{listed}</ul></details>",
    ]


def _study_answer(run: OpenedRun) -> list[str]:
    study = read_study(run.directory)
    rows = [_study_row(study, fraction, arm) for fraction in study.fractions for arm in study.arms]
    header = ["arm", "fraction", "AUC", "balanced accuracy", "accuracy"]
    header += [f"{metric_title(study.primary)} minus {REAL}", "verdict"]
    title = f"Mean and spread over seeds {', '.join(map(str, study.seeds))}, test images"
    served = f"All other numbers here: fraction {study.fractions[0]:g}, seed {study.seeds[0]}."
    return [
        "<h3>The study's verdict</h3>",
        notice(format_verdict(study).replace("`", "")),
        paragraphs(format_recommendation(study).replace("`", "")),
        table(header, rows, caption=title, words=True),
        paragraphs(served),
    ]


def _study_row(study: StudyRun, fraction: float, arm: str) -> list[str]:
    metrics = study.summary(fraction, arm)
    row = [arm, f"{fraction:g}"]
    row += [format_spread(metrics[name]) for name in ("auc", "balanced_accuracy", "accuracy")]
    if arm not in study.compared_arms:
        return [*row, "-", "-"]
    one = study.comparison(fraction, arm)
    interval = one["primary"].get("corrected_interval")
    return [*row, format_difference(one["differences"][study.primary], interval), one["verdict"]]


def _metrics_table(cells: dict, run: OpenedRun) -> str:
    title = {"sensitivity": f"sensitivity ({run.served.positive_class})"}
    metrics = {title.get(key, name): key for name, key in _METRICS.items()}
    known = {t: key for t, key in metrics.items() if all(key in c["test"] for c in cells.values())}
    rows = [
        [title, *(f"{cell['test'][key]:.3f}" for cell in cells.values())]
        for title, key in known.items()
    ]
    return table(["metric", *cells], rows, caption="Each arm on the test images, opened once")


def _calibration_table(cells: dict) -> str:
    rows = [["temperature", *(f"{c['calibration']['temperature']:.3f}" for c in cells.values())]]
    for split in ("validation", "test"):
        for kind in ("uncalibrated", "calibrated"):
            errors = (f"{cell['calibration'][split][kind]:.3f}" for cell in cells.values())
            rows.append([f"{split}, {kind}", *errors])
    title = "Expected calibration error (0 is best); the temperature was fitted on validation"
    return table(["", *cells], rows, caption=title)


def _confusion(name: str, cell: dict, run: OpenedRun) -> str:
    names, counts = run.served.class_names, cell["test"]["confusion_matrix"]
    rows = [
        [f"truly {true}", *(f"{n} ({n / max(1, sum(row)):.1%})" for n in row)]
        for true, row in zip(names, counts, strict=True)
    ]
    threshold = cell["test"].get("threshold")
    rule = "" if threshold is None else f", threshold {threshold:.3f} chosen on validation"
    return table(["", *(f"called {n}" for n in names)], rows, caption=f"{name}{rule}")


def _figures(cells: dict, run: OpenedRun) -> str:
    classes = run.results["classes"]
    arms = {name: cells[name] for name in run.predictor.arms}
    drawn = Run(run.directory, {"arms": arms, "classes": classes})
    titles = {
        "Accuracy while training": accuracy_curves,
        "AUC while training": auc_curves,
        "ROC, test images": roc_curves,
    }
    with literal_text():
        figures = {title: draw(drawn) for title, draw in titles.items()}
        shown = "".join(_figure(title, figure) for title, figure in figures.items())
    return f'<div class="km-figures">{shown}</div>'


def _figure(title: str, figure: Figure) -> str:
    """Shows a figure, drawn so small in inches that its words stay readable on a telephone.

    One of many panels takes the whole width, and is scrolled where that is too little.
    """
    is_wide = bool(figure.get_figwidth() > 2 * _WIDTH)
    if not is_wide:
        figure.set_size_inches(_WIDTH, _HEIGHT)
    picture = image(_png(figure), title)
    if is_wide:
        picture = f'<div class="km-scroll" tabindex="0">{picture}</div>'
    caption = f"<figcaption>{escape(title)}</figcaption>"
    return f'<figure class="{"km-wide" * is_wide}">{caption}{picture}</figure>'


def _png(figure: Figure) -> bytes:
    for legend in figure.legends:
        legend.set_ncols(1)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", bbox_inches="tight", pad_inches=0.1)
    return stream.getvalue()
