"""How well the rule for images unlike the training images does, on images that it never saw.

For each data set: the share of real images wrongly flagged, and of other images caught. The rule
learns from the training split alone; nothing about it is chosen here.

pip install scikit-image
python benchmarks/likeness.py --data phantom chest_xray --output benchmarks/results/likeness.json
"""

import argparse
import shlex
import sys
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np

from kerasmedgan import load_images
from kerasmedgan.data import Splits
from kerasmedgan.environment import environment
from kerasmedgan.files import write_json
from kerasmedgan.images import resize_image
from kerasmedgan.likeness import LikenessRule, fit_likeness, measure_likeness, photo_crops

COUNT = 500


def read_pictures() -> list[np.ndarray]:
    """Returns the pictures that scikit-image brings along, grey: people, cats, coins, text, stars.

    None of them is a chest X-ray.
    """
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".png", ".jpg"))
    return [picture for path in paths if (picture := cv2.imread(str(path), 0)) is not None]


def other_pictures(image_size: int, channels: int, seed: int) -> dict[str, np.ndarray]:
    """Returns whole pictures of scikit-image and rectangles cut out of them."""
    pictures = read_pictures()
    whole = np.stack([resize_image(picture[..., None], image_size) for picture in pictures])
    parts = photo_crops(pictures, COUNT, image_size, seed=seed)
    return {
        "pictures of scikit-image": np.repeat(whole, channels, axis=-1),
        "parts of these pictures": np.repeat(parts, channels, axis=-1),
    }


def flagged_by_class(rule: LikenessRule, splits: Splits, split: str) -> dict:
    """Returns the count and share of wrongly flagged images of each class."""
    images = splits.validation if split == "validation" else splits.open_test("likeness benchmark")
    is_flagged = np.array([reason is not None for reason in rule.reasons(images.images)])
    return {
        "count": len(images),
        "share": float(is_flagged.mean()),
        "by_class": {
            name: float(is_flagged[images.labels == label].mean())
            for label, name in enumerate(images.class_names)
        },
    }


def measure(source: str, image_size: int, seed: int) -> dict:
    """Learns the rule on one data set and measures it."""
    splits = load_images(source, image_size=image_size, seed=seed)
    rule = fit_likeness(splits.train, seed=seed)
    others = other_pictures(image_size, splits.train.channels, seed)
    measured = measure_likeness(rule, splits.validation, others=others, count=COUNT, seed=seed)
    return {
        "data": Path(source).name,
        "image_size": image_size,
        "training_images": len(splits.train),
        "distance_limit": rule.distance_limit,
        "contrast_limit": rule.contrast_limit,
        "roughness_limits": rule.roughness_limits.tolist(),
        "wrongly_flagged": {
            split: flagged_by_class(rule, splits, split) for split in ("validation", "test")
        },
        "caught": measured["caught"],
    }


def main() -> None:
    """Measures every data set, prints a table and writes the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=["phantom"], help="phantom or folders")
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    sets = [measure(source, arguments.image_size, arguments.seed) for source in arguments.data]
    for entry in sets:
        print(f"{entry['data']}, {entry['image_size']} px")
        for split, flagged in entry["wrongly_flagged"].items():
            print(f"  wrongly flagged, {split:28} {flagged['share']:7.1%} of {flagged['count']}")
        for name, caught in entry["caught"].items():
            print(f"  caught, {name:37} {caught['share']:7.1%} of {caught['count']}")
    results = {
        "command": shlex.join(sys.argv),
        "seed": arguments.seed,
        "environment": {**environment(), "scikit-image": metadata.version("scikit-image")},
        "data_sets": sets,
    }
    write_json(arguments.output, results)


if __name__ == "__main__":
    main()
