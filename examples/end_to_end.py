"""From a folder of chest X-rays to two classifiers, real and real + synthetic, compared.

With no argument it does the whole job on procedural phantom images in a few minutes. Everything
goes into one run folder; open its report.md.
"""

import argparse
import dataclasses
import json
import shlex
import sys
import time
from datetime import datetime
from pathlib import Path

from kerasmedgan import DCGAN, LabeledImages, Splits, load_images
from kerasmedgan.augmentation import AugmentationPlan, plan_augmentation
from kerasmedgan.callbacks import SampleGrid, SyntheticExport
from kerasmedgan.data import format_report
from kerasmedgan.environment import environment, peak_memory_mib
from kerasmedgan.files import write_json
from kerasmedgan.gan import build_adam
from kerasmedgan.report import write_report
from kerasmedgan.run_folder import check_run_folder, create_run_folder
from kerasmedgan.study import (
    ClassifierSettings,
    build_arms,
    describe_gan,
    describe_synthetic,
    run_arm,
    run_gan,
)
from kerasmedgan.synthesis import load_synthetic

STAGES = (
    "train the GAN and export synthetic images",
    "train the classifiers and evaluate them",
    "write the report",
)
# What holds where an option is not given. GAN updates become whole epochs. The phantom's are for
# minutes on two cores, the others for half an hour.
DEFAULTS = {"image_size": 64, "gan_updates": 4000, "classifier_updates": 1500}
PHANTOM = {"gan_updates": 700, "classifier_updates": 600}
SMOKE = {"image_size": 32, "gan_epochs": 20, "classifier_updates": 60, "synthetic_count": 128}
# Looks at validation while a classifier trains, at the most: the points of its curves.
VALIDATIONS = 15


@dataclasses.dataclass(frozen=True)
class Job:
    """Everything that is decided before the first step."""

    splits: Splits
    plan: AugmentationPlan
    gan: DCGAN
    classifier: ClassifierSettings
    config: dict

    @property
    def gan_images(self) -> LabeledImages:
        """The real images that the GAN learns from."""
        return self.splits.train.of_class(self.plan.class_name)


def at_least(lowest: int):
    """Returns an argparse type for integers from `lowest`."""

    def integer(text: str) -> int:
        if not text.lstrip("-").isdigit() or int(text) < lowest:
            raise argparse.ArgumentTypeError(
                f"Expected an integer >= {lowest}. Received: {text}. See --help."
            )
        return int(text)

    return integer


