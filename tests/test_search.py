import csv
import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from processes import lines_until
from small_search import SMALL, small_splits

from kerasmedgan.data.split_guard import TestSplitError
from kerasmedgan.evaluation import predict
from kerasmedgan.resume import TrainingStateError
from kerasmedgan.tuning import SearchError, search, tuner
from kerasmedgan.tuning.hypermodel import NAMES
from kerasmedgan.tuning.result import check_budgets, read_result
from kerasmedgan.tuning.settings import SearchSettings

# With this seed one of three trials has five blocks.
SEED_OF_DEPTH_5 = 3


@pytest.fixture(scope="module")
def splits():
    return small_splits()


@pytest.fixture(scope="module")
def found(splits, tmp_path_factory):
    """A search that ran through, and what it announced."""
    lines = []
    folder = tmp_path_factory.mktemp("search") / "random"
    return search(splits, directory=folder, announce=lines.append, **SMALL), lines


def synthetic_of(splits, count=12):
    normal = splits.train.of_class("NORMAL").take(np.arange(count))
    return dataclasses.replace(
        normal, synthetic=np.ones(count, bool), groups=np.full(count, "synthetic")
    )


def values(result):
    return [trial.values for trial in result.trials]


def test_the_first_trial_is_the_untuned_classifier(found):
    result, _ = found
    first = result.trials[0].values
    assert (first["depth"], first["filters"], first["kernel"]) == (4, 16, 3)
    assert first["learning_rate_adam"] == 1e-3
    assert first["classical_strength"] == first["synthetic_ratio"] == 0
    assert len({str(value) for value in values(result)}) == 3


def test_the_best_model_has_the_best_score(found, splits):
    result, _ = found
    assert result.best.score == max(trial.score for trial in result.trials)
    assert result.best_hyperparameters.values["depth"] == result.best.values["depth"]
    probabilities = predict(result.best_model(), splits.validation)
    auc = keras.metrics.AUC(multi_label=True, num_labels=2)
    auc.update_state(
        keras.utils.to_categorical(splits.validation.labels, 2), probabilities.probabilities
    )
    assert float(auc.result()) == pytest.approx(result.best.score, abs=1e-6)


def test_the_table_has_a_row_a_trial(found):
    result, _ = found
    rows = list(csv.DictReader((result.directory / "trials.csv").open()))
    assert [row["trial"] for row in rows] == ["0", "1", "2"]
    assert all(row["status"] == "COMPLETED" and row["updates"] == "2" for row in rows)
    assert [float(row["score"]) for row in rows] == [trial.score for trial in result.trials]
    assert len(result.markdown().splitlines()) == 5
    assert result.budget() == {"trials": 3, "failed": 0, "updates": 6}


def test_the_figures_show_every_trial(found):
    figures = found[0].figures()
    scores = figures["scores"].axes[0].collections[0].get_offsets()
    assert [y for _, y in scores] == [trial.score for trial in found[0].trials]
    assert len(figures["hyperparameters"].axes[0].lines) >= 3


def test_a_killed_search_keeps_its_trials(found, splits, tmp_path):
    script = Path(__file__).with_name("small_search.py")
    lines_until("trial 1 begins", script, tmp_path / "killed")
    lines = []
    result = search(splits, directory=tmp_path / "killed", announce=lines.append, **SMALL)
    begun = [line[:14] for line in lines if "begins" in line]
    assert begun == ["trial 1 begins", "trial 2 begins"]
    assert values(result) == values(found[0])
    assert result.trials[0].score == pytest.approx(found[0].trials[0].score)


def test_another_space_is_refused_by_name(found, splits):
    with pytest.raises(FileExistsError, match=r"`space.synthetic_ratio` '0.0', here '\[0.25, 0.5"):
        search(splits, directory=found[0].directory, synthetic=synthetic_of(splits), **SMALL)
    with pytest.raises(FileExistsError, match="`updates_per_trial` 2, here 4"):
        search(splits, directory=found[0].directory, **SMALL | {"updates_per_trial": 4})


def test_overwrite_removes_a_search_and_nothing_else(splits, tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="`directory`. Expected a new or empty folder"):
        search(splits, directory=tmp_path, overwrite=True, **SMALL)
    assert (tmp_path / "precious.txt").exists()


def test_a_promoted_trial_goes_on_with_its_training(splits, tmp_path):
    settings = {"tuner": "hyperband", "max_trials": 4, "updates_per_trial": 3, "batch_size": 8}
    result = search(splits, directory=tmp_path / "band", synthetic=synthetic_of(splits), **settings)
    *first, last = result.trials
    assert [trial.updates for trial in first] == [1, 1, 1]
    promoted = max(first, key=lambda trial: trial.score)
    assert (last.updates, last.continues) == (2, promoted.name)
    assert last.values == result.trials[int(last.continues)].values
    history = result.directory / "trials" / f"trial_{last.name}" / "history.csv"
    assert len(history.read_text().splitlines()) == 4
    assert set(NAMES) - set(last.values) in ({"learning_rate_sgd"}, {"learning_rate_adam"})
    assert not list(result.directory.rglob("*.state"))


