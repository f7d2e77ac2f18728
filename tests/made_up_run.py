"""A run's folder with made-up numbers and noise images, for tests of its report."""

import numpy as np

from kerasmedgan.evaluation import Predictions, choose_threshold, evaluate, write_predictions
from kerasmedgan.files import write_csv, write_json
from kerasmedgan.images import write_png

BINARY = ("NORMAL", "PNEUMONIA")
COUNTS = {"train": (20, 60), "validation": (10, 30), "test": (20, 30)}


def count_classes(classes, split):
    return dict(zip(classes, (*COUNTS[split], 25), strict=False))


def make_predictions(classes, split, *, seed):
    """Returns predictions of a made-up classifier; a higher seed is right more often."""
    generator = np.random.default_rng(seed)
    counts = count_classes(classes, split).values()
    labels = np.repeat(np.arange(len(classes)), list(counts))
    logits = generator.normal(0, 1, (len(labels), len(classes)))
    logits[np.arange(len(labels)), labels] += 1.5 + 0.5 * seed
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    names = np.array([f"{split}/{index}.png" for index in range(len(labels))])
    return Predictions(probabilities.astype(np.float32), labels, classes, names, names, split)


def write_arm(run, arm, classes, *, seed, epochs):
    """Writes an arm's folder and returns its entry of results.json."""
    directory = f"classifiers/{arm}/seed_0"
    splits = ("validation", "test")
    validation, test = (make_predictions(classes, split, seed=seed) for split in splits)
    positive = classes[1] if len(classes) == 2 else None
    threshold = choose_threshold(validation, positive) if positive else None
    write_predictions(run / directory / "predictions.csv", validation, test)
    header = ["epoch", "accuracy", "auc", "loss", "val_accuracy", "val_auc", "val_loss"]
    curve = 1 - 0.5 * np.exp(-(np.arange(epochs) + seed) / epochs)
    rows = [[i, v, v, 1 - v, v - 0.05, v - 0.03, 1.1 - v] for i, v in enumerate(curve, 1)]
    write_csv(run / directory / "history.csv", header, rows)
    synthetic = dict.fromkeys(classes, 0) | {classes[0]: 40 * seed}
    return {
        **{"directory": directory, "seed": 0, "updates": 100 * epochs, "batch_size": 16},
        **{"seconds": 12.5, "best_epoch": epochs - 1, "test_openings": 1},
        "train": {"real": count_classes(classes, "train"), "synthetic": synthetic},
        "validation": evaluate(validation, positive_class=positive, threshold=threshold),
        "test": evaluate(test, positive_class=positive, threshold=threshold),
    }


def write_run(path, classes=BINARY, *, arms=("real", "real+gan"), epochs=3):
    """Writes a run folder of made-up numbers and noise images and returns its path."""
    generator = np.random.default_rng(0)
    drawn = classes[0]
    for index, image in enumerate(generator.integers(0, 256, (70, 16, 16, 1), np.uint8)):
        write_png(path / "synthetic" / drawn / f"{index:06d}.png", image)
    columns = "epoch generator_loss discriminator_loss real_accuracy synthetic_accuracy"
    rows = [[epoch, *generator.uniform(0.4, 1, 4)] for epoch in range(1, 6)]
    write_csv(path / "gan" / drawn / "history.csv", columns.split(), rows)
    gan = {"class": drawn, "epochs": 5, "steps": 90, "batch_size": 16, "seconds": 8.3}
    synthetic = {"class": drawn, "count": 70, "seed": 0, "mean_pairwise_distance": 0.17}
    synthetic |= {"real_mean_pairwise_distance": 0.19, "diversity_ratio": 0.895}
    content = {
        "data": {split: count_classes(classes, split) for split in COUNTS},
        "leakage": {"patient names in both train and test": 0},
        "classes": {"names": classes, "positive": classes[1] if len(classes) == 2 else None},
        "gan": {**gan, "images_per_second": 173.5, "directory": f"gan/{drawn}"},
        "synthetic": {**synthetic, "directory": f"synthetic/{drawn}"},
        "arms": {
            arm: write_arm(path, arm, classes, seed=i, epochs=epochs) for i, arm in enumerate(arms)
        },
        "environment": {"python": "3.11.7", "tensorflow": "2.21.0", "cores": 2},
        **{"command": "examples/end_to_end.py --data phantom", "seconds": 1500.0},
        **{"peak_memory_mib": 2100},
    }
    write_json(path / "results.json", content)
    return path