def parse_arguments() -> argparse.Namespace:
    """Reads the command line; what is not given is resolved later and then stands in the config."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="phantom", help="phantom, kaggle, or a folder")
    parser.add_argument("--output", type=Path, help="run folder (default: runs/DATA-TIME)")
    parser.add_argument(
        "--image-size", type=at_least(1), help="pixels: 32, 64, 128 or 256 (default: 64)"
    )
    parser.add_argument("--gan-class", help="class to draw (default: the smallest)")
    parser.add_argument(
        "--gan-epochs", type=at_least(1), help="default: enough for thousands of updates"
    )
    parser.add_argument("--gan-batch-size", type=at_least(1), default=64, help="default: 64")
    parser.add_argument(
        "--classifier-updates",
        type=at_least(1),
        help="updates of each arm (phantom: 600, else 1500)",
    )
    parser.add_argument(
        "--synthetic-count", type=at_least(1), help="default: up to the largest class"
    )
    parser.add_argument("--positive-class", help="class to detect (default: the last of two)")
    parser.add_argument("--seed", type=at_least(0), default=0, help="default: 0")
    parser.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32")
    parser.add_argument("--smoke", action="store_true", help="a minute: to see that it runs")
    parser.add_argument("--dry-run", action="store_true", help="print the settings and stop")
    arguments = parser.parse_args()
    defaults = DEFAULTS | (PHANTOM if arguments.data == "phantom" else {})
    for name, value in (defaults | (SMOKE if arguments.smoke else {})).items():
        if getattr(arguments, name, None) is None:
            setattr(arguments, name, value)
    if arguments.output is None:
        name = Path(arguments.data).resolve().name
        arguments.output = Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    return arguments


def prepare(arguments: argparse.Namespace) -> Job:
    """Loads the images and resolves every setting; all that can be refused is refused here."""
    check_run_folder(arguments.output)
    classifier = ClassifierSettings(
        updates=arguments.classifier_updates,
        updates_per_epoch=updates_per_epoch(arguments.classifier_updates),
        dtype=arguments.precision,
    )
    gan = DCGAN(image_size=arguments.image_size, seed=arguments.seed, dtype=arguments.precision)
    gan.compile()
    data = {"image_size": arguments.image_size, "validation_fraction": 0.1, "seed": arguments.seed}
    splits = load_images(arguments.data, **data)
    plan = plan_augmentation(
        splits.train.counts(), class_name=arguments.gan_class, count=arguments.synthetic_count
    )
    images = splits.train.of_class(plan.class_name)
    images.batches(arguments.gan_batch_size)
    steps = len(images) // arguments.gan_batch_size
    epochs = arguments.gan_epochs or -(-arguments.gan_updates // steps)
    gan.compile(
        g_optimizer=build_adam(decay_updates=epochs * steps),
        d_optimizer=build_adam(decay_updates=epochs * steps),
    )
    positive = arguments.positive_class or splits.train.class_names[-1]
    splits.train.class_index(positive)
    config = {
        "command": shlex.join([Path(sys.argv[0]).as_posix(), *sys.argv[1:]]),
        "data": {"source": arguments.data, **data, "fingerprint": splits.fingerprint()},
        "positive_class": positive if splits.train.num_classes == 2 else None,
        "seed": arguments.seed,
        "gan": {
            **describe_gan(gan),
            "class": plan.class_name,
            "epochs": epochs,
            "batch_size": arguments.gan_batch_size,
            "steps_per_epoch": steps,
        },
        "synthetic_count": plan.count,
        "classifier": dataclasses.asdict(classifier),
    }
    return Job(splits, plan, gan, classifier, config)


def updates_per_epoch(updates: int) -> int:
    """Divides the updates into as many equal epochs as possible, up to VALIDATIONS."""
    divisors = (count for count in range(VALIDATIONS, 0, -1) if updates % count == 0)
    return updates // next(divisors)


def draw(job: Job, output: Path) -> tuple[dict, LabeledImages]:
    """Trains the GAN, exports synthetic images, and reads them back as any image is read."""
    name, settings = job.plan.class_name, job.config["gan"]
    directory = output / "gan" / name
    every = max(1, settings["epochs"] // 10)
    facts = run_gan(
        job.gan,
        job.gan_images,
        directory=directory,
        epochs=settings["epochs"],
        batch_size=settings["batch_size"],
        seed=job.config["seed"],
        callbacks=[
            SampleGrid(directory / "grids", every=every),
            SyntheticExport(output / "synthetic", job.plan.count, name, seed=job.config["seed"]),
        ],
    )
    train = job.splits.train
    synthetic = load_synthetic(
        output / "synthetic",
        train.class_names,
        image_size=train.image_size,
        channels=train.channels,
    )
    return {"class": name, "directory": f"gan/{name}", **facts}, synthetic


def compare(job: Job, synthetic: LabeledImages, output: Path) -> dict:
    """Trains and evaluates the classifier of each arm."""
    results = {}
    for name, train in build_arms(job.splits.train, synthetic).items():
        print(f"Arm {name}: {train.counts()}", flush=True)
        directory = output / "classifiers" / name / f"seed_{job.config['seed']}"
        results[name] = {
            "directory": directory.relative_to(output).as_posix(),
            **run_arm(
                name,
                train,
                job.splits,
                directory=directory,
                settings=job.classifier,
                seed=job.config["seed"],
                positive_class=job.config["positive_class"],
            ),
        }
    return results


def announce(stage: int) -> None:
    """Says which stage runs and what is left."""
    left = f"; then: {', '.join(STAGES[stage + 1 :])}" if STAGES[stage + 1 :] else ""
    print(f"\n[{stage + 1}/{len(STAGES)}] {STAGES[stage]}{left}", flush=True)


def run(job: Job, output: Path, start: float) -> dict:
    """Runs all stages into the run folder and returns the results."""
    create_run_folder(output, job.config)
    write_json(output / "data_report.json", job.splits.report)
    announce(0)
    gan, synthetic = draw(job, output)
    announce(1)
    arms = compare(job, synthetic, output)
    results = {
        "data": job.splits.report["counts"],
        "classes": {
            "names": job.splits.train.class_names,
            "positive": job.config["positive_class"],
        },
        "gan": gan,
        "synthetic": {
            "class": job.plan.class_name,
            "directory": f"synthetic/{job.plan.class_name}",
            "seed": job.config["seed"],
            **describe_synthetic(synthetic, job.gan_images),
        },
        "arms": arms,
        "environment": environment(),
        "command": job.config["command"],
        "seconds": round(time.perf_counter() - start, 1),
        "peak_memory_mib": peak_memory_mib(),
    }
    write_json(output / "results.json", results)
    announce(2)
    write_report(output, real=job.gan_images)
    return results


def main() -> None:
    """Prepares the job, runs it, and says where the report is."""
    arguments, start = parse_arguments(), time.perf_counter()
    try:
        job = prepare(arguments)
    except (ValueError, OSError) as error:
        sys.exit(f"end_to_end.py: error: {error}")
    print(format_report(job.splits.report))
    if arguments.dry_run:
        print(json.dumps(job.config, indent=2))
        return
    results = run(job, arguments.output, start)
    for name, arm in results["arms"].items():
        test = arm["test"]
        print(f"{name:>9}: test AUC {test['auc']:.3f}, accuracy {test['accuracy']:.3f}")
    print(f"One run is no evidence either way. Read {arguments.output / 'report.md'}")


if __name__ == "__main__":
    main()
