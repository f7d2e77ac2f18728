"""The ablation as it is run, on a few phantoms: two configs, stopped and taken up again."""

import json
import shutil
from pathlib import Path

import pytest

from kerasmedgan.gan import PLAIN
from kerasmedgan.quality import PassportError

pytestmark = pytest.mark.slow

FOLDER = str(Path(__file__).parents[1] / "benchmarks")
CONFIGS = ("plain", "classes")
WORDS = ["--smoke", "--configs", *CONFIGS, "--seeds", "1", "--updates", "3"]
WORDS += ["--width", "4", "--count", "60"]


@pytest.fixture(scope="module")
def ablation():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        import gan_ablation

        yield gan_ablation


@pytest.fixture(scope="module")
def finished(ablation, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ablation")
    ablation.main([*WORDS, "--output", str(folder / "kept"), "--work", str(folder / "work")])
    return folder / "kept"


def read_runs(folder):
    return [json.loads((folder / "scores" / f"{name}-0.json").read_text()) for name in CONFIGS]


def test_every_config_names_every_option(ablation):
    """Or a default that changes would change them all."""
    for options in ablation.CONFIGS.values():
        assert set(options) - {ablation.DECAY} == set(PLAIN)


def test_it_draws_and_scores_in_each_way_and_says_what_was_trained(finished):
    plain, classes = read_runs(finished)
    assert [plain["config"], classes["config"]] == ["plain", "classes"]
    assert plain["steps"] >= 3 and plain["gan"]["width"] == 4 and "num_classes" not in plain["gan"]
    assert classes["gan"]["num_classes"] == 2 and plain["environment"]["tensorflow"]
    assert set(plain["scores"]) == {"images", "no_ema", "truncation_0.7"}
    judges = {"classifier/train", "texture/train", "classifier/validation"}
    distances = set()
    for scores in plain["scores"].values():
        assert set(scores) == judges
        distances.add(scores["classifier/train"]["frechet_distance"])
    assert len(distances) == 3
    summary = json.loads((finished / "results.json").read_text())["summary"]
    assert summary[0]["seeds"] == 1 and summary[0]["classifier/train/frechet_ratio"] > 1
    assert (finished / "figures/classes.png").stat().st_size > 0


def test_what_is_kept_is_not_trained_again_and_needs_the_features_alone(
    ablation, finished, tmp_path, capsys
):
    kept = shutil.copytree(finished, tmp_path / "kept")
    plain, classes = read_runs(kept)
    (kept / "scores/classes-0.json").unlink()
    words = [*WORDS, "--output", str(kept), "--work", str(tmp_path / "work")]
    with pytest.raises(SystemExit, match=r"Expected features\.keras in .*Take the work"):
        ablation.main(words)
    (tmp_path / "work").mkdir()
    shutil.copy(finished.parent / "work/features.keras", tmp_path / "work")
    ablation.main(words)
    assert "plain, seed 0: finished" in capsys.readouterr().out
    assert not (tmp_path / "work/plain").exists()
    again, anew = read_runs(kept)
    assert again == plain
    # The same features on another machine: the same scores.
    for way, scores in classes["scores"].items():
        assert (
            anew["scores"][way]["texture/train"]["passport"] == scores["texture/train"]["passport"]
        )


def test_scores_of_other_features_are_not_mixed(ablation, finished, tmp_path):
    kept = shutil.copytree(finished, tmp_path / "kept")
    plain, _ = read_runs(kept)
    plain["scores"]["images"]["classifier/train"]["passport"]["weights_sha256"] = "another"
    (kept / "scores/plain-0.json").write_text(json.dumps(plain))
    with pytest.raises(PassportError, match="`weights_sha256`"):
        ablation.main([*WORDS, "--output", str(kept), "--work", str(finished.parent / "work")])


def test_a_folder_of_other_settings_is_refused(ablation, finished):
    words = [*WORDS, "--updates", "5", "--output", str(finished)]
    with pytest.raises(FileExistsError, match="`updates` 3, here 5"):
        ablation.main(words)
