"""Stage 6, study: all cells of a study, one by one, into a folder that can be taken up again."""

import logging
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from kerasmedgan.distribution import get_strategy
from kerasmedgan.files import write_json
from kerasmedgan.run_folder import resume_run_folder
from kerasmedgan.study.arms import ARMS, EVERY_CLASS
from kerasmedgan.study.cell import cell_name, run_cell
from kerasmedgan.study.generator import FACTS, generator_folder, train_generator
from kerasmedgan.study.prepare import Study, TrainingSet
from kerasmedgan.study.progress import Progress
from kerasmedgan.study.results import collect_results
from kerasmedgan.temporary_session import temporary_session

DATA_REPORT, RESULTS = "data_report.json", "results.json"
_LOGGER = logging.getLogger(__name__)


def run_study(
    study: Study,
    output: str | os.PathLike,
    *,
    announce: Callable[[str], None] = _LOGGER.info,
) -> dict:
    """Runs every cell that the folder lacks and writes `results.json`.

    A study that was stopped, by whatever, goes on where it was: cells and GANs that are finished
    are read, not run. The models are made in the scope of the study's strategy.

    Args:
        study: from `prepare_study`.
        output: a new or empty folder, or that of the same study.
        announce: called with one line before each cell.

    Returns:
        The content of `results.json`.

    Raises:
        FileExistsError: if the folder holds something else, or a study of other settings.
    """
    output = open_study_folder(output, study)
    work = _Work(study, output, announce)
    cells, generators, sets = [], [], []
    for fraction in study.settings.fractions:
        for seed in study.settings.seed_list:
            training_set = study.training_set(fraction, seed)
            sets.append(training_set.facts())
            drawn = set()
            for arm in study.settings.arms:
                conditional = ARMS[arm].conditional
                for class_name in training_set.classes_of(arm):
                    if (class_name, conditional) not in drawn:
                        generators.append(work.generator(training_set, class_name, conditional))
                        drawn.add((class_name, conditional))
                cells.append(work.cell(training_set, arm))
    results = collect_results(study, output, cells, generators, sets)
    write_json(output / RESULTS, results)
    return results


def open_study_folder(path: str | os.PathLike, study: Study) -> Path:
    """Returns the study's folder, with `config.json` in it.

    Raises:
        FileExistsError: if it holds something else, or a study of other settings.
    """
    path = resume_run_folder(path, {**study.config, "command": shlex.join(sys.argv)})
    if not (path / DATA_REPORT).exists():
        write_json(path / DATA_REPORT, study.report)
    return path


class _Work:
    """The pieces of a study's work, each announced and counted."""

    def __init__(self, study: Study, output: Path, announce: Callable[[str], None]):
        self.study, self.output, self.announce = study, output, announce
        sets = study.config["training_sets"]
        self.progress = Progress(
            {"GAN": len(sets) * _gans_a_set(study), "cell": len(sets) * len(study.settings.arms)}
        )

    def generator(self, training_set: TrainingSet, class_name: str, conditional: bool) -> dict:
        """Trains or reads the GAN of a class, or of all, and draws the class."""
        name = f"fraction {training_set.fraction:g}, seed {training_set.seed}, {class_name}"
        name += " by a GAN of all classes" * conditional

        def train() -> dict:
            return train_generator(
                training_set.train,
                class_name,
                self.study.settings,
                output=self.output,
                folder=training_set.folder,
                seed=training_set.seed,
                conditional=conditional,
            )

        folder = generator_folder(training_set.folder, conditional=conditional)
        finished = self.output / "generators" / folder / class_name / FACTS
        entry = self._run("GAN", name, train, finished)
        return {"fraction": training_set.fraction, "seed": training_set.seed, **entry}

    def cell(self, training_set: TrainingSet, arm: str) -> dict:
        """Runs or reads a cell."""

        def run() -> dict:
            return run_cell(arm, training_set, self.study, self.output)

        finished = self.output / f"cells/{training_set.folder}/{arm}/cell.json"
        return self._run("cell", cell_name(training_set, arm), run, finished)

    def _run(self, kind: str, name: str, work: Callable[[], dict], finished: Path) -> dict:
        is_finished = finished.exists()
        line = self.progress.begin(kind)
        if not is_finished:
            self.announce(f"{line}: {name}")
        # Graphs and weights would otherwise pile up, cell after cell.
        with temporary_session(), get_strategy(self.study.settings.strategy).scope():
            entry = work()
        self.progress.end(kind, measured=not is_finished)
        return entry


def _gans_a_set(study: Study) -> int:
    """Returns how many classes are drawn for each training set, by either kind of GAN."""
    total = 0
    for conditional in (False, True):
        arms = [ARMS[name] for name in study.settings.arms if ARMS[name].conditional == conditional]
        if any(arm.draws == EVERY_CLASS for arm in arms):
            total += len(study.config["training_sets"][0]["images"])
        else:
            total += any(arm.is_synthetic for arm in arms)
    return total
