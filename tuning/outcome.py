"""The searches and the final round become `results.json`."""

import dataclasses
from pathlib import Path

from kerasmedgan.data import leakage
from kerasmedgan.environment import environment, peak_memory_mib
from kerasmedgan.files import read_json
from kerasmedgan.run_folder import CONFIG
from kerasmedgan.study.arms import REAL
from kerasmedgan.study.cell import OPENINGS
from kerasmedgan.study.guard import TestGuard
from kerasmedgan.study.results import LEVEL, compare_cells, summarise_cells
from kerasmedgan.study.statistics import summarise
from kerasmedgan.tuning.final import UNTUNED
from kerasmedgan.tuning.finalists import Finalist
from kerasmedgan.tuning.result import SearchResult
from kerasmedgan.tuning.tuning import Tuning


def collect_outcome(
    tuning: Tuning,
    output: Path,
    searches: dict[str, SearchResult],
    finalists: dict[str, list[Finalist]],
    cells: list[dict],
    generators: list[dict],
    *,
    deciding_seconds: float,
) -> dict:
    """Computes what the searches and the final round say.

    Args:
        tuning: from `prepare_tuning`.
        output: the folder of the comparison.
        searches: the search of each arm.
        finalists: those of each arm, the best first.
        cells: the classifiers of the final round.
        generators: the GANs.
        deciding_seconds: what the trainings of the finalists took.

    Returns:
        The content of `results.json`.
    """
    settings, study = tuning.settings, tuning.study
    by_arm = {
        arm: [cell for cell in cells if cell["arm"] == arm] for arm in (UNTUNED, *settings.arms)
    }
    reference = REAL if REAL in settings.arms else UNTUNED
    return {
        "kind": "tuning",
        "primary_metric": study.settings.primary_metric,
        "level": LEVEL,
        "reference": reference,
        "positive_class": study.positive_class,
        "scarce_class": study.scarce_class,
        "leakage": leakage(study.report),
        "search_seed": settings.search.seed,
        "deciding_seeds": list(settings.deciding_seeds),
        "seeds": list(settings.final_seeds),
        "arms": list(by_arm),
        "searches": {
            arm: _search_entry(result, finalists[arm]) for arm, result in searches.items()
        },
        "generators": generators,
        "cells": cells,
        "validation": _validation(by_arm),
        "summaries": [
            {"arm": arm, "metrics": summarise_cells(of_arm)} for arm, of_arm in by_arm.items()
        ],
        "comparisons": [
            {"arm": arm, **entry}
            for arm, entry in compare_cells(
                by_arm,
                output,
                positive_class=study.positive_class,
                primary_metric=study.settings.primary_metric,
                reference=reference,
            ).items()
        ],
        "test_openings": TestGuard(output / OPENINGS).openings(),
        "environment": environment(),
        "command": read_json(output / CONFIG)["command"],
        "seconds": round(_seconds(searches, cells, generators) + deciding_seconds, 1),
        "peak_memory_mib": peak_memory_mib(),
    }


def _search_entry(result: SearchResult, finalists: list[Finalist]) -> dict:
    best = finalists[0]
    return {
        "settings": dataclasses.asdict(result.settings),
        "budget": result.budget(),
        "seconds": round(sum(trial.seconds or 0 for trial in result.trials), 1),
        "best": {"trial": best.trial, "score": best.score, "values": best.values},
        "finalists": [dataclasses.asdict(one) for one in finalists],
        "trials": [dataclasses.asdict(trial) for trial in result.trials],
    }


def _validation(by_arm: dict[str, list[dict]]) -> dict[str, dict]:
    """Returns each arm's validation AUC, and what it has more than the untuned classifier.

    Both are of the final round, whose validation images chose no hyperparameter; its epochs and
    thresholds they did choose, in every arm alike.
    """
    aucs = {arm: [cell["validation"]["auc"] for cell in cells] for arm, cells in by_arm.items()}
    return {
        arm: {
            "auc": summarise(values),
            "gain": summarise(
                [own - other for own, other in zip(values, aucs[UNTUNED], strict=True)]
            ),
        }
        for arm, values in aucs.items()
    }


def _seconds(searches: dict[str, SearchResult], cells: list[dict], generators: list[dict]) -> float:
    of_trials = sum(trial.seconds or 0 for one in searches.values() for trial in one.trials)
    gans = {entry["seed"]: entry["seconds"] for entry in generators}
    return of_trials + sum(cell["seconds"] for cell in cells) + sum(gans.values())
