"""The same search in one process and in two workers of this machine: seconds in all, and ratio.

python benchmarks/tuning_workers.py --output benchmarks/results/tuning_workers.json
"""

import argparse
import os
import shlex
import sys
import tempfile
import time
from pathlib import Path

from kerasmedgan import load_images
from kerasmedgan.environment import environment
from kerasmedgan.files import write_json
from kerasmedgan.tuning import search


def seconds_of(workers: int, trials: int, updates: int) -> dict:
    """Runs a random search; the start of the processes is part of its time."""
    splits = load_images("phantom", image_size=64)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        result = search(
            splits,
            directory=Path(folder) / "search",
            tuner="random",
            max_trials=trials,
            updates_per_trial=updates,
            workers=workers,
        )
    seconds = round(time.perf_counter() - start, 1)
    measured = {"workers": workers, "seconds": seconds, **result.budget()}
    measured["load_average"] = round(os.getloadavg()[0], 2)
    print(measured, flush=True)
    return measured


def main() -> None:
    """Reads the command line, measures in turn, and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=2, help="of each; the fastest counts")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    runs = [
        seconds_of(workers, arguments.trials, arguments.updates)
        for _ in range(arguments.repeats)
        for workers in (1, 2)
    ]
    one, two = (min(r["seconds"] for r in runs if r["workers"] == n) for n in (1, 2))
    found = {"runs": runs, "two_to_one": round(two / one, 3), "command": shlex.join(sys.argv)}
    write_json(arguments.output, {**found, "environment": environment()})
    print(f"two workers take {two / one:.2f} times as long as one process")


if __name__ == "__main__":
    main()
