"""Report of a comparison of tuned arms: `results.json` becomes report.md and figures."""

import os
import statistics
from pathlib import Path

from kerasmedgan.files import atomic_path, read_json
from kerasmedgan.report.canvas import literal_text, save_figure
from kerasmedgan.report.environment_table import format_environment
from kerasmedgan.report.study_metrics import format_difference, format_spread, metric_title
from kerasmedgan.report.tables import escape, format_list, format_p_value, format_table
from kerasmedgan.tuning.figures import draw_hyperparameters, draw_scores
from kerasmedgan.tuning.final import UNTUNED
from kerasmedgan.tuning.result import TrialResult, format_trials

FIGURES, REPORT = "figures", "report.md"
_METRICS = ("auc", "balanced_accuracy", "accuracy", "sensitivity", "specificity")


def write_tuning_report(run: str | os.PathLike) -> Path:
    """Writes the figures and the report of a finished comparison into its folder.

    No figure shows an image. An older report is replaced.

    Args:
        run: the folder of `compare_arms`, with `results.json`.

    Returns:
        The path of `report.md`.
    """
    run = Path(run)
    results = read_json(run / "results.json")
    trials = {
        arm: [TrialResult(**trial) for trial in entry["trials"]]
        for arm, entry in results["searches"].items()
    }
    objective = next(iter(results["searches"].values()))["settings"]["objective"]
    with literal_text():
        save_figure(run / FIGURES / "scores.png", draw_scores(trials, objective))
        for arm, of_arm in trials.items():
            figure = draw_hyperparameters(of_arm, objective)
            save_figure(run / FIGURES / hyperparameter_figure(arm), figure)
    with atomic_path(run / REPORT) as temporary:
        temporary.write_text(format_tuning_report(results, trials), encoding="utf-8")
    return run / REPORT


def hyperparameter_figure(arm: str) -> str:
    """Returns the file name of an arm's parallel coordinates."""
    return f"hyperparameters_{arm}.png"


def format_tuning_report(results: dict, trials: dict[str, list[TrialResult]]) -> str:
    """Returns the report in Markdown.

    Args:
        results: the content of `results.json`.
        trials: the trials of each arm.
    """
    sections = [
        "# Tuned classifiers, arm against arm",
        format_list(answer_lines(results)),
        "## Final round",
        _final_table(results),
        _notes(results),
        "## Searches",
        _budget_table(results, trials),
        *_finalist_tables(results),
        _winner_table(results),
        f"![score of each trial]({FIGURES}/scores.png)",
    ]
    for arm, of_arm in trials.items():
        sections += [
            f"### Trials of `{arm}`",
            f"![hyperparameters and score]({FIGURES}/{hyperparameter_figure(arm)})",
            format_trials(of_arm),
        ]
    sections += ["## What was run", format_environment(results), _limits(results)]
    return "\n\n".join(sections) + "\n"


def answer_lines(results: dict) -> list[str]:
    """Says in a line each what tuning gave on validation, and each verdict on the test split."""
    lines = []
    for arm in results["searches"]:
        gain = results["validation"][arm]["gain"]
        signs = sum(value > 0 for value in gain["values"])
        lines.append(
            f"On validation the tuned `{arm}` has {gain['mean']:+.4f} AUC against `{UNTUNED}`; it "
            f"is above it in {signs} of {len(gain['values'])} seeds."
        )
    for entry in results["comparisons"]:
        lines.append(
            f"On the test split, `{entry['arm']}` against `{results['reference']}`: "
            f"**{entry['verdict']}**. {escape(entry['reason'])}"
        )
    return lines


def _final_table(results: dict) -> str:
    reference, metric = results["reference"], results["primary_metric"]
    header = ["arm", "validation AUC", *(f"test {metric_title(name)}" for name in _METRICS)]
    header += [f"{metric_title(metric)} minus {reference} [corrected interval]", "p (Holm)"]
    summaries = {entry["arm"]: entry["metrics"] for entry in results["summaries"]}
    compared = {entry["arm"]: entry for entry in results["comparisons"]}
    rows = []
    for arm in results["arms"]:
        row = [arm, _format_auc(results["validation"][arm]["auc"])]
        row += [format_spread(summaries[arm][name]) for name in _METRICS]
        if arm in compared:
            primary = compared[arm]["primary"]
            difference = compared[arm]["differences"][metric]
            row += [
                format_difference(difference, primary["corrected_interval"]),
                format_p_value(primary["p_holm"]),
                compared[arm]["verdict"],
            ]
        else:
            row += ["-", "-", "compared with"]
        rows.append(row)
    return format_table([*header, "verdict"], rows)


