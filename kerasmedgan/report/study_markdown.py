"""Report of a study, text: results.json becomes Markdown. No number comes from elsewhere."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from kerasmedgan.report.study_answer import format_recommendation, format_verdict, recommended_arm
from kerasmedgan.report.study_card import format_model_card
from kerasmedgan.report.study_checklist import format_checklist
from kerasmedgan.report.study_facts import format_facts
from kerasmedgan.report.study_method import format_method
from kerasmedgan.report.study_metrics import format_fraction, metric_title
from kerasmedgan.report.study_panels import CALIBRATION_BINS, GRID_IMAGES
from kerasmedgan.report.study_read import StudyRun
from kerasmedgan.report.study_shortcut import format_shortcuts
from kerasmedgan.report.study_tables import format_fraction_results
from kerasmedgan.report.tables import escape
from kerasmedgan.report.write import FIGURES
from kerasmedgan.study import ARMS, REAL


def format_study_report(study: StudyRun, figures: Sequence[str]) -> str:
    """Writes the report of a study; its first three lines are the answer.

    Args:
        study: the run.
        figures: file names of the figures.

    Returns:
        Markdown.
    """
    answer = (
        "# Does GAN augmentation help? Report of a study",
        format_verdict(study),
        format_recommendation(study),
    )
    sections = (
        "\n".join(answer),
        _notes(study),
        "## Results",
        *(format_fraction_results(study, fraction) for fraction in study.fractions),
        "## Shortcut audit",
        format_shortcuts(study),
        "## Figures",
        *(_figure(study, name) for name in figures),
        "## Method in ten lines",
        format_method(study),
        "## What was run",
        format_facts(study),
        f"## Model card: classifier of `{recommended_arm(study, study.fractions[0])}`",
        format_model_card(study),
        "## Checklist for a manuscript",
        format_checklist(study),
    )
    return "\n\n".join(sections) + "\n"


def _notes(study: StudyRun) -> str:
    """Says what the two lines above rest on, and what they do not say."""
    notes = (
        f"Verdicts are of each arm against `{REAL}` by {metric_title(study.primary)}, the metric "
        "named before the run, on the test split; two other arms are not compared with each other, "
        f"so an arm that joins two changes says nothing of one of them. {_power(study)}"
        "The rule stands under [Method in ten lines](#method-in-ten-lines). Not for clinical use."
    )
    if len(study.fractions) > 1 and len(study.seeds) > 1:
        chance = 1 - study.results["level"] ** len(study.fractions)
        notes += (
            f" Each fraction has its own level: over {len(study.fractions)} of them, chance alone "
            f"claims something in up to {100 * chance:.0f} % of studies."
        )
    return notes


def _power(study: StudyRun) -> str:
    """Says how small a difference this study could have shown."""
    widths = [
        (high - low) / 2
        for fraction in study.fractions
        for arm in study.compared_arms
        if (interval := study.comparison(fraction, arm)["primary"]["corrected_interval"])
        for low, high in [interval]
    ]
    if not widths:
        return ""
    return (
        "'No evidence' does not mean 'no difference': what this study could show begins at "
        f"{min(widths):.3f} to {max(widths):.3f}, the half widths of its intervals; more seeds "
        "make them narrower. "
    )


def _figure(study: StudyRun, name: str) -> str:
    title = PurePosixPath(name).stem.replace("_", " ")
    return f"![{title}]({FIGURES}/{name})\n\n{_caption(study, name)}"


def _caption(study: StudyRun, name: str) -> str:
    metric, largest = metric_title(study.primary), format_fraction(study.fractions[0])
    shown = metric if study.primary == "accuracy" else f"{metric} and accuracy"
    curves = (
        f"in training at fraction {largest}, one panel an arm: mean of the seeds, band from the "
        "lowest to the highest seed. Training values are on the arm's own training images."
    )
    if any(ARMS[arm].pretrains for arm in study.arms if arm in ARMS):
        curves += (
            " An arm that trains on synthetic images first shows its second half, on real ones."
        )
    return {
        "learning_curves.png": f"{shown} on the test split over the fraction of the training "
        "patients: mean of the seeds, bars from the lowest to the highest seed.",
        "arms.png": f"{shown} on the test split at fraction {largest}: a circle is one seed, the "
        "upright bar the mean.",
        "differences.png": f"Paired difference of {metric} to `{REAL}`: diamond the mean of the "
        "seeds, circles single seeds, line the corrected interval, at the right the verdict.",
        "accuracy_curves.png": f"Accuracy at threshold 0.5 {curves}",
        "auc_curves.png": f"AUC {curves}",
        "reliability.png": f"Reliability on the test split at fraction {largest}: observed share "
        f"of {escape(study.positive_class)} over its predicted probability in {CALIBRATION_BINS} "
        "equal bins, and the images in each; the dotted line is perfect calibration. Seeds are "
        "pooled, so each test image counts once a seed. The calibration error is the mean of the "
        "seeds.",
        "synthetic_images.png": f"The first {GRID_IMAGES} synthetic images of each class drawn, "
        f"fraction {largest}, seed {study.seeds[0]}; none picked by hand. No figure shows a real "
        "image.",
    }[name]
