"""Scores the images of benchmarks/gan_ablation.py, and summarises the scores over the seeds."""

import statistics
from pathlib import Path

import numpy as np

from kerasmedgan import Splits
from kerasmedgan.files import write_json

# Each with the better direction first in mind: lower, lower, higher, higher.
MEASURES = ("frechet_ratio", "frechet_distance", "kid", "kid_units", "density", "coverage")


def build_judges(splits: Splits, class_name: str, drawn: int) -> dict:
    """Returns a judge for each kind of features and each set of real images.

    "train" are the images that the GANs learned from, many enough to tell small differences;
    "validation" no GAN has seen, so that a copy of a training image gains nothing there. With fewer
    than `drawn` images in a half, the judges take as many as there are.
    """
    # Not at the top, so that training needs nothing of it.
    from kerasmedgan.quality import Judge, TextureFeatures, train_classifier_features

    train = splits.train.of_class(class_name)
    features = {
        "classifier": train_classifier_features(splits.train, splits.validation),
        "texture": TextureFeatures(train.images),
    }
    return {
        f"{kind}/{part.split}": Judge(
            part.images, extractor, groups=part.groups, count=min(len(part) // 2, drawn)
        )
        for kind, extractor in features.items()
        for part in (train, splits.validation.of_class(class_name))
    }


def score_folders(folders: list[Path], splits: Splits, class_name: str) -> None:
    """Writes `scores.json` into each folder: every judge of every way to draw.

    All are scored anew by the same judges: the classifier of the features is trained here, and
    scores of two of them must not be compared.
    """
    drawn = min(_images(folder)["images"].shape[0] for folder in folders)
    judges = build_judges(splits, class_name, drawn)
    for folder in folders:
        scores = {
            sampling: {name: judge(images).to_dict() for name, judge in judges.items()}
            for sampling, images in _images(folder).items()
        }
        write_json(folder / "scores.json", scores)
        print(f"{folder}: scored", flush=True)


def _images(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "images.npz") as file:
        return dict(file)


def summarise(entries: list[dict]) -> list[dict]:
    """Returns mean and standard deviation over the seeds, of each config and way to draw."""
    rows = []
    for config in dict.fromkeys(entry["config"] for entry in entries):
        runs = [entry for entry in entries if entry["config"] == config]
        for sampling in runs[0]["diversity_ratio"]:
            row = {"config": config, "sampling": sampling, "seeds": len(runs)}
            row |= _spread("diversity_ratio", [run["diversity_ratio"][sampling] for run in runs])
            scored = [run["scores"][sampling] for run in runs if run["scores"]]
            for judge in scored[0] if scored else ():
                for measure in MEASURES:
                    values = [scores[judge][measure] for scores in scored]
                    row |= _spread(f"{judge}/{measure}", values)
            rows.append(row)
    return rows


def _spread(name: str, values: list[float]) -> dict[str, float | None]:
    spread = statistics.stdev(values) if len(values) > 1 else None
    return {name: round(statistics.fmean(values), 4), f"{name}_std": spread and round(spread, 4)}
