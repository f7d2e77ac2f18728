"""From a folder of chest X-rays to two classifiers, real and real + synthetic, compared.

With no argument it does the whole job on procedural phantom images in a few minutes. Everything
goes into one run folder; open its report.md.
"""

import argparse
import json
import shlex
import sys
import time
from pathlib import Path

from kerasmedgan import LabeledImages
from kerasmedgan.callbacks import SampleGrid
from kerasmedgan.command_line import default_run_folder
from kerasmedgan.data import format_report, leakage
from kerasmedgan.distribution import get_strategy
from kerasmedgan.environment import environment, peak_memory_mib
from kerasmedgan.files import write_json
from kerasmedgan.quality import LEAST_NULL, MemorisedError
from kerasmedgan.report import write_report
from kerasmedgan.resume import TrainingStateError
from kerasmedgan.run_folder import CONFIG, check_run_folder, resume_run_folder
from kerasmedgan.serving import prepare_serving
from kerasmedgan.study import (
    Job,
    JobSettings,
    build_arms,
    describe_synthetic,
    prepare_job,
    run_arm,
    run_gan,
)
from kerasmedgan.synthesis import export_images, load_synthetic, read_memorisation

STAGES = (
    "train the GAN and export synthetic images",
    "train the classifiers and evaluate them",
    "write the report",
)
# What holds where an option is not given: minutes on two cores for the phantom, a minute for a
# smoke run, and otherwise the defaults of JobSettings, half an hour.
PHANTOM = {"gan_width": 16, "gan_batch_size": 32, "gan_updates": 2000, "classifier_updates": 600}
SMOKE = {"image_size": 32, "gan_epochs": 20, "classifier_updates": 60, "synthetic_count": 128}


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
    """Reads the command line; options that are not given are absent."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], argument_default=argparse.SUPPRESS
    )
    add = parser.add_argument
    add("--data", dest="source", default="phantom", help="phantom, kaggle, or a folder")
    add("--output", type=Path, default=None, help="run folder (default: runs/DATA-TIME)")
    add("--image-size", type=at_least(1), help="pixels: 32, 64, 128 or 256 (default: 64)")
    add("--channels", type=int, help="1 for grey, 3 for RGB (default: 1)")
    add("--pad-to-aspect-ratio", action="store_true", help="do not stretch to the square")
    add("--patient-pattern", help="regular expression; its first group is the patient")
    add("--gan-class", help="class to draw (default: the smallest)")
    add("--gan-epochs", type=at_least(1), help="default: enough for 4000 updates (phantom: 2000)")
    add("--gan-batch-size", type=at_least(1), help="default: 64 (phantom: 32)")
    add("--gan-width", type=at_least(1), help="filters beside the image, 32 (phantom: 16)")
    add("--synthetic-count", type=at_least(2), help="default: up to the largest class")
    add("--no-audit", dest="audit", action="store_false", help="export copies of patients too")
    add("--force", action="store_true", help="draw the largest class all the same")
    add("--classifier-updates", type=at_least(1), help="of each arm: 1500 (phantom: 600)")
    add("--classifier-batch-size", type=at_least(1), help="default: 64")
    add("--positive-class", help='class to detect (default: the last not named like "NORMAL")')
    add("--seed", type=at_least(0), help="default: 0")
    add("--precision", choices=("float32", "mixed_bfloat16"), help="default: float32")
    add("--strategy", help="auto, cpu, gpu, mirrored (all GPUs of this machine) or tpu")
    add("--resume", action="store_true", default=False, help="go on with the run in --output")
    add("--smoke", action="store_true", default=False, help="a minute: to see that it runs")
    add("--dry-run", action="store_true", default=False, help="print the settings and stop")
    return parser.parse_args()


def resolve(arguments: argparse.Namespace) -> tuple[JobSettings, Path]:
    """Returns the settings and the run folder."""
    given = dict(vars(arguments))
    output = given.pop("output") or default_run_folder(arguments.source)
    defaults = PHANTOM if arguments.source == "phantom" else {}
    defaults = defaults | (SMOKE if given.pop("smoke") else {})
    given.pop("dry_run"), given.pop("resume")
    return JobSettings(**{**defaults, **given}), output


def announce(stage: int) -> None:
    """Says which stage runs and what is left."""
    left = f"; then: {', '.join(STAGES[stage + 1 :])}" if STAGES[stage + 1 :] else ""
    print(f"\n[{stage + 1}/{len(STAGES)}] {STAGES[stage]}{left}", flush=True)


def draw(job: Job, output: Path) -> tuple[dict, LabeledImages]:
    """Trains the GAN, exports synthetic images, and reads them back as any image is read."""
    name, seed, train = job.plan.class_name, job.config["seed"], job.splits.train
    directory = output / "gan" / name
    facts = run_gan(
        job.gan,
        job.gan_images,
        directory=directory,
        epochs=job.gan_epochs,
        batch_size=job.config["gan"]["batch_size"],
        seed=seed,
        callbacks=[SampleGrid(directory / "grids", every=max(1, job.gan_epochs // 10), seed=seed)],
    )
    audit, exported = job.build_audit(), output / "synthetic"
    if audit is None:
        print(f"No audit for copies: turned off, or fewer than {LEAST_NULL} images", flush=True)
    export_images(job.gan, exported, count=job.plan.count, class_name=name, seed=seed, audit=audit)
    synthetic = load_synthetic(
        exported,
        train.class_names,
        image_size=train.image_size,
        channels=train.channels,
    )
    return {"class": name, "directory": f"gan/{name}", **facts}, synthetic


def compare(job: Job, synthetic: LabeledImages, output: Path) -> dict:
    """Trains and evaluates the classifier of each arm."""
    results, seed = {}, job.config["seed"]
    for name, train in build_arms(job.splits.train, synthetic).items():
        print(f"Arm {name}: {train.counts()}", flush=True)
        directory = f"classifiers/{name}/seed_{seed}"
        arm = run_arm(
            name,
            train,
            job.splits,
            directory=output / directory,
            settings=job.classifier,
            seed=seed,
            positive_class=job.positive_class,
        )
        results[name] = {"directory": directory, **arm}
    return results


def run(job: Job, output: Path, start: float) -> dict:
    """Runs all stages into the run folder and returns the results."""
    announce(0)
    gan, synthetic = draw(job, output)
    drawn = {
        "class": job.plan.class_name,
        "directory": f"synthetic/{job.plan.class_name}",
        "seed": job.config["seed"],
        "memorisation": read_memorisation(output / "synthetic", job.plan.class_name),
        **describe_synthetic(synthetic, job.gan_images),
    }
    announce(1)
    results = {
        "data": job.splits.report["counts"],
        "classes": {"names": job.splits.train.class_names, "positive": job.positive_class},
        "leakage": leakage(job.splits.report),
        "gan": gan,
        "synthetic": drawn,
        "arms": compare(job, synthetic, output),
        "environment": environment(),
        "command": job.config["command"],
        "seconds": round(time.perf_counter() - start, 1),
        "peak_memory_mib": peak_memory_mib(),
    }
    write_json(output / "results.json", results)
    prepare_serving(output, results, train=job.splits.train, validation=job.splits.validation)
    announce(2)
    write_report(output, real=job.gan_images)
    return results


def main() -> None:
    """Prepares the job, runs it, and says where the report is."""
    arguments, start = parse_arguments(), time.perf_counter()
    try:
        settings, output = resolve(arguments)
        if not arguments.resume:
            check_run_folder(output)
        elif not (output / CONFIG).exists():
            raise ValueError(
                "Invalid value for `--resume`. Expected the folder of a run in --output. Received: "
                f"{output}, which has no {CONFIG}. Name the folder, or leave --resume out."
            )
        strategy = get_strategy(settings.strategy)
        with strategy.scope():
            job = prepare_job(settings)
        job.config["command"] = shlex.join(sys.argv)
        if not arguments.dry_run:
            resume_run_folder(output, job.config)
            write_json(output / "data_report.json", job.splits.report)
    except (ValueError, OSError) as error:
        sys.exit(f"end_to_end.py: error: {error}")
    print(format_report(job.splits.report))
    print(f"  class to draw: {job.plan.class_name}; class to detect: {job.positive_class or 'all'}")
    if arguments.dry_run:
        print(json.dumps(job.config, indent=2))
        return
    try:
        with strategy.scope():
            results = run(job, output, start)
    except (TrainingStateError, MemorisedError) as error:
        sys.exit(f"end_to_end.py: error: {error}")
    for name, arm in results["arms"].items():
        test = arm["test"]
        print(f"{name:>9}: test AUC {test['auc']:.3f}, accuracy {test['accuracy']:.3f}")
    print(f"One run is no evidence either way. Read {output / 'report.md'}")


if __name__ == "__main__":
    main()
