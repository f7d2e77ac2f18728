"""Stage 6, study: finished cells become `results.json`: summaries, comparisons and verdicts."""

import csv
from pathlib import Path

import numpy as np

from kerasmedgan.data import leakage
from kerasmedgan.data.split_guard import TEST
from kerasmedgan.environment import environment
from kerasmedgan.files import read_json
from kerasmedgan.run_folder import CONFIG
from kerasmedgan.study.arms import REAL
from kerasmedgan.study.guard import TestGuard
from kerasmedgan.study.prepare import Study
from kerasmedgan.study.statistics import METRICS, ArmScores, compare_arms, summarise

LEVEL = 0.95
_SUMMARISED = (*METRICS, "expected_calibration_error")


def collect_results(
    study: Study, output: Path, cells: list[dict], generators: list[dict], sets: list[dict]
) -> dict:
    """Computes what the cells say together.

    The comparisons are made from the cells' `predictions.csv` alone, with a fixed seed: the same
    cells give the same table.

    Args:
        study: from `prepare_study`.
        output: the study's folder.
        cells: the entries of all cells.
        generators: the entries of all GANs.
        sets: counts of the training sets.

    Returns:
        The content of `results.json`.
    """
    settings = study.settings
    return {
        "kind": "study",
        "primary_metric": settings.primary_metric,
        "level": LEVEL,
        "classes": {
            "names": list(study.report["counts"]["train"]),
            "positive": study.positive_class,
        },
        "data": study.report["counts"],
        "leakage": leakage(study.report),
        "limits": settings.limits,
        "seeds": list(settings.seed_list),
        "fractions": list(settings.fractions),
        "arms": list(settings.arms),
        "training_sets": sets,
        "generators": generators,
        "cells": cells,
        "summaries": _summaries(study, cells),
        "comparisons": _comparisons(study, output, cells),
        "test_openings": TestGuard(output / "test_openings.jsonl").openings(),
        "environment": environment(),
        "command": read_json(output / CONFIG)["command"],
        # A GAN of all classes has an entry for each of them and was trained once.
        "seconds": round(
            sum({entry["directory"]: entry["seconds"] for entry in (*cells, *generators)}.values()),
            1,
        ),
        "peak_memory_mib": max(cell["peak_memory_mib"] for cell in cells),
    }


def _of(cells: list[dict], fraction: float, arm: str) -> list[dict]:
    return [cell for cell in cells if cell["fraction"] == fraction and cell["arm"] == arm]


def summarise_cells(cells: list[dict]) -> dict[str, dict]:
    """Returns each metric's `summarise` over the cells of one arm."""
    return {metric: summarise([cell["test"][metric] for cell in cells]) for metric in _SUMMARISED}


def compare_cells(
    cells: dict[str, list[dict]],
    output: Path,
    *,
    positive_class: str,
    primary_metric: str,
    reference: str = REAL,
) -> dict[str, dict]:
    """Compares every arm with the reference, by `statistics.compare_arms`.

    Args:
        cells: the entries of each arm's cells, seeds in the same order in all.
        output: the folder that the cells' `directory` is below.
        positive_class: the class to detect.
        primary_metric: the metric that the verdict is about.
        reference: the arm that the others are compared with.
    """
    scores = {}
    for arm, chosen in cells.items():
        tests = [_read_test(output / cell["directory"], positive_class) for cell in chosen]
        thresholds = np.array([cell["threshold"] for cell in chosen])
        scores[arm] = ArmScores(np.stack([test[0] for test in tests]), thresholds)
    return compare_arms(
        scores,
        is_positive=tests[0][1],
        groups=tests[0][2],
        reference=reference,
        primary_metric=primary_metric,
        level=LEVEL,
    )


def _summaries(study: Study, cells: list[dict]) -> list[dict]:
    return [
        {
            "fraction": fraction,
            "arm": arm,
            "metrics": summarise_cells(_of(cells, fraction, arm)),
        }
        for fraction in study.settings.fractions
        for arm in study.settings.arms
    ]


def _comparisons(study: Study, output: Path, cells: list[dict]) -> list[dict]:
    """Compares every arm with `real`, fraction by fraction."""
    entries = []
    for fraction in study.settings.fractions:
        compared = compare_cells(
            {arm: _of(cells, fraction, arm) for arm in study.settings.arms},
            output,
            positive_class=study.positive_class,
            primary_metric=study.settings.primary_metric,
        )
        entries += [{"fraction": fraction, "arm": arm, **entry} for arm, entry in compared.items()]
    return entries


def _read_test(directory: Path, positive_class: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns a cell's scores, whether each test image is positive, and its patient."""
    with (directory / "predictions.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == TEST]
    column = f"probability_{positive_class}"
    return (
        np.array([float(row[column]) for row in rows]),
        np.array([row["label"] == positive_class for row in rows]),
        np.array([row["group"] for row in rows]),
    )
