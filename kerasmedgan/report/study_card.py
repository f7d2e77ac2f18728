"""Report of a study, model card of the recommended arm's classifiers.

What a card holds: Mitchell et al. 2019, arXiv:1810.03993.
"""

from kerasmedgan.report.study_answer import format_recommendation, recommended_arm
from kerasmedgan.report.study_facts import format_leakage, format_openings
from kerasmedgan.report.study_metrics import format_fraction, format_spread, metric_columns
from kerasmedgan.report.study_read import SYNTHETIC, StudyRun
from kerasmedgan.report.study_shortcut import find_shortcuts
from kerasmedgan.report.tables import escape, format_counts, format_list, format_table
from kerasmedgan.study import ARMS

TO_FILL_IN = "[to be filled in by the authors]"


def format_model_card(study: StudyRun) -> str:
    """Writes the card as Markdown: use, data, training, evaluation, metrics, limits, ethics."""
    arm = recommended_arm(study, study.fractions[0])
    sections = (
        "Filled in from this run, by the headings of Mitchell et al. 2019, arXiv:1810.03993.",
        "### Intended use",
        _intended_use(study),
        "### Data",
        _data(study, arm),
        "### Training",
        _training(study, arm),
        "### Evaluation and metrics",
        _evaluation(study, arm),
        "### Limits",
        _limits(study, arm),
        "### Ethical points",
        _ethics(study, arm),
    )
    return "\n\n".join(sections)


def data_source(study: StudyRun) -> str:
    """Names where the images come from, as far as the run's settings tell."""
    source = study.config.get("source")
    return f"`{source}`" if source else TO_FILL_IN


def _intended_use(study: StudyRun) -> str:
    positive, negative = escape(study.positive_class), escape(study.negative_class)
    return format_list(
        (
            f"Tells {positive} from {negative} in images like those it was trained on, for "
            "research on training data and for teaching.",
            "**Not for clinical use**: not for diagnosis, triage or any decision about a patient.",
            "It knows two classes and answers with one of them whatever it is shown: other "
            "diseases, other parts of the body, other devices.",
        )
    )


def _data(study: StudyRun, arm: str) -> str:
    data = study.results["data"]
    return format_list(
        (
            f"Source: {data_source(study)}; licence and consent: {TO_FILL_IN}.",
            *(f"{split} (first seed): {format_counts(counts)}" for split, counts in data.items()),
            f"Trained on at fraction {format_fraction(study.fractions[0])}, seed "
            f"{study.seeds[0]}: {_composition(study, arm)}.",
        )
    )


def _composition(study: StudyRun, arm: str) -> str:
    cell = study.cells(fraction=study.fractions[0], arm=arm)[0]
    return "; ".join(
        f"{origin} images {format_counts(counts)}"
        for origin, counts in cell["train"].items()
        if origin != SYNTHETIC or any(counts.values())
    )


def _training(study: StudyRun, arm: str) -> str:
    cells = study.cells(fraction=study.fractions[0], arm=arm)
    first, environment = cells[0], study.results["environment"]
    description = f": {ARMS[arm].description}" if arm in ARMS else ""
    versions = ", ".join(
        f"{name} {environment[name]}" for name in ("tensorflow", "keras") if environment.get(name)
    )
    return format_list(
        (
            f"Arm `{arm}`{description}.",
            "A small convolutional network, trained from random initial weights, "
            f"{first['updates']} updates of {first['batch_size']} images; {len(cells)} seeds, so "
            f"{len(cells)} classifiers, in "
            + ", ".join(f"`{cell['directory']}`" for cell in cells)
            + ".",
            "Weights and threshold chosen on validation.",
            f"Software: {versions or TO_FILL_IN}.",
        )
    )


def _evaluation(study: StudyRun, arm: str) -> str:
    columns, largest = metric_columns(study), study.fractions[0]
    cells = study.cells(fraction=largest, arm=arm)
    summary = study.summary(largest, arm)
    rows = [
        [
            title,
            format_spread(summary[key]),
            ", ".join(f"{value:.3f}" for value in summary[key]["values"]),
        ]
        for title, key in columns.items()
    ]
    thresholds = ", ".join(f"{cell['test']['threshold']:.3f}" for cell in cells)
    rows.append(["threshold (chosen on validation)", "-", thresholds])
    counts = format_counts(study.results["data"]["test"])
    return "\n\n".join(
        (
            f"Test split: {counts}. {format_openings(study)}",
            format_table(["metric", "mean ± standard deviation over seeds", "each seed"], rows),
        )
    )


def _limits(study: StudyRun, arm: str) -> str:
    train, test = (study.results["data"][split] for split in ("train", "test"))
    name = study.positive_class
    shares = [100 * counts[name] / sum(counts.values()) for counts in (train, test)]
    items = [
        f"One data set, one test split of {sum(test.values())} images; no other hospital, device "
        "or age group was tested.",
        f"{escape(name)} is {shares[0]:.1f} % of the training images and {shares[1]:.1f} % of the "
        "test images; accuracy, threshold and calibration hold at no other share.",
        "Several seeds show the spread of training, and of other choices of patients from this "
        "data set; not that of other data sets."
        if len(study.seeds) > 1
        else "One seed: the spread of training is unknown.",
        *format_leakage(study),
        *(
            f"Synthetic images of {escape(shortcut.class_name)} can be told from real ones (AUC "
            f"{shortcut.auc:.3f}), so looking synthetic gives that class away in training."
            for shortcut in find_shortcuts(study)
            if arm in shortcut.arms
        ),
        f"Why this arm: {format_recommendation(study)}",
    ]
    return format_list(items)


def _ethics(study: StudyRun, arm: str) -> str:
    items = [
        "Metrics by sex, age, origin and device are not known to this run: "
        f"{TO_FILL_IN}. A mean can hide a group that is served badly.",
        "The run folder holds file names and patient identifiers in `predictions.csv`; look "
        "before you publish it.",
    ]
    if study.synthetic_classes(study.fractions[0], arm):
        items.append(
            "It trained on synthetic images, which pass on what was uneven in the real ones and "
            "may resemble single training images; this report does not test for copies."
        )
    return format_list(items)
