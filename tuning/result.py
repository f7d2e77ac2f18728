"""`SearchResult`: what a search found, as a table, figures and the best model."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import keras
import keras_tuner

from kerasmedgan.files import read_json, write_csv
from kerasmedgan.report.tables import format_table
from kerasmedgan.tuning.hypermodel import NAMES, own_values
from kerasmedgan.tuning.settings import OBJECTIVES, PROMOTED, SearchSettings
from kerasmedgan.tuning.tuner import MODEL, read_facts

TRIALS = "trials"
COMPLETED, FAILED = "COMPLETED", "FAILED"
_FACTS = ("trial", "status", "score", "updates", "seconds", "parameters", "continues", "message")


class SearchError(RuntimeError):
    """Raised when a search has ended without a single trial that can be used."""


@dataclasses.dataclass(frozen=True)
class TrialResult:
    """One trial.

    Attributes:
        name: its number, as its folder has it.
        status: "COMPLETED", "FAILED", or "RUNNING" where the search goes on.
        score: mean objective of its executions; `None` unless completed.
        values: its hyperparameters.
        updates: optimizer updates that it was given, all executions together.
        seconds: how long it took; `None` unless completed.
        parameters: parameters of the network; `None` unless completed.
        continues: the trial that Hyperband promoted to this one; `None` for a new one.
        message: why it failed; empty otherwise.
    """

    name: str
    status: str
    score: float | None
    values: dict
    updates: int
    seconds: float | None
    parameters: int | None
    continues: str | None
    message: str


@dataclasses.dataclass(frozen=True)
class SearchResult:
    """What `search` found.

    Attributes:
        directory: of the search.
        settings: of the search.
        trials: all trials, in the order in which they began.
    """

    directory: Path
    settings: SearchSettings
    trials: tuple[TrialResult, ...]

    @property
    def best(self) -> TrialResult:
        """The completed trial with the best score; of equal ones the first."""
        return min((one for one in self.trials if one.status == COMPLETED), key=self.rank)

    def rank(self, trial: TrialResult) -> float:
        """Returns a completed trial's score as a sort key: the best is the smallest."""
        return -trial.score if OBJECTIVES[self.settings.objective] == "max" else trial.score

    @property
    def best_hyperparameters(self) -> keras_tuner.HyperParameters:
        """The hyperparameters of the best trial."""
        return _read_trial(self.directory, self.best.name)[1]

    def best_model(self) -> keras.Model:
        """Loads the best trial's classifier, with the weights of its best epoch."""
        path = self.directory / TRIALS / f"trial_{self.best.name}" / MODEL
        return keras.saving.load_model(path, compile=False)

    def budget(self) -> dict[str, int]:
        """Returns the number of `trials` that ended, how many `failed`, and the `updates`.

        A trial that failed has used up the updates that it was given.
        """
        ended = [trial for trial in self.trials if trial.status in (COMPLETED, FAILED)]
        return {
            "trials": len(ended),
            "failed": sum(trial.status == FAILED for trial in ended),
            "updates": sum(trial.updates for trial in ended),
        }

    def write_csv(self, path: str | os.PathLike) -> None:
        """Writes one row a trial."""
        header, rows = tabulate(self.trials)
        write_csv(path, header, rows)

    def markdown(self) -> str:
        """Returns one row a trial in Markdown."""
        return format_trials(self.trials)

    def figures(self) -> dict:
        """Draws the score of each trial, and the hyperparameters beside the score.

        Returns:
            Matplotlib figures by name: `scores` and `hyperparameters`.
        """
        # Matplotlib is slow to import, and not every search is drawn.
        from kerasmedgan.tuning import figures

        return figures.draw(self.trials, self.settings.objective)


def read_result(directory: str | os.PathLike, settings: SearchSettings) -> SearchResult:
    """Reads a search that has ended.

    Raises:
        SearchError: if no trial was completed; it shows the first message.
    """
    directory = Path(directory)
    order = read_json(directory / TRIALS / "oracle.json")["start_order"]
    trials = tuple(_read_result(directory, name, settings) for name in order)
    if not any(trial.status == COMPLETED for trial in trials):
        messages = [trial.message for trial in trials if trial.message]
        raise SearchError(
            f"No trial of the search in {directory} could be completed. Expected at least one. "
            f"Received: {len(trials)} failures, the first: {''.join(messages[:1])} Remove its "
            "cause and search again with `overwrite=True`."
        )
    return SearchResult(directory, settings, trials)


def hyperparameter_names(trials: Sequence[TrialResult]) -> list[str]:
    """Returns the names of all hyperparameters, in the order of the space."""
    return sorted({name for trial in trials for name in trial.values}, key=_place)


def tabulate(trials: Sequence[TrialResult]) -> tuple[list[str], list[list]]:
    """Returns the header and one row a trial; `None` where there is no value."""
    names = hyperparameter_names(trials)
    rows = [
        [
            *(trial.name, trial.status, trial.score, trial.updates, trial.seconds),
            *(trial.parameters, trial.continues, trial.message),
            *(trial.values.get(name) for name in names),
        ]
        for trial in trials
    ]
    return [*_FACTS, *names], rows


def format_trials(trials: Sequence[TrialResult]) -> str:
    """Returns one row a trial in Markdown."""
    header, rows = tabulate(trials)
    return format_table(header, [[_shown(value) for value in row] for row in rows])


def check_budgets(results: dict[str, SearchResult]) -> dict[str, dict[str, int]]:
    """Returns the budget of each arm.

    Raises:
        SearchError: unless all had as many trials and updates.
    """
    budgets = {arm: result.budget() for arm, result in results.items()}
    if len({(budget["trials"], budget["updates"]) for budget in budgets.values()}) > 1:
        raise SearchError(
            "The arms cannot be compared. Expected as many trials and updates in each. Received: "
            f"{budgets}. With Hyperband a failed trial changes what comes after it: remove the "
            "cause of the failures, or use another tuner."
        )
    return budgets


def _read_trial(directory: Path, name: str) -> tuple[dict, keras_tuner.HyperParameters]:
    state = read_json(directory / TRIALS / f"trial_{name}" / "trial.json")
    return state, keras_tuner.HyperParameters.from_config(state["hyperparameters"])


def _read_result(directory: Path, name: str, settings: SearchSettings) -> TrialResult:
    state, hyperparameters = _read_trial(directory, name)
    values = hyperparameters.values
    facts = read_facts(directory / TRIALS / f"trial_{name}")
    completed, failed = (state["status"] == status for status in (COMPLETED, FAILED))
    executions = facts.get("executions", [])
    own = own_values(values)
    return TrialResult(
        name=name,
        status=state["status"],
        score=state["score"] if completed else None,
        values={name: own[name] for name in sorted(own, key=_place)},
        updates=settings.updates_of(values),
        seconds=facts.get("seconds") if completed else None,
        parameters=executions[0]["parameters"] if completed and executions else None,
        continues=values.get(PROMOTED),
        message=_message(facts.get("message") or state["message"]) if failed else "",
    )


def _place(name: str) -> int:
    """Returns a hyperparameter's place: gRPC gives them back in another order."""
    return NAMES.index(name) if name in NAMES else len(NAMES)


def _message(text: str | None) -> str:
    """Returns the last line, which in a traceback is the message."""
    return (text or "no message").strip().splitlines()[-1]


def _shown(value) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)
