"""Report of a study, checklist for a manuscript: what this run can fill in is filled in.

What is asked for follows CLAIM, in words of our own: Mongan, Moy and Kahn 2020,
doi:10.1148/ryai.2020200029; update Tejani et al. 2024, doi:10.1148/ryai.240300.
"""

from kerasmedgan.report.study_answer import RECOMMENDATION_RULE, format_verdict
from kerasmedgan.report.study_card import TO_FILL_IN, data_source
from kerasmedgan.report.study_facts import format_leakage, format_openings
from kerasmedgan.report.study_metrics import format_fraction, metric_title
from kerasmedgan.report.study_read import StudyRun
from kerasmedgan.report.tables import format_names, format_table

_HEADER = ("to report", "this study")


def format_checklist(study: StudyRun) -> str:
    """Writes the checklist as Markdown tables: data, split, selection, numbers, limits."""
    parts = {
        "Data": _data(study),
        "Split": _split(study),
        "Selection": _selection(study),
        "Numbers": _numbers(study),
        "Limits": _limits(study),
    }
    sections = [
        "A skeleton in the spirit of CLAIM (Mongan, Moy and Kahn 2020, "
        "[doi:10.1148/ryai.2020200029](https://doi.org/10.1148/ryai.2020200029); update Tejani et "
        "al. 2024, [doi:10.1148/ryai.240300](https://doi.org/10.1148/ryai.240300)), in words of "
        "our own. It does not replace the checklist itself."
    ]
    for title, rows in parts.items():
        sections += [f"### {title}", format_table(_HEADER, rows, numbers=False)]
    return "\n\n".join(sections)


def _data(study: StudyRun) -> list[tuple[str, str]]:
    counts = "; ".join(f"{split} {_counts(of)}" for split, of in study.results["data"].items())
    return [
        ("where the images come from, and when", f"{data_source(study)}; dates {TO_FILL_IN}"),
        ("who was included and who was left out", TO_FILL_IN),
        ("ethics approval, consent, removal of identifiers", TO_FILL_IN),
        ("how many images, by class", f"{counts} (first seed, before fractions and limits)"),
        ("how the truth was found, by whom, how far they agreed", TO_FILL_IN),
        ("how images were prepared", f"{_preparation(study)}; before that {TO_FILL_IN}"),
        ("patients left out to make data scarce", _limits_in_words(study)),
        ("missing and unreadable images", "see `data_report.json`"),
    ]


def _limits_in_words(study: StudyRun) -> str:
    limits = study.results["limits"].items()
    kept = [f"all but {count} of {name} in each training set" for name, count in limits]
    return "; ".join(kept) or "none by class"


def _preparation(study: StudyRun) -> str:
    steps = "decoded, resized with area averaging"
    if "image_size" not in study.config:
        return steps
    return f"{steps} to {study.config['image_size']} pixels a side"


def _split(study: StudyRun) -> list[tuple[str, str]]:
    fractions = ", ".join(map(format_fraction, study.fractions))
    leakage = " ".join(format_leakage(study)) or "none found by patient name or identical image"
    return [
        ("on what level sets are kept apart", _level(study)),
        ("how the test split was made", TO_FILL_IN),
        ("overlap between the sets", leakage),
        ("shares of the training patients", fractions),
        ("how many patients in each training set", "see Training sets above"),
        ("whether the sample size was planned", TO_FILL_IN),
    ]


def _level(study: StudyRun) -> str:
    if study.config.get("validation_splits", len(study.seeds)) < len(study.seeds):
        return f"validation is the data's own split, the same for all seeds; {TO_FILL_IN}"
    return "validation is split off by patient, anew for each seed"


def _selection(study: StudyRun) -> list[tuple[str, str]]:
    updates = sorted({cell["updates"] for cell in study.cells()})
    return [
        ("arms", format_names(study.arms, code=False)),
        ("length of training", f"{', '.join(map(str, updates))} updates, the same for each arm"),
        ("repetitions", f"{len(study.seeds)} seeds: {', '.join(map(str, study.seeds))}"),
        ("how the final weights were chosen", "best AUC on validation"),
        ("how the threshold was chosen", "Youden's index on validation, for each classifier"),
        ("how the dose of synthetic images was chosen", _dose(study)),
        ("what the generator learned from", _generator_data(study)),
        ("how the recommended arm was chosen", RECOMMENDATION_RULE),
        ("how often the test split was looked at", format_openings(study)),
        ("earlier experiments on the same test split", TO_FILL_IN),
    ]


def _dose(study: StudyRun) -> str:
    tried = {ratio for cell in study.cells() for ratio in cell["ratio_validation_aucs"]}
    if not tried:
        return "no synthetic images were used"
    return "AUC on validation" if len(tried) > 1 else "one dose, set before the run"


def _generator_data(study: StudyRun) -> str:
    if not study.results["generators"]:
        return "no generator was trained"
    return "training images of its own fraction and seed"


def _numbers(study: StudyRun) -> list[tuple[str, str]]:
    return [
        ("metric that decides, named before the run", metric_title(study.primary)),
        ("result", format_verdict(study)),
        ("metrics beside it, with their spread", "see Results above"),
        ("uncertainty", f"intervals at level {study.results['level']:g}, over seeds and patients"),
        ("correction for several comparisons", "Holm, over the arms of a fraction"),
        ("calibration", "expected calibration error and reliability diagrams above"),
        ("failures looked at one by one", TO_FILL_IN),
        ("results for groups of patients", TO_FILL_IN),
    ]


def _limits(study: StudyRun) -> list[tuple[str, str]]:
    return [
        ("test on data from elsewhere", f"none in this run; {TO_FILL_IN}"),
        ("whether synthetic images can be told", "see Shortcut audit above"),
        ("whether synthetic images copy real ones", TO_FILL_IN),
        ("bias that the data may carry", TO_FILL_IN),
        ("what the result means for practice", f"not for clinical use; {TO_FILL_IN}"),
        ("where code, weights and data can be had", TO_FILL_IN),
        ("registration, protocol, funding, interests", TO_FILL_IN),
    ]


def _counts(counts: dict[str, int]) -> str:
    """Writes counts for a table, which escapes them itself."""
    return ", ".join(f"{count} {name}" for name, count in counts.items())
