"""A study's run folder with made-up scores and noise images, for tests of its report."""

import json

import numpy as np

from kerasmedgan.data.split_guard import TEST, VALIDATION
from kerasmedgan.evaluation import Predictions, choose_threshold, evaluate, write_predictions
from kerasmedgan.files import write_csv, write_json
from kerasmedgan.images import write_png
from kerasmedgan.study.statistics import METRICS, ArmScores, compare_arms, summarise

CLASSES = ("NORMAL", "PNEUMONIA")
COUNTS = {"train": (60, 120), "validation": (10, 20), "test": (30, 50)}
FEW_ARMS = ("real", "weights", "classical", "gan", "gan+classical")
ALL_ARMS = (*FEW_ARMS, "oversample", "gan-only", "gan-all", "gan-pretrain")
SCARCE, EVERY = ("gan", "gan+classical", "cgan"), ("gan-only", "gan-all", "gan-pretrain")
SUMMARISED = (*METRICS, "expected_calibration_error")
EPOCHS = 8


def write_study(path, *, arms=FEW_ARMS, fractions=(1.0,), seeds=(0, 1, 2), classes=CLASSES):
    """Writes the folder and returns its path."""
    cells, comparisons, generators = [], [], []
    for fraction in fractions:
        scores = {}
        for position, arm in enumerate(arms):
            parts = [
                _write_cell(path, arm, fraction, seed, classes, skill=1.2 + 0.1 * position)
                for seed in seeds
            ]
            cells += [entry for entry, _ in parts]
            scores[arm] = ArmScores(
                np.stack([test.positive_scores(classes[1])[1] for _, test in parts]),
                np.array([entry["test"]["threshold"] for entry, _ in parts]),
            )
        test = parts[0][1]
        compared = compare_arms(
            scores, is_positive=test.labels == 1, groups=test.groups, resamples=100
        )
        comparisons += [{"fraction": fraction, "arm": arm, **e} for arm, e in compared.items()]
        drawn = classes if set(arms) & set(EVERY) else classes[: bool(set(arms) & set(SCARCE))]
        generators += [
            _write_generator(path, fraction, seed, name) for seed in seeds for name in drawn
        ]
    summaries = [
        {
            "fraction": fraction,
            "arm": arm,
            "metrics": {
                metric: summarise([cell["test"][metric] for cell in _of(cells, fraction, arm)])
                for metric in SUMMARISED
            },
        }
        for fraction in fractions
        for arm in arms
    ]
    openings = [
        {
            "cell": f"fraction {cell['fraction']:g}, seed {cell['seed']}, {cell['arm']}",
            "weights_sha256": f"sha of {cell['directory']}",
            "time": "2030-01-01T00:00:00+00:00",
        }
        for cell in cells
    ]
    write_json(path / "config.json", {"kind": "study", "source": "phantom", "image_size": 16})
    results = {
        **{"kind": "study", "primary_metric": "auc", "level": 0.95},
        "classes": {"names": classes, "positive": classes[1]},
        "data": {
            split: dict(zip(classes, counts, strict=True)) for split, counts in COUNTS.items()
        },
        "leakage": {"patient names in both train and test": 0},
        **{"limits": {}, "seeds": seeds, "fractions": fractions, "arms": arms},
        "training_sets": [
            {
                **{"fraction": fraction, "seed": seed},
                "images": dict.fromkeys(classes, round(90 * fraction)),
                "patients": dict.fromkeys(classes, round(40 * fraction)),
                "validation": dict(zip(classes, COUNTS["validation"], strict=True)),
            }
            for fraction in fractions
            for seed in seeds
        ],
        **{"generators": generators, "cells": cells, "summaries": summaries},
        **{"comparisons": comparisons, "test_openings": openings},
        "environment": {"python": "3.11.7", "tensorflow": "2.21.0", "keras": "3.15.1"},
        **{"command": "examples/study.py phantom", "seconds": 1234.5, "peak_memory_mib": 1500},
    }
    write_json(path / "results.json", results)
    return path


def change_results(path, change):
    """Applies a function to the content of `results.json` and writes it back."""
    results = read_results(path)
    change(results)
    write_json(path / "results.json", results)


def read_results(path):
    return json.loads((path / "results.json").read_text())


