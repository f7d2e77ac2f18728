"""The ablation as it is run, on a few phantoms: two configs, stopped and taken up again."""

import json
from pathlib import Path

import numpy as np
import pytest

from kerasmedgan.gan import PLAIN

FOLDER = str(Path(__file__).parents[1] / "benchmarks")
WORDS = ["--smoke", "--configs", "plain", "classes", "--seeds", "1", "--updates", "3"]
WORDS += ["--width", "4", "--count", "9"]


@pytest.fixture(scope="module")
def ablation():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        import gan_ablation

        yield gan_ablation


@pytest.fixture(scope="module")
def finished(ablation, tmp_path_factory):
    output = tmp_path_factory.mktemp("ablation") / "run"
    ablation.main([*WORDS, "--output", str(output)])
    return output


def test_every_config_names_every_option(ablation):
    """Or a default that changes would change them all."""
    for name, options in ablation.CONFIGS.items():
        named = set(options) - {ablation.DECAY}
        assert named == (set() if name == "default" else set(PLAIN))


def test_it_draws_in_each_way_and_says_what_was_trained(finished):
    results = json.loads((finished / "results.json").read_text())
    assert [run["config"] for run in results["runs"]] == ["plain", "classes"]
    plain, classes = results["runs"]
    assert plain["steps"] >= 3 and plain["gan"]["width"] == 4 and "num_classes" not in plain["gan"]
    assert classes["gan"]["num_classes"] == 2
    assert results["summary"][0]["seeds"] == 1 and results["environment"]["tensorflow"]
    assert results["runs"][0]["scores"] is None
    with np.load(finished / "plain/seed_0/images.npz") as file:
        drawn = dict(file)
    assert {images.shape for images in drawn.values()} == {(9, 32, 32, 1)}
    assert set(drawn) == {"images", "no_ema", "truncation_0.7", "truncation_0.5"}
    assert len({images.tobytes() for images in drawn.values()}) == 4
    assert (finished / "classes/seed_0/grid.png").stat().st_size > 0


def test_what_is_finished_is_not_trained_again(ablation, finished, capsys):
    before = (finished / "plain/seed_0/images.npz").read_bytes()
    (finished / "classes/seed_0/images.npz").unlink()
    ablation.main([*WORDS, "--output", str(finished)])
    assert "plain, seed 0: finished" in capsys.readouterr().out
    assert (finished / "plain/seed_0/images.npz").read_bytes() == before
    assert (finished / "classes/seed_0/images.npz").exists()


def test_a_folder_of_other_settings_is_refused(ablation, finished):
    words = [*WORDS, "--updates", "5", "--output", str(finished)]
    with pytest.raises(FileExistsError, match="`updates` 3, here 5"):
        ablation.main(words)
