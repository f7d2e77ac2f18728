"""`ClassifierHyperModel`: the classifiers that Keras Tuner may choose from."""

import keras
import keras_tuner

from kerasmedgan.classifier import build_classifier, compile_classifier


class ClassifierHyperModel(keras_tuner.HyperModel):
    """A search space only: it holds no data, and a tuner decides what to try.

    Name the objective `keras_tuner.Objective("val_auc", "max")`, and pass `tuner.search` batches
    through `kerasmedgan.classifier.one_hot`.

    Args:
        image_size: side of the images in pixels, at least 32.
        channels: 1 or 3.
        num_classes: number of classes.
        updates: optimizer updates of a trial, for the learning rate's decay.
        seed: seed of the initial weights, the same in every trial.
    """

    def __init__(
        self,
        *,
        image_size: int,
        channels: int = 1,
        num_classes: int = 2,
        updates: int = 500,
        seed: int = 0,
    ):
        """Keeps the arguments."""
        super().__init__(name="classifier")
        self.image_size = image_size
        self.channels = channels
        self.num_classes = num_classes
        self.updates = updates
        self.seed = seed

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """Builds and compiles the classifier of one trial."""
        depth = hp.Int("depth", 3, 5, default=4)
        width = hp.Choice("filters", [8, 16, 32], default=16)
        model = build_classifier(
            image_size=self.image_size,
            channels=self.channels,
            num_classes=self.num_classes,
            filters=[min(width * 2**block, 8 * width) for block in range(depth)],
            dropout=hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.3),
            seed=self.seed,
        )
        compile_classifier(
            model,
            updates=self.updates,
            learning_rate=hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=1e-3),
            label_smoothing=hp.Choice("label_smoothing", [0.0, 0.05, 0.1], default=0.0),
        )
        return model
