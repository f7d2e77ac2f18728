"""What the README says of tuning is its result files."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from kerasmedgan.report.study_metrics import format_difference, format_spread

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()


def read_tuning(name):
    return json.loads((ROOT / f"benchmarks/results/{name}/results.json").read_text())


@pytest.mark.parametrize(
    "name",
    ["tuning_chest_xray", "tuning_limited", "tuning_small", "tuning_decided", "tuning_scarce"],
)
def test_the_tables_of_tuning_are_their_result_files(name):
    results = read_tuning(name)
    comparisons = {entry["arm"]: entry for entry in results["comparisons"]}
    for entry in results["summaries"]:
        arm, metrics = entry["arm"], entry["metrics"]
        validation = results["validation"][arm]["auc"]
        cells = [
            f"`{arm}`",
            f"{validation['mean']:.4f} ± {validation['standard_deviation']:.4f}",
            *(format_spread(metrics[name]) for name in ("auc", "balanced_accuracy")),
        ]
        if arm in comparisons:
            one = comparisons[arm]
            interval = one["primary"]["corrected_interval"]
            cells += [format_difference(one["differences"]["auc"], interval), one["verdict"]]
            assert one["verdict"] == "no evidence"
        else:
            cells += ["-", "-"]
        assert f"| {' | '.join(cells)} |" in TEXT
    budgets = {tuple(search["budget"].values()) for search in results["searches"].values()}
    ((trials, failed, updates),) = budgets
    assert (trials, failed) == (23, 0) and f"{updates:,} updates an arm" in TEXT


def test_the_reading_of_tuning_is_its_result_files():
    whole, limited = (read_tuning(name) for name in ("tuning_chest_xray", "tuning_limited"))
    text = " ".join(TEXT.split())
    gains = [one["validation"]["real"]["gain"] for one in (whole, limited)]
    assert f"gained nothing with all patients ({gains[0]['mean']:.4f})" in text
    assert f"lost with 100 ({gains[1]['mean']:.4f}, in each of three seeds)" in text
    assert len(gains[1]["values"]) == 3 and max(gains[1]["values"]) < 0
    search = limited["searches"]["real"]
    trials = {trial["name"]: trial for trial in search["trials"]}
    # The untuned classifier is the first trial, and was promoted twice.
    assert (trials["12"]["continues"], trials["09"]["continues"]) == ("09", "00")
    untuned = trials["12"]["score"]
    assert f"untuned classifier by {search['best']['score'] - untuned:.4f} on" in text
    for one in (whole, limited):
        auc = {entry["arm"]: entry["metrics"]["auc"]["mean"] for entry in one["summaries"]}
        assert min(auc["real"], auc["real+gan"]) > auc["untuned"]


def test_the_reading_of_the_search_with_finalists_is_its_result_file():
    small, text = read_tuning("tuning_small"), " ".join(TEXT.split())
    gain = small["validation"]["real"]["gain"]
    above = sum(value > 0 for value in gain["values"])
    assert gain["mean"] > 0 and len(gain["values"]) == 3
    told = (
        f"({gain['mean']:+.4f}, above in {above} of 3 seeds, less than the seeds differ: no proof"
    )
    assert told in text
    assert gain["standard_deviation"] > gain["mean"]
    assert f"{small['searches']['real']['budget']['updates']:,} updates an arm, and final" in text
    (test,) = (one for one in small["comparisons"] if one["arm"] == "untuned")
    assert f"and {test['differences']['auc']['mean']:.3f} behind in AUC on the test split" in text
    best, *others = small["searches"]["real"]["finalists"]
    assert len(best["validation_aucs"]) == 2 and len(others) == 3


@pytest.mark.parametrize(
    ("name", "kept", "winner"),
    [
        ("tuned_again", "tuning_small", "of the third search"),
        ("tuned_again_decided", "tuning_decided", "of five deciding seeds"),
        ("tuned_again_scarce", "tuning_scarce", "of the fourth search"),
    ],
)
def test_what_more_seeds_say_of_a_winner_is_measured(name, kept, winner):
    again = json.loads((ROOT / f"benchmarks/results/{name}.json").read_text())
    found, count = again["tuned_minus_untuned"], len(again["seeds"])
    # The seeds after those of the final round, and their differences.
    assert again["kept"] == f"benchmarks/results/{kept}"
    assert again["seeds"][0] == read_tuning(kept)["seeds"][-1] + 1
    tuned, untuned = (np.array(again["validation_auc"][arm]) for arm in ("real", "untuned"))
    assert found["gains"] == pytest.approx(list(tuned - untuned)) and len(tuned) == count
    ends = (found[interval] for interval in ("interval", "corrected_interval"))
    told = " | ".join(f"{low:+.4f} to {high:+.4f}" for low, high in ends)
    row = f"| {winner} ([numbers](benchmarks/results/{name}.json)) | {count} |"
    assert f"{row} {found['mean']:+.4f} | {told} | {found['above']} |" in TEXT


def test_the_reading_of_more_seeds_is_their_result_file():
    name = "benchmarks/results/tuned_again_decided.json"
    found = json.loads((ROOT / name).read_text())["tuned_minus_untuned"]
    told = (
        f"ahead by a hair (p = {found['p_value']:.3f}); the correction takes that back "
        f"(p = {found['corrected_p_value']:.2f})"
    )
    assert told in " ".join(TEXT.split())


def test_the_reading_of_more_deciding_seeds_is_its_result_file():
    small, decided = (read_tuning(name) for name in ("tuning_small", "tuning_decided"))
    for arm, search in decided["searches"].items():
        # The same trials; more seeds decide among the same finalists.
        trials = small["searches"][arm]["trials"]
        assert [one["score"] for one in search["trials"]] == [one["score"] for one in trials]
        finalists = {one["trial"]: one["validation_aucs"] for one in search["finalists"]}
        assert {len(aucs) for aucs in finalists.values()} == {5}
        for one in small["searches"][arm]["finalists"]:
            assert finalists[one["trial"]][:2] == one["validation_aucs"]
    gains = decided["validation"]["real"]["gain"]["values"]
    low, high = stats.ttest_1samp(gains, 0.0).confidence_interval(0.95)
    above = sum(gain > 0 for gain in gains)
    told = (
        f"by {np.mean(gains):+.4f} (95 % interval {low:+.4f} to {high:+.4f}, above in {above} of "
        f"{len(gains)} seeds)"
    )
    assert told in " ".join(TEXT.split())
    (untuned,) = (one for one in decided["comparisons"] if one["arm"] == "untuned")
    test_auc = untuned["differences"]["auc"]["mean"]
    assert test_auc < 0 and low < 0 < high
    assert f"and {-test_auc:.3f} ahead on the test split: no proof either" in TEXT


def test_the_reading_of_the_scarcest_setting_is_its_result_file():
    scarce = read_tuning("tuning_scarce")
    assert scarce["searches"].keys() == {"real", "real+gan"} and len(scarce["seeds"]) == 3
    gain = scarce["validation"]["real"]["gain"]
    above = sum(value > 0 for value in gain["values"])
    told = f"ahead on validation by {gain['mean']:+.4f}, above in {above} of 3 seeds"
    assert told in " ".join(TEXT.split())
    again = json.loads((ROOT / "benchmarks/results/tuned_again_scarce.json").read_text())
    found = again["tuned_minus_untuned"]
    corrected = found["corrected_p_value"]
    told = (
        f"(p = {found['p_value']:.1g}; corrected {corrected:.1g}, and "
        f"{min(1, 5 * corrected):.1g} counting that it is the fifth winner looked at)"
    )
    assert told in " ".join(TEXT.split()) and found["corrected_interval"][0] > 0
    config = (ROOT / "benchmarks/results/tuning_scarce/config.json").read_text()
    limits = tuple(json.loads(config)["limits"].values())
    assert f"had 2 % of the patients of both classes ({limits[0]} and {limits[1]})" in TEXT


def test_what_is_said_of_a_searchs_memory_is_measured():
    results = json.loads((ROOT / "benchmarks/results/tuning_memory.json").read_text())
    resident = results["resident_mib"]
    text = " ".join(TEXT.split())
    told = f"after {len(resident)} small ones memory was {resident[-1] / resident[4]:.2f} times"
    assert told in text
    assert abs(resident[-1] / resident[5] - 1) < 0.01 and max(resident[:5]) < resident[5]


def test_what_is_said_of_two_workers_is_measured():
    results = json.loads((ROOT / "benchmarks/results/tuning_workers.json").read_text())
    told = f"two workers on two cores {results['two_to_one']:.2f} times as long as one process"
    assert told in " ".join(TEXT.split()) and results["environment"]["cores"] == 2
    assert {run["trials"] for run in results["runs"]} == {16} and results["two_to_one"] <= 1.2
