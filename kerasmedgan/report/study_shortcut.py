"""Report of a study, shortcut audit: can a classifier tell a class by being synthetic?"""

import dataclasses
import itertools

import numpy as np

from kerasmedgan.report.study_metrics import format_fraction
from kerasmedgan.report.study_read import StudyRun, drawn_class, is_conditional
from kerasmedgan.report.tables import escape, format_names, format_table
from kerasmedgan.study.shortcut import DISTINGUISHABLE_AUC
from kerasmedgan.study.verdict import HURTS, NO_EVIDENCE

EVERY_CLASS_ARM = "gan-all"


@dataclasses.dataclass(frozen=True)
class Shortcut:
    """Arms in which looking synthetic gives one class away, at one fraction.

    Attributes:
        fraction: the fraction of the training patients.
        class_name: the only class with synthetic images.
        arms: the arms.
        auc: of telling that class's synthetic images from real ones, mean over the seeds.
    """

    fraction: float
    class_name: str
    arms: tuple[str, ...]
    auc: float

    @property
    def every_class_arm(self) -> str:
        """The arm of the same kind of GAN whose synthetic images stand in every class."""
        return f"c{EVERY_CLASS_ARM}" if is_conditional(self.arms[0]) else EVERY_CLASS_ARM


def find_shortcuts(study: StudyRun) -> list[Shortcut]:
    """Returns the classes that can be told by being synthetic, largest fraction first."""
    found = []
    for fraction in study.fractions:
        classes = {arm: study.synthetic_classes(fraction, arm) for arm in study.arms}
        for name, conditional in itertools.product(study.class_names, (False, True)):
            arms = tuple(
                arm
                for arm, drawn in classes.items()
                if drawn == {name} and is_conditional(arm) == conditional
            )
            kind = {"class": name, "conditional": conditional}
            audits = study.generators(fraction=fraction, **kind)
            if not arms or not audits:
                continue
            auc = float(np.mean([audit["shortcut"]["auc"] for audit in audits]))
            if auc >= DISTINGUISHABLE_AUC:
                found.append(Shortcut(fraction, name, arms, auc))
    return found


def falls_unproven(comparison: dict) -> bool:
    """Returns whether an arm is below `real` in every seed, but not by the rule of the verdict."""
    per_seed = comparison["differences"][comparison["primary"]["metric"]]["per_seed"]
    return comparison["verdict"] == NO_EVIDENCE and max(per_seed) < 0


def harmful_shortcuts(study: StudyRun) -> list[Shortcut]:
    """Returns those shortcuts that stand in an arm that hurts, or falls in every seed."""
    return [
        shortcut
        for shortcut in find_shortcuts(study)
        if any(
            found["verdict"] == HURTS or falls_unproven(found)
            for found in (study.comparison(shortcut.fraction, arm) for arm in shortcut.arms)
        )
    ]


def format_shortcuts(study: StudyRun) -> str:
    """Writes the audit as Markdown: what was asked, a table of the GANs, a warning if due."""
    if not study.results["generators"]:
        return "No GAN was trained, so there are no synthetic images to tell from real ones."
    question = (
        "For each GAN a small classifier learned to tell its synthetic images from the real ones "
        "of the same class, and was scored on images that it had not learned from. An AUC of 0.5 "
        f"means indistinguishable, 1 means always told; from {DISTINGUISHABLE_AUC} on they count "
        "as told apart. Where synthetic images stand in one class only, what tells them also tells "
        "the class in training, and is of no use on real images."
    )
    return "\n\n".join((question, _audit_table(study), *_warnings(study)))


def _audit_table(study: StudyRun) -> str:
    header = ["fraction", "seed", "class", "AUC real against synthetic", "AUC of each fold"]
    rows = [
        [
            format_fraction(generator["fraction"]),
            generator["seed"],
            drawn_class(generator),
            f"{generator['shortcut']['auc']:.3f}",
            ", ".join(f"{auc:.3f}" for auc in generator["shortcut"]["fold_aucs"]),
            generator["shortcut"]["images"],
            generator["shortcut"]["updates"],
        ]
        for fraction in study.fractions
        for generator in study.generators(fraction=fraction)
    ]
    return format_table([*header, "images of each origin", "updates"], rows)


def _warnings(study: StudyRun) -> list[str]:
    """Writes one warning for each class and the arms that have it alone, at all fractions."""
    alike: dict[tuple, list[Shortcut]] = {}
    for shortcut in find_shortcuts(study):
        alike.setdefault((shortcut.class_name, shortcut.arms), []).append(shortcut)
    return [_warning(study, shortcuts) for shortcuts in alike.values()]


def _warning(study: StudyRun, shortcuts: list[Shortcut]) -> str:
    name, arms = escape(shortcuts[0].class_name), format_names(shortcuts[0].arms)
    found = "; ".join(
        f"{shortcut.auc:.3f} at fraction {format_fraction(shortcut.fraction)}"
        for shortcut in shortcuts
    )
    return (
        f"> **Warning**: in {arms}, synthetic images stand in class {name} only, and they can be "
        f"told from real ones (mean AUC of the seeds: {found}). A classifier can learn 'looks "
        f"synthetic = {name}' there. {_advice(study, shortcuts)}"
    )


def _advice(study: StudyRun, shortcuts: list[Shortcut]) -> str:
    arm = shortcuts[0].every_class_arm
    if arm not in study.arms:
        return (
            f"What to do: run `{arm}` as well, which puts synthetic images into every "
            "class at the same share, so that looking synthetic says nothing of the class. It is "
            "the thing to try, not a promise."
        )
    verdicts = "; ".join(
        f"{study.comparison(shortcut.fraction, arm)['verdict']} at fraction "
        f"{format_fraction(shortcut.fraction)}"
        for shortcut in shortcuts
    )
    return (
        f"What to do: look at `{arm}`, which puts synthetic images into every class at "
        f"the same share and was run here too (verdict: {verdicts})."
    )
