"""`ClassifierTuner`: runs the trials that an oracle asks for, by the classifiers' own training."""

import math
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import keras
import keras_tuner
from keras_tuner.engine.trial import Trial
from keras_tuner.engine.tuner import maybe_distribute
from keras_tuner.errors import FatalRuntimeError

from kerasmedgan.classifier import VALIDATION_AUC
from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.files import atomic_directory, read_json, write_json
from kerasmedgan.resume import TrainingStateError
from kerasmedgan.study.run import save_classifier
from kerasmedgan.temporary_session import temporary_session
from kerasmedgan.tuning.candidate import kept_epoch, train_candidate, training_images
from kerasmedgan.tuning.hypermodel import SYNTHETIC_RATIO, own_values
from kerasmedgan.tuning.settings import EPOCHS, PROMOTED, SearchSettings

FACTS, FAILURE, MODEL = "facts.json", "failure.json", "model.keras"


class ClassifierTuner(keras_tuner.Tuner):
    """A tuner for `ClassifierHyperModel` that trains by `train_classifier`.

    A promoted trial of Hyperband goes on from the whole state of the one before it: weights,
    optimizer, schedule, order of the batches. (Keras Tuner's own begins a new optimizer.)

    Args:
        oracle: from `make_oracle`.
        settings: of the search.
        train: real training images.
        validation: validation images.
        synthetic: images of a GAN that saw only `train`, or `None`.
        announce: called with one line for each trial that begins or ends.
        sign_of_life: called at the end of each epoch and each trial.
        **kwargs: of `keras_tuner.Tuner`.
    """

    def __init__(
        self,
        oracle,
        *,
        settings: SearchSettings,
        train: LabeledImages,
        validation: LabeledImages,
        synthetic: LabeledImages | None,
        announce: Callable[[str], None],
        sign_of_life: Callable[[], None],
        **kwargs,
    ):
        """Keeps the images and takes up a search that its directory holds."""
        self.settings, self.announce, self.sign_of_life = settings, announce, sign_of_life
        self.train, self.validation, self.synthetic = train, validation, synthetic
        self._joined: dict[float, LabeledImages] = {}
        super().__init__(oracle=oracle, hypermodel=settings.hypermodel(train, synthetic), **kwargs)

    def run_trial(self, trial: Trial, *args, **kwargs) -> dict[str, float]:
        """Trains a trial's classifiers and returns the mean of their scores.

        Raises:
            FatalRuntimeError: if the disk is full; the search ends there and can be resumed.
        """
        start, values = time.perf_counter(), trial.hyperparameters.values
        directory = Path(self.get_trial_dir(trial.trial_id))
        self.announce(f"trial {trial.trial_id} begins: {describe_values(values)}")
        (directory / FAILURE).unlink(missing_ok=True)
        try:
            executions = []
            for number in range(self.executions_per_trial):
                with temporary_session():
                    executions.append(self._execute(trial, directory, number))
            self._keep_best(directory, executions)
            objective = self.settings.objective
            score = sum(one["score"] for one in executions) / len(executions)
            if not math.isfinite(score):
                raise ValueError(f"{objective} is {score}: the training diverged.")
        except TrainingStateError as error:
            raise FatalRuntimeError(str(error)) from error
        except Exception as error:
            # Workers' messages would not reach the chief: Keras Tuner does not send them.
            write_json(directory / FAILURE, {"message": f"{type(error).__name__}: {error}"})
            self.announce(f"trial {trial.trial_id} failed: {type(error).__name__}: {error}")
            raise
        facts = {
            "executions": executions,
            "seconds": round(time.perf_counter() - start, 1),
        }
        write_json(directory / FACTS, facts)
        self.announce(f"trial {trial.trial_id} ended: {objective} {score:.4f}")
        return {objective: score}

    def on_trial_end(self, trial: Trial) -> None:
        """Reports the trial; what only a cut-off one would need is removed."""
        super().on_trial_end(trial)
        self.sign_of_life()
        if EPOCHS not in trial.hyperparameters.values:
            remove_states(Path(self.get_trial_dir(trial.trial_id)))

    def load_model(self, trial: Trial) -> keras.Model:
        """Returns a trial's classifier with the weights of its best epoch."""
        path = Path(self.get_trial_dir(trial.trial_id)) / MODEL
        with maybe_distribute(self.distribution_strategy):
            return keras.saving.load_model(path, compile=False)

    def save(self) -> None:
        """Writes the state of the search."""
        if not self._is_worker():
            self.oracle.save()
        write_json(self._get_tuner_fname(), self.get_state())

    def _get_tuner_fname(self) -> str:
        # A chief takes up what a single process began, and the other way round.
        name = self.tuner_id if self._is_worker() else "tuner"
        return str(Path(self.project_dir) / f"{name}.json")

    def _execute(self, trial: Trial, directory: Path, number: int) -> dict:
        """Trains one classifier of a trial, or goes on with it."""
        values, settings = trial.hyperparameters.values, self.settings
        folder = directory / f"execution_{number}"
        state = folder / "state"
        if PROMOTED in values and not state.exists():
            before = Path(self.get_trial_dir(values[PROMOTED])) / folder.name / "state"
            with atomic_directory(state) as temporary:
                shutil.copytree(before, temporary, dirs_exist_ok=True)
        hypermodel = settings.hypermodel(self.train, self.synthetic, execution=number)
        with maybe_distribute(self.distribution_strategy):
            model = hypermodel.build(trial.hyperparameters)
        history = train_candidate(
            model,
            values,
            self._training_images(values),
            self.validation,
            updates=settings.updates_per_trial,
            updates_per_epoch=settings.updates_per_epoch,
            stop_after=values.get(EPOCHS, 0) * settings.updates_per_epoch or None,
            batch_size=settings.batch_size,
            seed=settings.seed + number,
            state_directory=state,
            callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=self._on_epoch_end)],
        )
        save_classifier(model, history, folder)
        epoch = kept_epoch(history)
        return {
            "score": history[settings.objective][epoch],
            VALIDATION_AUC: history[VALIDATION_AUC][epoch],
            "best_epoch": epoch + 1,
            "parameters": model.count_params(),
        }

    def _training_images(self, values: dict) -> LabeledImages:
        # One set a dose: TensorFlow keeps hold of the images of every pipeline that was ever made.
        ratio = values[SYNTHETIC_RATIO]
        if ratio not in self._joined:
            self._joined[ratio] = training_images(values, self.train, self.synthetic)
        return self._joined[ratio]

    def _keep_best(self, directory: Path, executions: list[dict]) -> None:
        """Moves the better classifier and its history to the trial's folder."""
        best = max(range(len(executions)), key=lambda n: executions[n][VALIDATION_AUC])
        for name in (MODEL, "history.csv"):
            (directory / f"execution_{best}" / name).replace(directory / name)

    def _on_epoch_end(self, epoch: int, logs: dict) -> None:
        self.sign_of_life()


def describe_values(values: dict) -> str:
    """Writes the hyperparameters of a trial on one line."""
    own = own_values(values)
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in own.items()
    )


def remove_states(trial_directory: Path) -> None:
    """Removes the states of a trial's trainings."""
    for folder in trial_directory.glob("execution_*"):
        shutil.rmtree(folder, ignore_errors=True)


def read_facts(trial_directory: Path) -> dict:
    """Returns what a trial cost and gave, and its message if it failed."""
    found = {}
    for name in (FACTS, FAILURE):
        if (trial_directory / name).exists():
            found |= read_json(trial_directory / name)
    return found
