import json
from importlib import metadata

import pytest

from kerasmedgan.environment import environment, peak_memory_mib
from kerasmedgan.run_folder import (
    check_run_folder,
    create_run_folder,
    resume_run_folder,
    write_history,
)


def test_config_is_written_with_versions(tmp_path):
    folder = create_run_folder(tmp_path / "runs/first", {"seed": 3, "image_size": 32})
    assert [path.name for path in folder.iterdir()] == ["config.json"]
    config = json.loads((folder / "config.json").read_text())
    assert (config["seed"], config["image_size"]) == (3, 32)
    for package in ("kerasmedgan", "tensorflow", "keras", "numpy"):
        assert config["environment"][package] == metadata.version(package)
    assert config["environment"]["cores"] >= 1
    assert config["environment"]["processor"]


def test_an_empty_folder_is_taken(tmp_path):
    assert check_run_folder(tmp_path) == tmp_path
    assert check_run_folder(str(tmp_path / "absent")) == tmp_path / "absent"
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("occupied", ["folder", "folder/results.json"])
def test_an_occupied_folder_is_refused_and_left_alone(tmp_path, occupied):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/results.json").write_text("old")
    with pytest.raises(FileExistsError, match="`output`. Expected a new or empty folder"):
        create_run_folder(tmp_path / occupied, {"seed": 3})
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["results.json"]
    assert (tmp_path / "folder/results.json").read_text() == "old"


def test_a_run_is_taken_up_with_the_same_settings_alone(tmp_path):
    config = {"seed": 3, "arms": ("real", "gan"), "command": "first"}
    folder = resume_run_folder(tmp_path / "run", config)
    before = (folder / "config.json").read_text()
    assert resume_run_folder(folder, {**config, "command": "second"}) == folder
    assert (folder / "config.json").read_text() == before
    with pytest.raises(FileExistsError, match=r"same settings.*with `seed` 3, here 4\. Choose"):
        resume_run_folder(folder, {**config, "seed": 4})
    (folder / "config.json").write_text(before.replace('"keras": "', '"keras": "0'))
    with pytest.raises(FileExistsError, match=r"made with keras 03\..*, here 3\."):
        resume_run_folder(folder, config)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="already holds"):
        resume_run_folder(tmp_path / "other", config)


def test_history_has_a_row_for_each_epoch(tmp_path):
    write_history(tmp_path / "history.csv", {"val_auc": [0.5, 0.75], "loss": [2.0, 1.0]})
    text = (tmp_path / "history.csv").read_text()
    assert text == "epoch,loss,val_auc\n1,2.0,0.5\n2,1.0,0.75\n"


def test_environment_is_json_ready_and_memory_is_in_mib():
    assert json.loads(json.dumps(environment())) == environment()
    # TensorFlow is loaded: more than 50 MiB, less than a terabyte.
    assert 50 < peak_memory_mib() < 1 << 20
