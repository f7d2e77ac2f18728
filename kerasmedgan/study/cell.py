"""Stage 6, study: one cell (fraction, seed, arm): train, choose, open the test split; resumable."""

import time
from pathlib import Path

import keras
import numpy as np

from kerasmedgan.calibration import describe_calibration
from kerasmedgan.classical import ClassicalAugmentation
from kerasmedgan.classifier import VALIDATION_AUC, balanced_class_weights
from kerasmedgan.data.splits import Splits
from kerasmedgan.environment import peak_memory_mib
from kerasmedgan.evaluation import choose_threshold, evaluate, predict, write_predictions
from kerasmedgan.files import read_json, write_json
from kerasmedgan.fingerprints import weights_sha256
from kerasmedgan.study.arms import ARMS, choose_synthetic, composition, training_phases
from kerasmedgan.study.generator import generator_folder, load_drawn
from kerasmedgan.study.guard import TestGuard
from kerasmedgan.study.prepare import Study, TrainingSet, classical_settings
from kerasmedgan.study.run import save_classifier
from kerasmedgan.study.train import train_on

CELL, CHOICE, MODEL = "cell.json", "choice.json", "model.keras"
OPENINGS = "test_openings.jsonl"


def cell_name(training_set: TrainingSet, arm: str) -> str:
    """Returns a cell's name for people and for the record of test openings."""
    return f"fraction {training_set.fraction:g}, seed {training_set.seed}, {arm}"


def cell_directory(training_set: TrainingSet, arm: str) -> str:
    """Returns a cell's folder below the study's."""
    return f"cells/{training_set.folder}/{arm}"


def run_cell(arm: str, training_set: TrainingSet, study: Study, output: Path) -> dict:
    """Runs what is missing of a cell.

    What is chosen (weights, threshold, dose) is on disk before the test split is opened, and a
    cell that was stopped goes on from there.

    Args:
        arm: name of the arm. Its GANs are finished in the study's folder.
        training_set: the real images.
        study: from `prepare_study`.
        output: the study's folder.

    Returns:
        The cell's entry of `results.json`.
    """
    directory = output / cell_directory(training_set, arm)
    if (directory / CELL).exists():
        return read_json(directory / CELL)
    if not (directory / CHOICE).exists():
        _train_and_choose(arm, training_set, study, output, directory)
    return finish_cell(
        directory,
        name=cell_name(training_set, arm),
        splits=training_set.splits,
        positive_class=study.positive_class,
        record=output / OPENINGS,
    )


def finish_cell(
    directory: Path, *, name: str, splits: Splits, positive_class: str, record: Path
) -> dict:
    """Opens the test split for a classifier whose weights and threshold are on disk.

    Args:
        directory: holds `model.keras` and `choice.json`; receives `predictions.csv` and
            `cell.json`.
        name: of the cell, in the record of test openings.
        splits: the images.
        positive_class: the class to detect.
        record: the file of test openings.

    Returns:
        The cell's entry of `results.json`.
    """
    choice = read_json(directory / CHOICE)
    model = keras.saving.load_model(directory / MODEL, compile=False)
    validation = predict(model, splits.validation)
    digest = weights_sha256(model)
    test = predict(model, TestGuard(record).open(splits, cell=name, weights_sha256=digest))
    write_predictions(directory / "predictions.csv", validation, test)
    scores = {
        part.split: evaluate(part, positive_class=positive_class, threshold=choice["threshold"])
        for part in (validation, test)
    }
    calibration = describe_calibration(validation, test, positive_class=positive_class)
    entry = {**choice, **scores, "calibration": calibration, "peak_memory_mib": peak_memory_mib()}
    write_json(directory / CELL, entry)
    return read_json(directory / CELL)


def _train_and_choose(
    arm: str, training_set: TrainingSet, study: Study, output: Path, directory: Path
) -> None:
    """Trains once for each dose and saves the classifier that validation AUC prefers."""
    start, settings = time.perf_counter(), study.settings
    ratios = settings.synthetic_ratios if ARMS[arm].is_synthetic else (None,)
    classifier = settings.classifier(training_set.smallest_training(settings))
    best, aucs = None, {}
    for ratio in ratios:
        phases = _phases(arm, training_set, ratio, output)
        model, history = train_on(
            phases,
            training_set.splits.validation,
            classifier,
            seed=training_set.seed,
            verbose=0,
            **_weighting_and_transform(arm, training_set, study),
        )
        validation = predict(model, training_set.splits.validation)
        threshold = choose_threshold(validation, study.positive_class)
        auc = evaluate(validation, positive_class=study.positive_class, threshold=threshold)["auc"]
        if best is None or auc > max(aucs.values()):
            best = model, history, threshold, ratio, phases
        aucs[ratio] = auc
    model, history, threshold, ratio, phases = best
    save_classifier(model, history, directory)
    write_json(
        directory / CHOICE,
        {
            "fraction": training_set.fraction,
            "seed": training_set.seed,
            "arm": arm,
            "directory": cell_directory(training_set, arm),
            "train": _count(phases),
            "synthetic_ratio": ratio,
            "ratio_validation_aucs": {f"{r:g}": auc for r, auc in aucs.items() if r is not None},
            "threshold": threshold,
            "updates": classifier.updates,
            "batch_size": classifier.batch_size,
            "best_epoch": int(np.argmax(history[VALIDATION_AUC])) + 1,
            "weights_sha256": weights_sha256(model),
            "seconds": round(time.perf_counter() - start, 1),
        },
    )


def _phases(arm: str, training_set: TrainingSet, ratio: float | None, output: Path) -> list:
    classes, synthetic = training_set.classes_of(arm), None
    if classes:
        folder = generator_folder(training_set.folder, conditional=ARMS[arm].conditional)
        drawn = load_drawn(training_set.train, output / "synthetic" / folder)
        synthetic = choose_synthetic(drawn, training_set.train, classes, ratio)
    return training_phases(ARMS[arm], training_set.train, synthetic, seed=training_set.seed)


def _weighting_and_transform(arm: str, training_set: TrainingSet, study: Study) -> dict:
    """Returns an arm's class weights and transformation, the arguments of `train_on`."""
    how = {}
    if ARMS[arm].weighs_classes:
        how["class_weight"] = balanced_class_weights(training_set.train.counts())
    if ARMS[arm].classical:
        how["transform"] = ClassicalAugmentation(
            classical_settings(study.settings), seed=training_set.seed
        )
    return how


def _count(phases: list) -> dict[str, dict[str, int]]:
    """Adds up the images of all phases, by origin and class."""
    parts = [composition(phase) for phase in phases]
    return {
        origin: {name: sum(part[origin][name] for part in parts) for name in parts[0][origin]}
        for origin in parts[0]
    }
