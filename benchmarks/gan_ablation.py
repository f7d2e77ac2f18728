"""Trains the DCGAN plain, with each option, and as it is by default: same images, same updates.

What is finished is not trained again, and a training that was stopped goes on, so give the same
command again. Each config and seed has a folder: model, history, a grid of generated images, and
the images that are scored. Scoring is a step of its own, on real training images (halves of them
against each other are the floor) and on those held back.

    python benchmarks/gan_ablation.py --data chest_xray --output runs/ablation
    python benchmarks/gan_ablation.py --data chest_xray --output runs/ablation --score
"""

import argparse
import shlex
import sys
import time
from pathlib import Path

import keras
import numpy as np
from gan_ablation_score import score_folders, summarise

from kerasmedgan import DCGAN, Splits, load_images
from kerasmedgan.data import LabeledImages, oversample
from kerasmedgan.environment import environment
from kerasmedgan.files import atomic_path, read_json, write_json
from kerasmedgan.gan import AUGMENTATIONS, PLAIN, build_adam
from kerasmedgan.images import make_grid, write_png
from kerasmedgan.quality import mean_pairwise_distance
from kerasmedgan.run_folder import resume_run_folder
from kerasmedgan.study import describe_gan, run_gan

# Beside the DCGAN's own options: the learning rate falls along a cosine (`build_adam`).
DECAY = "decay"
CONFIGS = {
    "plain": PLAIN,
    "decay": {**PLAIN, DECAY: True},
    "augmentation": {**PLAIN, "augmentation": AUGMENTATIONS},
    "adaptive": {**PLAIN, "augmentation": AUGMENTATIONS, "adaptive_target": 0.6},
    "spectral_norm": {**PLAIN, "spectral_norm": True},
    "r1": {**PLAIN, "r1_weight": 1.0},
    "classes": {**PLAIN, "num_classes": "all"},
    "augmentation+decay": {**PLAIN, "augmentation": AUGMENTATIONS, DECAY: True},
    "adaptive+decay": {
        **PLAIN,
        "augmentation": AUGMENTATIONS,
        "adaptive_target": 0.6,
        DECAY: True,
    },
    "r1+decay": {**PLAIN, "r1_weight": 1.0, DECAY: True},
    "augmentation+r1+decay": {
        **PLAIN,
        "augmentation": AUGMENTATIONS,
        "r1_weight": 1.0,
        DECAY: True,
    },
    # Whatever holds where nothing is said.
    "default": {},
}
# Ways to draw from the same trained GAN; the first is what `generate` does by default.
SAMPLINGS = {
    "images": {},
    "no_ema": {},
    "truncation_0.7": {"truncation": 0.7},
    "truncation_0.5": {"truncation": 0.5},
}
SHOWN = ("diversity_ratio", "classifier/train/frechet_ratio", "classifier/train/kid_units")
SHOWN += ("classifier/train/coverage", "classifier/validation/frechet_ratio")
SMOKE = {"data": "phantom", "image_size": 32, "width": 8, "updates": 20, "seeds": 2}
SMOKE |= {"configs": ["plain", "augmentation", "adaptive", "classes", "default"], "batch_size": 32}


def parse_arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", default="phantom", help="as in load_images: phantom, kaggle, or a folder")
    add("--class-name", default="NORMAL")
    add("--output", type=Path, required=True)
    add("--configs", nargs="+", choices=CONFIGS, default=list(CONFIGS))
    add("--seeds", type=int, default=3)
    add("--image-size", type=int, default=64)
    add("--width", type=int, default=32)
    add("--updates", type=int, default=1200, help="of each GAN, rounded up to whole epochs")
    add("--batch-size", type=int, default=64)
    add("--count", type=int, help="images to draw (default: as many as real training images)")
    add("--precision", choices=("float32", "mixed_bfloat16"), default="float32")
    add("--score", action="store_true", help="score what is there; train nothing")
    add("--smoke", action="store_true", help="a minute or two on phantoms: to see that it runs")
    if "--smoke" in (sys.argv if words is None else words):
        parser.set_defaults(**SMOKE)
    return parser.parse_args(words)


