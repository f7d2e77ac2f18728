"""The README keeps its word: commands where tools look, code that runs, pictures that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()


def blocks(opening):
    return re.findall(rf"^```{opening}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["main-job", "tests"])
def test_each_command_is_one_line(name):
    (block,) = blocks(f"bash {name}")
    assert len(block.strip().splitlines()) == 1


@pytest.mark.slow
def test_the_code_runs(tmp_path, monkeypatch):
    code = "\n".join(blocks("python"))
    for word, small in (
        ('"path/to/chest_xray", image_size=64', '"phantom", image_size=32'),
        ("DCGAN(image_size=64)", "DCGAN(image_size=32, width=4)"),
        ("DCGAN(image_size=64, num_classes", "DCGAN(image_size=32, width=4, num_classes"),
        ("epochs=200", "epochs=1"),
        ("count=2500", "count=3"),
        ("max_trials=23, updates_per_trial=450", "max_trials=1, updates_per_trial=3"),
        ("features(splits.train, splits.validation)", "features(*list(splits)[:2], updates=4)"),
        # The phantom's validation split is too small for a null.
        ("MemorisationAudit(normal, held_out,", "MemorisationAudit(normal,"),
    ):
        assert word in code
        code = code.replace(word, small)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(code, names)
    assert names["images"].shape == (16, 32, 32, 1)
    assert names["normal_images"].shape == (16, 32, 32, 1)
    assert (tmp_path / "runs/synthetic/manifest.csv").exists()
    assert (tmp_path / "runs/grids/epoch_0001.png").exists()
    assert (tmp_path / "runs/state/epoch_000001.state").exists()
    assert names["classifier"].output_shape == (None, 2)


def test_every_picture_is_there():
    for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", TEXT):
        assert (ROOT / path).stat().st_size > 0