def set_verdict(results, arm, fraction, verdict, mean):
    """Makes up one comparison: its verdict and the numbers that go with it."""
    (entry,) = (
        entry
        for entry in results["comparisons"]
        if entry["arm"] == arm and entry["fraction"] == fraction
    )
    entry["verdict"], entry["reason"] = verdict, f"AUC {mean:+.3f}: made up."
    entry["differences"]["auc"] |= {"mean": mean, "per_seed": [mean - 0.01, mean, mean + 0.01]}
    entry["primary"]["corrected_interval"] = [mean - 0.02, mean + 0.02]


def set_all_verdicts(results, verdict="no evidence"):
    for entry in results["comparisons"]:
        set_verdict(results, entry["arm"], entry["fraction"], verdict, 0.001)


def _of(cells, fraction, arm):
    return [cell for cell in cells if cell["fraction"] == fraction and cell["arm"] == arm]


def _write_cell(path, arm, fraction, seed, classes, *, skill):
    generator = np.random.default_rng([seed, round(100 * fraction), round(10 * skill)])
    validation, test = (
        _predictions(generator, split, classes, skill + fraction) for split in (VALIDATION, TEST)
    )
    threshold = choose_threshold(validation, classes[1])
    directory = f"cells/fraction_{fraction:g}/seed_{seed}/{arm}"
    write_predictions(path / directory / "predictions.csv", validation, test)
    # An arm that pretrains keeps the history of its second half alone.
    epochs = np.arange(1, 1 + EPOCHS // (2 if arm == "gan-pretrain" else 1))
    curve = 1 - 0.5 * np.exp(-epochs / 3) - generator.uniform(0, 0.05, len(epochs))
    header = ["epoch", "accuracy", "auc", "loss", "val_accuracy", "val_auc", "val_loss"]
    rows = [
        [i, v, v, 1 - v, v - 0.05, v - 0.03, 1.1 - v] for i, v in zip(epochs, curve, strict=True)
    ]
    write_csv(path / directory / "history.csv", header, rows)
    drawn = classes if arm in EVERY else classes[: arm in SCARCE]
    entry = {
        **{"fraction": fraction, "seed": seed, "arm": arm, "directory": directory},
        "train": {
            "real": dict.fromkeys(classes, 0 if arm == "gan-only" else round(90 * fraction)),
            "synthetic": {name: round(60 * fraction) * (name in drawn) for name in classes},
        },
        "synthetic_ratio": 1.0 if drawn else None,
        "ratio_validation_aucs": {"1": 0.991, "4": 0.989} if drawn else {},
        **{"updates": 400, "batch_size": 16, "best_epoch": len(epochs) - seed, "seconds": 12.5},
        "validation": evaluate(validation, positive_class=classes[1], threshold=threshold),
        "test": evaluate(test, positive_class=classes[1], threshold=threshold),
    }
    return entry, test


def _predictions(generator, split, classes, skill):
    labels = np.repeat([0, 1], COUNTS[split])
    logits = generator.normal(0, 1, len(labels)) + skill * (labels - 0.3)
    positive = 1 / (1 + np.exp(-logits))
    names = np.array([f"{split}/{index}.png" for index in range(len(labels))])
    probabilities = np.stack([1 - positive, positive], axis=1)
    return Predictions(probabilities, labels, classes, names, names, split)


def _write_generator(path, fraction, seed, name):
    folder = f"fraction_{fraction:g}/seed_{seed}/{name}"
    generator = np.random.default_rng(seed)
    for index, image in enumerate(generator.integers(0, 256, (8, 16, 16, 1), np.uint8)):
        write_png(path / "synthetic" / folder / f"{index:06d}.png", image)
    return {
        **{"fraction": fraction, "seed": seed, "class": name, "directory": f"generators/{folder}"},
        **{"images": round(60 * fraction), "epochs": 5, "steps": 90, "batch_size": 16},
        **{"seconds": 8.3, "count": 8, "synthetic_directory": f"synthetic/{folder}"},
        **{"mean_pairwise_distance": 0.17, "real_mean_pairwise_distance": 0.19},
        "diversity_ratio": 0.895,
        "shortcut": {"auc": 0.97, "fold_aucs": [0.96, 0.98], "images": 120, "updates": 100},
    }
