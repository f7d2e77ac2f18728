"""Judges synthetic images: how near to real ones, how varied, and whether they are copies.

Two folders of image files are enough, whatever program made them; give the images that the
generator learned from as --real, and real ones that it never saw as --held-out if you have any.
With no argument it judges what a small GAN draws of phantom chest X-rays, with copies mixed in.
"""

import argparse
import shlex
import sys
from pathlib import Path

import numpy as np

from kerasmedgan import DCGAN, LabeledImages, load_images
from kerasmedgan.data.patients import DEFAULT_PATIENT_PATTERN, patients_of
from kerasmedgan.environment import environment
from kerasmedgan.files import write_json
from kerasmedgan.images import read_images
from kerasmedgan.quality import (
    AuditResult,
    FeatureExtractor,
    Judge,
    KerasFeatures,
    MemorisationAudit,
    Score,
    TextureFeatures,
    inception_features,
    write_contact_sheet,
)
from kerasmedgan.run_folder import check_run_folder

_MEASURES = ("kid", "frechet_distance", "density", "coverage", "precision", "recall")


def parse_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--real", type=Path, help="folder of the images that the generator learned from")
    add("--synthetic", type=Path, help="folder of the images to judge")
    add("--held-out", type=Path, help="folder of real images that the generator never saw")
    add("--output", type=Path, default=Path("runs/judge_synthetic"), help="a new folder")
    add("--image-size", type=int, default=64, help="images are compared at this size")
    add("--channels", type=int, choices=(1, 3), default=1)
    add(
        "--features",
        default="texture",
        help="texture; inception, where its weights are; or a .keras classifier of these images",
    )
    add("--patient-pattern", default=DEFAULT_PATIENT_PATTERN, help="as in load_images")
    add("--seed", type=int, default=0)
    add("--smoke", action="store_true", help="a GAN of a few updates, to see that it runs")
    arguments = parser.parse_args()
    if (arguments.real is None) != (arguments.synthetic is None):
        parser.error("Expected --real and --synthetic. Received: one of them. Give both or none.")
    if arguments.held_out is not None and arguments.real is None:
        parser.error("Expected --real beside --held-out. Received: --held-out alone.")
    return arguments


def read_folder(folder: Path, arguments: argparse.Namespace, split: str) -> LabeledImages:
    """Reads the files that stand in a folder itself, hidden ones aside."""
    if not folder.is_dir():
        raise ValueError(f"Expected a folder. Received: {folder}. Check the path.")
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    if not files:
        raise ValueError(
            f"Expected image files in {folder}. Received: none. Name the folder itself."
        )
    names = np.array([path.name for path in files])
    return LabeledImages(
        images=read_images(files, arguments.image_size, channels=arguments.channels),
        labels=np.zeros(len(files), np.int64),
        class_names=("images",),
        groups=patients_of(names, arguments.patient_pattern),
        split=split,
        files=names,
    )


def draw_phantom_case(arguments: argparse.Namespace) -> tuple[LabeledImages, LabeledImages]:
    """Returns phantom images, and what a GAN draws of them, every tenth replaced by a copy."""
    splits = load_images("phantom", image_size=32, seed=arguments.seed)
    real = splits.train.of_class("NORMAL")
    gan = DCGAN(image_size=32, width=16, seed=arguments.seed)
    gan.compile()
    updates = 20 if arguments.smoke else 1500
    print(f"Training a GAN for {updates} updates", flush=True)
    gan.fit(
        real.batches(32, seed=arguments.seed, repeat=True),
        steps_per_epoch=updates,
        shuffle=False,
        verbose=0,
    )
    drawn = gan.generate(len(real), seed=arguments.seed)
    drawn[::10] = real.images[::10][:, :, ::-1]
    synthetic = LabeledImages(
        drawn, np.zeros(len(drawn), np.int64), real.class_names, np.arange(len(drawn)).astype(str)
    )
    print(f"{len(drawn[::10])} of {len(drawn)} images are mirrored copies", flush=True)
    return real, synthetic


def make_extractor(name: str, real: LabeledImages) -> FeatureExtractor:
    """Returns the features that were asked for."""
    if name == "texture":
        return TextureFeatures(real.images)
    if name == "inception":
        return inception_features()
    import keras

    return KerasFeatures(keras.saving.load_model(name, compile=False))


def describe(score: Score, result: AuditResult) -> str:
    """Returns a table and the verdict, for people."""
    lines = [f"{'measure':<18}{'synthetic':>12}{'floor':>12}   (floor: real against real)"]
    lines += [
        f"{name:<18}{getattr(score.measures, name):>12.4g}{getattr(score.floor, name):>12.4g}"
        for name in _MEASURES
    ]
    lines.append(f"Frechet distance is {score.frechet_ratio:.2f} times its floor; ")
    lines[-1] += f"KID is {score.kid_units:.1f} spreads above its floor."
    for name, space in result.spaces.items():
        lines.append(f"Data-copying test in {name}: C_T {space.copying_statistic:.1f}")
    flagged = int(result.flagged.sum())
    lines.append(f"Too near to a training image: {flagged} of {len(result.flagged)} images.")
    lines.append(f"Refused as a whole: {result.refusal or 'no'}.")
    return "\n".join(lines)


def judge(arguments: argparse.Namespace) -> None:
    """Reads or draws the images, judges them and writes what was found."""
    output = check_run_folder(arguments.output)
    if arguments.real is None:
        real, synthetic = draw_phantom_case(arguments)
    else:
        real = read_folder(arguments.real, arguments, "train")
        synthetic = read_folder(arguments.synthetic, arguments, "train")
    held_out = None
    if arguments.held_out is not None:
        held_out = read_folder(arguments.held_out, arguments, "validation")
    extractor = make_extractor(arguments.features, real)
    audit = MemorisationAudit(real, held_out, extractor=extractor, seed=arguments.seed)
    result = audit(np.asarray(synthetic.images))
    # Real images that the generator never saw are the better yardstick of quality.
    yardstick = real if held_out is None else held_out
    count = min(len(yardstick) // 2, len(synthetic))
    score = Judge(
        yardstick.images, extractor, groups=yardstick.groups, count=count, seed=arguments.seed
    )(synthetic.images)
    print(describe(score, result))
    facts = {
        "command": shlex.join(["python", f"examples/{Path(__file__).name}", *sys.argv[1:]]),
        "environment": environment(),
        "score": score.to_dict(),
        "memorisation": {**audit.to_dict(), **result.to_dict()},
        "flagged_files": synthetic.files[result.flagged].tolist(),
    }
    write_json(output / "results.json", facts)
    sheet = write_contact_sheet(output / "private_pairs.png", synthetic.images, result, real)
    print(f"Numbers: {output / 'results.json'}. The most suspect pairs: {sheet}")
    print("The pairs show real images: do not publish them.")


def main() -> None:
    """Says in one sentence what cannot be judged."""
    try:
        judge(parse_arguments())
    except (ValueError, OSError) as error:
        sys.exit(f"judge_synthetic.py: error: {error}")


if __name__ == "__main__":
    main()
