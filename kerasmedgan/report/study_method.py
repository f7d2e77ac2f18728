"""Report of a study, method: the ten lines that say what was done and by what rule."""

from kerasmedgan.report.study_answer import RECOMMENDATION_RULE
from kerasmedgan.report.study_metrics import metric_title
from kerasmedgan.report.study_read import StudyRun, is_conditional
from kerasmedgan.report.study_shortcut import EVERY_CLASS_ARM
from kerasmedgan.study import REAL
from kerasmedgan.study.shortcut import DISTINGUISHABLE_AUC
from kerasmedgan.study.verdict import RULE


def format_method(study: StudyRun) -> str:
    """Writes the method as ten numbered lines."""
    lines = (
        f"Splits: one test split for all; {_validation(study)}; a fraction keeps that share of the "
        "other training patients of each class, drawn anew for each seed, a smaller one among "
        "those of a larger one.",
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
        f"and test images were never shown to it.{_all_classes(study)}",
        "Test: opened once for each classifier, after its weights and threshold were saved.",
        f"Statistics: differences paired by seed, level {study.results['level']:g}; noise of seeds "
        "estimated from all arms together (Dunnett 1955) and never below an arm's own, noise of "
        "test patients by bootstrap of patients with all their images (Rutter 2000; crossed with "
        "seeds as in Obuchowski and Rockette 1995), each with its own Student quantile (Banerjee "
        "1960); exact McNemar tests (McNemar 1947) stand beside and decide nothing.",
        f"Verdict: primary metric {metric_title(study.primary)}; p-values and intervals corrected "
        "for the number of arms at a fraction (Holm 1979, Scandinavian Journal of Statistics 6, "
        f"65-70). {' '.join(RULE.split())}",
        f"Recommendation: {RECOMMENDATION_RULE} `{EVERY_CLASS_ARM}` is offered where an arm with "
        "synthetic images in one class only hurts and these can be told from real ones (AUC >= "
        f"{DISTINGUISHABLE_AUC}).",
    )
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def _all_classes(study: StudyRun) -> str:
    if not any(map(is_conditional, study.arms)):
        return ""
    return (
        " One of all classes learned from all of them, images of the smaller ones repeated, for as "
        "many updates as one of a class."
    )


def _validation(study: StudyRun) -> str:
    """Says where validation comes from: the data's own folder is the same in every seed."""
    if study.config.get("validation_splits", len(study.seeds)) < len(study.seeds):
        return "all seeds share the data's own validation split"
    return "each seed carves its own validation split from the training patients"


def _updates(study: StudyRun) -> str:
    """Says how long the classifiers were trained, and whether that was the same for all."""
    updates = sorted({cell["updates"] for cell in study.cells()})
    batches = sorted({cell["batch_size"] for cell in study.cells()})
    sizes = " or ".join(map(str, batches))
    if len(updates) > 1:
        return f"{updates[0]} to {updates[-1]} optimizer updates, not the same, of {sizes} images"
    return f"{updates[0]} optimizer updates of {sizes} images for every arm and seed"
