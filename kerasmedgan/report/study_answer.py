"""Report of a study, the answer: which arms help or hurt, and which one to use."""

from collections.abc import Callable

from kerasmedgan.report.study_metrics import format_fraction, metric_title, primary_difference
from kerasmedgan.report.study_read import StudyRun
from kerasmedgan.report.study_shortcut import (
    falls_unproven,
    harmful_shortcuts,
)
from kerasmedgan.report.tables import format_names
from kerasmedgan.study import REAL
from kerasmedgan.study.verdict import HELPS, HURTS, NO_EVIDENCE, NONE

RECOMMENDATION_RULE = (
    "of the arms whose verdict is 'helps', the one with the best mean of the primary metric on "
    f"validation is recommended; if none helps, `{REAL}`, the simplest. Test numbers never choose."
)


def recommended_arm(study: StudyRun, fraction: float) -> str:
    """Returns the arm to use at a fraction, by `RECOMMENDATION_RULE`."""
    helping = [
        arm for arm in study.compared_arms if study.comparison(fraction, arm)["verdict"] == HELPS
    ]
    if not helping:
        return REAL
    return max(helping, key=lambda arm: study.validation_mean(fraction, arm, study.primary))


def format_verdict(study: StudyRun) -> str:
    """Writes one line: what helped, what hurt, and of what there is no evidence."""
    if not study.compared_arms:
        return f"No verdict can be given: `{REAL}` is the only arm, so nothing is compared."
    if len(study.seeds) < 2:
        return (
            f"No verdict can be given: there is one seed ({study.seeds[0]}), and without a second "
            "one a difference between arms cannot be told from that between seeds."
        )
    parts = []
    for verdict, title, nothing in (
        (HELPS, "Helped", "No arm was shown to help."),
        (HURTS, "Hurt", "No arm was shown to hurt."),
    ):
        listed = _list_effects(study, lambda entry, of=verdict: entry["verdict"] == of)
        parts.append(f"{title}: {listed}." if listed else nothing)
    if listed := _list_effects(study, falls_unproven):
        parts.append(f"Below `{REAL}` in each seed, though that is no proof: {listed}.")
    if listed := _list_fractions(study, NO_EVIDENCE):
        parts.append(f"No evidence either way: {listed}.")
    if listed := _list_fractions(study, NONE):
        parts.append(f"No verdict, too few seeds: {listed}.")
    return " ".join(parts)


def format_recommendation(study: StudyRun) -> str:
    """Writes one line: which arm to use, and what else to try."""
    largest, *smaller = study.fractions
    chosen = recommended_arm(study, largest)
    if len(study.seeds) < 2 or not study.compared_arms:
        need = "two arms" if not study.compared_arms else "several seeds"
        return f"Until a study with {need} has been run, use `{REAL}`, the simplest arm."
    parts = [f"Use `{chosen}`{_reason(study, largest, chosen)}."]
    others = [(part, recommended_arm(study, part)) for part in smaller]
    differing = [f"`{arm}` at fraction {part:g}" for part, arm in others if arm != chosen]
    if differing:
        parts.append(f"With less data: {', '.join(differing)}.")
    to_try = dict.fromkeys(shortcut.every_class_arm for shortcut in harmful_shortcuts(study))
    if missing := [arm for arm in to_try if arm not in study.arms]:
        parts.append(
            f"To try, without a promise: {format_names(missing)} (see the warning in the shortcut "
            "audit)."
        )
    return " ".join(parts)


def _reason(study: StudyRun, fraction: float, arm: str) -> str:
    if arm == REAL:
        return f", the simplest arm, since none helped at fraction {format_fraction(fraction)}"
    value = study.validation_mean(fraction, arm, study.primary)
    return (
        f": of the arms that helped at fraction {format_fraction(fraction)} it is the best on "
        f"validation ({metric_title(study.primary)} {value:.3f})"
    )


def _fractions_of(study: StudyRun, arm: str, is_meant: Callable[[dict], bool]) -> list[float]:
    return [fraction for fraction in study.fractions if is_meant(study.comparison(fraction, arm))]


def _list_effects(study: StudyRun, is_meant: Callable[[dict], bool]) -> str:
    """Names arms with fraction and difference of the primary metric."""
    listed = []
    for arm in study.compared_arms:
        effects = [
            f"fraction {format_fraction(fraction)} ({primary_difference(study, fraction, arm)})"
            for fraction in _fractions_of(study, arm, is_meant)
        ]
        if effects:
            listed.append(f"`{arm}` at {' and '.join(effects)}")
    return ", ".join(listed)


def _list_fractions(study: StudyRun, verdict: str) -> str:
    """Names the arms of a verdict, those with the same fractions together."""
    arms_at: dict[tuple[float, ...], list[str]] = {}
    for arm in study.compared_arms:
        fractions = tuple(_fractions_of(study, arm, lambda entry: entry["verdict"] == verdict))
        if fractions:
            arms_at.setdefault(fractions, []).append(arm)
    return ", ".join(
        f"{format_names(arms)} at {_fractions(study, fractions)}"
        for fractions, arms in arms_at.items()
    )


def _fractions(study: StudyRun, fractions: tuple[float, ...]) -> str:
    if len(fractions) == len(study.fractions) > 1:
        return "every fraction"
    names = format_names((format_fraction(fraction) for fraction in fractions), code=False)
    return f"fraction{'s' * (len(fractions) > 1)} {names}"
