"""examples/study.py as a user starts it, and as a power cut stops it."""

import json

import numpy as np
import pytest
from processes import run, run_here, run_until
from small_study import write_study_folders

from kerasmedgan.app.about import describe_run
from kerasmedgan.app.comparison import compare_arms
from kerasmedgan.app.markup import escape
from kerasmedgan.app.opened_run import open_run
from kerasmedgan.report.study_answer import format_verdict
from kerasmedgan.report.study_read import read_study

SMALL = [
    *("--image-size", 32, "--arms", "gan", "--seeds", 2, "--gan-width", 4),
    *("--gan-updates", 4, "--gan-batch-size", 8, "--classifier-updates", 8),
    *("--classifier-batch-size", 8),
]
# Kills a study when it says that it begins these: a GAN, a cell, and none.
KILLED_AT = ("GAN 1 of 2", "cell 3 of 4", None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies")
    write_study_folders(folder / "chest")
    return folder


@pytest.fixture(scope="module")
def whole(folder):
    """The folder of a study that ran through."""
    done = run("study.py", "--data", "chest", *SMALL, "--output", "whole", cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "whole"


def test_a_finished_study_is_served_with_its_verdict(whole):
    opened = open_run(whole)
    assert opened.is_study and opened.predictor.arms == ("real", "gan")
    assert set(opened.served.arms) == {"real", "gan"}
    assert {arm.seed for arm in opened.served.arms.values()} == {0}
    assert [one.class_name for one in opened.served.generators] == ["NORMAL"]
    page = compare_arms(opened)
    verdict = format_verdict(read_study(whole)).replace("`", "")
    assert escape(verdict) in page
    assert page.count("<figure") == 3 and page.count('scope="col">called PNEUMONIA') == 2
    assert "<h3>Limits</h3>" in describe_run(opened)
    (prediction,) = opened.predictor.predict(np.zeros((1, 32, 32, 1), np.uint8))
    assert prediction.unlike


def test_a_killed_study_gives_the_table_of_one_that_ran_through(folder, whole):
    arguments = ["study.py", "--data", "chest", *SMALL, "--output", "killed"]
    *_, last = (run_until(line, *arguments, cwd=folder) for line in KILLED_AT)
    # Two finished cells and the first GAN are read, not run.
    announced = [line.split(",")[0] for line in last if line.startswith(("cell", "GAN"))]
    assert announced == ["cell 3 of 4", "GAN 2 of 2", "cell 4 of 4"]
    whole, killed = (
        json.loads((path / "results.json").read_text()) for path in (whole, folder / "killed")
    )
    for name in ("summaries", "comparisons", "training_sets"):
        assert killed[name] == whole[name], name
    shas = [[cell["weights_sha256"] for cell in one["cells"]] for one in (whole, killed)]
    assert shas[0] == shas[1]
    assert "Does GAN augmentation help?" in (folder / "killed/report.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--arms", "mixup"], "`arms`. Expected some of ['real', 'weights', 'oversample'"),
        (["--fractions", "0.02"], "at least two patients of each class"),
        (["--arms", "gan-only", "--gan-classes", "NORMAL"], "arm 'gan-only' needs"),
        (["--limit", "NORMAL"], "Expected CLASS=PATIENTS"),
        (["--strategy", "tpu"], "`strategy`"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(folder, tmp_path, arguments, sentence):
    chest = folder / "chest"
    done = run_here("study.py", "--data", chest, *arguments, "--output", "run", cwd=tmp_path)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert not list(tmp_path.iterdir())


def test_one_seed_says_that_it_gives_no_verdict(folder):
    done = run_here("study.py", "--data", "chest", *SMALL, "--seeds", 1, "--dry-run", cwd=folder)
    assert done.returncode == 0
    assert "no verdict can be given" in done.stdout
