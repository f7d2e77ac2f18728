import dataclasses
import json

import numpy as np
import pytest

from kerasmedgan.data.audit import data_report, format_report


@pytest.fixture
def facts(tiny_splits):
    """The arguments of `data_report`, of tiny splits in which every image differs."""
    splits = {images.split: images for images in tiny_splits}
    digests = {
        name: np.array([f"{name}-{row}" for row in range(len(images))], "U40")
        for name, images in splits.items()
    }
    sizes = np.array([[100, 200]] * 50 + [[300, 80]] * 37 + [[9, 9]])
    return {"splits": splits, "digests": digests, "sizes": sizes, "unreadable": {}}


def rows(images, name):
    return np.flatnonzero(images.labels == images.class_index(name))


def test_counts_patients_and_prior(facts):
    report = data_report(**facts)
    assert report["counts"] == {
        "train": {"NORMAL": 12, "PNEUMONIA": 28},
        "validation": {"NORMAL": 10, "PNEUMONIA": 14},
        "test": {"NORMAL": 10, "PNEUMONIA": 14},
    }
    assert report["patients"]["train"] == {"NORMAL": 6, "PNEUMONIA": 14}
    assert report["class_prior"]["train"] == {"NORMAL": 0.3, "PNEUMONIA": 0.7}
    assert report["class_prior"]["test"] == {"NORMAL": 0.4167, "PNEUMONIA": 0.5833}
    assert set(report["patients_in_several_splits"].values()) == {0}
    assert report["identical_images"] == {
        "within_splits": 0,
        "across_splits": 0,
        "across_classes": 0,
        "files": [],
    }
    assert report["original_sizes"] == {
        "distinct": 3,
        "most_common": [100, 200],
        "smallest": [9, 9],
        "largest": [300, 80] if 300 * 80 > 100 * 200 else [100, 200],
    }


def test_planted_duplicates_are_counted(facts):
    splits, digests = facts["splits"], facts["digests"]
    normal, pneumonia = rows(splits["train"], "NORMAL"), rows(splits["train"], "PNEUMONIA")
    digests["train"][normal[:3]] = "within train, three times"
    digests["train"][pneumonia[:2]] = "within train, twice"
    digests["test"][rows(splits["test"], "NORMAL")[:2]] = "within test"
    digests["train"][[normal[4], pneumonia[4]]] = "across classes"
    digests["train"][normal[5]] = digests["test"][rows(splits["test"], "NORMAL")[5]] = "leak"
    digests["validation"][rows(splits["validation"], "NORMAL")[0]] = "leak and other class"
    digests["test"][rows(splits["test"], "PNEUMONIA")[0]] = "leak and other class"
    identical = data_report(**facts)["identical_images"]
    assert identical["within_splits"] == 4
    assert identical["across_splits"] == 2
    assert identical["across_classes"] == 2
    assert len(identical["files"]) == 6
    # Leaks come first: they matter most.
    first = {file.partition(":")[0] for group in identical["files"][:2] for file in group}
    assert first == {"train", "validation", "test"}
    leak = splits["train"].files[normal[5]]
    assert any(f"train: {leak}" in group for group in identical["files"][:2])


def test_patients_in_two_splits_are_counted(facts):
    validation = facts["splits"]["validation"]
    groups = validation.groups.astype("U40")
    groups[:3] = facts["splits"]["train"].groups[0]
    facts["splits"]["validation"] = dataclasses.replace(validation, groups=groups)
    report = data_report(**facts)
    assert report["patients_in_several_splits"] == {
        "train and validation": 1,
        "train and test": 0,
        "validation and test": 0,
    }
    assert "train and validation: 1" in format_report(report)


def test_the_report_is_json_and_text(facts):
    facts["unreadable"] = {"train/NORMAL/broken.jpeg": "no image"}
    facts["digests"]["train"][:2] = "same"
    report = data_report(**facts)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    text = format_report(report)
    assert "train      NORMAL 12 images of 6 patients (30.0%)" in text
    assert "identical images: 1 groups within a split, 0 across splits" in text
    assert "unreadable files: 1\n    train/NORMAL/broken.jpeg" in text
    assert "9 x 9 to 300 x 80 px, 3 distinct" in text
