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
    assert f"each time (AUC {min(shortcut):.2f})" in text
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
