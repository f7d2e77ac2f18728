"""Does a tuned winner beat the untuned classifier on validation? More seeds than the final round.

Takes the winner of a kept comparison and its settings, and trains both anew with the seeds that
follow those of the final round; each seed draws training patients and validation images of its
own. The test split stays closed.

python benchmarks/tuned_again.py --data chest_xray --kept benchmarks/results/tuning_small \
    --seeds 12 --output benchmarks/results/tuned_again.json
"""

import argparse
import shlex
import statistics
import sys
from pathlib import Path

from scipy import stats

from kerasmedgan.environment import environment
from kerasmedgan.files import read_json, write_json
from kerasmedgan.temporary_session import temporary_session
from kerasmedgan.tuning import SearchSettings, TuningSettings, prepare_tuning
from kerasmedgan.tuning.final import UNTUNED, Final
from kerasmedgan.tuning.tuning import Tuning

OPTIONS = ("image_size", "channels", "validation_fraction", "pad_to_aspect_ratio")
OPTIONS += ("patient_pattern", "limits", "positive_class")
LEVEL = 0.95


def prepare(source: str, config: dict, seeds: int) -> Tuning:
    """Returns the setting of a kept comparison with the seeds that follow its own.

    Raises:
        ValueError: if the data are not those of the kept comparison.
    """
    last = config["final_seeds"][-1]
    # One finalist needs no deciding seeds: the final round begins after the search's.
    tuning = prepare_tuning(
        TuningSettings(
            source=source,
            arms=("real",),
            search=SearchSettings(**{**config["search"], "seed": last}),
            finalists=1,
            seeds=seeds,
            final_updates=config["final_updates"],
            options={name: config[name] for name in OPTIONS},
        )
    )
    expected, received = (c["fingerprints"][str(last)] for c in (config, tuning.config))
    if expected != received:
        raise ValueError(
            f"Expected the images of the kept comparison, whose seed {last} has the fingerprint "
            f"{expected}. Received: {received}. Use the same data."
        )
    return tuning


def train(tuning: Tuning, arm: str, values: dict, seed: int, output: Path) -> float:
    """Trains one classifier, or reads it; returns its validation AUC."""
    settings = tuning.settings
    final = Final(
        arm=arm,
        directory=f"cells/seed_{seed}/{arm}",
        values=values,
        training_set=tuning.study.training_set(1.0, seed),
        synthetic=None,
        updates=settings.final_updates,
        batch_size=settings.search.batch_size,
        precision=settings.search.precision,
        strategy=settings.search.strategy,
        positive_class=tuning.study.positive_class,
    )
    with temporary_session():
        choice = final.choose(output)
    print(f"seed {seed}, {arm}: {choice['validation_auc']:.4f}", flush=True)
    return choice["validation_auc"]


def compare(tuned: list[float], untuned: list[float], *, share: float) -> dict:
    """Returns the paired differences, one a seed, and two intervals for their mean.

    `interval` is Student's (1908) and speaks of other seeds on these patients. The validation
    images of seeds overlap, so that luck with these patients does not average out;
    `corrected_interval` counts that in and speaks of other patients too: the variance of the mean
    is S^2 (1 / n + share / (1 - share)).
    Source: Nadeau and Bengio 2003, Machine Learning 52(3), 239-281 (corrected resampled t-test).

    Args:
        tuned: validation AUC of each seed; two or more.
        untuned: the same of the untuned classifier, in the same order.
        share: of the patients that are in one seed's validation images, in [0, 1).
    """
    gains = [a - b for a, b in zip(tuned, untuned, strict=True)]
    mean, deviation, count = statistics.fmean(gains), statistics.stdev(gains), len(gains)
    entry = {
        "gains": gains,
        "mean": mean,
        "standard_deviation": deviation,
        "above": sum(gain > 0 for gain in gains),
        "level": LEVEL,
        "share": share,
    }
    quantile = float(stats.t.ppf((1 + LEVEL) / 2, count - 1))
    for prefix, overlap in (("", 0.0), ("corrected_", share / (1 - share))):
        error = deviation * (1 / count + overlap) ** 0.5
        entry[f"{prefix}interval"] = [mean - quantile * error, mean + quantile * error]
        entry[f"{prefix}p_value"] = 2 * float(stats.t.sf(abs(mean) / error, count - 1))
    return entry


def main() -> None:
    """Reads the command line, trains what is missing, and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="chest_xray")
    parser.add_argument("--kept", type=Path, required=True, help="a kept tuning comparison")
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--work", type=Path, default=Path("runs/tuned_again"))
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    config, kept = (read_json(arguments.kept / f"{name}.json") for name in ("config", "results"))
    tuning = prepare(arguments.data, config, arguments.seeds)
    values = {cell["arm"]: cell["hyperparameters"] for cell in kept["cells"]}
    aucs = {UNTUNED: [], "real": []}
    for seed in tuning.settings.final_seeds:
        for arm, found in aucs.items():
            found.append(train(tuning, arm, values[arm], seed, arguments.work))
    comparison = compare(aucs["real"], aucs[UNTUNED], share=config["validation_fraction"])
    settings = {"limits": config["limits"], "updates": config["final_updates"]}
    write_json(
        arguments.output,
        {
            "kept": str(arguments.kept),
            "settings": settings,
            "seeds": list(tuning.settings.final_seeds),
            "validation_auc": aucs,
            "tuned_minus_untuned": comparison,
            "command": shlex.join(sys.argv),
            "environment": environment(),
        },
    )
    intervals = (comparison[f"{prefix}interval"] for prefix in ("", "corrected_"))
    told, corrected = (f"[{low:+.4f}, {high:+.4f}]" for low, high in intervals)
    print(
        f"tuned minus untuned: {comparison['mean']:+.4f} {told}, corrected {corrected}, above in "
        f"{comparison['above']} of {arguments.seeds} seeds"
    )


if __name__ == "__main__":
    main()