@pytest.mark.slow
def test_bayesian_and_executions_on_two_replicas(splits, tmp_path):
    result = search(
        splits,
        directory=tmp_path / "bayesian",
        strategy="mirrored",
        executions_per_trial=2,
        **SMALL | {"tuner": "bayesian", "max_trials": 1},
    )
    (trial,) = result.trials
    assert trial.updates == 4
    assert 0 <= trial.score <= 1


def test_failed_trials_stand_in_the_table(tmp_path):
    # Five poolings are one too many for 16 px.
    small = small_splits(image_size=16)
    result = search(small, directory=tmp_path / "small", seed=SEED_OF_DEPTH_5, **SMALL)
    depths = [trial.values["depth"] for trial in result.trials]
    assert 5 in depths
    for trial, depth in zip(result.trials, depths, strict=True):
        assert trial.status == ("FAILED" if depth == 5 else "COMPLETED")
        assert ("`image_size`. Expected at least 32" in trial.message) == (depth == 5)
    assert result.budget() == {"trials": 3, "failed": depths.count(5), "updates": 6}
    assert "Expected at least 32" in (result.directory / "trials.csv").read_text()
    assert "| FAILED |" in result.markdown()
    result.figures()


def test_all_failed_shows_the_first_message(splits, tmp_path, monkeypatch):
    def out_of_memory(*args, **kwargs):
        raise tf.errors.ResourceExhaustedError(None, None, "no room for the gradients")

    monkeypatch.setattr(tuner, "train_candidate", out_of_memory)
    with pytest.raises(SearchError, match="2 failures, the first: .*no room for the gradients"):
        search(splits, directory=tmp_path / "failed", **SMALL | {"max_trials": 2})


def test_a_full_disk_ends_the_search_and_is_no_failed_trial(splits, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise TrainingStateError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(tuner, "train_candidate", full)
        with pytest.raises(RuntimeError, match="no space left"):
            search(splits, directory=tmp_path / "full", **SMALL | {"max_trials": 1})
    result = search(splits, directory=tmp_path / "full", **SMALL | {"max_trials": 1})
    assert result.trials[0].status == "COMPLETED"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"tuner": "grid"}, r"`tuner`. Expected one of \['hyperband', 'random', 'bayesian'\]"),
        ({"objective": "accuracy"}, "`objective`. Expected one of"),
        ({"max_trials": 0}, "`max_trials`. Expected an integer >= 1. Received: 0"),
        ({"tuner": "hyperband", "max_trials": 13, "updates_per_trial": 10}, "a multiple of 9"),
        ({"max_cost": 0.5}, "`max_cost`"),
        ({"seed": -1}, "`seed`"),
        ({"workers": 0}, "`workers`"),
        ({"batch_size": 41}, "`batch_size`. Expected at most 40"),
        ({"strategy": "multiworker"}, "`strategy`"),
    ],
)
def test_bad_settings_are_refused_at_the_door(splits, tmp_path, wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        search(splits, directory=tmp_path / "bad", **SMALL | wrong)
    assert not list(tmp_path.iterdir())


def test_images_that_do_not_belong_are_refused(splits, tmp_path):
    def refused(error, sentence, splits=splits, synthetic=None):
        with pytest.raises(error, match=sentence):
            search(splits, directory=tmp_path / "bad", synthetic=synthetic, **SMALL)

    test = dataclasses.replace(splits, validation=splits.test)
    refused(TestSplitError, "`splits.validation`. Expected the validation split", test)
    mixed = dataclasses.replace(splits.validation, groups=splits.train.groups[:24])
    refused(ValueError, "patients in both", dataclasses.replace(splits, validation=mixed))
    drawn = synthetic_of(splits)
    small = dataclasses.replace(drawn, images=drawn.images[:, :16, :16])
    refused(ValueError, "`synthetic`. Expected image_size 32", synthetic=small)
    other = dataclasses.replace(drawn, class_names=("NORMAL", "COVID"))
    refused(ValueError, "`synthetic`. Expected class_names", synthetic=other)
    refused(ValueError, "Draw more", synthetic=synthetic_of(splits, count=2))
    refused(TestSplitError, "`synthetic`", synthetic=dataclasses.replace(drawn, split="test"))
    assert not list(tmp_path.iterdir())


def test_a_directory_that_cannot_be_written_is_named(splits, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="`directory`. Expected a folder that can be written"):
        search(splits, directory=tmp_path / "file" / "search", **SMALL)


def test_unequal_budgets_are_an_error(found):
    result, _ = found
    fewer = dataclasses.replace(result, trials=result.trials[:2])
    assert check_budgets({"real": result, "real+gan": result})["real"]["trials"] == 3
    with pytest.raises(SearchError, match="as many trials and updates"):
        check_budgets({"real": result, "real+gan": fewer})
    assert read_result(result.directory, SearchSettings(**SMALL)) == result
