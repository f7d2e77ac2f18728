"""Does augmentation help on my data? Several arms, seeds and fractions, compared honestly.

With no argument it compares five arms on procedural phantom images. A study that was stopped goes
on when the same command is given again with the same --output. Open its report.md.
"""

import argparse
import json
import sys
from pathlib import Path

from kerasmedgan.command_line import add_class_limits, default_run_folder
from kerasmedgan.data import format_report
from kerasmedgan.report import write_study_report
from kerasmedgan.resume import TrainingStateError
from kerasmedgan.serving import prepare_serving
from kerasmedgan.study import ARMS, StudySettings, open_study_folder, prepare_study, run_study

# What holds where an option is not given: minutes for the phantom and a minute or two for a smoke
# run; otherwise the defaults of StudySettings, three quarters of an hour on two cores.
PHANTOM = {"image_size": 32, "gan_width": 16, "gan_batch_size": 32, "gan_updates": 1000}
PHANTOM |= {"classifier_updates": 400}
SMOKE = {"image_size": 32, "seeds": 2, "gan_width": 8, "gan_updates": 30, "classifier_updates": 20}


def parse_arguments() -> argparse.Namespace:
    """Reads the command line; options that are not given are absent."""
    parser = argparse.ArgumentParser(
        description=__doc__, argument_default=argparse.SUPPRESS, formatter_class=_Formatter
    )
    add = parser.add_argument
    add("--data", dest="source", default="phantom", help="phantom, kaggle, or a folder")
    add("--output", type=Path, default=None, help="run folder (default: runs/study-DATA-TIME)")
    arms = "".join(f"\n{arm.name}: {arm.description}" for arm in ARMS.values())
    add("--arms", nargs="+", help=f"default: {' '.join(StudySettings.arms)}{arms}")
    add("--seeds", type=int, help="how many (default: 3); fewer than 2 give no verdict")
    add("--first-seed", type=int, help="the seeds count from here (default: 0)")
    add("--fractions", nargs="+", type=float, help="shares of the training patients (default: 1)")
    add_class_limits(parser)
    add(
        "--synthetic-ratio",
        dest="synthetic_ratios",
        nargs="+",
        type=float,
        help="synthetic images for each real one, 0.25 to 4 (default: 1);\n"
        "with several, validation chooses for each arm and seed",
    )
    add("--primary-metric", help="what the verdict is about (default: auc)")
    add("--image-size", type=int, help="pixels: 32, 64, 128 or 256 (default: 64; phantom: 32)")
    add("--channels", type=int, help="1 for grey, 3 for RGB (default: 1)")
    add("--pad-to-aspect-ratio", action="store_true", help="do not stretch to the square")
    add("--patient-pattern", help="regular expression; its first group is the patient")
    add("--gan-classes", nargs="+", help="classes that get a GAN; the first is the one gan draws")
    add("--force", action="store_true", help="draw the largest class all the same")
    add("--gan-updates", type=int, help="default: 2000 (phantom: 1000)")
    add("--gan-batch-size", type=int, help="default: 64 (phantom: 32); less for few images")
    add("--gan-width", type=int, help="filters beside the image, 32 (phantom: 16)")
    add("--classifier-updates", type=int, help="of each arm: 1000 (phantom: 400)")
    add("--classifier-batch-size", type=int, help="default: 64")
    add("--horizontal-flip", action="store_true", help="classical arms mirror: not for chests")
    add("--positive-class", help='class to detect (default: the one not named like "NORMAL")')
    add("--precision", choices=("float32", "mixed_bfloat16"), help="default: float32")
    add("--strategy", help="auto, cpu, gpu, mirrored (all GPUs of this machine) or tpu")
    add("--smoke", action="store_true", default=False, help="a minute or two: to see that it runs")
    add("--dry-run", action="store_true", default=False, help="print the settings and stop")
    return parser.parse_args()


class _Formatter(argparse.RawTextHelpFormatter):
    """Keeps the lines of the help texts."""


def resolve(arguments: argparse.Namespace) -> tuple[StudySettings, Path]:
    """Returns the settings and the run folder."""
    given = dict(vars(arguments))
    output = given.pop("output") or default_run_folder(arguments.source, "study")
    defaults = PHANTOM if arguments.source == "phantom" else {}
    defaults = defaults | (SMOKE if given.pop("smoke") else {})
    given.pop("dry_run")
    if "limits" in given:
        given["limits"] = dict(given["limits"])
    for name in ("arms", "fractions", "synthetic_ratios", "gan_classes"):
        if name in given:
            given[name] = tuple(given[name])
    return StudySettings(**{**defaults, **given}), output


def main() -> None:
    """Prepares the study, runs what is missing of it, and says where the report is."""
    arguments = parse_arguments()
    try:
        settings, output = resolve(arguments)
        study = prepare_study(settings)
        if not arguments.dry_run:
            open_study_folder(output, study)
    except (ValueError, OSError) as error:
        sys.exit(f"study.py: error: {error}")
    print(format_report(study.report))
    if settings.seeds < 2:
        print("One seed: no verdict can be given. Use --seeds 3 or more.")
    if arguments.dry_run:
        print(json.dumps(study.config, indent=2))
        return
    try:
        results = run_study(study, output, announce=lambda line: print(line, flush=True))
    except TrainingStateError as error:
        sys.exit(f"study.py: error: {error}")
    report = write_study_report(output)
    served = study.training_set(max(settings.fractions), settings.first_seed)
    prepare_serving(output, results, train=served.train, validation=served.splits.validation)
    for entry in results["comparisons"]:
        print(f"fraction {entry['fraction']:g}, {entry['arm']}: {entry['verdict']}")
        print(f"    {entry['reason']}")
    print(f"Read {report}")


if __name__ == "__main__":
    main()
