"""Trains the DCGAN plain, with each option, and with some together: same images, same updates.

Each config and seed is scored as soon as it is trained, and its scores are kept in a small folder
that can be committed, in a file of its own; what is kept there is not trained again, and two
commands with other configs can share the folder. The work folder holds models and states, and the
features of all scores: a training that was stopped goes on, elsewhere too if it is taken along.

    python benchmarks/gan_ablation.py --data chest_xray --output benchmarks/results/gan_ablation

Scores are taken on real training images (halves of them against each other are the floor) and on
those held back. The test split is not touched.
"""

import argparse
import shlex
import sys
import time
from pathlib import Path

import numpy as np
from gan_ablation_score import FEATURES, build_judges, require_one_passport, summarise

from kerasmedgan import DCGAN, Splits, load_images
from kerasmedgan.data import LabeledImages, oversample
from kerasmedgan.environment import environment
from kerasmedgan.files import read_json, write_json
from kerasmedgan.gan import AUGMENTATIONS, GEOMETRY, PLAIN, build_adam
from kerasmedgan.images import make_grid, write_png
from kerasmedgan.quality import mean_pairwise_distance
from kerasmedgan.run_folder import resume_run_folder
from kerasmedgan.study import describe_gan, run_gan
from kerasmedgan.temporary_session import temporary_session

# Beside the DCGAN's own options: the learning rate falls along a cosine (`build_adam`).
DECAY = "decay"
CONFIGS = {
    "plain": PLAIN,
    "decay": {**PLAIN, DECAY: True},
    "augmentation": {**PLAIN, "augmentation": AUGMENTATIONS},
    "geometry": {**PLAIN, "augmentation": GEOMETRY},
    "adaptive": {**PLAIN, "augmentation": AUGMENTATIONS, "adaptive_target": 0.6},
    "spectral_norm": {**PLAIN, "spectral_norm": True},
    "r1": {**PLAIN, "r1_weight": 1.0},
    "classes": {**PLAIN, "num_classes": "all"},
    "augmentation+decay": {**PLAIN, "augmentation": AUGMENTATIONS, DECAY: True},
    "geometry+decay": {**PLAIN, "augmentation": GEOMETRY, DECAY: True},
    "geometry+classes": {**PLAIN, "augmentation": GEOMETRY, "num_classes": "all"},
    "geometry+r1": {**PLAIN, "augmentation": GEOMETRY, "r1_weight": 1.0},
    "augmentation+r1": {**PLAIN, "augmentation": AUGMENTATIONS, "r1_weight": 1.0},
    "augmentation+r1+decay": {
        **PLAIN,
        "augmentation": AUGMENTATIONS,
        "r1_weight": 1.0,
        DECAY: True,
    },
}
# Ways to draw from the same trained GAN; the first is what `generate` does by default.
NO_EMA = "no_ema"
SAMPLINGS = {"images": {}, NO_EMA: {}, "truncation_0.7": {"truncation": 0.7}}
SHOWN = ("diversity_ratio", "classifier/train/frechet_ratio", "classifier/train/kid_units")
SHOWN += ("classifier/train/coverage", "classifier/validation/frechet_ratio")
SMOKE = {"data": "phantom", "image_size": 32, "width": 8, "updates": 20, "seeds": 2}
SMOKE |= {"configs": ["plain", "augmentation", "adaptive", "classes"], "batch_size": 32}
SMOKE |= {"feature_updates": 8}
RESULTS = "results.json"
# Images of a grid.
SHOWN_AT_ONCE = 32


def parse_arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", default="phantom", help="as in load_images: phantom, kaggle, or a folder")
    add("--class-name", default="NORMAL")
    add("--output", type=Path, required=True, help="scores and grids")
    add("--work", type=Path, default=Path("runs/gan_ablation"), help="models, features")
    add("--configs", nargs="+", choices=CONFIGS, default=list(CONFIGS))
    add("--seeds", type=int, default=3)
    add("--image-size", type=int, default=64)
    add("--width", type=int, default=16)
    add("--updates", type=int, default=2000, help="of each GAN, rounded up to whole epochs")
    add("--batch-size", type=int, default=32)
    add("--count", type=int, help="images to draw (default: as many as real training images)")
    add("--feature-updates", type=int, default=600, help="of the classifier of the features")
    add("--precision", choices=("float32", "mixed_bfloat16"), default="float32")
    add("--smoke", action="store_true", help="a minute or two on phantoms: to see that it runs")
    if "--smoke" in (sys.argv if words is None else words):
        parser.set_defaults(**SMOKE)
    return parser.parse_args(words)


def train(
    name: str, seed: int, splits: Splits, arguments: argparse.Namespace
) -> tuple[DCGAN, dict]:
    """Trains one config and seed, or goes on with it; returns it and what can be told of it."""
    images, options = training_images(name, splits, arguments.class_name)
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
    settings = {"config": name, "seed": seed, "decay": decay, "gan": describe_gan(gan)}
    directory = arguments.work / name / f"seed_{seed}"
    # Finished or not, a folder of other settings is refused.
    resume_run_folder(directory, settings)
    facts = run_gan(
        gan,
        images,
        directory=directory,
        epochs=epochs,
        batch_size=arguments.batch_size,
        seed=seed,
        verbose=0,
    )
    return gan, {**settings, **facts}


