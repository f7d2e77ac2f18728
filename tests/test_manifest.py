import dataclasses
import json
import shutil

import pytest

from kerasmedgan.data.split_guard import TestSplitError
from kerasmedgan.files import file_sha256, read_json
from kerasmedgan.serving import Predictor, Sampler, ServingError, prepare_serving, read_served_run


@pytest.fixture
def run(small_run, tmp_path):
    return shutil.copytree(small_run, tmp_path / "run")


def change_one_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_the_run_wrote_what_serving_needs(small_run):
    run = read_served_run(small_run)
    results = read_json(small_run / "results.json")
    assert list(run.arms) == ["real", "real+gan"]
    for name, arm in run.arms.items():
        entry = results["arms"][name]
        assert arm.threshold == entry["validation"]["threshold"]
        assert arm.temperature == entry["calibration"]["temperature"]
        assert run.sha256[arm.model] == file_sha256(small_run / arm.model)
    assert [one.class_name for one in run.generators] == ["NORMAL"]
    assert run.likeness["split"] == "validation"
    assert (run.image_size, run.channels, run.positive_class) == (32, 1, "PNEUMONIA")


@pytest.mark.parametrize("part", ["classifiers/real/seed_0/model.keras", "likeness.npz"])
def test_a_file_changed_by_one_byte_is_refused(run, part):
    change_one_byte(run / part)
    with pytest.raises(ServingError, match=f"Cannot load {part}.*Expected sha256.*changed or dam"):
        Predictor.load(run)


def test_a_generator_changed_by_one_byte_is_refused(run):
    change_one_byte(run / "gan/NORMAL/model.keras")
    with pytest.raises(ServingError, match="Cannot load gan/NORMAL/model.keras"):
        Sampler.load(run)
    Predictor.load(run)


def test_a_missing_file_and_one_outside_are_refused(run):
    (run / "likeness.npz").unlink()
    with pytest.raises(ServingError, match="no such file"):
        Predictor.load(run)
    served = read_served_run(run)
    secret = run.parent / "secret"
    secret.write_text("x")
    outside = dataclasses.replace(served, sha256={"../secret": file_sha256(secret)})
    for file in ("../secret", "results.json"):
        with pytest.raises(ServingError, match="no file that serving.json of this run names"):
            outside.read_checked(file)


def test_a_model_of_another_kind_is_refused(run):
    content = json.loads((run / "serving.json").read_text())
    content["generators"][0]["model"] = "classifiers/real/seed_0/model.keras"
    (run / "serving.json").write_text(json.dumps(content))
    with pytest.raises(ServingError, match="Expected a DCGAN. Received: a Classifier"):
        Sampler.load(run)


def test_code_in_a_model_is_not_run(run, tmp_path):
    import keras

    file, marker = "classifiers/real/seed_0/model.keras", tmp_path / "ran"
    code = keras.layers.Lambda(lambda x, path=str(marker): open(path, "w") and x)
    model = keras.Sequential([keras.Input((4,)), code])
    marker.unlink(missing_ok=True)
    model.save(run / file)
    content = json.loads((run / "serving.json").read_text())
    content["sha256"][file] = file_sha256(run / file)
    (run / "serving.json").write_text(json.dumps(content))
    with pytest.raises(Exception, match="safe_mode|Lambda|unsafe"):
        Predictor.load(run)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda content: content.update(format=99), "Expected format 1"),
        (lambda content: content.pop("image_size"), "Make the run anew"),
        (lambda content: content.update(arms=3), "Make the run anew"),
    ],
)
def test_a_manifest_of_another_form_is_refused(run, change, sentence):
    content = json.loads((run / "serving.json").read_text())
    change(content)
    (run / "serving.json").write_text(json.dumps(content))
    with pytest.raises(ServingError, match=sentence):
        read_served_run(run)


def test_a_folder_that_is_no_finished_run_is_refused(tmp_path):
    with pytest.raises(ServingError, match="`run`. Expected the folder of a finished run"):
        Predictor.load(tmp_path)


def test_an_older_run_and_the_test_split_are_refused(run, tiny_splits):
    results = read_json(run / "results.json")
    with pytest.raises(TestSplitError):
        prepare_serving(run, results, train=tiny_splits.train, validation=tiny_splits.test)
    del results["arms"]["real"]["calibration"]
    with pytest.raises(ServingError, match=r"none of \['real'\], which an older version made"):
        prepare_serving(run, results, train=tiny_splits.train, validation=tiny_splits.validation)