def train(
    name: str, seed: int, splits: Splits, arguments: argparse.Namespace, directory: Path
) -> None:
    """Trains one config and seed, or goes on with it, and draws its images."""
    images, options = training_images(name, splits, arguments)
    decay = options.pop(DECAY, False)
    steps = len(images) // arguments.batch_size
    epochs = -(-arguments.updates // steps)
    gan = DCGAN(
        image_size=arguments.image_size,
        channels=images.channels,
        width=arguments.width,
        seed=seed,
        dtype=arguments.precision,
        **options,
    )
    decay_updates = epochs * steps if decay else None
    gan.compile(*(build_adam(decay_updates=decay_updates) for _ in range(2)))
    # Finished or not, a folder of other settings is refused.
    resume_run_folder(
        directory, {"config": name, "seed": seed, "decay": decay, "gan": describe_gan(gan)}
    )
    run_gan(
        gan,
        images,
        directory=directory,
        epochs=epochs,
        batch_size=arguments.batch_size,
        seed=seed,
        verbose=0,
    )
    label = None if gan.num_classes is None else images.class_index(arguments.class_name)
    real = splits.train.of_class(arguments.class_name)
    draw(gan, directory, count=arguments.count or len(real), seed=seed, label=label)


def training_images(
    name: str, splits: Splits, arguments: argparse.Namespace
) -> tuple[LabeledImages, dict]:
    """Returns what a config trains on, and its options."""
    options = dict(CONFIGS[name])
    if options.get("num_classes") == "all":
        options["num_classes"] = splits.train.num_classes
        return oversample(splits.train, seed=0), options
    return splits.train.of_class(arguments.class_name), options


def draw(gan: DCGAN, directory: Path, *, count: int, seed: int, label: int | None) -> None:
    """Writes `images.npz`, an array for each way to draw, and `grid.png` of the first."""
    drawn = {}
    for name, how in SAMPLINGS.items():
        average = gan.ema_generator.get_weights()
        if name == "no_ema":
            gan.ema_generator.set_weights(gan.generator.get_weights())
        drawn[name] = gan.generate(count, seed=seed, label=label, **how)
        gan.ema_generator.set_weights(average)
    write_png(directory / "grid.png", make_grid(drawn["images"][:64], columns=8))
    with atomic_path(directory / "images.npz") as temporary:
        np.savez_compressed(temporary, **drawn)


def collect(arguments: argparse.Namespace, splits: Splits) -> dict:
    """Returns what all finished folders say, in a form for `results.json`."""
    real = splits.train.of_class(arguments.class_name)
    real_distance = mean_pairwise_distance(real.images)
    entries = []
    for name in CONFIGS:
        for directory in sorted((arguments.output / name).glob("seed_*")):
            if not (directory / "images.npz").exists():
                continue
            settings = read_json(directory / "config.json")
            with np.load(directory / "images.npz") as file:
                diversity = {
                    sampling: round(mean_pairwise_distance(file[sampling]) / real_distance, 4)
                    for sampling in file.files
                }
            scores = directory / "scores.json"
            entries.append(
                {
                    **{part: settings[part] for part in ("config", "seed", "decay", "gan")},
                    **read_json(directory / "gan.json"),
                    "diversity_ratio": diversity,
                    "scores": read_json(scores) if scores.exists() else None,
                }
            )
    return {
        "command": shlex.join(sys.argv),
        "settings": run_settings(arguments, splits),
        "real_images": len(real),
        "environment": environment(),
        "runs": entries,
        "summary": summarise(entries),
    }


def run_settings(arguments: argparse.Namespace, splits: Splits) -> dict:
    """Returns what must be the same in all runs of a folder."""
    names = ("data", "class_name", "image_size", "width", "updates", "batch_size", "count")
    settings = {name: getattr(arguments, name) for name in (*names, "precision")}
    return {"kind": "gan_ablation", **settings, "fingerprint": splits.fingerprint()}


def main(words: list[str] | None = None) -> None:
    """Trains or scores what is missing and writes `results.json` after each."""
    arguments = parse_arguments(words)
    splits = load_images(arguments.data, image_size=arguments.image_size)
    resume_run_folder(arguments.output, run_settings(arguments, splits))
    if arguments.score:
        folders = sorted(path.parent for path in arguments.output.glob("*/seed_*/images.npz"))
        score_folders(folders, splits, arguments.class_name)
    else:
        # Seed by seed, so that what is there can be compared whenever it is stopped.
        for seed in range(arguments.seeds):
            for name in arguments.configs:
                directory = arguments.output / name / f"seed_{seed}"
                if (directory / "images.npz").exists():
                    print(f"{name}, seed {seed}: finished", flush=True)
                    continue
                start = time.perf_counter()
                keras.utils.clear_session()
                train(name, seed, splits, arguments, directory)
                seconds = time.perf_counter() - start
                print(f"{name}, seed {seed}: {seconds:.0f} seconds", flush=True)
                write_json(arguments.output / "results.json", collect(arguments, splits))
    results = collect(arguments, splits)
    write_json(arguments.output / "results.json", results)
    for row in results["summary"]:
        shown = [f"{name} {row[name]}" for name in SHOWN if name in row]
        print(f"{row['config']}, {row['sampling']}, {row['seeds']} seeds: {', '.join(shown)}")


if __name__ == "__main__":
    main()
