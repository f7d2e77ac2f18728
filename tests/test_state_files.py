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
    names = {
        f"epoch_0000{number}.{suffix}" for number in ("09", "10") for suffix in ("npz", "json")
    }
    assert {path.name for path in files.directory.iterdir()} == names


def test_no_state_is_none(tmp_path):
    assert StateFiles(tmp_path / "nowhere").read() is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda stem: stem.with_suffix(".npz").write_bytes(b"no arrays"),
        lambda stem: stem.with_suffix(".npz").unlink(),
        lambda stem: stem.with_suffix(".json").write_text('{"epoch": 2'),
        lambda stem: stem.with_suffix(".json").write_text("{}"),
        lambda stem: flip_a_bit(stem.with_suffix(".npz")),
    ],
    ids=["other bytes", "no arrays", "torn facts", "empty facts", "one bit"],
)
def test_a_damaged_state_is_passed_over_with_a_warning(tmp_path, caplog, damage):
    files = write(tmp_path, 1, 2)
    damage(tmp_path / "epoch_000002")
    assert_epoch(files.read(), 1)
    assert "epoch 2" in caplog.text and "damaged" in caplog.text


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_damaged_states_alone_are_an_error(tmp_path):
    files = write(tmp_path, 1, 2)
    for path in tmp_path.glob("*.npz"):
        flip_a_bit(path)
    with pytest.raises(TrainingStateError, match=r"epochs \[2, 1\], all damaged. Remove"):
        files.read()


def test_what_a_killed_process_left_is_no_state_and_goes(tmp_path):
    files = write(tmp_path, 1)
    (tmp_path / ".tmp-0123.npz").write_bytes(b"half")
    (tmp_path / "epoch_000002.npz").write_bytes(b"whole, but without its facts")
    assert_epoch(files.read(), 1)
    write(tmp_path, 3)
    assert_epoch(files.read(), 3)
    assert {path.stem for path in tmp_path.iterdir()} == {"epoch_000001", "epoch_000003"}


def test_a_full_disk_is_one_sentence_and_the_state_before_stays(tmp_path):
    """A limit on the size of files stands for the full disk: the write fails halfway."""
    files = write(tmp_path, 1)
    large = {"model/0000": np.zeros(100_000)}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(TrainingStateError, match="room.*state of epoch 1 is whole; make room"):
            files.write(2, large, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_epoch(files.read(), 1)
    assert {path.stem for path in tmp_path.iterdir()} == {"epoch_000001"}
