"""Each number in the README is that of a committed result file."""

import json
import re
from pathlib import Path

import pytest

from kerasmedgan.report.study_metrics import format_difference, format_spread

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()
RESULTS = json.loads((ROOT / "benchmarks/results/end_to_end_chest_xray/results.json").read_text())
COLUMNS = (
    "threshold",
    "accuracy",
    "balanced_accuracy",
    "auc",
    "sensitivity",
    "specificity",
    "expected_calibration_error",
)


@pytest.mark.parametrize("arm", ["real", "real+gan"])
def test_the_table_is_the_result_file(arm):
    section = TEXT.partition("## One run on real chest X-rays")[2]
    (row,) = re.findall(rf"^\| `{re.escape(arm)}` \|(.*)\|$", section, re.MULTILINE)
    shown = [cell.strip() for cell in row.split("|")]
    assert shown == [f"{RESULTS['arms'][arm]['test'][column]:.3f}" for column in COLUMNS]


def test_the_run_is_described_as_it_was():
    for number in (
        f"{RESULTS['gan']['steps']:,} updates",
        f"{RESULTS['synthetic']['count']:,} synthetic",
        f"{RESULTS['synthetic']['diversity_ratio']:.2f}",
        f"{RESULTS['seconds'] / 60:.0f} minutes",
        f"{RESULTS['peak_memory_mib'] / 1024:.1f} GiB",
        RESULTS["command"],
    ):
        assert number in TEXT, number


@pytest.mark.parametrize(
    ("study", "fractions"),
    [("study_fractions", (1.0,)), ("study_limited", (1.0,)), ("study_conditional", (1.0,))],
)
def test_the_rows_of_the_studies_are_their_result_files(study, fractions):
    results = json.loads((ROOT / f"benchmarks/results/{study}/results.json").read_text())
    compared = {(one["fraction"], one["arm"]): one for one in results["comparisons"]}
    for summary in results["summaries"]:
        if summary["fraction"] not in fractions:
            continue
        metrics, arm = summary["metrics"], summary["arm"]
        row = [f"`{arm}`"]
        row += [format_spread(metrics[m]) for m in ("auc", "balanced_accuracy", "accuracy")]
        if one := compared.get((summary["fraction"], arm)):
            interval = one["primary"]["corrected_interval"]
            row += [format_difference(one["differences"]["auc"], interval), one["verdict"]]
        else:
            row += ["-", "-"]
        assert f"| {' | '.join(row)} |" in TEXT


def test_the_reading_of_the_studies_is_their_result_files():
    fractions, limited = (
        json.loads((ROOT / f"benchmarks/results/{name}/results.json").read_text())
        for name in ("study_fractions", "study_limited")
    )
    verdicts = [one["verdict"] for study in (fractions, limited) for one in study["comparisons"]]
    assert set(verdicts) == {"no evidence"}
    for study, arm in ((limited, "gan"), (fractions, "gan+classical")):
        (one,) = (c for c in study["comparisons"] if (c["fraction"], c["arm"]) == (1.0, arm))
        gain, left = (
            100 * one["matched"][name]
            for name in ("accuracy_gain", "accuracy_gain_at_matched_specificity")
        )
        assert f"{gain:.1f} points" in TEXT
        assert f"({left:.1f} points)" in TEXT or f"of which {left:.1f} is left" in TEXT
    generators = [*fractions["generators"], *limited["generators"]]
    assert min(one["shortcut"]["auc"] for one in generators) > 0.995
    alike = sorted(one["diversity_ratio"] for one in generators)[:4]
    assert [f"{ratio:.2f}" for ratio in alike] == ["0.17", "0.19", "0.19", "0.19"]
    intervals = [
        one["primary"]["corrected_interval"]
        for study in (fractions, limited)
        for one in study["comparisons"]
    ]
    widths = [(high - low) / 2 for low, high in intervals]
    assert f"differences of {min(widths):.2f} to {max(widths):.2f}" in TEXT
    parts = [*fractions["cells"], *fractions["generators"]]
    seconds = sum(part["seconds"] for part in parts if part["fraction"] == 1.0)
    assert f"trained for {seconds / 60:.0f} minutes" in TEXT
    assert f"memory was {fractions['peak_memory_mib'] / 1024:.1f} GiB" in TEXT
    spans = []
    for study in (fractions, limited):
        for summary in study["summaries"]:
            if summary["arm"] == "real":
                values = summary["metrics"]["accuracy"]["values"]
                spans.append(100 * (max(values) - min(values)))
    assert f"{min(spans):.0f} to {max(spans):.0f} points between seeds" in TEXT


