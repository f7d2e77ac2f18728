"""Kills a training again and again and shows that nothing of it is lost.

A GAN trains with `TrainingState`; it is killed (SIGKILL) at random moments, every second time while
a state is being written. After each kill a whole state must be readable. At the end its weights,
optimizers and logs must equal, bit for bit, those of a training that ran through. Writes JSON.

    python benchmarks/soak_resume.py --output benchmarks/results/soak_resume.json
"""

import argparse
import json
import os
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from kerasmedgan.environment import environment
from kerasmedgan.files import write_json
from kerasmedgan.resume import StateFiles

EPOCHS = 3000
# A training is killed at the latest this many seconds after its start, which itself takes some.
LONGEST = 14.0


def train(folder: Path) -> None:
    """Trains to the end, from the last state on, and writes what it ended with."""
    from kerasmedgan import DCGAN
    from kerasmedgan.callbacks import TrainingState
    from kerasmedgan.data.labeled import LabeledImages
    from kerasmedgan.data.phantom import phantom_data_set

    pixels, labels, groups = phantom_data_set(
        image_size=32, normal_patients=30, pneumonia_patients=1
    )
    images = LabeledImages(pixels, labels, ("NORMAL", "PNEUMONIA"), groups)
    gan = DCGAN(image_size=32, width=32)
    gan.compile()
    state = TrainingState(folder / "state")
    epoch = state.restore(gan)
    gan.fit(
        images.batches(8, initial_epoch=epoch),
        initial_epoch=epoch,
        epochs=EPOCHS,
        shuffle=False,
        verbose=0,
        callbacks=[state],
    )
    variables = [*gan.variables, *gan.g_optimizer.variables, *gan.d_optimizer.variables]
    arrays = {f"{place:04d}": np.array(variable) for place, variable in enumerate(variables)}
    np.savez(folder / "end.npz", history=json.dumps(state.history), **arrays)


def start(folder: Path) -> subprocess.Popen:
    """Starts the training in a process of its own."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, __file__, "--train", str(folder)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def finish(folder: Path) -> None:
    """Lets a training run to its end."""
    if code := start(folder).wait():
        raise RuntimeError(f"The training in {folder} failed with exit code {code}.")


def kill(folder: Path, generator: random.Random, *, while_writing: bool) -> dict | None:
    """Starts the training and kills it; returns what was found, `None` if it had ended before."""
    process, states = start(folder), StateFiles(folder / "state")
    time.sleep(generator.uniform(0, LONGEST))
    while while_writing and process.poll() is None and not unfinished(folder):
        pass
    if process.poll() is not None:
        return None
    process.send_signal(signal.SIGKILL)
    process.wait()
    # The newest by name, and what can be read: an older one, an error, or none at all.
    newest = next(iter(states.epochs()), None)
    found = states.read()
    return {
        "while_writing": unfinished(folder) > 0,
        "newest_state": newest,
        "state_read": found and found[1]["epoch"],
    }


def unfinished(folder: Path) -> int:
    """Counts the temporary files."""
    return sum(1 for _ in (folder / "state").glob(".tmp-*"))


def soak(kills: int, seed: int, folder: Path) -> dict:
    """Runs both trainings and compares them."""
    generator, found = random.Random(seed), []
    finish(folder / "through")
    while len(found) < kills:
        entry = kill(folder / "killed", generator, while_writing=len(found) % 2 == 1)
        if entry is None:
            raise RuntimeError(f"The training ended after {len(found)} kills. Raise EPOCHS.")
        found.append(entry)
        print(f"kill {len(found)} of {kills}: {entry}", flush=True)
    finish(folder / "killed")
    with (
        np.load(folder / "through/end.npz") as through,
        np.load(folder / "killed/end.npz") as killed,
    ):
        different = [
            name for name in through.files if not np.array_equal(through[name], killed[name])
        ]
    return {
        "kills": found,
        "killed_while_writing": sum(entry["while_writing"] for entry in found),
        "newest_state_could_not_be_read": sum(
            entry["newest_state"] != entry["state_read"] for entry in found
        ),
        "arrays_compared": len(through.files),
        "arrays_that_differ": different,
    }


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if arguments.train:
        train(arguments.train)
        return
    with tempfile.TemporaryDirectory() as folder:
        results = soak(arguments.kills, arguments.seed, Path(folder))
    results = {
        "command": shlex.join(sys.argv),
        "seed": arguments.seed,
        "environment": environment(),
        **results,
    }
    print(f"arrays that differ: {results['arrays_that_differ'] or 'none'}")
    if arguments.output:
        write_json(arguments.output, results)


if __name__ == "__main__":
    main()
