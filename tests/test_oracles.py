import json

import keras_tuner
import pytest

from kerasmedgan.tuning.hypermodel import ClassifierHyperModel
from kerasmedgan.tuning.oracles import BAYESIAN, HYPERBAND, RANDOM, hyperband_epochs, make_oracle

SPACE = ClassifierHyperModel(image_size=32)
# Of a Bayesian search the first two are random.
TRIALS = 4
OBJECTIVE = keras_tuner.Objective("val_auc", "max")


@pytest.fixture(scope="module")
def hyperparameters():
    found = keras_tuner.HyperParameters()
    SPACE.declare_hyperparameters(found)
    SPACE.build(found)
    return found


def started(tuner, hyperparameters, folder, *, max_trials=4, seed=0, max_cost=4.0):
    oracle = make_oracle(
        tuner,
        objective=OBJECTIVE,
        max_trials=max_trials,
        seed=seed,
        is_affordable=lambda values: SPACE.relative_cost(values) <= max_cost,
    )
    oracle.verbose = 0
    oracle.update_space(hyperparameters)
    oracle._set_project_dir(str(folder), "trials")
    return oracle


def run(oracle, count):
    """Runs trials whose score is a function of their dropout; returns their hyperparameters."""
    values = []
    for _ in range(count):
        trial = oracle.create_trial("tuner0")
        assert trial.status == "RUNNING"
        values.append(trial.hyperparameters.values)
        oracle.update_trial(trial.trial_id, {"val_auc": 1 - trial.hyperparameters["dropout"]})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    return values


@pytest.mark.parametrize("tuner", [HYPERBAND, RANDOM, BAYESIAN])
def test_the_same_seed_gives_the_same_values_in_the_same_order(tuner, hyperparameters, tmp_path):
    first, again = (
        run(started(tuner, hyperparameters, tmp_path / name), TRIALS) for name in ("first", "again")
    )
    assert first == again
    # Seed 0 is a seed like any other, and its neighbour's values are others altogether.
    other = run(started(tuner, hyperparameters, tmp_path / "other", seed=1), 3)
    assert other[0] == first[0]
    assert not {rate(values) for values in first[1:3]} & {rate(values) for values in other[1:]}


def rate(values):
    return values.get("learning_rate_adam", values.get("learning_rate_sgd"))


@pytest.mark.parametrize("tuner", [HYPERBAND, RANDOM, BAYESIAN])
def test_a_stopped_search_goes_on_as_if_it_had_not(tuner, hyperparameters, tmp_path):
    whole = run(started(tuner, hyperparameters, tmp_path / "whole"), TRIALS)
    before = run(started(tuner, hyperparameters, tmp_path / "stopped"), 3)
    oracle = started(tuner, hyperparameters, tmp_path / "stopped")
    oracle.reload()
    assert before + run(oracle, TRIALS - 3) == whole
    assert oracle.create_trial("tuner0").status == "STOPPED"


@pytest.mark.parametrize(("tuner", "trials"), [(RANDOM, 30), (BAYESIAN, TRIALS)])
def test_trials_are_capped_in_cost_and_not_alike(tuner, trials, hyperparameters, tmp_path):
    oracle = started(tuner, hyperparameters, tmp_path, max_trials=trials, max_cost=1.0)
    values = run(oracle, trials)
    assert max(SPACE.relative_cost(one) for one in values) <= 1.0
    assert len({str(one) for one in values}) == trials


def test_the_untuned_network_costs_one():
    assert SPACE.relative_cost({"depth": 4, "filters": 16, "kernel": 3}) == 1
    assert SPACE.relative_cost({"depth": 5, "filters": 32, "kernel": 5}) > 10


def test_a_kill_between_two_files_loses_and_repeats_nothing(hyperparameters, tmp_path):
    whole = run(started(RANDOM, hyperparameters, tmp_path / "whole"), 4)
    oracle = started(RANDOM, hyperparameters, tmp_path / "killed")
    run(oracle, 2)
    path = tmp_path / "killed" / "trials" / "oracle.json"
    two_ended = path.read_text()
    oracle.create_trial("tuner0")
    third_begun = path.read_text()
    run(started_at(path, third_begun, hyperparameters), 1)
    # The third ended in its own file; the oracle's does not know yet.
    oracle = started_at(path, third_begun, hyperparameters)
    assert oracle.end_order == ["0", "1", "2"]
    assert run(oracle, 1) == whole[3:]
    # The third was begun in its own file; the oracle's does not know yet.
    oracle = started_at(path, two_ended, hyperparameters)
    assert list(oracle.trials) == ["0", "1"]
    assert run(oracle, 2) == whole[2:]
    assert json.loads(path.read_text())["end_order"] == ["0", "1", "2", "3"]


def started_at(path, text, hyperparameters):
    path.write_text(text)
    oracle = started(RANDOM, hyperparameters, path.parents[1])
    oracle.reload()
    return oracle


@pytest.mark.parametrize("trials", [4, 13, 23, 40])
def test_the_first_bracket_of_hyperband_fits_its_trials(trials, hyperparameters, tmp_path):
    epochs = [
        v["tuner/epochs"]
        for v in run(started(HYPERBAND, hyperparameters, tmp_path, max_trials=trials), trials)
    ]
    assert hyperband_epochs(trials) == max(epochs)
    first_whole = epochs.index(max(epochs))
    assert first_whole == {4: 3, 13: 12, 23: 12, 40: 39}[trials]
