"""The example that judges two folders, as a user starts it."""

import json

import pytest
from conftest import write_image
from planted_copies import phantom_images, plant
from processes import run, run_here


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders `real`, `held_out` and `synthetic`, the last with five copies among 60."""
    root = tmp_path_factory.mktemp("folders")
    parts = {"real": phantom_images(0, 100).images, "held_out": phantom_images(1000, 110).images}
    parts["synthetic"] = phantom_images(2000, 60).images
    parts["synthetic"][:5] = plant(parts["real"][:5])["shifted"]
    for name, images in parts.items():
        for number, image in enumerate(images):
            write_image(root / name / f"{name}{number:03d}.png", image)
    return root


def test_two_folders_and_a_third_of_held_out_images(folders, tmp_path):
    arguments = ["--real", folders / "real", "--synthetic", folders / "synthetic"]
    arguments += ["--held-out", folders / "held_out", "--image-size", 32, "--output", "out"]
    done = run("judge_synthetic.py", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Too near to a training image" in done.stdout
    results = json.loads((tmp_path / "out/results.json").read_text())
    copies = [f"synthetic{number:03d}.png" for number in range(5)]
    assert set(copies) <= set(results["flagged_files"])
    assert len(results["flagged_files"]) <= 5 + 2
    assert results["memorisation"]["null"] == "held-out images"
    assert results["memorisation"]["refused"] is False
    assert results["score"]["passport"]["real_count"] == 110
    assert results["score"]["frechet_ratio"] < 2
    assert (tmp_path / "out/private_pairs.png").stat().st_size > 0
    again = run_here("judge_synthetic.py", *arguments, cwd=tmp_path)
    assert again.returncode != 0 and "already holds a run" in again.stderr


@pytest.mark.slow
def test_with_no_folder_it_judges_a_phantom_gan_with_copies(tmp_path):
    done = run("judge_synthetic.py", "--smoke", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((tmp_path / "runs/judge_synthetic/results.json").read_text())
    audit = results["memorisation"]
    assert audit["flagged"] >= 0.95 * audit["images"] / 10
    assert results["score"]["frechet_ratio"] > 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--real", "nowhere"], "Give both or none"),
        (["--real", "nowhere", "--synthetic", "nowhere"], "Expected a folder. Received: nowhere"),
    ],
)
def test_bad_input_is_one_sentence(arguments, sentence, tmp_path):
    done = run_here("judge_synthetic.py", *arguments, cwd=tmp_path)
    assert done.returncode != 0 and sentence in done.stderr
    assert not list(tmp_path.iterdir())
