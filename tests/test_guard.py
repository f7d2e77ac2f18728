import json

import pytest

from kerasmedgan.data import Splits, TestSplitError
from kerasmedgan.study.guard import TestGuard


@pytest.fixture
def splits(tiny_splits):
    return Splits(*tiny_splits)


def test_an_opening_is_written_down_before_the_images_are_seen(tmp_path, splits):
    guard = TestGuard(tmp_path / "study" / "test_openings.jsonl")
    assert guard.openings() == []
    assert guard.open(splits, cell="seed 0, gan", weights_sha256="a1") is splits.test
    (entry,) = guard.openings()
    assert (entry["cell"], entry["weights_sha256"]) == ("seed 0, gan", "a1")
    assert entry["time"].endswith("+00:00")


def test_another_classifier_of_the_same_cell_is_refused(tmp_path, splits, tiny_splits):
    guard = TestGuard(tmp_path / "openings.jsonl")
    guard.open(splits, cell="seed 0, gan", weights_sha256="a1")
    with pytest.raises(TestSplitError, match="seed 0, gan.*other weights"):
        TestGuard(guard.path).open(Splits(*tiny_splits), cell="seed 0, gan", weights_sha256="b2")
    assert len(guard.openings()) == 1


def test_a_second_opening_in_one_process_is_refused(tmp_path, splits):
    guard = TestGuard(tmp_path / "openings.jsonl")
    guard.open(splits, cell="seed 0, gan", weights_sha256="a1")
    with pytest.raises(TestSplitError, match="a second one"):
        guard.open(splits, cell="seed 0, gan", weights_sha256="a1")


def test_a_stopped_cell_opens_again_for_the_same_weights(tmp_path, splits, tiny_splits):
    path = tmp_path / "openings.jsonl"
    TestGuard(path).open(splits, cell="seed 0, gan", weights_sha256="a1")
    TestGuard(path).open(Splits(*tiny_splits), cell="seed 0, gan", weights_sha256="a1")
    assert [entry["cell"] for entry in TestGuard(path).openings()] == ["seed 0, gan"] * 2


def test_a_torn_last_line_harms_no_other(tmp_path, splits):
    guard = TestGuard(tmp_path / "openings.jsonl")
    guard.open(splits, cell="seed 0, gan", weights_sha256="a1")
    with guard.path.open("a") as file:
        file.write(json.dumps({"cell": "seed 1, gan"})[:-4])
    assert len(guard.openings()) == 1
    guard.open(splits, cell="seed 1, gan", weights_sha256="a1")
    assert [entry["cell"] for entry in guard.openings()] == ["seed 0, gan", "seed 1, gan"]
