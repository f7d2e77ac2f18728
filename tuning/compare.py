"""`compare_arms`: as costly a search for each arm, then the winners in a study of several seeds."""

import dataclasses
import logging
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.distribution import get_strategy
from kerasmedgan.files import write_json
from kerasmedgan.run_folder import resume_run_folder
from kerasmedgan.study.arms import REAL_AND_GAN
from kerasmedgan.study.generator import load_drawn, train_generator
from kerasmedgan.study.prepare import TrainingSet
from kerasmedgan.temporary_session import temporary_session
from kerasmedgan.tuning.final import UNTUNED, Final, untuned_values
from kerasmedgan.tuning.finalists import (
    Finalist,
    check_equal_counts,
    choose_finalists,
    decide,
)
from kerasmedgan.tuning.outcome import collect_outcome
from kerasmedgan.tuning.parallel import TIME_LIMIT
from kerasmedgan.tuning.result import SearchResult, check_budgets
from kerasmedgan.tuning.search import search
from kerasmedgan.tuning.tuning import Tuning
from kerasmedgan.tuning.work import check_alone

_ALL_PATIENTS = 1.0
_LOGGER = logging.getLogger(__name__)


def compare_arms(
    tuning: Tuning,
    output: str | os.PathLike,
    *,
    workers: int = 1,
    time_limit: float = TIME_LIMIT,
    announce: Callable[[str], None] = _LOGGER.info,
) -> dict:
    """Searches for each arm, trains the winners anew, and compares them by the study's rules.

    Both searches have the same tuner, trials, updates and seed; as long as a search is random both
    draw the same networks. A few finalists of each arm are trained with several seeds, and the
    best mean validation AUC wins. The winner of each arm and the untuned classifier are then
    trained with other seeds, for as long; only then is the test split opened, once for each
    classifier. A GAN is trained for each seed, on that seed's training images alone.

    A comparison that was stopped, by whatever, goes on where it was.

    Args:
        tuning: from `prepare_tuning`.
        output: a new or empty folder, or that of the same comparison.
        workers: as in `search`; the GANs and the final round run in this process.
        time_limit: as in `search`.
        announce: called with one line for each piece of work.

    Returns:
        The content of `results.json`.

    Raises:
        ValueError: if the environment makes this process one of several.
        FileExistsError: if the folder holds something else, or a comparison of other settings.
        SearchError: if the searches' budgets or numbers of finalists are not equal, or all trials
            of one failed.
    """
    check_alone("tuning", "a comparison of arms")
    work = _Work(tuning, open_tuning_folder(output, tuning), announce)
    first = tuning.study.training_set(_ALL_PATIENTS, tuning.settings.search.seed)
    results = {arm: work.search(arm, first, workers, time_limit) for arm in tuning.settings.arms}
    for arm, budget in check_budgets(results).items():
        announce(
            f"budget of {arm}: {budget['trials']} trials ({budget['failed']} failed), "
            f"{budget['updates']:,} updates"
        )
    chosen = {arm: choose_finalists(one, tuning.settings.finalists) for arm, one in results.items()}
    check_equal_counts(chosen)
    finalists = {arm: work.decide(arm, some) for arm, some in chosen.items()}
    values = {arm: best.values for arm, (best, *_) in finalists.items()}
    values = {UNTUNED: untuned_values(first.train), **values}
    cells = [
        work.final(arm, values[arm], seed) for seed in tuning.settings.final_seeds for arm in values
    ]
    outcome = collect_outcome(
        tuning,
        work.output,
        results,
        finalists,
        cells,
        work.generators,
        deciding_seconds=work.deciding_seconds,
    )
    write_json(work.output / "results.json", outcome)
    return outcome


def open_tuning_folder(path: str | os.PathLike, tuning: Tuning) -> Path:
    """Returns the folder, with `config.json` in it.

    Raises:
        FileExistsError: if it holds something else, or a comparison of other settings.
    """
    path = resume_run_folder(path, {**tuning.config, "command": shlex.join(sys.argv)})
    if not (path / "data_report.json").exists():
        write_json(path / "data_report.json", tuning.study.report)
    return path


class _Work:
    """The pieces of work, each announced."""

    def __init__(self, tuning: Tuning, output: Path, announce: Callable[[str], None]):
        self.tuning, self.output, self.announce = tuning, output, announce
        self.deciding_seconds = 0.0
        self._generators: dict[int, dict] = {}

    @property
    def generators(self) -> list[dict]:
        """The GANs that were trained or read, one a seed."""
        return list(self._generators.values())

    def search(
        self, arm: str, training_set: TrainingSet, workers: int, time_limit: float
    ) -> SearchResult:
        """Runs or reads the search of an arm."""
        settings = self.tuning.settings.search
        synthetic = self._synthetic(arm, training_set)
        self.announce(f"search for {arm}: {settings.max_trials} trials, {settings.tuner}")
        return search(
            dataclasses.replace(training_set.splits, train=training_set.train),
            directory=self.output / "search" / arm,
            synthetic=synthetic,
            workers=workers,
            time_limit=time_limit,
            announce=self.announce,
            **dataclasses.asdict(settings),
        )

    def decide(self, arm: str, finalists: list[Finalist]) -> list[Finalist]:
        """Runs or reads the finalists of an arm; returns them, the best first."""

        def train(one: Finalist, seed: int) -> float:
            directory = f"finalists/{arm}/trial_{one.trial}/seed_{seed}"
            classifier = self._classifier(arm, one.values, seed, directory)
            self.announce(f"finalist {one.trial} of {arm}, seed {seed}")
            with temporary_session():
                choice = classifier.choose(self.output)
            self.deciding_seconds += choice["seconds"]
            return choice["validation_auc"]

        return decide(finalists, self.tuning.settings.deciding_seeds, train)

    def final(self, arm: str, values: dict, seed: int) -> dict:
        """Runs or reads a classifier of the final round."""
        classifier = self._classifier(arm, values, seed, f"cells/seed_{seed}/{arm}")
        self.announce(f"final round, seed {seed}: {arm}")
        with temporary_session():
            return classifier.run(self.output)

    def _classifier(self, arm: str, values: dict, seed: int, directory: str) -> Final:
        settings = self.tuning.settings
        training_set = self.tuning.study.training_set(_ALL_PATIENTS, seed)
        synthetic = self._synthetic(arm, training_set)
        return Final(
            arm=arm,
            directory=directory,
            values=values,
            training_set=training_set,
            synthetic=synthetic,
            updates=settings.final_updates,
            batch_size=settings.search.batch_size,
            precision=settings.search.precision,
            strategy=settings.search.strategy,
            positive_class=self.tuning.study.positive_class,
        )

    def _synthetic(self, arm: str, training_set: TrainingSet) -> LabeledImages | None:
        """Returns the images of the seed's GAN, which is trained if it is not there."""
        if arm != REAL_AND_GAN:
            return None
        study, seed = self.tuning.study, training_set.seed
        name = training_set.scarce_class
        finished = self.output / f"generators/{training_set.folder}/{name}/generator.json"
        if not finished.exists():
            self.announce(f"GAN of {name}, seed {seed}")
        with temporary_session(), get_strategy(study.settings.strategy).scope():
            entry = train_generator(
                training_set.train,
                name,
                study.settings,
                output=self.output,
                folder=training_set.folder,
                seed=seed,
            )
        self._generators[seed] = {"seed": seed, **entry}
        return load_drawn(training_set.train, self.output / "synthetic" / training_set.folder)
