"""A whole small study: three arms, two seeds, two doses, stopped and taken up again."""

import csv
import json
import shutil

import keras
import numpy as np
import pytest
from small_study import SMALL, write_study_folders

from kerasmedgan.data import TestSplitError
from kerasmedgan.images import read_images
from kerasmedgan.study import ARMS, StudySettings, prepare_study, run_study
from kerasmedgan.synthesis import read_manifest

NAMES = ("real", "oversample", "gan+classical")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return write_study_folders(tmp_path_factory.mktemp("study") / "chest")


@pytest.fixture(scope="module")
def finished(folders, tmp_path_factory):
    """A finished study: (its preparation, its folder, its results, its lines)."""
    settings = StudySettings(
        str(folders), arms=NAMES, limits={"NORMAL": 6}, synthetic_ratios=(0.5, 2.0), **SMALL
    )
    study, output, lines = prepare_study(settings), tmp_path_factory.mktemp("run") / "s", []
    results = run_study(study, output, announce=lines.append)
    return study, output, results, lines


def table(results):
    """Returns what a report tells of a study, without times."""
    return {name: results[name] for name in ("summaries", "comparisons", "training_sets")}


def test_every_cell_is_there_and_differs_in_its_data_alone(finished):
    _, _, results, _ = finished
    assert len(results["cells"]) == len(NAMES) * 2
    for name in ("updates", "batch_size"):
        assert len({cell[name] for cell in results["cells"]}) == 1
    for cell in results["cells"]:
        real = results["training_sets"][cell["seed"]]["images"]
        if cell["arm"] == "oversample":
            real = dict.fromkeys(real, max(real.values()))
        assert cell["train"]["real"] == real


def test_doses_are_chosen_on_validation(finished):
    _, _, results, _ = finished
    for cell in results["cells"]:
        aucs = cell["ratio_validation_aucs"]
        if not ARMS[cell["arm"]].is_synthetic:
            assert (cell["synthetic_ratio"], aucs) == (None, {})
            continue
        assert set(aucs) == {"0.5", "2"}
        chosen = aucs[f"{cell['synthetic_ratio']:g}"]
        assert chosen == max(aucs.values())
        assert chosen == pytest.approx(cell["validation"]["auc"])
        images = results["training_sets"][cell["seed"]]["images"]
        assert cell["train"]["synthetic"]["NORMAL"] == round(
            cell["synthetic_ratio"] * images["NORMAL"]
        )


def test_a_gan_sees_its_own_training_set_alone_and_is_shared(finished):
    _, output, results, lines = finished
    assert len(results["generators"]) == 2
    for entry in results["generators"]:
        images = results["training_sets"][entry["seed"]]["images"]
        assert entry["images"] == images[entry["class"]]
        assert entry["count"] == round(2 * entry["images"])
        assert 0 <= entry["shortcut"]["auc"] <= 1
        drawn = list((output / entry["synthetic_directory"]).glob("*.png"))
        assert len(drawn) == entry["count"]
    assert sum(line.startswith("GAN") for line in lines) == 2
    assert lines[-1].startswith("cell 6 of 6, ")


def test_each_cell_opened_the_test_split_once(finished):
    _, _, results, _ = finished
    opened = [entry["cell"] for entry in results["test_openings"]]
    assert len(opened) == len(set(opened)) == len(results["cells"])
    shas = {entry["cell"]: entry["weights_sha256"] for entry in results["test_openings"]}
    for cell in results["cells"]:
        name = f"fraction 1, seed {cell['seed']}, {cell['arm']}"
        assert shas[name] == cell["weights_sha256"]


def test_seeds_vary_the_validation_split_and_not_the_test_split(finished):
    _, output, _, _ = finished
    files = {}
    for seed in (0, 1):
        with (output / f"cells/fraction_1/seed_{seed}/real/predictions.csv").open() as file:
            rows = list(csv.DictReader(file))
        files[seed] = {
            split: {row["file"] for row in rows if row["split"] == split}
            for split in ("validation", "test")
        }
    assert files[0]["test"] == files[1]["test"]
    assert files[0]["validation"] != files[1]["validation"]


def test_every_arm_but_real_gets_a_verdict(finished):
    _, _, results, _ = finished
    assert [entry["arm"] for entry in results["comparisons"]] == list(NAMES)[1:]
    for entry in results["comparisons"]:
        assert entry["verdict"] in ("helps", "no evidence", "hurts")
        own, real = (
            np.array([cell["test"]["auc"] for cell in results["cells"] if cell["arm"] == arm])
            for arm in (entry["arm"], "real")
        )
        np.testing.assert_allclose(entry["differences"]["auc"]["per_seed"], own - real, atol=1e-6)


def test_a_finished_study_is_read_not_run(finished):
    study, output, results, _ = finished
    lines = []
    # Prepared anew, as another process would.
    again = run_study(prepare_study(study.settings), output, announce=lines.append)
    assert lines == []
    assert table(again) == table(results)
    assert again["test_openings"] == results["test_openings"]
    assert again["command"] == json.loads((output / "config.json").read_text())["command"] != ""


