"""`QualityMonitor`: the quality of generated images every few epochs, and the best generator."""

import dataclasses
import logging

import keras
import numpy as np

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.split_guard import refuse_test_split
from kerasmedgan.distribution import spans_workers
from kerasmedgan.quality import FeatureExtractor, Judge, Measures, Score

# Whether a larger value is better.
_MEASURES = {
    field.name: field.name in ("precision", "recall", "density", "coverage")
    for field in dataclasses.fields(Measures)
    if field.name != "kid_spread"
}
_LOGGER = logging.getLogger(__name__)


class QualityMonitor(keras.callbacks.Callback):
    """Scores generated images against held-back real ones and keeps the best generator.

    Every `every` epochs, and at the last one, images are drawn, always from the same latents, and
    scored as `Judge` does. The measures stand in the logs and so in `history`, as `quality_kid`,
    `quality_frechet_distance` and so on; between two looks they are NaN. When training ends the
    averaged generator, with which images are drawn, gets its weights of the best look back; the
    networks that a further `fit` trains stay as they are. It is for one process.

    Callbacks that save or export the result at the end stand behind it in the list.

    Example:
        monitor = QualityMonitor(splits.validation.of_class("NORMAL"), features, every=10)
        gan.fit(..., callbacks=[monitor, SyntheticExport(...)])

    Args:
        real: held-back real images of the class that the GAN draws: of the validation split.
        extractor: makes the features.
        every: epochs between two looks.
        monitor: the measure that chooses: "kid", "frechet_distance" (the lowest is the best),
            "precision", "recall", "density" or "coverage" (the highest).
        keep_best: give the averaged generator its best weights back.
        seed: seed of the latents, halves and subsets.

    Attributes:
        judge: the `Judge`, with the floor.
        scores: the `Score` of each look, by epoch (from 1).
        best_epoch: the epoch of the best look; `None` before the first.

    Raises:
        TestSplitError: if `real` is of the test split.
    """

    def __init__(
        self,
        real: LabeledImages,
        extractor: FeatureExtractor,
        every: int = 10,
        monitor: str = "kid",
        keep_best: bool = True,
        seed: int = 0,
    ):
        """Checks the arguments and measures the real images."""
        super().__init__()
        refuse_test_split(real.split, "real", "use `splits.validation`")
        if every < 1:
            raise ValueError(
                "Invalid value for `every`. Expected an integer >= 1. "
                f"Received: {every}. Leave it out for the default."
            )
        if monitor not in _MEASURES:
            raise ValueError(
                f"Invalid value for `monitor`. Expected one of {list(_MEASURES)}. "
                f"Received: {monitor!r}. Choose from the list."
            )
        self.every = every
        self.monitor = monitor
        self.keep_best = keep_best
        self.seed = seed
        self.judge = Judge(real.images, extractor, groups=real.groups, seed=seed)
        self.scores: dict[int, Score] = {}
        self.best_epoch: int | None = None
        self._best_value = np.inf
        self._best_weights: list[np.ndarray] = []

    def on_train_begin(self, logs=None):
        """Refuses several workers, of which each would keep a generator of its own."""
        if spans_workers(self.model.distribute_strategy):
            raise ValueError(
                "Invalid value for `callbacks`. Expected a monitor in one process. Received: "
                "several workers. Leave it out there, and score the images when they are drawn."
            )

    def on_epoch_end(self, epoch, logs=None):
        """Scores the generator if it is due; else it notes that it did not."""
        number = epoch + 1
        names = [field.name for field in dataclasses.fields(Measures)]
        measures = dict.fromkeys(names, float("nan"))
        if number % self.every == 0 or number == self.params["epochs"]:
            measures = self._look(number)
        if logs is not None:
            logs |= {f"quality_{name}": value for name, value in measures.items()}

    def on_train_end(self, logs=None):
        """Gives the averaged generator its best weights."""
        if self.keep_best and self._best_weights:
            self.model.ema_generator.set_weights(self._best_weights)

    def get_state(self) -> dict[str, np.ndarray]:
        """Returns what it keeps as arrays, for `TrainingState.register`."""
        facts = np.array([self.best_epoch or 0, self._best_value])
        weights = {f"{place:04d}": array for place, array in enumerate(self._best_weights)}
        return {"facts": facts, **weights}

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what `get_state` returned."""
        self.best_epoch = int(state["facts"][0]) or None
        self._best_value = float(state["facts"][1])
        self._best_weights = [state[name] for name in sorted(state) if name != "facts"]

    def _look(self, number: int) -> dict[str, float]:
        images = self.model.generate(self.judge.count, seed=self.seed)
        score = self.scores[number] = self.judge(images)
        measures = dataclasses.asdict(score.measures)
        value = measures[self.monitor] * (-1 if _MEASURES[self.monitor] else 1)
        if value < self._best_value:
            self.best_epoch, self._best_value = number, value
            self._best_weights = self.model.ema_generator.get_weights()
        _LOGGER.info("Epoch %d: %s %.4g", number, self.monitor, measures[self.monitor])
        return measures