def training_images(name: str, splits: Splits, class_name: str) -> tuple[LabeledImages, dict]:
    """Returns what a config trains on, and its options."""
    options = dict(CONFIGS[name])
    if options.get("num_classes") == "all":
        options["num_classes"] = splits.train.num_classes
        return oversample(splits.train, seed=0), options
    return splits.train.of_class(class_name), options


def draw(gan: DCGAN, *, count: int, seed: int, label: int | None) -> dict[str, np.ndarray]:
    """Draws images in each way."""
    drawn = {}
    for name, how in SAMPLINGS.items():
        average = gan.ema_generator.get_weights()
        if name == NO_EMA:
            gan.ema_generator.set_weights(gan.generator.get_weights())
        drawn[name] = gan.generate(count, seed=seed, label=label, **how)
        gan.ema_generator.set_weights(average)
    return drawn


def run(name: str, seed: int, splits: Splits, arguments: argparse.Namespace, judges) -> dict:
    """Trains, draws and scores one config and seed."""
    real = splits.train.of_class(arguments.class_name)
    gan, facts = train(name, seed, splits, arguments)
    label = None if gan.num_classes is None else real.class_index(arguments.class_name)
    drawn = draw(gan, count=arguments.count or len(real), seed=seed, label=label)
    if seed == 0:
        grid = make_grid(drawn["images"][:SHOWN_AT_ONCE], columns=8)
        write_png(arguments.output / "figures" / f"{name}.png", grid)
    real_distance = mean_pairwise_distance(real.images)
    return {
        **facts,
        "diversity_ratio": {
            way: round(mean_pairwise_distance(images) / real_distance, 4)
            for way, images in drawn.items()
        },
        "command": shlex.join(sys.argv),
        "scores": {
            way: {judged: judge(images).to_dict() for judged, judge in judges.items()}
            for way, images in drawn.items()
        },
        "environment": environment(),
    }


def run_settings(arguments: argparse.Namespace, splits: Splits) -> dict:
    """Returns what must be the same in all runs of a folder."""
    names = ("data", "class_name", "image_size", "width", "updates", "batch_size", "count")
    names += ("precision", "feature_updates")
    settings = {name: getattr(arguments, name) for name in names}
    return {"kind": "gan_ablation", **settings, "fingerprint": splits.fingerprint()}


def run_path(name: str, seed: int, arguments: argparse.Namespace) -> Path:
    """Returns the file of one config and seed."""
    return arguments.output / "scores" / f"{name}-{seed}.json"


def require_features(arguments: argparse.Namespace) -> None:
    """Ends where scores are kept whose features are not in the work folder, before any work."""
    kept = any((arguments.output / "scores").glob("*.json"))
    if kept and not (arguments.work / FEATURES).exists():
        sys.exit(
            f"gan_ablation.py: error: Expected {FEATURES} in {arguments.work}, which made the "
            f"scores in {arguments.output}. Received: none; scores of others could not be "
            "compared with them. Take the work folder along, or choose another --output."
        )


def gather(arguments: argparse.Namespace) -> list[dict]:
    """Writes `results.json`, the summary of all runs of the folder; returns it.

    Raises:
        PassportError: if scores were not measured in the same way.
    """
    runs = [read_json(path) for path in sorted((arguments.output / "scores").glob("*.json"))]
    order = list(CONFIGS)
    runs.sort(key=lambda one: (order.index(one["config"]), one["seed"]))
    require_one_passport(runs)
    results = {"command": shlex.join(sys.argv), "summary": summarise(runs)}
    write_json(arguments.output / RESULTS, results)
    return results["summary"]


def main(words: list[str] | None = None) -> None:
    """Trains and scores what is missing and sums up after each."""
    arguments = parse_arguments(words)
    splits = load_images(arguments.data, image_size=arguments.image_size)
    resume_run_folder(arguments.output, run_settings(arguments, splits))
    require_features(arguments)
    judges = build_judges(
        splits, arguments.class_name, arguments.count, arguments.work, arguments.feature_updates
    )
    # Seed by seed, so that what is there can be compared whenever it is stopped.
    for seed in range(arguments.seeds):
        for name in arguments.configs:
            path = run_path(name, seed, arguments)
            if path.exists():
                print(f"{name}, seed {seed}: finished", flush=True)
                continue
            start = time.perf_counter()
            with temporary_session():
                write_json(path, run(name, seed, splits, arguments, judges))
            gather(arguments)
            print(f"{name}, seed {seed}: {time.perf_counter() - start:.0f} seconds", flush=True)
    for row in gather(arguments):
        shown = [f"{name} {row[name]}" for name in SHOWN if name in row]
        print(f"{row['config']}, {row['sampling']}, {row['seeds']} seeds: {', '.join(shown)}")


if __name__ == "__main__":
    main()
