"""Which classifier, and does augmentation help the best one? A search an arm, then a study.

With no argument it searches on procedural phantom images. A run that was stopped goes on when the
same command is given again with the same --output. Open its report.md.
"""

import argparse
import json
import sys
from pathlib import Path

from kerasmedgan.command_line import add_class_limits, default_run_folder
from kerasmedgan.data import format_report
from kerasmedgan.tuning import (
    SearchError,
    SearchSettings,
    TuningSettings,
    compare_arms,
    open_tuning_folder,
    prepare_tuning,
    write_tuning_report,
)

# What holds where an option is not given: minutes for the phantom and a minute or two for a smoke
# run; otherwise the defaults of SearchSettings, TuningSettings and StudySettings.
PHANTOM = {"image_size": 32, "gan_width": 16, "gan_batch_size": 32, "gan_updates": 1000}
PHANTOM |= {"updates_per_trial": 180, "final_updates": 400, "finalist_seeds": 2}
SMOKE = {"image_size": 32, "gan_width": 8, "gan_updates": 30, "max_trials": 2, "seeds": 1}
SMOKE |= {"finalists": 1, "updates_per_trial": 12, "final_updates": 20}
SEARCH = ("tuner", "max_trials", "updates_per_trial", "executions_per_trial", "max_cost", "seed")
SEARCH += ("batch_size", "strategy", "precision")
COMPARISON = ("source", "arms", "finalists", "finalist_seeds", "seeds", "final_updates")
PROCESS = ("workers", "time_limit")


def parse_arguments() -> argparse.Namespace:
    """Reads the command line; options that are not given are absent."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        argument_default=argparse.SUPPRESS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", dest="source", default="phantom", help="phantom, kaggle, or a folder")
    add("--output", type=Path, default=None, help="run folder (default: runs/tuning-DATA-TIME)")
    add("--arms", nargs="+", help="real, real+gan or both (default)")
    add("--tuner", help="hyperband (default), random or bayesian")
    add("--max-trials", type=int, help="of each arm (default: 23, a sweep of Hyperband)")
    add("--updates", dest="updates_per_trial", type=int, help="of a trial: 450 (phantom: 180)")
    add("--executions", dest="executions_per_trial", type=int, help="a trial, each a seed (1)")
    add("--max-cost", type=float, help="multiply-adds of a network, the untuned being 1 (4)")
    add("--seed", type=int, help="of the searches (default: 0); all other seeds follow it")
    add("--finalists", type=int, help="networks of a search that several seeds decide among (4)")
    add("--finalist-seeds", type=int, help="how many seeds decide: 3 (phantom: 2)")
    add("--seeds", type=int, help="of the final round (default: 3); fewer than 2: no verdict")
    add("--final-updates", type=int, help="of each final classifier: 1000 (phantom: 400)")
    add("--batch-size", type=int, help="images a classifier update (default: 64)")
    add_class_limits(parser)
    add("--image-size", type=int, help="pixels: 32, 64, 128 or 256 (default: 64; phantom: 32)")
    add("--channels", type=int, help="1 for grey, 3 for RGB (default: 1)")
    add("--pad-to-aspect-ratio", action="store_true", help="do not stretch to the square")
    add("--patient-pattern", help="regular expression; its first group is the patient")
    add("--gan-updates", type=int, help="default: 2000 (phantom: 1000)")
    add("--gan-batch-size", type=int, help="default: 64 (phantom: 32); less for few images")
    add("--gan-width", type=int, help="filters beside the image, 32 (phantom: 16)")
    add("--positive-class", help='class to detect (default: the one not named like "NORMAL")')
    add("--primary-metric", help="what the verdict is about (default: auc)")
    add("--precision", help="float32 (default) or mixed_bfloat16")
    add("--strategy", help="auto, cpu, gpu, mirrored (all GPUs of this machine) or tpu")
    add("--workers", type=int, help="processes that run trials, beside a chief (default: 1)")
    add("--time-limit", type=float, help="seconds without a sign of life of a worker (1800)")
    add("--smoke", action="store_true", default=False, help="a minute or two: to see that it runs")
    add("--dry-run", action="store_true", default=False, help="print the settings and stop")
    return parser.parse_args()


def resolve(arguments: argparse.Namespace) -> tuple[TuningSettings, dict, Path]:
    """Returns the settings, how to run the searches, and the run folder."""
    given = dict(vars(arguments))
    output = given.pop("output") or default_run_folder(arguments.source, "tuning")
    defaults = PHANTOM if arguments.source == "phantom" else {}
    defaults = defaults | (SMOKE if given.pop("smoke") else {})
    given.pop("dry_run")
    if "limits" in given:
        given["limits"] = dict(given["limits"])
    given = {**defaults, **given}
    search, comparison, process = (
        {name: given.pop(name) for name in names if name in given}
        for names in (SEARCH, COMPARISON, PROCESS)
    )
    settings = TuningSettings(search=SearchSettings(**search), options=given, **comparison)
    return settings, process, output


def main() -> None:
    """Prepares the comparison, runs what is missing of it, and says where the report is."""
    arguments = parse_arguments()
    try:
        settings, process, output = resolve(arguments)
        tuning = prepare_tuning(settings)
        if not arguments.dry_run:
            open_tuning_folder(output, tuning)
    except (ValueError, OSError) as error:
        sys.exit(f"tune_classifier.py: error: {error}")
    print(format_report(tuning.study.report))
    if arguments.dry_run:
        print(json.dumps(tuning.config, indent=2))
        return
    try:
        compare_arms(tuning, output, announce=lambda line: print(line, flush=True), **process)
    except (ValueError, OSError, SearchError, RuntimeError, TimeoutError) as error:
        sys.exit(f"tune_classifier.py: error: {error}")
    print(f"Read {write_tuning_report(output)}")


if __name__ == "__main__":
    main()
