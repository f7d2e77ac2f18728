"""examples/tune_classifier.py as a user starts it, and as a power cut stops it."""

import json

import pytest
from processes import run_here, run_until
from small_study import write_study_folders

from kerasmedgan.tuning import (
    SearchSettings,
    TuningSettings,
    compare_arms,
    prepare_tuning,
    write_tuning_report,
)

SMALL = [
    *("--image-size", 32, "--tuner", "random", "--max-trials", 1, "--updates", 2, "--seeds", 1),
    *("--final-updates", 2, "--batch-size", 8, "--gan-width", 4, "--gan-updates", 4),
    *("--gan-batch-size", 8),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tunings")
    write_study_folders(folder / "chest")
    return folder


def same_settings(source):
    search = SearchSettings(tuner="random", max_trials=1, updates_per_trial=2, batch_size=8)
    options = {"image_size": 32, "gan_width": 4, "gan_updates": 4, "gan_batch_size": 8}
    return TuningSettings(source, search=search, seeds=1, final_updates=2, options=options)


def test_a_killed_comparison_goes_on_to_its_report(folder, monkeypatch):
    killed = ["tune_classifier.py", "--data", "chest", *SMALL, "--output", "run"]
    lines = run_until("final round, seed 1: real+gan", *killed, cwd=folder)
    assert any(line.startswith("budget of real+gan: 1 trials") for line in lines)
    monkeypatch.chdir(folder)
    lines = []
    results = compare_arms(prepare_tuning(same_settings("chest")), "run", announce=lines.append)
    assert not [line for line in lines if line.startswith("trial")]
    assert not [line for line in lines if line.startswith("GAN")]
    assert [cell["arm"] for cell in results["cells"]] == ["untuned", "real", "real+gan"]
    assert len(results["test_openings"]) == 3
    budgets = [entry["budget"] for entry in results["searches"].values()]
    assert budgets == 2 * [{"trials": 1, "failed": 0, "updates": 2}]
    # The one trial was the untuned classifier, so the final round must show it twice.
    untuned, real, _ = results["cells"]
    assert untuned["weights_sha256"] == real["weights_sha256"]
    assert results["validation"]["real"]["gain"]["values"] == [0.0]
    check_report(folder / "run", results)


def check_report(directory, results):
    text = write_tuning_report(directory).read_text()
    for entry in results["comparisons"]:
        assert f"**{entry['verdict']}**" in text
    assert "| real | random | 1 | 0 | 2 |" in text
    names = ["hyperparameters_real+gan.png", "hyperparameters_real.png", "scores.png"]
    assert sorted(path.name for path in (directory / "figures").iterdir()) == names
    assert json.loads((directory / "results.json").read_text())["reference"] == "real"


def test_bad_input_is_one_sentence(folder):
    done = run_here("tune_classifier.py", "--data", "chest", "--tuner", "grid", cwd=folder)
    assert done.returncode != 0
    assert "`tuner`. Expected one of ['hyperband', 'random', 'bayesian']" in done.stderr
