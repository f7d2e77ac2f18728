"""The finalists: the best networks of a search, each trained anew with several seeds.

The best of many single trainings is the luckiest of them too. The mean over seeds, each with
validation images of its own, chooses among a few with less luck.
"""

import dataclasses
import statistics
from collections.abc import Callable, Mapping, Sequence

from kerasmedgan.tuning.result import COMPLETED, SearchError, SearchResult, TrialResult


@dataclasses.dataclass(frozen=True)
class Finalist:
    """A network of a search after the trainings that decide.

    Attributes:
        trial: the name of its trial.
        score: of that trial, in the search.
        values: its hyperparameters.
        validation_aucs: one for each seed; none where the search alone decides.
    """

    trial: str
    score: float
    values: dict
    validation_aucs: tuple[float, ...] = ()

    @property
    def mean_auc(self) -> float:
        """The mean over the seeds."""
        return statistics.fmean(self.validation_aucs)


def choose_finalists(result: SearchResult, count: int) -> list[Finalist]:
    """Returns the networks with the best scores, the best first, and the untuned one.

    Args:
        result: of a search.
        count: how many. A network that Hyperband trained several times is one; the untuned one,
            the first trial, is always among them. 1 is the search's best alone.

    Returns:
        As many as asked for, or all there are.
    """
    if count == 1:
        return [_finalist(result.best)]
    completed = [trial for trial in result.trials if trial.status == COMPLETED]
    different: list[TrialResult] = []
    for trial in sorted(completed, key=result.rank):
        if all(trial.values != other.values for other in different):
            different.append(trial)
    untuned = [trial for trial in different if trial.values == result.trials[0].values]
    others = [trial for trial in different if trial not in untuned]
    chosen = [*others[: count - len(untuned)], *untuned]
    return [_finalist(trial) for trial in sorted(chosen, key=result.rank)]


def decide(
    finalists: Sequence[Finalist], seeds: Sequence[int], train: Callable[[Finalist, int], float]
) -> list[Finalist]:
    """Trains each finalist with each seed; returns them with their AUCs, the best mean first.

    Args:
        finalists: from `choose_finalists`; one alone is returned untrained.
        seeds: of the trainings.
        train: trains a finalist with a seed and returns its validation AUC.
    """
    if len(finalists) == 1:
        return list(finalists)
    trained = [
        dataclasses.replace(one, validation_aucs=tuple(train(one, seed) for seed in seeds))
        for one in finalists
    ]
    return sorted(trained, key=lambda one: -one.mean_auc)


def check_equal_counts(finalists: Mapping[str, Sequence[Finalist]]) -> None:
    """Raises `SearchError` unless each arm has as many finalists."""
    counts = {arm: len(some) for arm, some in finalists.items()}
    if len(set(counts.values())) > 1:
        raise SearchError(
            "The arms cannot be compared. Expected as many finalists in each. Received: "
            f"{counts}. Remove the cause of failed trials, or ask for fewer finalists."
        )


def _finalist(trial: TrialResult) -> Finalist:
    return Finalist(trial.name, trial.score, trial.values)
