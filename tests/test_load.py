import json
import shutil

import numpy as np
import pytest
from conftest import draw_images, write_image

from kerasmedgan.data import Splits, format_report, load_images
from kerasmedgan.data.image_rows import ImageRows


def files(images):
    return set(images.files.tolist())


def check_disjoint(splits):
    """No file and no patient of train stands in validation."""
    sets = [files(images) for images in splits]
    assert sum(map(len, sets)) == len(set.union(*sets))
    assert not set(splits.train.groups) & set(splits.validation.groups)


def check_pixels(splits, root):
    """An image is that of its file and has the label of its folder."""
    for images in splits:
        for row in (0, len(images) - 1):
            name = images.files[row]
            alone = load_one(root / name, images)
            np.testing.assert_array_equal(images.images[row], alone)
            assert images.class_names[images.labels[row]] in name


def load_one(path, images):
    from kerasmedgan.images import read_images

    return read_images([path], images.image_size, channels=images.channels)[0]


def add_val(root, counts):
    for name, count in counts.items():
        for index, image in enumerate(draw_images([0] * count, image_size=8, seed=len(name))):
            write_image(root / "val" / name / f"scan{index:03d}.png", image)


def test_train_and_test_folders(class_folders):
    splits = load_images(class_folders, image_size=16, validation_fraction=0.25)
    assert isinstance(splits, Splits)
    assert [images.split for images in splits] == ["train", "validation", "test"]
    assert splits.test.counts() == {"NORMAL": 4, "PNEUMONIA": 6}
    # A quarter of 6 and of 10 patients of two images, whole patients.
    assert splits.validation.counts() == {"NORMAL": 4, "PNEUMONIA": 6}
    assert splits.train.counts() == {"NORMAL": 8, "PNEUMONIA": 14}
    assert splits.report["patients"]["train"] == {"NORMAL": 4, "PNEUMONIA": 7}
    assert {name.split("/")[0] for name in splits.train.files} == {"train"}
    assert not splits.train.synthetic.any()
    check_disjoint(splits)
    check_pixels(splits, class_folders)
    assert json.loads(json.dumps(splits.report)) == splits.report
    assert "NORMAL 8 images of 4 patients" in format_report(splits.report)


def test_the_seed_moves_validation_and_not_test(class_folders):
    first, again, other = (
        load_images(class_folders, image_size=8, validation_fraction=0.3, seed=seed)
        for seed in (0, 0, 1)
    )
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()
    assert files(first.validation) != files(other.validation)
    assert files(first.test) == files(other.test)
    assert files(first.train) | files(first.validation) == files(other.train) | files(
        other.validation
    )


def test_class_folders_alone_give_a_test_split_that_no_seed_moves(class_folders):
    loaded = [load_images(class_folders / "train", image_size=8, seed=seed) for seed in range(4)]
    assert len({frozenset(files(splits.test)) for splits in loaded}) == 1
    assert len({frozenset(files(splits.validation)) for splits in loaded}) > 1
    for splits in loaded:
        check_disjoint(splits)
        check_pixels(splits, class_folders / "train")
        assert not set(splits.test.groups) & set([*splits.train.groups, *splits.validation.groups])
        assert splits.test.counts() == {"NORMAL": 4, "PNEUMONIA": 4}
        assert sum(map(len, splits)) == 32
        assert set(splits.report["patients_in_several_splits"].values()) == {0}


def test_a_small_val_joins_train(class_folders):
    add_val(class_folders, {"NORMAL": 8, "PNEUMONIA": 8})
    splits = load_images(class_folders, image_size=8)
    assert len(splits.train) + len(splits.validation) == 48
    assert len(splits.test) == 10
    joined = files(splits.train) | files(splits.validation)
    assert sum(name.startswith("val/") for name in joined) == 16
    assert (splits.train.split, splits.validation.split) == ("train", "validation")
    check_disjoint(splits)
    check_pixels(splits, class_folders)


@pytest.mark.parametrize(("count", "kept"), [(49, False), (50, True)])
def test_a_val_of_a_hundred_images_is_kept(class_folders, count, kept):
    add_val(class_folders, {"NORMAL": count, "PNEUMONIA": 50})
    splits = load_images(class_folders, image_size=8)
    assert (len(splits.train) == 32) == kept
    assert (splits.validation.counts() == {"NORMAL": 50, "PNEUMONIA": 50}) == kept
    assert {name.split("/")[0] for name in splits.test.files} == {"test"}


def test_identical_images_of_two_patients_stay_on_one_side(class_folders):
    copy = class_folders / "train/NORMAL/IM-0999-0001.png"
    shutil.copy(class_folders / "train/NORMAL/IM-0100-0001.png", copy)
    for seed in range(6):
        splits = load_images(class_folders, image_size=8, validation_fraction=0.3, seed=seed)
        patients = {"IM-0100", "IM-0999"}
        assert len(patients & set(splits.train.groups)) in (0, 2)
        identical = splits.report["identical_images"]
        assert (identical["within_splits"], identical["across_splits"]) == (1, 0)


