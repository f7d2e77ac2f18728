"""Scores for benchmarks/gan_ablation.py, comparable over machines, and their summary over seeds."""

import statistics
from pathlib import Path

import keras

from kerasmedgan import Splits
from kerasmedgan.quality import (
    Judge,
    KerasFeatures,
    Passport,
    TextureFeatures,
    train_classifier_features,
)

# Each with the better direction first in mind: lower, lower, higher, higher.
MEASURES = ("frechet_ratio", "frechet_distance", "kid", "kid_units", "density", "coverage")
FEATURES = "features.keras"


def build_judges(
    splits: Splits, class_name: str, drawn: int | None, folder: Path, updates: int
) -> dict[str, Judge]:
    """Returns a judge for each kind of features and set of real images.

    "train" are the images that the GANs learned from, many enough to tell small differences;
    "validation" no GAN has seen, so that a copy of a training image gains nothing there. The
    classifier of the features is trained once and kept in `folder`: scores of two must not be
    compared. With fewer than `drawn` images in a half, a judge takes as many as there are.
    """
    path = folder / FEATURES
    if not path.exists():
        trained = train_classifier_features(splits.train, splits.validation, updates=updates)
        path.parent.mkdir(parents=True, exist_ok=True)
        trained.network.save(path)
    network = keras.saving.load_model(path, compile=False)
    train = splits.train.of_class(class_name)
    judged = {
        "classifier/train": (train, KerasFeatures(network, name="classifier")),
        "texture/train": (train, TextureFeatures(train.images)),
    }
    held_out = splits.validation.of_class(class_name)
    judged["classifier/validation"] = (held_out, judged["classifier/train"][1])
    return {
        name: Judge(
            part.images,
            extractor,
            groups=part.groups,
            count=min(len(part) // 2, drawn or len(part)),
        )
        for name, (part, extractor) in judged.items()
    }


def require_one_passport(entries: list[dict]) -> None:
    """Raises `PassportError` unless all scores of a judge were measured in the same way."""
    first = entries[0]["scores"]["images"]
    for entry in entries:
        for scores in entry["scores"].values():
            for judge, score in scores.items():
                Passport(**first[judge]["passport"]).require_same(Passport(**score["passport"]))


def summarise(entries: list[dict]) -> list[dict]:
    """Returns mean and standard deviation over the seeds, of each config and way to draw."""
    rows = []
    for config in dict.fromkeys(entry["config"] for entry in entries):
        runs = [entry for entry in entries if entry["config"] == config]
        for sampling, scores in runs[0]["scores"].items():
            row = {"config": config, "sampling": sampling, "seeds": len(runs)}
            row |= _spread("diversity_ratio", [run["diversity_ratio"][sampling] for run in runs])
            for judge in scores:
                for measure in MEASURES:
                    values = [run["scores"][sampling][judge][measure] for run in runs]
                    row |= _spread(f"{judge}/{measure}", values)
            rows.append(row)
    return rows


def _spread(name: str, values: list[float]) -> dict[str, float | None]:
    spread = statistics.stdev(values) if len(values) > 1 else None
    return {name: round(statistics.fmean(values), 4), f"{name}_std": spread and round(spread, 4)}
