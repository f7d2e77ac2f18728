"""Ten lines of kerasmedgan: a DCGAN learns to draw normal phantom chest X-rays.

Run it with no argument at all; it leaves a grid of generated images in runs/quickstart.
"""

import argparse
from pathlib import Path

from kerasmedgan import DCGAN, load_images
from kerasmedgan.callbacks import SampleGrid, SyntheticExport
from kerasmedgan.distribution import get_strategy


def main() -> None:
    """Trains, and says where the pictures are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("runs/quickstart"))
    parser.add_argument("--epochs", type=int, default=60)
    strategies = ("auto", "cpu", "gpu", "mirrored", "tpu")
    parser.add_argument("--strategy", default="auto", choices=strategies)
    parser.add_argument("--smoke", action="store_true", help="two epochs, to see that it runs")
    args = parser.parse_args()

    splits = load_images("phantom", image_size=32)
    normal = splits.train.of_class("NORMAL")
    with get_strategy(args.strategy).scope():
        gan = DCGAN(image_size=32)
        gan.compile()
    gan.fit(
        normal.batches(32),
        epochs=2 if args.smoke else args.epochs,
        shuffle=False,
        callbacks=[
            SampleGrid(args.output / "grids", every=20),
            SyntheticExport(args.output / "synthetic", count=100, class_name="NORMAL"),
        ],
    )
    print(f"Grids of generated images: {args.output / 'grids'}")


if __name__ == "__main__":
    main()
