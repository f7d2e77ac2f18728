import types

import pytest

from kerasmedgan.tuning import SearchSettings
from kerasmedgan.tuning.finalists import check_equal_counts, choose_finalists, decide
from kerasmedgan.tuning.result import SearchError, SearchResult, TrialResult


def trial(name, score, depth, status="COMPLETED"):
    empty = {"updates": 2, "seconds": 1.0, "parameters": 9, "continues": None, "message": ""}
    return TrialResult(name, status, score, {"depth": depth}, **empty)


def result(*trials, objective="val_auc"):
    settings = SearchSettings(tuner="random", objective=objective)
    return SearchResult(types.SimpleNamespace(), settings, trials)


# The first is the untuned network; 3 goes on with the training of 1.
TRIALS = (
    *(trial("0", 0.7, 4), trial("1", 0.8, 2), trial("2", 0.9, 3), trial("3", 0.95, 2)),
    *(trial("4", None, 1, "FAILED"), trial("5", 0.75, 5)),
)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, ["3"]), (2, ["3", "0"]), (3, ["3", "2", "0"]), (9, ["3", "2", "5", "0"])],
)
def test_the_best_and_the_untuned_one_each_network_once(count, expected):
    assert [one.trial for one in choose_finalists(result(*TRIALS), count)] == expected


def test_the_lowest_loss_is_the_best():
    trials = (trial("0", 0.5, 4), trial("1", 0.2, 2), trial("2", 0.3, 3))
    found = choose_finalists(result(*trials, objective="val_loss"), 2)
    assert [one.trial for one in found] == ["1", "0"]


def test_an_untuned_network_that_failed_is_no_finalist():
    trials = (trial("0", None, 4, "FAILED"), trial("1", 0.8, 2), trial("2", 0.9, 3))
    assert [one.trial for one in choose_finalists(result(*trials), 2)] == ["2", "1"]


def test_the_best_mean_wins_not_the_best_score():
    aucs = {("3", 1): 0.6, ("3", 2): 0.9, ("0", 1): 0.8, ("0", 2): 0.8}
    finalists = choose_finalists(result(*TRIALS), 2)
    best, other = decide(finalists, (1, 2), lambda one, seed: aucs[one.trial, seed])
    assert (best.trial, best.validation_aucs, best.mean_auc) == (
        "0",
        (0.8, 0.8),
        pytest.approx(0.8),
    )
    assert (other.trial, other.mean_auc) == ("3", pytest.approx(0.75))


def test_one_alone_is_not_trained():
    def train(one, seed):
        raise AssertionError

    assert [one.trial for one in decide(choose_finalists(result(*TRIALS), 1), (), train)] == ["3"]


def test_arms_with_different_numbers_of_finalists_are_not_compared():
    finalists = choose_finalists(result(*TRIALS), 3)
    check_equal_counts({"real": finalists, "real+gan": finalists[::-1]})
    with pytest.raises(SearchError, match="as many finalists.*'real': 3, 'real\\+gan': 2"):
        check_equal_counts({"real": finalists, "real+gan": finalists[:2]})