def _notes(results: dict) -> str:
    cell = results["cells"][0]
    seeds = ", ".join(map(str, results["seeds"]))
    chosen_on = ", ".join(map(str, (results["search_seed"], *results.get("deciding_seeds", []))))
    return (
        f"Seeds {seeds}, {cell['updates']:,} updates of {cell['batch_size']} images in every arm. "
        f"`{UNTUNED}` is the default classifier on real images. The hyperparameters were chosen on "
        f"the validation images of seeds {chosen_on}; those of the final round are "
        "other draws of the same training patients. The test split was opened "
        f"{len(results['test_openings'])} times for {len(results['cells'])} classifiers, each time "
        "after the weights and the threshold were on disk."
    )


def _budget_table(results: dict, trials: dict[str, list[TrialResult]]) -> str:
    header = ["arm", "tuner", "trials", "failed", "updates", "seconds", "best val_auc", "untuned"]
    rows = []
    for arm, entry in results["searches"].items():
        header[6] = f"best {entry['settings']['objective']}"
        budget, settings = entry["budget"], entry["settings"]
        untuned = _untuned_score(trials[arm])
        rows.append(
            [
                *(arm, settings["tuner"], budget["trials"], budget["failed"]),
                *(f"{budget['updates']:,}", f"{entry['seconds']:.0f}"),
                f"{entry['best']['score']:.4f}",
                "-" if untuned is None else f"{untuned:.4f}",
            ]
        )
    return format_table(header, rows) + (
        "\n\nBoth searches were given the same; unequal budgets are an error. The last column is "
        "the default classifier, always the first trial, at the end of its longest training."
    )


def _untuned_score(trials: list[TrialResult]) -> float | None:
    """Returns the first trial's score, or that of its longest training if it was promoted."""
    same = [trial.score for trial in trials if trial.values == trials[0].values]
    return same[-1]


def _finalist_tables(results: dict) -> list[str]:
    """Writes a table for each arm that had several finalists."""
    # Results from before there were finalists have none.
    seeds = results.get("deciding_seeds", [])
    tables = []
    for arm, entry in results["searches"].items():
        finalists = entry.get("finalists", [])
        if len(finalists) < 2:
            continue
        rows = [
            [
                *(one["trial"], f"{one['score']:.4f}"),
                *(f"{auc:.4f}" for auc in one["validation_aucs"]),
                f"{statistics.fmean(one['validation_aucs']):.4f}",
            ]
            for one in finalists
        ]
        header = ["trial", "in the search", *(f"seed {seed}" for seed in seeds), "mean"]
        tables.append(
            f"Finalists of `{arm}`, trained anew; the best mean goes to the final round:\n\n"
            + format_table(header, rows)
        )
    return tables


def _winner_table(results: dict) -> str:
    searches = results["searches"]
    names = list(dict.fromkeys(name for one in searches.values() for name in one["best"]["values"]))
    rows = [
        [name, *(_value(one["best"]["values"].get(name)) for one in searches.values())]
        for name in names
    ]
    return "The winners:\n\n" + format_table(["hyperparameter", *searches], rows)


def _limits(results: dict) -> str:
    return format_list(
        (
            "The best of many trials on one validation split is better there than it will be "
            "elsewhere; the final round shows what is left.",
            "With validation AUCs near 1 the trials differ by a few images: which one wins is "
            "partly luck.",
            "Not for clinical use.",
        )
    )


def _format_auc(summary: dict) -> str:
    """Writes four decimals: validation AUCs are near 1."""
    deviation = summary["standard_deviation"]
    return f"{summary['mean']:.4f}" + ("" if deviation is None else f" ± {deviation:.4f}")


def _value(value) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
