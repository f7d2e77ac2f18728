import numpy as np
import pytest
from made_up_study import EPOCHS, write_study

from kerasmedgan.images import write_png
from kerasmedgan.report import write_study_report
from kerasmedgan.report.study_read import read_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study with an arm of two phases."""
    path = tmp_path_factory.mktemp("study")
    return read_study(write_study(path, arms=("real", "gan", "gan-pretrain")))


def test_a_second_phase_ends_with_the_last_update(study):
    real, pretrained = (
        study.history(study.cells(seed=0, arm=arm)[0])["updates"]
        for arm in ("real", "gan-pretrain")
    )
    assert len(real) == EPOCHS and real[-1] == pretrained[-1] == 400
    np.testing.assert_allclose(pretrained, real[EPOCHS // 2 :])


def test_scores_are_of_the_test_split_alone(study):
    is_positive, probability = study.test_scores(study.cells(seed=1, arm="gan")[0])
    assert is_positive.sum() == 50 and len(probability) == 80
    assert probability[is_positive].mean() > probability[~is_positive].mean()


@pytest.mark.parametrize("place", ["real", "../outside", "synthetic/../real", "synthetic_of_real"])
def test_images_outside_the_synthetic_folder_are_refused(tmp_path, place):
    study = read_study(write_study(tmp_path / "run", arms=("real", "gan")))
    write_png(study.directory / place / "000000.png", np.zeros((16, 16, 1), np.uint8))
    generator = {**study.generators(seed=0)[0], "synthetic_directory": place}
    with pytest.raises(ValueError, match="`synthetic_directory`. Expected a folder below synth"):
        study.synthetic_images(generator, 4)


def test_a_link_to_real_images_is_refused(tmp_path):
    study = read_study(write_study(tmp_path / "run", arms=("real", "gan")))
    write_png(tmp_path / "patients/000000.png", np.zeros((16, 16, 1), np.uint8))
    (study.directory / "synthetic/link").symlink_to(tmp_path / "patients")
    generator = {**study.generators(seed=0)[0], "synthetic_directory": "synthetic/link"}
    with pytest.raises(ValueError, match="figures show no others"):
        study.synthetic_images(generator, 4)


def test_missing_synthetic_images_are_named(tmp_path):
    run = write_study(tmp_path, arms=("real", "gan"))
    for image in run.glob("synthetic/fraction_1/seed_0/NORMAL/*.png"):
        image.unlink()
    with pytest.raises(FileNotFoundError, match="synthetic/fraction_1/seed_0/NORMAL"):
        write_study_report(run)


def test_figures_open_only_synthetic_images(tmp_path):
    """Real images lie all about, in the very folders that the report reads."""
    run = write_study(tmp_path, arms=("real", "gan"))
    write_study_report(run)
    clean = {path.name: path.read_bytes() for path in run.glob("figures/*")}
    for folder in (
        "",
        "real",
        "generators/fraction_1/seed_0/NORMAL",
        "cells/fraction_1/seed_0/gan",
    ):
        write_png(run / folder / "000000.png", np.full((16, 16, 1), 255, np.uint8))
    write_study_report(run)
    assert {path.name: path.read_bytes() for path in run.glob("figures/*")} == clean
