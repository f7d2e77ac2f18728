"""The examples as a user starts them: a process, an own folder, the real work."""

import json

import pytest
from processes import EXAMPLES, run, run_command, run_here, run_until


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """A finished smoke run: (its folder, what it printed)."""
    folder = tmp_path_factory.mktemp("smoke")
    done = run("end_to_end.py", "--smoke", "--output", "run", cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "run", done.stdout


def test_the_run_folder_is_complete(smoke):
    folder, _ = smoke
    for name in (
        "config.json",
        "data_report.json",
        "gan/NORMAL/model.keras",
        "gan/NORMAL/history.csv",
        "gan/NORMAL/grids/epoch_0020.png",
        "synthetic/manifest.csv",
        "synthetic/NORMAL/000000.png",
        "synthetic/memorisation_NORMAL.json",
        "synthetic/private_NORMAL.png",
        "classifiers/real/seed_0/model.keras",
        "classifiers/real+gan/seed_0/predictions.csv",
        "results.json",
        "report.md",
        "figures/accuracy_curves.png",
    ):
        assert (folder / name).stat().st_size > 0, name
    assert not [path for path in folder.rglob("*") if path.name.startswith(".tmp")]


def test_results_hold_what_was_promised(smoke):
    folder, _ = smoke
    results = json.loads((folder / "results.json").read_text())
    config = json.loads((folder / "config.json").read_text())
    assert set(results["data"]) == {"train", "validation", "test"}
    assert set(results["data"]["train"]) == {"NORMAL", "PNEUMONIA"}
    assert results["gan"]["steps"] == 20 * config["gan"]["steps_per_epoch"]
    assert config["classifier"]["filters"] == [16, 32, 64, 128]
    assert set(results["leakage"].values()) == {0}
    assert results["synthetic"]["count"] == 128
    assert results["synthetic"]["memorisation"]["exported"] == 128
    assert not results["synthetic"]["memorisation"]["refused"]
    assert set(results["arms"]) == {"real", "real+gan"}
    for arm in results["arms"].values():
        assert arm["updates"] == config["classifier"]["updates"]
        for split in ("validation", "test"):
            assert {
                "accuracy",
                "balanced_accuracy",
                "auc",
                "sensitivity",
                "specificity",
                "threshold",
                "expected_calibration_error",
            } <= set(arm[split])
        assert arm["validation"]["threshold"] == arm["test"]["threshold"]
    synthetic = results["arms"]["real+gan"]["train"]["synthetic"]
    assert synthetic == {"NORMAL": 128, "PNEUMONIA": 0}


def test_it_says_which_stage_runs_and_what_is_left(smoke):
    _, output = smoke
    assert "[1/3] train the GAN" in output
    assert "then: train the classifiers" in output
    assert "One run is no evidence either way" in output


def test_an_occupied_folder_is_refused_and_left_alone(smoke):
    folder, _ = smoke
    before = sorted(path.stat().st_mtime_ns for path in folder.rglob("*"))
    done = run_here("end_to_end.py", "--smoke", "--output", folder, cwd=folder.parent)
    assert done.returncode != 0
    assert "already holds a run" in done.stderr
    assert before == sorted(path.stat().st_mtime_ns for path in folder.rglob("*"))


SMALL = [
    *("--image-size", 32, "--gan-batch-size", 4, "--gan-width", 4, "--gan-epochs", 1),
    *("--classifier-updates", 2, "--classifier-batch-size", 8, "--synthetic-count", 5),
    *("--precision", "mixed_bfloat16"),
]


def test_a_folder_of_images_goes_all_the_way_also_if_killed_and_resumed(class_folders, tmp_path):
    done = run("end_to_end.py", "--data", class_folders, *SMALL, "--output", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((tmp_path / "run/results.json").read_text())
    assert results["arms"]["real+gan"]["train"]["synthetic"] == {"NORMAL": 5, "PNEUMONIA": 0}
    assert [arm["test_openings"] for arm in results["arms"].values()] == [1, 1]
    assert results["synthetic"]["memorisation"] is None and "No audit" in done.stdout
    assert (tmp_path / "run/report.md").exists()
    command = ["end_to_end.py", "--data", class_folders, *SMALL, "--output", "killed"]
    run_until("Arm real+gan", *command, cwd=tmp_path)
    done = run(*command, cwd=tmp_path)
    assert done.returncode != 0 and "already holds a run" in done.stderr
    done = run(*command[:-1], "elsewhere", "--resume", cwd=tmp_path)
    assert done.returncode != 0 and "`--resume`. Expected the folder of a run" in done.stderr
    done = run(*command, "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    resumed = json.loads((tmp_path / "killed/results.json").read_text())
    for name, arm in results["arms"].items():
        assert resumed["arms"][name]["test"] == arm["test"]


def test_dry_run_prints_the_settings_and_writes_nothing(class_folders, tmp_path):
    done = run_here(
        "end_to_end.py",
        "--data",
        class_folders,
        *SMALL,
        "--output",
        "run",
        "--dry-run",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert '"class": "NORMAL"' in done.stdout
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--classifier-batch-size", "5000"], "`batch_size`"),
        (["--positive-class", "PNEUMONIAE"], "`positive_class`"),
        (["--data", "nowhere"], "Expected 'phantom', 'kaggle' or an existing folder"),
        (["--image-size", "48"], "`image_size`"),
        (["--classifier-updates", "0"], "--classifier-updates: Expected an integer >= 1"),
        (["--gan-batch-size", "1000"], "`batch_size`"),
        (["--gan-class", "HEALTHY"], "`class_name`"),
        (["--gan-class", "PNEUMONIA"], "make the imbalance worse"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(class_folders, arguments, sentence, tmp_path):
    given = ["--data", class_folders, *SMALL, "--output", "run", *arguments]
    done = run_here("end_to_end.py", *given, cwd=tmp_path)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert list(tmp_path.iterdir()) == [class_folders]


def test_quickstart_leaves_a_grid(tmp_path):
    done = run_command("quickstart.py", "--smoke", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "runs/quickstart/grids/epoch_0002.png").exists()


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_help(name, tmp_path):
    done = run_here(name, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "usage" in done.stdout
