"""A network of a search trained anew with one seed, for the final round or before; resumable."""

import dataclasses
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import keras
import keras_tuner

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.distribution import get_strategy
from kerasmedgan.evaluation import choose_threshold, evaluate, predict
from kerasmedgan.files import read_json, write_json
from kerasmedgan.fingerprints import weights_sha256
from kerasmedgan.study.arms import composition
from kerasmedgan.study.cell import CELL, CHOICE, OPENINGS, finish_cell
from kerasmedgan.study.prepare import TrainingSet
from kerasmedgan.study.run import save_classifier
from kerasmedgan.study.train import updates_per_epoch
from kerasmedgan.tuning.candidate import kept_epoch, train_candidate, training_images
from kerasmedgan.tuning.hypermodel import ClassifierHyperModel, own_values

UNTUNED = "untuned"


@dataclasses.dataclass(frozen=True)
class Final:
    """One classifier.

    Attributes:
        arm: "real", "real+gan" or "untuned".
        directory: its folder below that of the comparison.
        values: its hyperparameters.
        training_set: the real images of its seed.
        synthetic: the synthetic images of its seed; `None` in an arm without.
        updates: optimizer updates, the same in all arms.
        batch_size: images an update, the same in all arms.
        precision: as in `search`.
        strategy: as in `search`.
        positive_class: the class to detect.
    """

    arm: str
    directory: str
    values: Mapping
    training_set: TrainingSet
    synthetic: LabeledImages | None
    updates: int
    batch_size: int
    precision: str
    strategy: str
    positive_class: str

    def choose(self, output: Path) -> dict:
        """Runs what is missing: training, then the threshold. The test split stays closed."""
        directory = output / self.directory
        if not (directory / CHOICE).exists():
            self._train_and_choose(directory)
        return read_json(directory / CHOICE)

    def run(self, output: Path) -> dict:
        """Runs what is missing: as `choose`, then the test split, opened once."""
        directory = output / self.directory
        if (directory / CELL).exists():
            return read_json(directory / CELL)
        self.choose(output)
        return finish_cell(
            directory,
            name=f"seed {self.training_set.seed}, {self.arm}",
            splits=self.training_set.splits,
            positive_class=self.positive_class,
            record=output / OPENINGS,
        )

    def _train_and_choose(self, directory: Path) -> None:
        start, seed = time.perf_counter(), self.training_set.seed
        real, validation = self.training_set.train, self.training_set.splits.validation
        train = training_images(self.values, real, self.synthetic)
        with get_strategy(self.strategy).scope():
            model = self._build(real)
        history = train_candidate(
            model,
            self.values,
            train,
            validation,
            updates=self.updates,
            updates_per_epoch=updates_per_epoch(self.updates),
            batch_size=self.batch_size,
            seed=seed,
            state_directory=directory / "state",
        )
        save_classifier(model, history, directory)
        predicted = predict(model, validation)
        threshold = choose_threshold(predicted, self.positive_class)
        scores = evaluate(predicted, positive_class=self.positive_class, threshold=threshold)
        choice = {
            "seed": seed,
            "arm": self.arm,
            "directory": self.directory,
            "hyperparameters": own_values(self.values),
            "train": composition(train),
            "threshold": threshold,
            "validation_auc": scores["auc"],
            "updates": self.updates,
            "batch_size": self.batch_size,
            "best_epoch": kept_epoch(history) + 1,
            "parameters": model.count_params(),
            "weights_sha256": weights_sha256(model),
            "seconds": round(time.perf_counter() - start, 1),
        }
        write_json(directory / CHOICE, choice)
        shutil.rmtree(directory / "state", ignore_errors=True)

    def _build(self, real: LabeledImages) -> keras.Model:
        space = ClassifierHyperModel(
            image_size=real.image_size,
            channels=real.channels,
            num_classes=real.num_classes,
            updates=self.updates,
            seed=self.training_set.seed,
            dtype=self.precision,
        )
        hyperparameters = keras_tuner.HyperParameters()
        hyperparameters.values = dict(self.values)
        return space.build(hyperparameters)


def untuned_values(real: LabeledImages) -> dict:
    """Returns the hyperparameters of the untuned classifier on real images."""
    space = ClassifierHyperModel(
        image_size=real.image_size, channels=real.channels, num_classes=real.num_classes
    )
    hyperparameters = keras_tuner.HyperParameters()
    space.declare_hyperparameters(hyperparameters)
    space.build(hyperparameters)
    return hyperparameters.values
