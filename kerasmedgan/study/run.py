"""Stage 6, study: one arm and seed: train, choose on validation, open the test split once."""

import os
import shutil
import time
from pathlib import Path

import keras
import numpy as np

from kerasmedgan.calibration import describe_calibration
from kerasmedgan.classifier import VALIDATION_AUC
from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.splits import Splits
from kerasmedgan.evaluation import choose_threshold, evaluate, predict, write_predictions
from kerasmedgan.files import atomic_path, read_json, write_json
from kerasmedgan.fingerprints import weights_sha256
from kerasmedgan.run_folder import write_history
from kerasmedgan.study.arms import composition
from kerasmedgan.study.guard import TestGuard
from kerasmedgan.study.train import ClassifierSettings, train_on

ENTRY, OPENINGS = "arm.json", "test_openings.jsonl"


def run_arm(
    name: str,
    train: LabeledImages,
    splits: Splits,
    *,
    directory: str | os.PathLike,
    settings: ClassifierSettings,
    seed: int,
    positive_class: str | None,
    verbose: str | int = "auto",
) -> dict:
    """Trains and evaluates one classifier and writes its files.

    A training that was stopped goes on from its last state in `directory`, to the same end; one
    that is finished there is read.

    Args:
        name: the arm's name.
        train: the arm's training images.
        splits: validation chooses the weights and the threshold; test is opened once, at the end.
        directory: of this arm and seed alone; receives `model.keras`, `history.csv` and
            `predictions.csv`.
        settings: how to train.
        seed: seed of the initial weights and of the batch order.
        positive_class: the class to detect; `None` with more than two classes.
        verbose: as in `fit`.

    Returns:
        The arm's entry of `results.json`.
    """
    directory, start = Path(directory), time.perf_counter()
    if (directory / ENTRY).exists():
        return read_json(directory / ENTRY)
    state = directory / "state"
    model, history = train_on(
        [train], splits.validation, settings, seed=seed, state_directory=state, verbose=verbose
    )
    save_classifier(model, history, directory)
    reason = f"{name}, seed {seed}"
    scores = _evaluate_once(model, splits, directory, positive_class, reason)
    entry = {
        "seed": seed,
        "updates": settings.updates,
        "batch_size": settings.batch_size,
        "train": composition(train),
        "best_epoch": int(np.argmax(history[VALIDATION_AUC])) + 1,
        "test_openings": len(TestGuard(directory / OPENINGS).openings()),
        "seconds": round(time.perf_counter() - start, 1),
        **scores,
    }
    write_json(directory / ENTRY, entry)
    shutil.rmtree(state, ignore_errors=True)
    return read_json(directory / ENTRY)


def _evaluate_once(
    model: keras.Model,
    splits: Splits,
    directory: Path,
    positive_class: str | None,
    reason: str,
) -> dict:
    """Chooses on validation, then opens the test split for the final number."""
    validation = predict(model, splits.validation)
    threshold = choose_threshold(validation, positive_class) if positive_class else None
    guard = TestGuard(directory / OPENINGS)
    test = predict(model, guard.open(splits, cell=reason, weights_sha256=weights_sha256(model)))
    write_predictions(directory / "predictions.csv", validation, test)
    scores = {
        part.split: evaluate(part, positive_class=positive_class, threshold=threshold)
        for part in (validation, test)
    }
    calibration = describe_calibration(validation, test, positive_class=positive_class)
    return {**scores, "calibration": calibration}


def save_classifier(model: keras.Model, history: dict, directory: Path) -> None:
    """Writes `history.csv` and `model.keras`."""
    write_history(directory / "history.csv", history)
    with atomic_path(directory / "model.keras") as temporary:
        model.save(temporary)