def test_the_reading_of_one_gan_of_all_classes_is_its_result_file():
    results = json.loads((ROOT / "benchmarks/results/study_conditional/results.json").read_text())
    text = " ".join(TEXT.split())
    for entry in results["comparisons"]:
        low, high = entry["primary"]["corrected_interval"]
        assert low < 0 < high and entry["verdict"] == "no evidence"
    diversity = [one["diversity_ratio"] for one in results["generators"]]
    assert f"diversity {min(diversity):.2f} to {max(diversity):.2f} of that" in text
    shortcut = [one["shortcut"]["auc"] for one in results["generators"]]
    assert f"each time (AUC at least {min(shortcut):.2f})" in text
    assert min(diversity) > 0.5


def test_what_is_said_of_memory_workers_and_kills_is_measured():
    memory, workers, soak = (
        json.loads((ROOT / f"benchmarks/results/{name}.json").read_text())
        for name in ("beyond_memory", "workers", "soak_resume")
    )
    many, few = (memory[name]["training"]["peak_memory_mib"] for name in ("many", "few"))
    text = " ".join(TEXT.split())
    assert f"of 64 px had a peak of {many} MiB, on 5,000 of them {few} MiB" in text
    rounds = workers["images_per_second"]
    low, *_, high = sorted(each["two_processes"] / each["one_process"] for each in rounds)
    assert f"made {low:.2f} to {high:.2f} of the images a second of one process" in text
    kills, writing = len(soak["kills"]), soak["killed_while_writing"]
    assert f"killed {kills} times, {writing} of them while its state was written" in text
    assert soak["arrays_that_differ"] == []


def test_what_the_options_cost_is_measured():
    options = json.loads((ROOT / "benchmarks/results/gan_options.json").read_text())["options"]
    ratios = {name: one["processor"]["median_ratio_to_plain"] for name, one in options.items()}
    with_r1 = [ratio for name, ratio in ratios.items() if "r1" in name]
    others = [ratio for name, ratio in ratios.items() if "r1" not in name]
    text = " ".join(TEXT.split())
    assert f"R1 penalty costs about {max(with_r1):.1f} times" in text
    assert max(others) <= 1.05 and "any other option at most 1.05 times" in text


def test_the_rates_of_the_rule_for_unlike_images_are_the_result_file():
    results = json.loads((ROOT / "benchmarks/results/likeness.json").read_text())
    phantom, xrays = results["data_sets"]
    text = " ".join(TEXT.split())
    rates = {
        split: f"{100 * one['share']:.1f} %" for split, one in xrays["wrongly_flagged"].items()
    }
    counts = {split: one["count"] for split, one in xrays["wrongly_flagged"].items()}
    assert f"{rates['validation']} of {counts['validation']} validation" in text
    assert f"{rates['test']} of {counts['test']} test X-rays" in text
    shares = [f"{100 * one['share']:.1f} %" for one in phantom["wrongly_flagged"].values()]
    assert f"phantoms: {shares[0]} and {shares[1]}" in text
    caught = {name: one["share"] for name, one in xrays["caught"].items()}
    assert f"{100 * caught.pop('photographs'):.1f} % of cuttings of two photographs" in text
    assert f"only {100 * caught.pop('turned by 180 degrees'):.1f} % of X-rays that stand" in text
    assert set(caught.values()) == {1.0}


def read_tuning(name):
    return json.loads((ROOT / f"benchmarks/results/{name}/results.json").read_text())


@pytest.mark.parametrize("name", ["tuning_chest_xray", "tuning_limited", "tuning_small"])
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
    assert f"({gain['mean']:+.4f}, above in {above} of 3 seeds, less than the seeds differ)" in text
    assert gain["standard_deviation"] > gain["mean"]
    assert f"{small['searches']['real']['budget']['updates']:,} updates an arm, and final" in text
    (test,) = (one for one in small["comparisons"] if one["arm"] == "untuned")
    assert f"and {test['differences']['auc']['mean']:.3f} behind in AUC on the test split" in text
    best, *others = small["searches"]["real"]["finalists"]
    assert len(best["validation_aucs"]) == 2 and len(others) == 3


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


def test_what_is_said_of_the_audit_is_its_result_file():
    results = json.loads((ROOT / "benchmarks/results/memorisation.json").read_text())
    copies, text = results["copies"], " ".join(TEXT.split())
    assert len(copies) == 6 and len({(one["seed"], one["extractor"]) for one in copies}) == 6
    for one in copies:
        assert (
            one["copies"] == 100 and len(one["caught"]) == 7 and set(one["caught"].values()) == {1}
        )
        assert not one["honest_refused"]
    withheld = [100 * one["honest_withheld"] for one in copies]
    assert f"and {sum(withheld) / 6:.1f} % of the real images of new patients withheld" in text
    assert f"at most {max(withheld):.1f} % in a division" in text
    few, many = results["gans"].values()
    assert f"learned {many['training_images']} images passed" in text and not many["refused"]
    told = f"learned {few['training_images']} images for {few['updates']:,} updates passed too"
    assert told in text and not few["refused"]
    z = few["spaces"]["pixels"]["preference_z"]
    assert f"(z {z:.1f}, bound -3)" in text
