"""A search small enough for tests, in this process or as one that can be killed."""

import sys
from pathlib import Path

from conftest import draw_split

from kerasmedgan.data import Splits
from kerasmedgan.tuning import search

SMALL = {"tuner": "random", "max_trials": 3, "updates_per_trial": 2, "batch_size": 8}


def small_splits(image_size=32):
    counts = {"train": (12, 28), "validation": (10, 14), "test": (10, 14)}
    parts = {
        name: draw_split(name, of, seed=seed, image_size=image_size)
        for seed, (name, of) in enumerate(counts.items(), 7)
    }
    return Splits(**parts)


def print_line(line):
    print(line, flush=True)


if __name__ == "__main__":
    search(small_splits(), directory=Path(sys.argv[1]), announce=print_line, **SMALL)
