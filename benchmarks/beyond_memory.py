"""Trains on more images than one would keep in memory and shows that memory does not grow.

Draws phantom chest X-rays into class folders, many and few, and lets processes of their own decode
each set into the cache, and train a GAN for one pass over the many (as many updates on the few) and
a classifier on it. Compares the peaks of resident memory. Writes JSON.

    python benchmarks/beyond_memory.py --output benchmarks/results/beyond_memory.json
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kerasmedgan.environment import environment, peak_memory_mib
from kerasmedgan.files import write_json

MANY, FEW = 200_000, 5_000
IMAGE_SIZE = 64
BATCH = 64
CLASSIFIER_UPDATES = 200
CLASSES = ("NORMAL", "PNEUMONIA")
# Drawn and written together.
_CHUNK = 500


def draw(folder: Path, start: int, stop: int) -> None:
    """Writes the images of these numbers; two are of one patient, each second patient is ill."""
    import cv2
    import numpy as np

    from kerasmedgan.data.phantom import draw_phantoms

    cv2.setNumThreads(1)
    patients, shots = np.divmod(np.arange(start, stop), 2)
    images = draw_phantoms(patients, patients % 2, shots, image_size=IMAGE_SIZE)
    for patient, shot, image in zip(patients, shots, images, strict=True):
        path = folder / CLASSES[patient % 2] / f"person{patient}_{shot}.png"
        if not cv2.imwrite(str(path), image):
            raise OSError(f"Cannot write {path}.")


def draw_set(folder: Path, count: int) -> None:
    """Writes `count` images into class folders, on all cores."""
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
    starts = range(0, count, _CHUNK)
    stops = [min(start + _CHUNK, count) for start in starts]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(draw, [folder] * len(starts), starts, stops))


def decode(folder: Path) -> dict:
    """Decodes a set into the cache beside it."""
    from kerasmedgan.data import load_images

    splits = load_images(folder, image_size=IMAGE_SIZE, cache_dir=folder.with_suffix(".cache"))
    return {"images": sum(map(len, splits)), "training_images": len(splits.train)}


def train(folder: Path, updates: int) -> dict:
    """Trains from the cache a GAN, and a classifier that is validated."""
    from kerasmedgan import DCGAN, load_images
    from kerasmedgan.classifier import build_classifier, compile_classifier, train_classifier

    splits = load_images(folder, image_size=IMAGE_SIZE, cache_dir=folder.with_suffix(".cache"))
    loaded = peak_memory_mib()
    gan = DCGAN(image_size=IMAGE_SIZE, width=8)
    gan.compile()
    batches = splits.train.batches(BATCH, repeat=True)
    gan.fit(batches, steps_per_epoch=updates, epochs=1, shuffle=False, verbose=0)
    model = build_classifier(image_size=IMAGE_SIZE, filters=(8, 16, 32))
    compile_classifier(model, updates=CLASSIFIER_UPDATES)
    train_classifier(model, splits.train, splits.validation, updates=CLASSIFIER_UPDATES, verbose=0)
    return {"updates": updates, "peak_memory_mib_when_loaded": loaded}


def in_own_process(*job: str) -> dict:
    """Runs a job of this script in a process of its own; returns its facts and its peak."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--job", *job], stdout=subprocess.PIPE, text=True, check=True
    )
    seconds = round(time.perf_counter() - start, 1)
    return {**json.loads(done.stdout.splitlines()[-1]), "seconds": seconds}


def measure(folder: Path, many: int, few: int) -> dict:
    """Returns the facts of both sets and the ratio of their peaks."""
    results, updates = {}, None
    for name, count in (("many", many), ("few", few)):
        print(f"{count} images: drawing", flush=True)
        draw_set(folder / name, count)
        print("decoding", flush=True)
        decoded = in_own_process("decode", str(folder / name))
        # One pass over the many, as many updates on the few.
        updates = updates or decoded["training_images"] // BATCH
        print(f"training, {updates} updates", flush=True)
        trained = in_own_process("train", str(folder / name), str(updates))
        cache = sum(path.stat().st_size for path in (folder / f"{name}.cache").rglob("*.npy"))
        results[name] = {"cache_mib": cache >> 20, "decoding": decoded, "training": trained}
        print(results[name], flush=True)
    return results | {
        f"{job}_peak_ratio": round(
            results["many"][job]["peak_memory_mib"] / results["few"][job]["peak_memory_mib"], 3
        )
        for job in ("decoding", "training")
    }


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--job", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.job:
        name, folder, *updates = arguments.job
        facts = {"decode": decode, "train": train}[name](Path(folder), *map(int, updates))
        print(json.dumps({**facts, "peak_memory_mib": peak_memory_mib()}))
        return
    with tempfile.TemporaryDirectory() as folder:
        results = measure(Path(folder), arguments.many, arguments.few)
    results = {"command": shlex.join(sys.argv), "environment": environment(), **results}
    print(f"peak of training, many over few: {results['training_peak_ratio']}")
    if arguments.output:
        write_json(arguments.output, results)


if __name__ == "__main__":
    main()
