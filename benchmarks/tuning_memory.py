"""Resident memory of a search: after each of 30 small trials in one process.

The search is the costlier one, with synthetic images: copies of real phantoms stand for them here.

python benchmarks/tuning_memory.py --output benchmarks/results/tuning_memory.json
"""

import argparse
import dataclasses
import os
import shlex
import sys
import tempfile
from pathlib import Path

import numpy as np

from kerasmedgan import load_images
from kerasmedgan.environment import environment
from kerasmedgan.files import write_json
from kerasmedgan.tuning import search

EARLY = 5


def resident_mib() -> float:
    """Returns the resident memory of this process, from Linux' /proc."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def measure(trials: int, updates: int) -> dict:
    """Runs a random search on phantoms and returns the memory after each trial."""
    resident = []

    def announce(line: str) -> None:
        if " ended: " in line:
            resident.append(resident_mib())
            print(f"{line}, {resident[-1]} MiB", flush=True)

    splits = load_images("phantom", image_size=64)
    normal = splits.train.of_class("NORMAL")
    drawn = normal.take(np.resize(np.arange(len(normal)), 2 * len(normal)))
    synthetic = dataclasses.replace(
        drawn, synthetic=np.ones(len(drawn), bool), groups=np.full(len(drawn), "")
    )
    with tempfile.TemporaryDirectory() as folder:
        search(
            splits,
            synthetic=synthetic,
            directory=Path(folder) / "search",
            tuner="random",
            max_trials=trials,
            updates_per_trial=updates,
            announce=announce,
        )
    return {
        "trials": trials,
        "updates_per_trial": updates,
        "resident_mib": resident,
        "last_to_fifth": round(resident[-1] / resident[EARLY - 1], 3),
    }


def main() -> None:
    """Reads the command line, measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    found = measure(arguments.trials, arguments.updates)
    command = shlex.join(sys.argv)
    write_json(arguments.output, {**found, "command": command, "environment": environment()})
    print(f"after the last trial {found['last_to_fifth']:.2f} times that after the fifth")


if __name__ == "__main__":
    main()
