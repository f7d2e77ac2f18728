import re

import pytest
from made_up_study import (
    ALL_ARMS,
    FEW_ARMS,
    change_results,
    read_results,
    set_all_verdicts,
    set_verdict,
    write_study,
)
from markdown_tables import tables_after

from kerasmedgan.images import decode_image
from kerasmedgan.report import write_study_report
from kerasmedgan.report.study_markdown import format_study_report
from kerasmedgan.report.study_read import read_study
from kerasmedgan.study.verdict import RULE

SHARED = {f"{stem}.png" for stem in "accuracy_curves auc_curves differences reliability".split()}
METRICS = {
    "AUC": "auc",
    "accuracy": "accuracy",
    "balanced accuracy": "balanced_accuracy",
    "sensitivity (PNEUMONIA)": "sensitivity",
    "specificity (NORMAL)": "specificity",
    "expected calibration error": "expected_calibration_error",
}


def text_of(run):
    """Returns the report's text without drawing the figures."""
    return format_study_report(read_study(run), [])


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A study of five arms and three fractions, reported."""
    run = write_study(tmp_path_factory.mktemp("study"), fractions=(1.0, 0.05, 0.25))
    return run, write_study_report(run).read_text()


def test_figures_exist_and_decode(reported):
    run, text = reported
    names = SHARED | {"learning_curves.png", "synthetic_images.png"}
    assert {path.name for path in (run / "figures").iterdir()} == names
    for name in names:
        image = decode_image((run / "figures" / name).read_bytes(), channels=3)
        assert 600 <= image.shape[1] <= 1300 and image.std() > 5
        assert f"](figures/{name})" in text


def test_sections_stand_in_order(reported):
    _, text = reported
    sections = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert sections == [
        "Results",
        "Shortcut audit",
        "Figures",
        "Method in ten lines",
        "What was run",
        f"Model card: classifier of `{re.search('Use `(.*?)`', text)[1]}`",
        "Checklist for a manuscript",
    ]
    fractions = re.findall(r"^### Fraction (.*)$", text, re.MULTILINE)
    assert fractions == ["1", "0.25", "0.05"]


@pytest.mark.parametrize("fraction", [1.0, 0.25, 0.05])
def test_tables_are_the_results(reported, fraction):
    run, text = reported
    results = read_results(run)
    metrics, thresholds, mcnemar = tables_after(text, f"### Fraction {fraction:g}")

    def entries(name):
        return [entry for entry in results[name] if entry["fraction"] == fraction]

    assert list(metrics[0])[:7] == ["arm", *METRICS]
    for row, entry in zip(metrics, entries("summaries"), strict=True):
        assert row["arm"] == f"`{entry['arm']}`"
        for title, key in METRICS.items():
            value = entry["metrics"][key]
            assert row[title] == f"{value['mean']:.3f} ± {value['standard_deviation']:.3f}"
    assert metrics[0]["verdict"] == "compared with"
    for row, cut, test, entry in zip(
        metrics[1:], thresholds[1:], mcnemar, entries("comparisons"), strict=True
    ):
        low, high = entry["primary"]["corrected_interval"]
        difference = f"{entry['differences']['auc']['mean']:+.3f} [{low:+.3f}, {high:+.3f}]"
        assert row["AUC minus `real` [corrected interval]"] == difference
        p = entry["primary"]["p_holm"]
        assert row["p (Holm)"] == ("&lt;0.001" if p < 0.0005 else f"{p:.3f}")
        assert row["verdict"] == entry["verdict"] and entry["reason"] in text
        matched = entry["matched"]
        assert cut["accuracy gain"] == f"{matched['accuracy_gain']:+.3f}"
        gain = f"{matched['accuracy_gain_at_matched_specificity']:+.3f}"
        assert cut["accuracy gain at matched specificity"] == gain
        low, high = matched["sensitivity_difference"]["interval"]
        shown = f"{matched['sensitivity_difference']['mean']:+.3f} [{low:+.3f}, {high:+.3f}]"
        assert cut["sensitivity difference there [interval]"] == shown
        for cell, found in zip(list(test.values())[1:], entry["mcnemar"], strict=True):
            counts = f"{found['only_arm_right']} / {found['only_real_right']}"
            assert cell == f"{counts}, {found['p_value']:.3f} ({found['p_holm']:.3f})"
    for row in thresholds:
        of_arm = [cell for cell in entries("cells") if row["arm"] == f"`{cell['arm']}`"]
        shown = ", ".join(f"{cell['test']['threshold']:.3f}" for cell in of_arm)
        assert row["thresholds, seed by seed"] == shown


def test_the_primary_metric_comes_first(tmp_path):
    run = write_study(tmp_path, arms=("real", "gan"))
    change_results(run, lambda results: results.update(primary_metric="specificity"))
    metrics, *_ = tables_after(text_of(run), "### Fraction 1")
    assert list(metrics[0])[1:3] == ["specificity (NORMAL)", "AUC"]
    assert "specificity minus `real` [corrected interval]" in metrics[0]


def test_the_method_has_ten_lines_and_the_rule(reported):
    _, text = reported
    method = text[text.index("## Method in ten lines") : text.index("## What was run")]
    assert re.findall(r"^(\d+)\. ", method, re.MULTILINE) == [str(n) for n in range(1, 11)]
    assert RULE in method


def test_what_was_run_is_told(reported):
    _, text = reported
    assert "opened 45 times for 45 classifiers." in text
    assert "1234.5 seconds in all, 1500 MiB" in text and "examples/study.py phantom" in text
    (doses,) = tables_after(text, "### Doses of synthetic images")
    assert doses[0]["seed 0"] == "1; tried 1 (0.991), 4 (0.989)"
    (gans,) = tables_after(text, "### GANs")
    assert len(gans) == 9 and gans[0]["diversity ratio"] == "0.895"
    (sets,) = tables_after(text, "### Training sets")
    assert sets[0]["patients, NORMAL"] == "40" and sets[0]["images, PNEUMONIA"] == "90"
    (arms,) = tables_after(text, "### Arms")
    assert arms[3]["synthetic NORMAL"] == "60" and arms[3]["synthetic PNEUMONIA"] == "0"


def test_trouble_is_told(tmp_path):
    def make_trouble(results):
        results["test_openings"].append(dict(results["test_openings"][0]))
        results["leakage"] = {"patient names in both train and test": 7}

    run = write_study(tmp_path, arms=("real", "gan"))
    change_results(run, make_trouble)
    text = text_of(run)
    assert "after an interruption, for: fraction 1, seed 0, real (2 times)" in text
    assert "each time for the same weights" in text
    assert "found 7 patient names in both train and test." in text
    change_results(run, lambda results: results["test_openings"][0].update(weights_sha256="x"))
    assert "With other weights the second time" in text_of(run)


def test_model_card_is_of_the_recommended_arm(tmp_path):
    def change(results):
        set_all_verdicts(results)
        set_verdict(results, "gan", 1.0, "helps", 0.04)

    run = write_study(tmp_path)
    change_results(run, change)
    text = text_of(run)
    assert "## Model card: classifier of `gan`" in text and "Not for clinical use" in text
    (rows,) = tables_after(text, "### Evaluation and metrics")
    (entry,) = (e for e in read_results(run)["summaries"] if e["arm"] == "gan")
    auc = entry["metrics"]["auc"]
    assert rows[0] == {
        "metric": "AUC",
        "mean ± standard deviation over seeds": (
            f"{auc['mean']:.3f} ± {auc['standard_deviation']:.3f}"
        ),
        "each seed": ", ".join(f"{value:.3f}" for value in auc["values"]),
    }
    assert "which pass on what was uneven" in text
    for source in ("arXiv:1810.03993", "10.1148/ryai.2020200029", "10.1148/ryai.240300"):
        assert source in text
    assert "[to be filled in by the authors]" in text


@pytest.mark.slow
def test_all_nine_arms(tmp_path):
    run = write_study(tmp_path, arms=ALL_ARMS, fractions=(0.1, 1.0))
    text = write_study_report(run).read_text()
    metrics, *_ = tables_after(text, "### Fraction 1")
    assert [row["arm"] for row in metrics] == [f"`{arm}`" for arm in ALL_ARMS]
    names = {path.name for path in run.glob("figures/*")}
    assert names == SHARED | {"learning_curves.png", "synthetic_images.png"}


@pytest.mark.slow
def test_without_gans_and_with_real_alone(tmp_path):
    run = write_study(tmp_path / "no_gan", arms=("real", "weights"))
    text = write_study_report(run).read_text()
    assert "No GAN was trained" in text and "### GANs" not in text and "### Doses" not in text
    assert not (run / "figures/synthetic_images.png").exists()
    run = write_study(tmp_path / "real", arms=("real",))
    text = write_study_report(run).read_text()
    assert text.splitlines()[1].startswith("No verdict can be given: `real` is the only arm")


@pytest.mark.slow
def test_names_of_classes_are_escaped_at_one_fraction(tmp_path):
    run = write_study(tmp_path, classes=("A|B", "<b> $x$"))
    text = write_study_report(run).read_text()
    names = {path.name for path in run.glob("figures/*")}
    assert names == SHARED | {"arms.png", "synthetic_images.png"}
    assert "A\\|B" in text and "&lt;b> $x$" in text
    assert not re.search(r"A\|B|<b>", re.sub(r"```.*?```|`[^`]*`", "", text.replace("\\|", "")))
    assert len(tables_after(text, "### Training sets")[0]) == 3


def test_an_older_report_is_replaced_or_stays_whole(tmp_path):
    run = write_study(tmp_path, fractions=(0.1, 1.0), arms=("real", "gan"))
    (run / "report.md").write_text("old")
    (run / "results.json").rename(run / "kept.json")
    with pytest.raises(FileNotFoundError, match="`run`. Expected a run folder with results.json"):
        write_study_report(run)
    assert (run / "report.md").read_text() == "old"
    (run / "kept.json").rename(run / "results.json")
    assert write_study_report(run).read_text().startswith("# Does GAN augmentation help?")
    change_results(run, lambda results: results.update(fractions=[1.0]))
    write_study_report(run)
    assert not (run / "figures/learning_curves.png").exists()
    change_results(run, lambda results: results["generators"].clear())
    before = (run / "report.md").read_text()
    (run / "cells/fraction_1/seed_0/gan/history.csv").unlink()
    with pytest.raises(FileNotFoundError):
        write_study_report(run)
    assert (run / "report.md").read_text() == before
    assert not list(run.rglob(".tmp-*"))


def test_another_kind_of_run_is_refused(tmp_path):
    run = write_study(tmp_path, arms=("real", "gan"))
    change_results(run, lambda results: results.pop("kind"))
    with pytest.raises(ValueError, match="`run`. Expected the folder of a study"):
        write_study_report(run)


def test_one_seed_is_reported_without_spread(tmp_path):
    run = write_study(tmp_path, seeds=(5,))
    text = write_study_report(run).read_text()
    metrics, thresholds, mcnemar = tables_after(text, "### Fraction 1")
    assert not any("±" in row["AUC"] for row in metrics)
    assert "[no interval]" in metrics[1]["AUC minus `real` [corrected interval]"]
    assert metrics[1]["p (Holm)"] == "-" and metrics[1]["verdict"] == "none"
    assert "[no interval]" in thresholds[1]["sensitivity difference there [interval]"]
    assert len(mcnemar) == len(FEW_ARMS) - 1
    assert "One seed gives no interval." in text
