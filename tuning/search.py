"""`search`: a search over classifiers that goes on where it was stopped."""

import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import keras_tuner
from keras_tuner.engine.hyperparameters import HyperParameter

from kerasmedgan.classifier import VALIDATION_AUC
from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.splits import Splits
from kerasmedgan.files import read_json
from kerasmedgan.run_folder import CONFIG, resume_run_folder
from kerasmedgan.tuning.hypermodel import ClassifierHyperModel
from kerasmedgan.tuning.oracles import HYPERBAND
from kerasmedgan.tuning.parallel import TIME_LIMIT, check_workers, run_workers
from kerasmedgan.tuning.result import TRIALS, SearchResult, read_result
from kerasmedgan.tuning.settings import SearchSettings, check_images
from kerasmedgan.tuning.tuner import remove_states
from kerasmedgan.tuning.work import SearchWork, is_worker

KIND = "search"
_LOGGER = logging.getLogger(__name__)


def search(
    splits: Splits,
    *,
    directory: str | os.PathLike,
    synthetic: LabeledImages | None = None,
    tuner: str = HYPERBAND,
    max_trials: int = 23,
    updates_per_trial: int = 450,
    executions_per_trial: int = 1,
    objective: str = VALIDATION_AUC,
    batch_size: int = 64,
    max_cost: float = 4.0,
    strategy: str = "auto",
    precision: str = "float32",
    seed: int = 0,
    overwrite: bool = False,
    workers: int = 1,
    time_limit: float = TIME_LIMIT,
    announce: Callable[[str], None] = _LOGGER.info,
) -> SearchResult:
    """Searches for the classifier that is best on validation.

    The first trial is always the untuned classifier, so the best is never worse than that on the
    validation images of the search. Each trial is trained by `train_classifier`, with the best
    epoch's weights. The test split is not looked at, and not handed to workers.

    A search that was stopped, by whatever, goes on when it is called again with the same
    arguments and directory: finished trials are kept, and one that was cut off goes on from its
    last epoch. With one process the same arguments give the same trials in the same order.

    Where the environment variables KERASTUNER_TUNER_ID, KERASTUNER_ORACLE_IP and
    KERASTUNER_ORACLE_PORT are set, as Keras Tuner documents them, this process is the chief (its
    ID has "chief" in it) or a worker of a search on several machines that share `directory`.

    Args:
        splits: the images; training and validation share no patient.
        directory: a new or empty folder, or that of the same search.
        synthetic: images of a GAN that saw only `splits.train`. Their dose, `synthetic_ratio`, is
            then a hyperparameter; 0.25 to 2 for each real image of their class, as far as they go.
        tuner: "hyperband", "random" or "bayesian".
        max_trials: number of trials; with Hyperband a promotion to a longer training counts as
            one: 23 are one whole sweep of 17 networks, 13 its first bracket of nine.
        updates_per_trial: optimizer updates of a trial; with Hyperband of its longest, and a
            multiple of its epochs (9, from 40 trials on 27, below 13 trials 3).
        executions_per_trial: classifiers of different seeds a trial; the score is their mean.
        objective: "val_auc", "val_loss" or "val_accuracy", of the epoch with the best `val_auc`.
        batch_size: images an update.
        max_cost: most multiply-adds of a network, those of the untuned one being 1. Costlier
            ones are drawn anew, so that no trial eats the time of several.
        strategy: as in `kerasmedgan.distribution.get_strategy`, of one process.
        precision: "float32" or "mixed_bfloat16".
        seed: of the hyperparameters, the weights and the batch order.
        overwrite: remove an older search in `directory` first.
        workers: processes on this machine that run trials, beside a chief that hands them out.
        time_limit: seconds without a sign of life (an epoch) of a worker that end the search; on
            several machines, how long a worker waits for the chief to begin.
        announce: called with one line for each trial that begins or ends.

    Returns:
        The result; also in `directory/trials.csv`. A worker's may lack what others still run.

    Raises:
        TestSplitError: if one of the sets is the test split.
        ValueError: if an argument cannot be used.
        FileExistsError: if the folder holds something else, or a search with other settings or
            another space, whose difference it names.
        OSError: if the folder cannot be written.
        SearchError: if no trial could be completed.
        TimeoutError: if a worker hangs, or waits in vain for the chief to begin.
    """
    settings = SearchSettings(
        tuner=tuner,
        max_trials=max_trials,
        updates_per_trial=updates_per_trial,
        executions_per_trial=executions_per_trial,
        objective=objective,
        batch_size=batch_size,
        max_cost=max_cost,
        strategy=strategy,
        precision=precision,
        seed=seed,
    )
    check_images(splits, synthetic, batch_size)
    check_workers(workers, time_limit)
    work = SearchWork(settings, splits.train, splits.validation, synthetic, Path(directory))
    if is_worker():
        _await_chief(work.directory, time_limit)
    _open_folder(work, overwrite=overwrite and not is_worker())
    if workers > 1:
        run_workers(work, workers=workers, time_limit=time_limit, announce=announce)
    else:
        work.run(announce, sign_of_life=lambda: None)
    result = read_result(directory, settings)
    if not is_worker():
        for folder in (work.directory / TRIALS).glob("trial_*"):
            remove_states(folder)
        result.write_csv(work.directory / "trials.csv")
    return result


def _await_chief(path: Path, time_limit: float) -> None:
    """Waits until the chief has opened the folder: a worker may have been started before it."""
    end = time.monotonic() + time_limit
    while not (path / CONFIG).exists():
        if time.monotonic() > end:
            raise TimeoutError(
                f"The chief of the search has not begun. Expected {path / CONFIG} within "
                f"{time_limit:g} seconds. Received: no such file. Start the chief, and name a "
                "folder that all machines see."
            )
        time.sleep(1)


def _open_folder(work: SearchWork, *, overwrite: bool) -> None:
    """Writes what the search is, or refuses a folder that holds another."""
    path = work.directory
    if overwrite and (path / CONFIG).exists() and read_json(path / CONFIG).get("kind") == KIND:
        shutil.rmtree(path)
    settings, synthetic = work.settings, work.synthetic
    space = settings.hypermodel(work.train, synthetic)
    config = {
        "kind": KIND,
        **{name: getattr(settings, name) for name in settings.__dataclass_fields__},
        **{f"space.{name}": text for name, text in describe_space(space).items()},
        "training images": work.train.fingerprint(),
        "validation images": work.validation.fingerprint(),
        "synthetic images": None if synthetic is None else synthetic.fingerprint(),
    }
    try:
        resume_run_folder(path, config, argument="directory")
    except FileExistsError:
        raise
    except OSError as error:
        raise OSError(
            f"Invalid value for `directory`. Expected a folder that can be written. Received: "
            f"{path} ({error}). Choose another."
        ) from error


def describe_space(hypermodel: ClassifierHyperModel) -> dict[str, str]:
    """Returns each hyperparameter's values in a few words."""
    space = keras_tuner.HyperParameters()
    hypermodel.declare_hyperparameters(space)
    hypermodel.build(space)
    return {parameter.name: _describe(parameter) for parameter in space.space}


def _describe(parameter: HyperParameter) -> str:
    config = parameter.get_config()
    if "values" in config:
        return f"{config['values']}, default {parameter.default}"
    if "value" in config:
        return f"{config['value']}"
    step = f", step {config['step']}" if config["step"] else ""
    return (
        f"{config['min_value']} to {config['max_value']}{step}, {config['sampling']}, "
        f"default {parameter.default}"
    )
