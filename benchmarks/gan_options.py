"""Times a DCGAN step with each option beside a plain one, on this machine.

The rounds are interleaved, so that whatever else the machine does falls on all alike; what counts
is the ratio to plain, the median over the rounds. Processor time stands beside the clock's: a
shared or virtual machine may give its cores away, which the clock alone does not tell. Writes JSON
and prints a table.

    python benchmarks/gan_options.py --output benchmarks/results/gan_options.json
"""

import argparse
import os
import shlex
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from kerasmedgan.environment import environment
from kerasmedgan.files import write_json
from kerasmedgan.gan import AUGMENTATIONS, DCGAN, PLAIN

IMAGE_SIZE, WIDTH, BATCH = 64, 32, 64
CLOCKS = {"clock": time.perf_counter, "processor": time.process_time}
OPTIONS = {
    "plain": {},
    "augmentation": {"augmentation": AUGMENTATIONS},
    **{name: {"augmentation": (name,)} for name in AUGMENTATIONS},
    "adaptive": {"augmentation": AUGMENTATIONS, "adaptive_target": 0.6},
    "spectral_norm": {"spectral_norm": True},
    "r1": {"r1_weight": 1.0},
    "num_classes": {"num_classes": 2},
}


def build_steps(names: list[str]):
    """Returns a function for each option that trains so many steps."""
    images = tf.random.stateless_uniform((BATCH, IMAGE_SIZE, IMAGE_SIZE, 1), (0, 0), -1.0, 1.0)
    batches = tf.data.Dataset.from_tensors((images, tf.range(BATCH) % 2)).repeat()

    def of(name: str):
        gan = DCGAN(image_size=IMAGE_SIZE, width=WIDTH, **PLAIN | OPTIONS[name])
        gan.compile()
        return lambda steps: gan.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)

    return {name: of(name) for name in names}


def compare(times: list[float], plain: list[float]) -> dict[str, float]:
    """Returns the median of a step's times, and of their ratios to plain, with the extremes."""
    ratios = [own / other for own, other in zip(times, plain, strict=True)]
    return {
        "median_milliseconds": round(1000 * statistics.median(times), 1),
        "median_ratio_to_plain": round(statistics.median(ratios), 3),
        "smallest_ratio": round(min(ratios), 3),
        "largest_ratio": round(max(ratios), 3),
    }


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--steps", type=int, default=12, help="of each option in a round")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    steps = build_steps(list(OPTIONS))
    for train in steps.values():
        train(3)
    times = {clock: {name: [] for name in OPTIONS} for clock in CLOCKS}
    for number in range(arguments.rounds):
        # Another first one each time, since work that comes and goes has a rhythm of its own.
        order = list(steps)[number % len(steps) :] + list(steps)[: number % len(steps)]
        for name in order:
            train = steps[name]
            starts = {clock: read() for clock, read in CLOCKS.items()}
            train(arguments.steps)
            for clock, read in CLOCKS.items():
                times[clock][name].append((read() - starts[clock]) / arguments.steps)
        print(f"round {number + 1} of {arguments.rounds}", flush=True)
    results = {
        "command": shlex.join(sys.argv),
        "environment": environment(),
        **{"image_size": IMAGE_SIZE, "width": WIDTH, "batch_size": BATCH},
        **{"rounds": arguments.rounds, "steps_a_round": arguments.steps},
        "options": {
            name: {"settings": OPTIONS[name]}
            | {clock: compare(each[name], each["plain"]) for clock, each in times.items()}
            for name in OPTIONS
        },
        "reading": "Other work may run on the machine: the ratios count, not the milliseconds.",
    }
    for name, row in results["options"].items():
        shown = [f"{clock} {row[clock]['median_ratio_to_plain']:.3f}" for clock in CLOCKS]
        print(f"{name:>14}, over plain: {', '.join(shown)}")
    if arguments.output:
        write_json(arguments.output, results)


if __name__ == "__main__":
    main()
