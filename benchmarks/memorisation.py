"""Asks of the memorisation audit what it catches and what it withholds, on any set of images.

Shows it planted copies of training images, real images that it was not calibrated on, and what two
GANs draw: one that learned 20 images and one that learned all of them. The classifier whose
features are used in half of the cases saw most of the held-out and honest images in training.
Writes numbers alone, as JSON. The test split is not touched. The audit's thresholds were chosen on
divisions with the seeds 0 to 2, so the defaults here are others.

    python benchmarks/memorisation.py --data path/to/chest_xray --output result.json
"""

import argparse
import hashlib
import os
import shlex
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import numpy as np

from kerasmedgan import DCGAN, LabeledImages, load_images
from kerasmedgan.data import Splits, concatenate
from kerasmedgan.data.patients import carve
from kerasmedgan.environment import environment, peak_memory_mib
from kerasmedgan.files import write_json
from kerasmedgan.gan import PLAIN, build_adam
from kerasmedgan.quality import FeatureExtractor, MemorisationAudit, train_classifier_features

COPIES = 100
DRAWN = 500
FEW = 20
NOISE = 10.0


def plant(images: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Returns copies of images by how they were changed."""
    noise = np.random.default_rng(seed).normal(0, NOISE, images.shape)
    return {
        "exact": images,
        "flipped": images[:, :, ::-1],
        **{f"shifted by {n} px": shift(images, n) for n in (1, 2, 3)},
        "brighter": to_uint8(1.15 * images + 12.0),
        "noisy": to_uint8(images + noise),
    }


def shift(images: np.ndarray, pixels: int) -> np.ndarray:
    """Moves images right and up; the border is repeated."""
    matrix = np.array([[1, 0, pixels], [0, 1, -pixels]], np.float32)
    size = images.shape[2], images.shape[1]
    moved = [cv2.warpAffine(x, matrix, size, borderMode=cv2.BORDER_REPLICATE) for x in images]
    return np.stack(moved).reshape(images.shape)


def to_uint8(pixels: np.ndarray) -> np.ndarray:
    """Rounds and clips."""
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def divide(images: LabeledImages, seed: int) -> tuple[LabeledImages, LabeledImages, LabeledImages]:
    """Returns training, held-out and honest images: 70, 15 and 15 %, no patient in two of them."""
    digests = [hashlib.blake2b(image.tobytes()).hexdigest() for image in np.asarray(images.images)]
    aside = carve(images.labels, images.groups, np.array(digests), fraction=0.3, seed=seed)
    rest = images.take(np.flatnonzero(aside))
    digests = np.array(digests)[aside]
    honest = carve(rest.labels, rest.groups, digests, fraction=0.5, seed=seed)
    return (
        images.take(np.flatnonzero(~aside)),
        rest.take(np.flatnonzero(~honest)),
        rest.take(np.flatnonzero(honest)),
    )


def judge_copies(images: LabeledImages, extractor: FeatureExtractor | None, seed: int) -> dict:
    """Returns the shares of planted copies caught and of honest images withheld."""
    training, held_out, honest = divide(images, seed)
    start = time.perf_counter()
    audit = MemorisationAudit(training, held_out, extractor=extractor)
    made = time.perf_counter()
    result = audit(np.asarray(honest.images))
    judged = time.perf_counter()
    chosen = np.random.default_rng(seed).permutation(len(training))[:COPIES]
    planted = plant(np.asarray(training.images[chosen]), seed)
    return {
        "seed": seed,
        "training": len(training),
        "held_out": len(held_out),
        "honest": len(honest),
        "extractor": audit.extractor,
        "honest_withheld": float(result.flagged.mean()),
        "honest_refused": result.refusal is not None,
        "copies": len(chosen),
        "caught": {kind: float(audit(x).flagged.mean()) for kind, x in planted.items()},
        "seconds_to_make": round(made - start, 1),
        "seconds_to_judge_honest": round(judged - made, 1),
    }


def judge_gan(training: LabeledImages, held_out: LabeledImages, updates: int, width: int) -> dict:
    """Trains a GAN on some images and returns the audit's verdict on what it draws."""
    batch_size = min(64, len(training))
    # Without options, which learns the most by heart.
    gan = DCGAN(image_size=training.image_size, width=width, latent_dim=16, **PLAIN)
    gan.compile(
        g_optimizer=build_adam(decay_updates=updates), d_optimizer=build_adam(decay_updates=updates)
    )
    start = time.perf_counter()
    gan.fit(
        training.batches(batch_size, repeat=True),
        steps_per_epoch=updates,
        shuffle=False,
        verbose=0,
    )
    audit = MemorisationAudit(training, held_out)
    return {
        **{"updates": updates, "width": width, "batch_size": batch_size},
        "seconds_of_training": round(time.perf_counter() - start, 1),
        **audit.to_dict(),
        **audit(gan.generate(DRAWN, seed=1)).to_dict(),
    }


def of_class(splits: Splits, name: str) -> LabeledImages:
    """Returns the training and validation images of a class."""
    validation = splits.validation.of_class(name)
    as_training = LabeledImages(
        validation.images, validation.labels, validation.class_names, validation.groups
    )
    return concatenate([splits.train.of_class(name), as_training])


def measure(splits: Splits, arguments: argparse.Namespace) -> dict:
    """Returns all results."""
    results = {"copies": [], "gans": {}}
    classifier = train_classifier_features(splits.train, splits.validation)
    for name in arguments.classes or splits.train.class_names:
        for extractor in (None, classifier):
            for seed in range(arguments.first_seed, arguments.first_seed + arguments.divisions):
                found = judge_copies(of_class(splits, name), extractor, seed)
                results["copies"].append({"class": name, **found})
                print(name, found, flush=True)
    training, held_out, _ = divide(of_class(splits, arguments.class_name), arguments.first_seed)
    few = training.take(np.random.default_rng(0).permutation(len(training))[:FEW])
    for images, updates in ((few, arguments.few_updates), (training, arguments.updates)):
        found = judge_gan(images, held_out, updates, arguments.width)
        results["gans"][f"{len(images)} images"] = found
        print(found, flush=True)
    return results


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", default="phantom", help="phantom, kaggle, or a folder")
    add("--output", type=Path)
    add("--image-size", type=int, default=64)
    add("--classes", nargs="+", help="to divide and plant copies of; default: all")
    add("--divisions", type=int, default=3, help="random divisions of each class")
    add("--first-seed", type=int, default=100, help="of the divisions; 0 to 2 made the defaults")
    add("--class-name", default="NORMAL", help="class of the two GANs")
    add("--few-updates", type=int, default=4000, help=f"of the GAN that learns {FEW} images")
    add("--updates", type=int, default=2000, help="of the GAN that learns all")
    add("--width", type=int, default=16, help="of both GANs")
    arguments = parser.parse_args()
    splits = load_images(arguments.data, image_size=arguments.image_size)
    results = {
        "command": shlex.join(["python", f"benchmarks/{Path(__file__).name}", *sys.argv[1:]]),
        "environment": environment(),
        "data_fingerprint": splits.fingerprint(),
        **measure(splits, arguments),
        "peak_memory_mib": peak_memory_mib(),
    }
    if arguments.output:
        write_json(arguments.output, results)


if __name__ == "__main__":
    main()
