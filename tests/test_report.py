import json
import re

import numpy as np
import pytest
from made_up_run import BINARY, write_run
from markdown_tables import tables_after

from kerasmedgan.data import LabeledImages, TestSplitError
from kerasmedgan.files import write_json
from kerasmedgan.images import decode_image
from kerasmedgan.report import write_report

MANY = ("COVID", "NORMAL", "PNEUMONIA")
STEMS = "accuracy_curves auc_curves confusion_matrices gan_losses roc synthetic_grid"
FIGURES = {f"{stem}.png" for stem in STEMS.split()}
EQUAL = "equal to a tenth of a point (0.0 points)"
REAL_BESIDE_SYNTHETIC = "real_beside_synthetic.png"


def read_results(run):
    return json.loads((run / "results.json").read_text())


def real_images(split="train", label=0, synthetic=False):
    return LabeledImages(
        images=np.random.default_rng(1).integers(0, 256, (20, 16, 16, 1)).astype(np.uint8),
        labels=np.full(20, label),
        class_names=BINARY,
        groups=np.arange(20).astype(str),
        synthetic=np.full(20, synthetic),
        split=split,
    )


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A run of two classes and two arms, reported without real images."""
    run = write_run(tmp_path_factory.mktemp("binary"))
    return run, write_report(run).read_text()


def test_figures_exist_and_decode(reported):
    run, text = reported
    assert {path.name for path in (run / "figures").iterdir()} == FIGURES
    for name in FIGURES:
        image = decode_image((run / "figures" / name).read_bytes(), channels=3)
        assert min(image.shape[:2]) >= 400 and max(image.shape[:2]) <= 3000
        assert image.std() > 5
        assert f"](figures/{name})" in text


@pytest.mark.parametrize(
    ("heading", "pick"),
    [
        ("## Test split, one run, seed 0", lambda arm: arm["test"]),
        ("### Test split at threshold 0.5", lambda arm: arm["test"]["at_half"]),
        ("## Validation split, one run, seed 0", lambda arm: arm["validation"]),
    ],
)
def test_tables_equal_the_results(reported, heading, pick):
    run, text = reported
    titles = {"sensitivity": "sensitivity (PNEUMONIA)", "specificity": "specificity (NORMAL)"}
    titles |= {"auc": "AUC"}
    arms = read_results(run)["arms"]
    for row, arm in zip(tables_after(text, heading)[0], arms, strict=True):
        metrics = pick(arms[arm])
        chosen = " (chosen on validation)" if "at_half" in metrics else ""
        values = {key: f"{x:.3f}" for key, x in metrics.items() if isinstance(x, float)}
        expected = {titles.get(key, key.replace("_", " ")): x for key, x in values.items()}
        expected["threshold" + chosen] = expected.pop("threshold")
        assert row == {"arm": f"`{arm}`", **expected}


def test_composition_and_facts(reported):
    _, text = reported
    rows = tables_after(text, "## What each arm trained on")[0]
    counts = [(row["real NORMAL"], row["synthetic NORMAL"], row["all"]) for row in rows]
    assert counts == [("20", "0", "80"), ("20", "40", "120")]
    for fact in ("5 epochs, 90 steps", "0.895", "2.21.0", "2100 MiB", "--data phantom"):
        assert fact in text


@pytest.mark.parametrize(
    ("difference", "words"),
    [(0.031, "higher (+3.1 points)"), (0, EQUAL), (-4e-4, EQUAL), (-0.12, "lower (-12.0 points)")],
)
def test_words_hold_for_better_equal_and_worse(tmp_path, difference, words):
    results = read_results(write_run(tmp_path))
    for arm, value in (("real", 0.8), ("real+gan", 0.8 + difference)):
        results["arms"][arm]["test"] |= {"accuracy": value, "auc": value}
    write_json(tmp_path / "results.json", results)
    text = write_report(tmp_path).read_text()
    assert f"`real+gan` against `real`: accuracy is {words} and AUC is {words}." in text
    assert "`real` 5.7 points" in text  # sqrt(0.8 * 0.2 / 50)
    assert "no evidence either way" in text
    assert not re.search(r"significan|prove|improve", text)


def test_caveats(reported, tmp_path):
    _, text = reported
    assert "PNEUMONIA is 75.0 % of the real training images and 60.0 % of the test images" in text
    assert "the priors differ" in text
    assert "always answers PNEUMONIA has an accuracy of 0.600" in text
    assert "'looks synthetic = NORMAL'" in text
    assert "opened once an arm" in text and "Not for clinical use." in text
    results = read_results(write_run(tmp_path))
    results["data"]["test"] = {"NORMAL": 10, "PNEUMONIA": 30}
    results["arms"]["real"]["test_openings"] = 3
    write_json(tmp_path / "results.json", results)
    text = write_report(tmp_path).read_text()
    assert "the priors are the same" in text and "`real` 3 times" in text


def test_leakage_and_balance_are_told(tmp_path):
    results = read_results(write_run(tmp_path))
    text = write_report(tmp_path).read_text()
    assert "The data report found" not in text
    assert "cannot tell new content from new balance" in text
    results["leakage"] = {"patient names in both train and test": 7, "identical images": 0}
    write_json(tmp_path / "results.json", results)
    text = write_report(tmp_path).read_text()
    assert "found 7 patient names in both train and test." in text
    assert "identical images" not in text


def test_real_images_are_shown_only_when_given(reported, tmp_path):
    _, text = reported
    assert REAL_BESIDE_SYNTHETIC not in text and "do not publish it" not in text
    run = write_run(tmp_path)
    text = write_report(run, real=real_images()).read_text()
    figure = run / "figures" / REAL_BESIDE_SYNTHETIC
    assert f"(figures/{REAL_BESIDE_SYNTHETIC})" in text and "do not publish it" in text
    assert min(decode_image(figure.read_bytes()).shape[:2]) >= 400
    # A report without real images leaves no older picture of a patient behind.
    assert REAL_BESIDE_SYNTHETIC not in write_report(run).read_text()
    assert not figure.exists()


def test_real_images_must_be_those_that_the_gan_saw(tmp_path):
    run = write_run(tmp_path)
    with pytest.raises(TestSplitError, match="Invalid value for `real`"):
        write_report(run, real=real_images("test"))
    for wrong in (real_images("validation"), real_images(label=1), real_images(synthetic=True)):
        with pytest.raises(ValueError, match="`real`. Expected real training images of NORMAL"):
            write_report(run, real=wrong)
    assert not (run / "figures").exists()


def test_three_classes(tmp_path):
    run = write_run(tmp_path, MANY)
    text = write_report(run).read_text()
    rows = tables_after(text, "## Test split, one run, seed 0")[0]
    for row, entry in zip(rows, read_results(run)["arms"].values(), strict=True):
        recall = {f"recall ({name})": f"{x:.3f}" for name, x in entry["test"]["recall"].items()}
        assert recall.items() <= row.items()
    assert not re.search("threshold|sensitivity|specificity", text)
    assert {path.name for path in run.glob("figures/*")} == FIGURES


@pytest.mark.parametrize("arms", [("real",), ("real", "real+gan", "real+copies", "real+noise")])
def test_any_number_of_arms(tmp_path, arms):
    text = write_report(write_run(tmp_path, arms=arms, epochs=2)).read_text()
    assert len(tables_after(text, "## Test split, one run, seed 0")[0]) == len(arms)
    assert text.count("against `real`: accuracy is") == len(arms) - 1
    assert ("There is one arm" in text) == (len(arms) == 1)


def test_curves_do_not_show_the_test_split(tmp_path):
    def drawn():
        figures = write_report(tmp_path).parent / "figures"
        names = ("accuracy_curves", "auc_curves", "roc")
        return [(figures / f"{name}.png").read_bytes() for name in names]

    results = read_results(write_run(tmp_path))
    *curves, roc = drawn()
    for arm in results["arms"].values():
        arm["test"] |= {"accuracy": 0.01, "auc": 0.02, "sensitivity": 0.03}
    write_json(tmp_path / "results.json", results)
    for path in tmp_path.glob("classifiers/*/*/predictions.csv"):
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:-20]))
    *changed_curves, changed_roc = drawn()
    assert changed_curves == curves and changed_roc != roc


def test_folder_without_results(tmp_path):
    with pytest.raises(FileNotFoundError, match="`run`. Expected a run folder with results.json"):
        write_report(tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_the_audit_withheld_is_told(reported, tmp_path):
    _, text = reported
    assert "no audit for copies of training images was made" in text
    run = write_run(tmp_path)
    results = read_results(run)
    audit = {"withheld": 3, "images": 256, "flagged": 4, "false_rate": 0.005}
    results["synthetic"]["memorisation"] = audit | {"null": "held-out images"}
    write_json(run / "results.json", results)
    told = "3 images were withheld and replaced; of 256 judged 4 were too near"
    assert told in write_report(run).read_text()
