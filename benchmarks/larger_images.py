"""Trains the default DCGAN at 128 px, and at 256 px for a few updates, and draws a grid of each.

    python benchmarks/larger_images.py --data chest_xray --output benchmarks/results/larger_images

It shows that these sizes train and what is drawn by then, not how good a GAN becomes.
"""

import argparse
import shlex
import sys
import tempfile
from pathlib import Path

from kerasmedgan import DCGAN, load_images
from kerasmedgan.environment import environment, peak_memory_mib
from kerasmedgan.files import write_json
from kerasmedgan.images import make_grid, write_png
from kerasmedgan.quality import mean_pairwise_distance
from kerasmedgan.study import run_gan

COLUMNS = 4


def train(image_size: int, updates: int, arguments: argparse.Namespace) -> dict:
    """Trains at one size, writes its grid, and returns what can be told of it."""
    splits = load_images(arguments.data, image_size=image_size)
    images = splits.train.of_class(arguments.class_name)
    gan = DCGAN(image_size=image_size, channels=images.channels, width=arguments.width, seed=0)
    gan.compile()
    epochs = -(-updates // (len(images) // arguments.batch_size))
    with tempfile.TemporaryDirectory() as folder:
        facts = run_gan(
            gan,
            images,
            directory=folder,
            epochs=epochs,
            batch_size=arguments.batch_size,
            seed=0,
            verbose=0,
        )
    drawn = gan.generate(arguments.count, seed=0)
    grid = make_grid(drawn[: 2 * COLUMNS], columns=COLUMNS)
    write_png(arguments.output / f"{image_size}px.png", grid)
    ratio = mean_pairwise_distance(drawn) / mean_pairwise_distance(images.images)
    return {
        "image_size": image_size,
        "images": len(images),
        **facts,
        "seconds_per_step": round(facts["seconds"] / facts["steps"], 3),
        "diversity_ratio": round(float(ratio), 4),
        "peak_memory_mib": peak_memory_mib(),
    }


def main() -> None:
    """Reads the command line, trains at each size in turn, and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", default="phantom", help="as in load_images: phantom, kaggle, or a folder")
    add("--class-name", default="NORMAL")
    add("--sizes", type=int, nargs="+", default=[128, 256])
    add("--updates", type=int, nargs="+", default=[1480, 370], help="at each size")
    add("--width", type=int, default=16)
    add("--batch-size", type=int, default=32)
    add("--count", type=int, default=64, help="images whose diversity is measured")
    add("--output", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    runs = []
    for size, updates in zip(arguments.sizes, arguments.updates, strict=True):
        runs.append(train(size, updates, arguments))
        print(runs[-1], flush=True)
        found = {"runs": runs, "command": shlex.join(sys.argv), "environment": environment()}
        write_json(arguments.output / "results.json", found)


if __name__ == "__main__":
    main()
