import resource

import numpy as np
import pytest

from kerasmedgan.resume import StateFiles, TrainingStateError

ARRAYS = {"model/0000": np.arange(6.0).reshape(2, 3), "optimizer/0000": np.array(7)}


def write(directory, *epochs):
    files = StateFiles(directory)
    for epoch in epochs:
        files.write(epoch, {name: array + epoch for name, array in ARRAYS.items()}, {"of": epoch})
    return files


def assert_epoch(found, epoch):
    arrays, facts = found
    assert (facts["epoch"], facts["of"]) == (epoch, epoch)
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array + epoch)


def test_the_newest_is_read_and_the_one_before_is_kept(tmp_path):
    files = write(tmp_path / "state", 1, 2, 9, 10)
    assert_epoch(files.read(), 10)
    names = {"epoch_000009.state", "epoch_000010.state"}
    assert {path.name for path in files.directory.iterdir()} == names


def test_no_state_is_none(tmp_path):
    assert StateFiles(tmp_path / "nowhere").read() is None


@pytest.mark.parametrize("place", [0, 70, 0.5, -1], ids=["checksum", "header", "middle", "end"])
def test_a_damaged_state_is_passed_over_with_a_warning(tmp_path, caplog, place):
    files = write(tmp_path, 1, 2)
    flip_a_bit(tmp_path / "epoch_000002.state", place)
    assert_epoch(files.read(), 1)
    assert "epoch 2" in caplog.text and "damaged" in caplog.text


@pytest.mark.parametrize("length", [0, 10, 64, 500])
def test_a_torn_state_is_passed_over(tmp_path, length):
    files = write(tmp_path, 1, 2)
    path = tmp_path / "epoch_000002.state"
    path.write_bytes(path.read_bytes()[:length])
    assert_epoch(files.read(), 1)


def flip_a_bit(path, place=0.5):
    content = bytearray(path.read_bytes())
    content[int(place * len(content)) if place == 0.5 else place] ^= 1
    path.write_bytes(content)


def test_damaged_states_alone_are_an_error(tmp_path):
    files = write(tmp_path, 1, 2)
    for path in tmp_path.glob("*.state"):
        flip_a_bit(path)
    with pytest.raises(TrainingStateError, match=r"epochs \[2, 1\], all damaged. Remove"):
        files.read()


def test_what_a_killed_process_left_is_no_state_and_goes(tmp_path):
    files = write(tmp_path, 1)
    (tmp_path / ".tmp-0123.state").write_bytes(b"half")
    (tmp_path / "epoch_000001 (copy).state").write_bytes(b"somebody's")
    assert_epoch(files.read(), 1)
    write(tmp_path, 3)
    assert_epoch(files.read(), 3)
    left = {"epoch_000001", "epoch_000001 (copy)", "epoch_000003"}
    assert {path.stem for path in tmp_path.iterdir()} == left


def test_a_training_that_begins_anew_replaces_the_states_of_later_epochs(tmp_path):
    files = write(tmp_path, 99, 100, 1)
    assert_epoch(files.read(), 1)
    assert files.epochs() == [1]


@pytest.mark.parametrize("epoch", [1, 2], ids=["the same epoch", "the next"])
def test_a_full_disk_is_one_sentence_and_the_state_before_stays(tmp_path, epoch):
    """A limit on the size of files stands for the full disk: the write fails halfway."""
    files = write(tmp_path, 1)
    large = {"model/0000": np.zeros(100_000)}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(TrainingStateError, match="room.*state of epoch 1 is whole; make room"):
            files.write(epoch, large, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_epoch(files.read(), 1)
    assert {path.stem for path in tmp_path.iterdir()} == {"epoch_000001"}