def test_an_unreadable_file_is_in_the_report(class_folders):
    for index, image in enumerate(draw_images([0] * 20, image_size=8, seed=5)):
        write_image(class_folders / "test/NORMAL" / f"IM-{index:04d}-0001.png", image)
    (class_folders / "test/NORMAL/broken.jpeg").write_bytes(b"no image")
    unreadable = load_images(class_folders, image_size=8).report["unreadable"]
    assert unreadable["count"] == 1
    assert list(unreadable["files"]) == ["test/NORMAL/broken.jpeg"]


@pytest.mark.parametrize("split", ["test", "val"])
def test_classes_that_differ_between_splits_are_refused(class_folders, split):
    add_val(class_folders, {"NORMAL": 3, "PNEUMONIA": 3})
    (class_folders / split / "PNEUMONIA").rename(class_folders / split / "COVID")
    sentence = r"Expected the classes \['NORMAL', 'PNEUMONIA'\].* Received: \['COVID', 'NORMAL'\]"
    with pytest.raises(ValueError, match=sentence):
        load_images(class_folders, image_size=8)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Expected 'phantom', 'kaggle' or an existing folder"):
        load_images(tmp_path / "absent", image_size=8)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("image_size", 0), ("channels", 2), ("validation_fraction", 1.0), ("patient_pattern", "x")],
)
def test_arguments_that_cannot_be_used_are_refused(class_folders, argument, value):
    with pytest.raises(ValueError, match=f"Invalid value for `{argument}`"):
        load_images(class_folders, **{"image_size": 8, argument: value})


def test_three_classes_in_colour_with_padding(class_folders):
    for split, count in (("train", 8), ("test", 3)):
        for index, image in enumerate(draw_images([1] * count, image_size=24, seed=count)):
            colours = np.concatenate([image, image // 2, image * 0], axis=-1)[:, :12]
            write_image(class_folders / split / "COVID" / f"p{index}-1.png", colours)
    splits = load_images(
        class_folders,
        image_size=16,
        channels=3,
        pad_to_aspect_ratio=True,
        patient_pattern=r"(p\d+)-|(person\d+)_|(IM-\d+)-",
    )
    assert splits.train.class_names == ("COVID", "NORMAL", "PNEUMONIA")
    assert splits.test.counts() == {"COVID": 3, "NORMAL": 4, "PNEUMONIA": 6}
    assert splits.train.channels == 3
    covid = splits.test.of_class("COVID").images
    # Twice as high as wide: a quarter of black on either side, and red before green before blue.
    assert (covid[:, :, :4] == 0).all() and (covid[:, :, 12:] == 0).all()
    inside = covid[:, :, 5:11].astype(int)
    assert (inside[..., 0] > inside[..., 1]).all() and (inside[..., 1] > inside[..., 2]).all()


def test_phantom():
    splits = load_images("phantom", image_size=8)
    assert [images.split for images in splits] == ["train", "validation", "test"]
    assert splits.train.class_names == ("NORMAL", "PNEUMONIA")
    assert splits.train.images.shape[1:] == (8, 8, 1)
    groups = [set(images.groups) for images in splits]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 850
    assert splits.report["identical_images"]["across_splits"] == 0


def test_the_real_set_is_what_its_publisher_says(shared_data, tmp_path):
    def load():
        return load_images(shared_data / "chest_xray", image_size=32, cache_dir=tmp_path)

    splits = load()
    report = splits.report
    counts = report["counts"]
    together = {
        name: counts["train"][name] + counts["validation"][name] for name in counts["train"]
    }
    assert together == {"NORMAL": 1341, "PNEUMONIA": 3875}
    assert counts["test"] == {"NORMAL": 234, "PNEUMONIA": 390}
    patients = report["patients"]
    assert patients["test"] == {"NORMAL": 225, "PNEUMONIA": 202}
    for name, expected in {"NORMAL": 1211, "PNEUMONIA": 1635}.items():
        assert patients["train"][name] + patients["validation"][name] == expected
    assert abs(counts["validation"]["NORMAL"] - 134) < 5
    assert abs(counts["validation"]["PNEUMONIA"] - 388) < 30
    assert report["unreadable"]["count"] == 0
    identical = report["identical_images"]
    assert identical["within_splits"] == 30
    assert (identical["across_splits"], identical["across_classes"]) == (0, 0)
    check_disjoint(splits)
    entries = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again = load()
    assert isinstance(again.test.images, ImageRows)
    assert again.fingerprint() == splits.fingerprint()
    assert again.report == report
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == entries
