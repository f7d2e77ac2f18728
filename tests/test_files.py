import os
import stat

import pytest

from kerasmedgan.files import (
    atomic_directory,
    atomic_path,
    file_sha256,
    write_csv,
    write_json,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "new/folder/model.keras"
    with atomic_path(path) as temporary:
        assert temporary.parent == path.parent and temporary.suffix == ".keras"
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert names(path.parent) == ["model.keras"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_alone(tmp_path, error):
    path = tmp_path / "results.json"
    path.write_text("old")
    with pytest.raises(error), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert names(tmp_path) == ["results.json"]


def test_permissions_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_path(tmp_path / "file") as temporary:
            temporary.write_text("")
        with atomic_directory(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o750


def test_a_folder_replaces_the_old_one_whole(tmp_path):
    path = tmp_path / "entry"
    for name in ("first", "second"):
        with atomic_directory(path) as temporary:
            (temporary / name).write_text(name)
        assert names(path) == [name]
    assert names(tmp_path) == ["entry"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_folder_alone(tmp_path, error):
    path = tmp_path / "entry"
    path.mkdir()
    (path / "old").write_text("old")
    with pytest.raises(error), atomic_directory(path) as temporary:
        (temporary / "half").write_text("half")
        raise error
    assert names(path) == ["old"]
    assert names(tmp_path) == ["entry"]


def test_a_folder_does_not_replace_a_file(tmp_path):
    path = tmp_path / "entry"
    path.write_text("a file")
    with pytest.raises(NotADirectoryError), atomic_directory(path):
        pass
    assert path.read_text() == "a file"
    assert names(tmp_path) == ["entry"]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_refuses_what_is_no_number(tmp_path, value):
    path = tmp_path / "results.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"auc": value})
    assert path.read_text() == "old"


def test_json_and_csv_are_written(tmp_path):
    write_json(tmp_path / "a.json", {"auc": 0.5})
    assert (tmp_path / "a.json").read_text() == '{\n  "auc": 0.5\n}\n'
    write_csv(tmp_path / "a.csv", ["file", "seed"], [["a, b.png", 1]])
    assert (tmp_path / "a.csv").read_text() == 'file,seed\n"a, b.png",1\n'


def test_csv_of_failing_rows_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError):
        write_csv(tmp_path / "a.csv", ["value"], ([1 // value] for value in (1, 0)))
    assert names(tmp_path) == []


def test_a_digest_is_that_of_the_bytes(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "abc").write_bytes(b"abc")
    # Published test vectors of FIPS 180-4.
    assert file_sha256(tmp_path / "empty").startswith("e3b0c44298fc1c14")
    assert file_sha256(tmp_path / "abc").startswith("ba7816bf8f01cfea")
