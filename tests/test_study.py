import csv
import dataclasses

import keras
import numpy as np
import pytest

from kerasmedgan.evaluation import choose_threshold, evaluate, predict
from kerasmedgan.study import REAL, REAL_AND_GAN, ClassifierSettings, build_arms, run_arm

SETTINGS = ClassifierSettings(updates=8, updates_per_epoch=4, batch_size=8)


@pytest.fixture(scope="module")
def arms(tiny_splits):
    normal = tiny_splits.train.of_class("NORMAL")
    synthetic = dataclasses.replace(normal, synthetic=np.ones(len(normal), bool))
    return build_arms(tiny_splits.train, synthetic)


@pytest.fixture(scope="module")
def finished(arms, tiny_splits, tmp_path_factory):
    """Each arm's folder and its entry of the results."""
    directory = tmp_path_factory.mktemp("classifiers")
    return {
        name: (
            directory / name,
            run_arm(
                name,
                train,
                tiny_splits,
                directory=directory / name,
                settings=SETTINGS,
                seed=0,
                positive_class="PNEUMONIA",
                verbose=0,
            ),
        )
        for name, train in arms.items()
    }


def test_arms_differ_in_their_training_images_alone(finished, tiny_splits):
    real, augmented = (finished[name][1] for name in (REAL, REAL_AND_GAN))
    counts = tiny_splits.train.counts()
    assert real["train"] == {"real": counts, "synthetic": dict.fromkeys(counts, 0)}
    assert augmented["train"]["real"] == counts
    assert augmented["train"]["synthetic"] == {"NORMAL": counts["NORMAL"], "PNEUMONIA": 0}
    for same in ("updates", "batch_size", "seed"):
        assert real[same] == augmented[same]


def test_the_saved_model_gives_the_reported_numbers(finished, tiny_splits):
    directory, result = finished[REAL]
    model = keras.saving.load_model(directory / "model.keras")
    assert int(model.optimizer.iterations) == SETTINGS.updates
    threshold = choose_threshold(predict(model, tiny_splits.validation), "PNEUMONIA")
    assert result["validation"]["threshold"] == result["test"]["threshold"] == threshold
    again = evaluate(
        predict(model, tiny_splits.test), positive_class="PNEUMONIA", threshold=threshold
    )
    assert again == result["test"]


def test_files_hold_the_predictions_of_validation_and_test_alone(finished, tiny_splits):
    directory, _ = finished[REAL_AND_GAN]
    with (directory / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    counts = {split: sum(row["split"] == split for row in rows) for split in ("validation", "test")}
    assert counts == {"validation": len(tiny_splits.validation), "test": len(tiny_splits.test)}
    assert len(rows) == sum(counts.values())
    with (directory / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    assert [row["epoch"] for row in history] == ["1", "2"]
    assert set(history[0]) == {
        "epoch",
        "accuracy",
        "auc",
        "loss",
        "val_accuracy",
        "val_auc",
        "val_loss",
    }


def test_each_arm_opens_the_test_split_once(finished, tiny_splits):
    assert [result["test_openings"] for _, result in finished.values()] == [1, 1]
    assert tiny_splits.test_openings == [f"{REAL}, seed 0", f"{REAL_AND_GAN}, seed 0"]


def test_settings_are_refused_before_any_training():
    with pytest.raises(
        ValueError, match="`updates`.*multiple of `updates_per_epoch`, 100.*Received: 250"
    ):
        ClassifierSettings(updates=250)
