"""Keras Tuner's oracles, made to begin at the untuned classifier, cap costs and survive kills."""

from collections.abc import Callable, Mapping

import numpy as np
from keras_tuner import Objective, oracles
from keras_tuner.engine.trial import Trial
from threadpoolctl import threadpool_limits

from kerasmedgan.files import write_json

HYPERBAND, RANDOM, BAYESIAN = "hyperband", "random", "bayesian"
TUNERS = (HYPERBAND, RANDOM, BAYESIAN)
_FACTOR = 3
# Shares of a bracket's longest training: 1, 1/3, 1/9 ...; the first bracket of so many epochs
# takes so many trials.
_BRACKETS = ((27, 40), (9, 13), (3, 4))
_MANY_ITERATIONS = 10**6
_ENDED = ("COMPLETED", "FAILED")


def hyperband_epochs(max_trials: int) -> int:
    """Returns the epochs of Hyperband's longest trials: those of a bracket that fits the trials."""
    return next((epochs for epochs, trials in _BRACKETS if trials <= max_trials), _BRACKETS[-1][0])


def make_oracle(
    tuner: str,
    *,
    objective: Objective,
    max_trials: int,
    seed: int,
    is_affordable: Callable[[Mapping], bool],
):
    """Returns the oracle of a search.

    Args:
        tuner: one of `TUNERS`.
        objective: what to optimise.
        max_trials: number of trials; with Hyperband a promotion to a longer training counts as
            one.
        seed: any integer >= 0. (To Keras Tuner 0 means random, and neighbouring seeds draw nearly
            the same values; it is given another number that stands for this one.)
        is_affordable: tells of a trial's hyperparameters whether it may be run.
    """
    shared = {
        "objective": objective,
        "seed": _own_seed(seed),
        # A search of failures alone is told as an error when it ends, with the first message.
        "max_consecutive_failed_trials": max_trials + 1,
    }
    if tuner == HYPERBAND:
        oracle = _Hyperband(
            max_epochs=hyperband_epochs(max_trials),
            factor=_FACTOR,
            hyperband_iterations=_MANY_ITERATIONS,
            **shared,
        )
        oracle.max_trials = max_trials
    elif tuner == BAYESIAN:
        points = max(2, max_trials // 3)
        oracle = _Bayesian(max_trials=max_trials, num_initial_points=points, **shared)
    else:
        oracle = _Random(max_trials=max_trials, **shared)
    oracle.is_affordable = is_affordable
    return oracle


def _own_seed(seed: int) -> int:
    return 1 + int(np.random.SeedSequence(seed).generate_state(1)[0]) // 2


class _Oracle:
    """Stands before an oracle of Keras Tuner."""

    def _random_values(self) -> dict | None:
        """Returns the defaults for the first trial, then random values that are affordable."""
        if not self.trials:
            space = self.get_space()
            return {hp.name: hp.default for hp in space.space if space.is_active(hp)}
        while True:
            values = super()._random_values()
            if values is None or self.is_affordable(values):
                return values

    def save(self) -> None:
        """Writes the oracle's file, whole or not at all."""
        write_json(self._get_oracle_fname(), self.get_state())

    def _save_trial(self, trial: Trial) -> None:
        write_json(f"{self._get_trial_dir(trial.trial_id)}/trial.json", trial.get_state())

    def reload(self) -> None:
        """Reads the files; a kill may have fallen between that of a trial and the oracle's own.

        Keras Tuner would leave such a trial running for ever, or run a finished one again.
        """
        super().reload()
        self.trials = {trial_id: self.trials[trial_id] for trial_id in self.start_order}
        for trial_id in list(self._retry_queue):
            if self.trials[trial_id].status in _ENDED:
                self._retry_queue.remove(trial_id)
                if trial_id not in self.end_order:
                    self.end_order.append(trial_id)
            else:
                cut_off = self.trials[trial_id]
                self.trials[trial_id] = Trial(cut_off.hyperparameters, trial_id)


class _Random(_Oracle, oracles.RandomSearchOracle):
    pass


class _Hyperband(_Oracle, oracles.HyperbandOracle):
    pass


class _Bayesian(_Oracle, oracles.BayesianOptimizationOracle):
    def populate_space(self, trial_id: str) -> dict:
        """Proposes the next trial; what is too expensive gives way to random values."""
        # Keras Tuner does not save this state: a resumed search would draw others.
        self._random_state = np.random.RandomState(self.seed + len(self.trials))
        # The matrices are small: threads that wait for each other cost a hundredfold here.
        with threadpool_limits(1):
            response = super().populate_space(trial_id)
        if response["values"] and not self.is_affordable(response["values"]):
            return self._random_populate_space()
        return response