def test_what_is_missing_is_made_again_with_the_same_numbers(finished, tmp_path):
    """Stopped in the worst places: a cell without its result, one without its choice, no GAN."""
    study, output, results, _ = finished
    copy = tmp_path / "copy"
    shutil.copytree(output, copy)
    (copy / "results.json").unlink()
    (copy / "cells/fraction_1/seed_0/oversample/cell.json").unlink()
    for name in ("cell.json", "choice.json", "model.keras"):
        (copy / "cells/fraction_1/seed_1/gan+classical" / name).unlink()
    (copy / "generators/fraction_1/seed_1/NORMAL/generator.json").unlink()
    again = run_study(study, copy, announce=lambda line: None)
    assert table(again) == table(results)
    # The openings of the two cells that were repeated stand in the record twice.
    assert len(again["test_openings"]) == len(results["test_openings"]) + 2


def test_another_classifier_never_sees_the_test_split(finished, tmp_path):
    study, output, _, _ = finished
    copy, cell = tmp_path / "copy", "cells/fraction_1/seed_0/real"
    shutil.copytree(output, copy)
    (copy / cell / "cell.json").unlink()
    shutil.copy(
        copy / "cells/fraction_1/seed_0/oversample/model.keras", copy / cell / "model.keras"
    )
    with pytest.raises(TestSplitError, match="fraction 1, seed 0, real.*other weights"):
        run_study(study, copy, announce=lambda line: None)


def test_a_folder_of_other_settings_is_refused(finished, folders):
    _, output, _, _ = finished
    other = prepare_study(StudySettings(str(folders), **{**SMALL, "classifier_updates": 10}))
    with pytest.raises(FileExistsError, match="same settings.*`classifier_updates` 8, here 10"):
        run_study(other, output)


def test_a_folder_with_something_else_is_refused(finished, tmp_path):
    study, _, _, _ = finished
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="already holds"):
        run_study(study, tmp_path)


def test_the_config_is_written_first_and_names_the_metric(finished):
    _, output, _, _ = finished
    config = json.loads((output / "config.json").read_text())
    assert config["primary_metric"] == "auc"
    assert config["synthetic_ratios"] == [0.5, 2.0]
    assert config["environment"]["statsmodels"]


@pytest.mark.slow
def test_one_gan_of_all_classes_draws_each(folders, tmp_path):
    small, output = {**SMALL, "seeds": 1}, tmp_path / "s"
    study = prepare_study(StudySettings(str(folders), arms=("cgan-all", "cgan-pretrain"), **small))
    assert study.config["conditional_gan"]["num_classes"] == 2
    lines = []
    results = run_study(study, output, announce=lines.append)
    assert [line for line in lines if line.startswith("GAN 2 of 2")]
    drawn = results["generators"]
    assert [entry["class"] for entry in drawn] == ["NORMAL", "PNEUMONIA"]
    assert {entry["directory"] for entry in drawn} == {"generators/conditional/fraction_1/seed_0"}
    cells = sum(cell["seconds"] for cell in results["cells"])
    assert results["seconds"] == pytest.approx(cells + drawn[0]["seconds"], abs=0.1)
    manifest = read_manifest(output / "synthetic/conditional/fraction_1/seed_0")
    assert {(row.class_name, row.label) for row in manifest} == {("NORMAL", 0), ("PNEUMONIA", 1)}
    gan = keras.saving.load_model(output / drawn[0]["directory"] / "model.keras")
    assert int(gan.g_optimizer.iterations) == drawn[0]["steps"] >= SMALL["gan_updates"]
    images = results["training_sets"][0]["images"]
    for entry in drawn:
        assert entry["images"] == entry["count"] == images[entry["class"]]
        path = output / entry["synthetic_directory"]
        stored = read_images(sorted(path.glob("*.png")), 32)
        label = entry["class"] == "PNEUMONIA"
        np.testing.assert_array_equal(stored, gan.generate(len(stored), seed=0, label=label))
    real, mixed, pretrained = results["cells"]
    assert mixed["train"] == {"real": images, "synthetic": images}
    assert real["updates"] == pretrained["updates"] == SMALL["classifier_updates"]


@pytest.mark.slow
def test_a_strategy_trains_alike(folders, tmp_path):
    """In the scope of a strategy of two replicas."""
    small = {**SMALL, "seeds": 1, "strategy": "mirrored"}
    study = prepare_study(StudySettings(str(folders), arms=("gan",), **small))
    results = run_study(study, tmp_path / "s", announce=lambda line: None)
    assert [cell["arm"] for cell in results["cells"]] == ["real", "gan"]
    assert results["cells"][1]["train"]["synthetic"]["NORMAL"] == results["generators"][0]["count"]


@pytest.mark.slow
def test_one_seed_gives_no_verdict_and_each_fraction_has_its_own_gan(folders, tmp_path):
    settings = StudySettings(
        str(folders), arms=("gan",), fractions=(0.5, 1.0), **{**SMALL, "seeds": 1}
    )
    results = run_study(prepare_study(settings), tmp_path / "s", announce=lambda line: None)
    assert [entry["verdict"] for entry in results["comparisons"]] == ["none", "none"]
    assert "seed" in results["comparisons"][0]["reason"]
    whole, half = results["training_sets"]
    assert half["patients"]["NORMAL"] == round(whole["patients"]["NORMAL"] / 2)
    for entry in results["generators"]:
        own = whole if entry["fraction"] == 1.0 else half
        assert entry["images"] == own["images"][entry["class"]]
