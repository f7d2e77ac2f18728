"""Report of a study, method: the ten lines that say what was done and by what rule."""

from kerasmedgan.report.study_answer import RECOMMENDATION_RULE
from kerasmedgan.report.study_metrics import metric_title
from kerasmedgan.report.study_read import StudyRun
from kerasmedgan.report.study_shortcut import EVERY_CLASS_ARM
from kerasmedgan.study import REAL
from kerasmedgan.study.shortcut import DISTINGUISHABLE_AUC
from kerasmedgan.study.verdict import RULE


def format_method(study: StudyRun) -> str:
    """Writes the method as ten numbered lines."""
    lines = (
        "Splits: one test split for all; each seed carves its own validation split from the "
        "training patients; a fraction keeps that share of the other training patients of each "
        "class, a smaller one among those of a larger one.",
        f"Arms differ in what they train on (images, their weights, their transformation) and in "
        f"nothing else: the arms of a seed share initial weights, batch seed and validation "
        f"split, and are compared with `{REAL}` seed by seed.",
        f"Updates: {_updates(study)}; an arm that trains in two phases shares them out.",
        "Selection: the weights of the epoch with the best validation AUC are kept, and among "
        "several doses of synthetic images the one with the best validation AUC, for each arm and "
        "seed.",
        "Threshold: each classifier's own, the one of the largest sensitivity + specificity - 1 on "
        "validation (Youden 1950, Cancer 3, 32-35).",
        "GAN: trained only on the real training images of its own fraction and seed; validation "
        "and test images were never shown to it.",
        "Test: opened once for each classifier, after its weights and threshold were saved.",
        f"Statistics: paired differences; Student intervals over seeds and over test patients, "
        f"level {study.results['level']:g} (Obuchowski and Rockette 1995; Hillis 2007, 2014; "
        "patients resampled with all their images, Rutter 2000); exact McNemar tests stand beside "
        "(McNemar 1947, Psychometrika 12, 153-157) and decide nothing.",
        f"Verdict: primary metric {metric_title(study.primary)}; p-values and intervals corrected "
        "for the number of arms at a fraction (Holm 1979, Scandinavian Journal of Statistics 6, "
        f"65-70). {' '.join(RULE.split())}",
        f"Recommendation: {RECOMMENDATION_RULE} `{EVERY_CLASS_ARM}` is offered where an arm with "
        "synthetic images in one class only hurts and these can be told from real ones (AUC >= "
        f"{DISTINGUISHABLE_AUC}).",
    )
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def _updates(study: StudyRun) -> str:
    """Says how long the classifiers were trained, and whether that was the same for all."""
    updates = sorted({cell["updates"] for cell in study.cells()})
    batches = sorted({cell["batch_size"] for cell in study.cells()})
    sizes = " or ".join(map(str, batches))
    if len(updates) > 1:
        return f"{updates[0]} to {updates[-1]} optimizer updates, not the same, of {sizes} images"
    return f"{updates[0]} optimizer updates of {sizes} images for every arm and seed"
