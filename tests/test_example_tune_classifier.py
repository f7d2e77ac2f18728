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
    *("--image-size", 32, "--tuner", "random", "--max-trials", 2, "--updates", 2, "--seeds", 1),
    *("--final-updates", 2, "--batch-size", 8, "--gan-width", 4, "--gan-updates", 4),
    *("--gan-batch-size", 8, "--finalists", 2, "--finalist-seeds", 1),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tunings")
    write_study_folders(folder / "chest")
    return folder


def same_settings(source):
    search = SearchSettings(tuner="random", max_trials=2, updates_per_trial=2, batch_size=8)
    options = {"image_size": 32, "gan_width": 4, "gan_updates": 4, "gan_batch_size": 8}
    rounds = {"finalists": 2, "finalist_seeds": 1, "seeds": 1, "final_updates": 2}
    return TuningSettings(source, search=search, options=options, **rounds)


def test_a_killed_comparison_goes_on_to_its_report(folder, monkeypatch):
    killed = ["tune_classifier.py", "--data", "chest", *SMALL, "--output", "run"]
    lines = run_until("final round, seed 2: real+gan", *killed, cwd=folder)
    assert any(line.startswith("budget of real+gan: 2 trials") for line in lines)
    monkeypatch.chdir(folder)
    lines = []
    results = compare_arms(prepare_tuning(same_settings("chest")), "run", announce=lines.append)
    assert not [line for line in lines if line.startswith("trial")]
    assert not [line for line in lines if line.startswith("GAN")]
    assert [cell["arm"] for cell in results["cells"]] == ["untuned", "real", "real+gan"]
    assert len(results["test_openings"]) == 3
    budgets = [entry["budget"] for entry in results["searches"].values()]
    assert budgets == 2 * [{"trials": 2, "failed": 0, "updates": 4}]
    for arm, entry in results["searches"].items():
        first, second = entry["finalists"]
        assert first["validation_aucs"] >= second["validation_aucs"], arm
        assert {first["trial"], second["trial"]} == {"0", "1"}
        assert entry["best"]["trial"] == first["trial"]
        (cell,) = (cell for cell in results["cells"] if cell["arm"] == arm)
        assert cell["hyperparameters"] == first["values"]
    assert [entry["seed"] for entry in results["generators"]] == [0, 1, 2]
    assert results["deciding_seeds"] == [1] and results["seeds"] == [2]
    choices = [json.loads(path.read_text()) for path in folder.glob("run/finalists/**/choice.json")]
    trials = [trial for entry in results["searches"].values() for trial in entry["trials"]]
    work = [*trials, *choices, *results["generators"], *results["cells"]]
    assert len(choices) == 4
    assert results["seconds"] == pytest.approx(sum(entry["seconds"] for entry in work), abs=0.1)
    check_report(folder / "run", results)


def check_report(directory, results):
    text = write_tuning_report(directory).read_text()
    for entry in results["comparisons"]:
        assert f"**{entry['verdict']}**" in text
    assert "| real | random | 2 | 0 | 4 |" in text
    assert "Finalists of `real+gan`" in text and "validation images of seeds 0, 1;" in text
    names = ["hyperparameters_real+gan.png", "hyperparameters_real.png", "scores.png"]
    assert sorted(path.name for path in (directory / "figures").iterdir()) == names
    assert json.loads((directory / "results.json").read_text())["reference"] == "real"


def test_bad_input_is_one_sentence(folder):
    done = run_here("tune_classifier.py", "--data", "chest", "--tuner", "grid", cwd=folder)
    assert done.returncode != 0
    assert "`tuner`. Expected one of ['hyperband', 'random', 'bayesian']" in done.stderr
