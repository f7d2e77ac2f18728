import csv
import dataclasses

import keras
import numpy as np
import pytest
from conftest import draw_images

from kerasmedgan.data import LabeledImages, Splits
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


def draw_three_classes(split, seed):
    """Returns 24 RGB images of three classes, by turns, one a patient."""
    labels = np.arange(24) % 3
    names = np.array([f"{split}-{index:02d}" for index in range(24)])
    return LabeledImages(
        images=np.repeat(draw_images(labels, image_size=32, seed=seed), 3, axis=-1),
        labels=labels,
        class_names=("BACTERIA", "NORMAL", "VIRUS"),
        groups=names,
        split=split,
        files=names,
    )


def test_three_classes_in_rgb(tmp_path):
    parts = {
        split: draw_three_classes(split, seed)
        for seed, split in enumerate(("train", "validation", "test"))
    }
    splits, classes = Splits(**parts), parts["train"].class_names
    result = run_arm(
        REAL,
        splits.train,
        splits,
        directory=tmp_path,
        settings=SETTINGS,
        seed=0,
        positive_class=None,
        verbose=0,
    )
    assert result["train"]["real"] == dict.fromkeys(classes, 8)
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert (model.input_shape, model.output_shape) == ((None, 32, 32, 3), (None, 3))
    for split in ("validation", "test"):
        assert set(result[split]["recall"]) == set(classes)
        assert np.shape(result[split]["confusion_matrix"]) == (3, 3)
        # Two-class metrics have no meaning here.
        assert not {"sensitivity", "specificity", "threshold", "at_half"} & set(result[split])
        assert evaluate(predict(model, parts[split]), positive_class=None) == result[split]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "arm.json",
        "history.csv",
        "model.keras",
        "predictions.csv",
        "test_openings.jsonl",
    ]
    with (tmp_path / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    columns = [f"probability_{name}" for name in classes]
    assert [name for name in rows[0] if name.startswith("probability")] == columns
    assert [row["label"] for row in rows] == [classes[index % 3] for index in range(24)] * 2
    written = np.array([[float(row[name]) for name in columns] for row in rows[24:]])
    np.testing.assert_allclose(written, predict(model, splits.test).probabilities, rtol=1e-5)


def test_settings_are_refused_before_any_training():
    with pytest.raises(
        ValueError, match="`updates`.*multiple of `updates_per_epoch`, 100.*Received: 250"
    ):
        ClassifierSettings(updates=250)
