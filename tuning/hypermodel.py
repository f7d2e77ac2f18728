"""`ClassifierHyperModel`: the classifiers that Keras Tuner may choose from."""

from collections.abc import Mapping, Sequence

import keras
import keras_tuner

from kerasmedgan.classifier import (
    OPTIMIZERS,
    POOLINGS,
    SCHEDULES,
    build_classifier,
    compile_classifier,
)

SYNTHETIC_RATIO, CLASSICAL_STRENGTH = "synthetic_ratio", "classical_strength"
# Synthetic images for each real one of their class.
RATIOS = (0.25, 0.5, 1.0, 2.0)
# All of them, in the order of tables.
NAMES = (
    *("depth", "filters", "kernel", "normalisation", "pooling", "dropout", "optimizer"),
    *("learning_rate_adam", "learning_rate_sgd", "schedule", "weight_decay", "label_smoothing"),
    *(CLASSICAL_STRENGTH, SYNTHETIC_RATIO),
)
# Networks without any fell behind all others in a first search on chest X-rays.
_NORMALISATIONS = ("batch", "group")
_WIDEST = 8


class ClassifierHyperModel(keras_tuner.HyperModel):
    """A search space only: it holds no data, and a tuner decides what to try.

    The defaults are the untuned classifier. Seed and dtype are given to every layer in `build`,
    so that the tuner's `clear_session` takes nothing away, and a strategy's scope is the tuner's.

    Name the objective `keras_tuner.Objective("val_auc", "max")`. With a tuner of Keras Tuner's own
    the hyperparameters of the data do nothing; `kerasmedgan.tuning.search` heeds them.

    Args:
        image_size: side of the images in pixels, at least 32.
        channels: 1 or 3.
        num_classes: number of classes.
        updates: optimizer updates of a whole training, for the learning rate's schedule.
        seed: seed of the initial weights and of dropout, the same in every trial.
        dtype: dtype policy of the hidden layers.
        synthetic_ratios: doses to choose from, of synthetic images for each real one of their
            class. With none the ratio is fixed at 0, so that both arms of a comparison draw the
            same random networks.
    """

    def __init__(
        self,
        *,
        image_size: int,
        channels: int = 1,
        num_classes: int = 2,
        updates: int = 500,
        seed: int = 0,
        dtype: str = "float32",
        synthetic_ratios: Sequence[float] = (),
    ):
        """Keeps the arguments."""
        super().__init__(name="classifier")
        self.image_size = image_size
        self.channels = channels
        self.num_classes = num_classes
        self.updates = updates
        self.seed = seed
        self.dtype = dtype
        self.synthetic_ratios = tuple(synthetic_ratios)

    def declare_hyperparameters(self, hp: keras_tuner.HyperParameters) -> None:
        """Declares what `build` does not use: the hyperparameters of the data."""
        # How much of the default shift, rotation, zoom and contrast.
        hp.Choice(CLASSICAL_STRENGTH, [0.0, 0.5, 1.0, 2.0], default=0.0)
        if self.synthetic_ratios:
            ratios = sorted(self.synthetic_ratios)
            usual = 1.0 if 1.0 in ratios else ratios[-1]
            hp.Choice(SYNTHETIC_RATIO, ratios, default=usual)
        else:
            hp.Fixed(SYNTHETIC_RATIO, 0.0)

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """Builds and compiles the classifier of one trial."""
        depth = hp.Int("depth", 3, 5, default=4)
        width = hp.Choice("filters", [8, 16, 32], default=16)
        model = build_classifier(
            image_size=self.image_size,
            channels=self.channels,
            num_classes=self.num_classes,
            filters=filters_of(depth, width),
            kernel_size=hp.Choice("kernel", [3, 5], default=3),
            normalisation=hp.Choice("normalisation", list(_NORMALISATIONS), default="batch"),
            pooling=hp.Choice("pooling", list(POOLINGS), default="max"),
            dropout=hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.3),
            seed=self.seed,
            dtype=self.dtype,
        )
        optimizer = hp.Choice("optimizer", list(OPTIMIZERS), default="adam")
        compile_classifier(
            model,
            updates=self.updates,
            optimizer=optimizer,
            learning_rate=_learning_rate(hp, optimizer),
            schedule=hp.Choice("schedule", list(SCHEDULES), default="cosine"),
            weight_decay=hp.Choice("weight_decay", [0.0, 1e-3, 1e-2, 1e-1], default=0.0),
            label_smoothing=hp.Choice("label_smoothing", [0.0, 0.05, 0.1], default=0.0),
        )
        return model

    def relative_cost(self, values: Mapping) -> float:
        """Returns a network's multiply-adds an image, that of the untuned one being 1.

        Args:
            values: `depth`, `filters` and `kernel`, as in `HyperParameters.values`.
        """
        cost = self._multiply_adds(values["depth"], values["filters"], values["kernel"])
        return cost / self._multiply_adds(4, 16, 3)

    def _multiply_adds(self, depth: int, width: int, kernel: int) -> int:
        total, before = 0, self.channels
        for block, filters in enumerate(filters_of(depth, width)):
            total += (self.image_size >> block) ** 2 * kernel**2 * before * filters
            before = filters
        return total


def own_values(values: Mapping) -> dict:
    """Returns the hyperparameters without those that Hyperband adds."""
    return {name: value for name, value in values.items() if not name.startswith("tuner/")}


def filters_of(depth: int, width: int) -> list[int]:
    """Returns the filters of each block: doubled from one to the next, at most eightfold."""
    return [min(width * 2**block, _WIDEST * width) for block in range(depth)]


def _learning_rate(hp: keras_tuner.HyperParameters, optimizer: str) -> float:
    """Returns the rate of the optimizer chosen: each has its own range."""
    rates = {
        name: hp.Float(
            f"learning_rate_{name}",
            *limits,
            sampling="log",
            default=default,
            parent_name="optimizer",
            parent_values=[name],
        )
        for name, limits, default in (
            ("adam", (3e-4, 1e-2), 1e-3),
            ("sgd", (5e-3, 1e-1), 1e-2),
        )
    }
    return rates[optimizer]
