import shutil
import time
from pathlib import Path

import pytest

from kerasmedgan.data import load_images
from kerasmedgan.data.kaggle import HANDLE


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty kagglehub cache and no way to Kaggle: a proxy that nothing listens to."""
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "hub"))
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "hub"


def test_the_cached_set_is_read_offline_and_once(hub, class_folders):
    owner, name, _, version = HANDLE.split("/")
    tree = hub / "datasets" / owner / name / "versions" / version
    outer = tree / "chest_xray"
    shutil.copytree(class_folders, outer)
    (outer / "val/NORMAL").mkdir(parents=True)
    (outer / "val/PNEUMONIA").mkdir()
    for folder, file in (("NORMAL", "IM-0100-0001.png"), ("PNEUMONIA", "person6_virus_12.jpeg")):
        target = outer / "val" / folder / f"{Path(file).stem}9{Path(file).suffix}"
        shutil.copy(next((class_folders / "train" / folder).iterdir()), target)
    # As in the archive: the whole tree a second time, and what macOS leaves behind.
    shutil.copytree(class_folders, outer / "chest_xray")
    shutil.copytree(class_folders, outer / "__MACOSX")
    (outer / "train/NORMAL/._IM-0100-0001.jpeg").write_bytes(b"\0\5\x16\7")
    (outer / "train/.DS_Store").write_bytes(b"\0")
    (hub / "datasets" / owner / name / f"{version}.complete").touch()
    splits = load_images("kaggle", image_size=8)
    counts = [images.counts() for images in splits]
    assert counts[2] == {"NORMAL": 4, "PNEUMONIA": 6}
    in_training = {key: counts[0][key] + counts[1][key] for key in counts[0]}
    assert in_training == {"NORMAL": 13, "PNEUMONIA": 21}
    assert splits.report["identical_images"]["across_splits"] == 0


def test_without_cache_and_network_it_says_so_quickly(hub):
    start = time.monotonic()
    sentence = "Expected 'kaggle' to be in kagglehub's cache or a network that reaches Kaggle"
    with pytest.raises(ConnectionError, match=sentence):
        load_images("kaggle", image_size=8)
    assert time.monotonic() - start < 10
    assert [path for path in hub.rglob("*") if path.is_file()] == []
