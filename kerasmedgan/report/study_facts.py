"""Report of a study, facts: what was run, on how many images, at what cost."""

from collections import defaultdict

from kerasmedgan.data.split_guard import TRAIN, VALIDATION
from kerasmedgan.report.environment_table import format_environment
from kerasmedgan.report.study_metrics import format_fraction
from kerasmedgan.report.study_read import SYNTHETIC, StudyRun, drawn_class
from kerasmedgan.report.tables import (
    escape,
    format_counts,
    format_list,
    format_names,
    format_table,
)

_ORIGINS = ("real", SYNTHETIC)
_EARLIER = {
    TRAIN: " of the first seed, before fractions and limits",
    VALIDATION: " of the first seed",
}


def format_facts(study: StudyRun) -> str:
    """Writes what was run as Markdown."""
    sections = [
        _overview(study),
        "### Training sets",
        _training_sets(study),
        "### Arms",
        _arms(study),
    ]
    if any(cell["synthetic_ratio"] is not None for cell in study.cells()):
        sections += [
            "### Doses of synthetic images",
            "Synthetic images for each real one of their class: the dose chosen; those tried, with "
            "validation AUC.",
            _doses(study),
        ]
    if study.results["generators"]:
        sections += [
            "### GANs",
            _generators(study),
            "Diversity ratio: the mean pairwise distance among synthetic images over that among "
            "real ones. 1 is as varied as the real images, 0 is one image over and over; it says "
            "nothing about how right the images are.",
        ]
    return "\n\n".join((*sections, "### Environment", format_environment(study.results)))


def format_openings(study: StudyRun) -> str:
    """Says how often the test split was opened, and for what more than once."""
    weights = defaultdict(list)
    for opening in study.results["test_openings"]:
        weights[opening["cell"]].append(opening["weights_sha256"])
    total, cells = sum(map(len, weights.values())), len(study.cells())
    text = f"The test split was opened {total} times for {cells} classifiers"
    repeated = {cell: count for cell, found in weights.items() if (count := len(found)) > 1}
    changed = [cell for cell, found in weights.items() if len(set(found)) > 1]
    if repeated:
        listed = "; ".join(f"{escape(cell)} ({count} times)" for cell, count in repeated.items())
        text += f", repeatedly, after an interruption, for: {listed}"
    if changed:
        text += f". **With other weights the second time, so its numbers flatter**: {changed}"
    elif repeated:
        text += "; each time for the same weights"
    return f"{text}."


def _overview(study: StudyRun) -> str:
    results = study.results
    limits = format_counts(results["limits"]) if results["limits"] else "none"
    items = [
        f"seeds: {', '.join(map(str, study.seeds))}",
        f"fractions of the training patients: {', '.join(map(format_fraction, study.fractions))}",
        f"most training patients of a class: {limits}",
        f"arms: {format_names(study.arms)}",
        *(
            f"{split} images{_EARLIER.get(split, '')}: {format_counts(of)}"
            for split, of in results["data"].items()
        ),
        format_openings(study),
        *format_leakage(study),
    ]
    return format_list(items)


def format_leakage(study: StudyRun) -> list[str]:
    """Warns of patients' names and identical images that stand in several splits."""
    found = [f"{count} {escape(what)}" for what, count in study.results["leakage"].items() if count]
    if not found:
        return []
    return [
        f"The data report found {', '.join(found)}. Where these are the same patients or images, "
        "the numbers flatter; where patient numbering restarts in each folder, they are not."
    ]


def _training_sets(study: StudyRun) -> str:
    names = study.class_names
    header = ["fraction", "seed"]
    for what in ("images", "patients", "validation images"):
        header += [f"{what}, {name}" for name in names]
    rows = [
        [
            format_fraction(entry["fraction"]),
            entry["seed"],
            *(entry[key][name] for key in ("images", "patients", "validation") for name in names),
        ]
        for fraction in study.fractions
        for entry in study.results["training_sets"]
        if entry["fraction"] == fraction
    ]
    return format_table(header, rows)


def _arms(study: StudyRun) -> str:
    """Lays out a row an arm and fraction, seeds side by side where they differ."""
    names = study.class_names
    header = ["fraction", "arm", *(f"{origin} {name}" for origin in _ORIGINS for name in names)]
    header += ["updates", "batch", "weights kept of epoch", "seconds"]
    rows = []
    for fraction in study.fractions:
        for arm in study.arms:
            cells = study.cells(fraction=fraction, arm=arm)
            counts = [
                _values(cell["train"][origin].get(name, 0) for cell in cells)
                for origin in _ORIGINS
                for name in names
            ]
            keys = ("updates", "batch_size", "best_epoch", "seconds")
            training = (_values(cell[key] for cell in cells) for key in keys)
            rows.append([format_fraction(fraction), f"`{arm}`", *counts, *training])
    return format_table(header, rows)


def _doses(study: StudyRun) -> str:
    rows = []
    for fraction in study.fractions:
        for arm in study.arms:
            cells = study.cells(fraction=fraction, arm=arm)
            if any(cell["synthetic_ratio"] is not None for cell in cells):
                rows.append([format_fraction(fraction), f"`{arm}`", *map(_dose, cells)])
    return format_table(["fraction", "arm", *(f"seed {seed}" for seed in study.seeds)], rows)


def _dose(cell: dict) -> str:
    tried = cell["ratio_validation_aucs"].items()
    listed = ", ".join(f"{ratio} ({auc:.3f})" for ratio, auc in tried)
    return f"{cell['synthetic_ratio']:g}; tried {listed or 'no other'}"


def _generators(study: StudyRun) -> str:
    header = ["fraction", "seed", "class", "real images", "epochs", "steps", "batch", "seconds"]
    keys = ("images", "epochs", "steps", "batch_size", "seconds", "count")
    rows = [
        [
            format_fraction(entry["fraction"]),
            entry["seed"],
            drawn_class(entry),
            *(entry[key] for key in keys),
            entry["diversity_ratio"],
        ]
        for fraction in study.fractions
        for entry in study.generators(fraction=fraction)
    ]
    return format_table([*header, "synthetic images", "diversity ratio"], rows)


def _values(values) -> str:
    """Writes one value if all seeds agree, or else each."""
    values = list(values)
    return str(values[0]) if len(set(values)) == 1 else ", ".join(map(str, values))
