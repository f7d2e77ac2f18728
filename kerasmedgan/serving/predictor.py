"""Stage 7, serving: `Predictor`, image files or arrays in, probabilities and decisions out."""

import dataclasses
import os
from collections.abc import Sequence

import numpy as np

from kerasmedgan.calibration import apply_temperature
from kerasmedgan.classifier import Classifier
from kerasmedgan.images import prepare_image
from kerasmedgan.likeness import LikenessRule
from kerasmedgan.serving.evidence import EvidenceClassifier
from kerasmedgan.serving.loading import load_checked_model
from kerasmedgan.serving.manifest import ServedArm, ServedRun, read_served_run


@dataclasses.dataclass(frozen=True, eq=False)
class ArmPrediction:
    """What one arm's classifier says of one image.

    Attributes:
        probabilities: float32 array, shape `(num_classes,)`, as the network gives them.
        calibrated: float64 array, the same at the temperature that was fitted on validation.
        decision: a class; `None` where the image is unlike the training images.
        threshold: chosen on validation, on the positive class's uncalibrated probability; `None`
            with more than two classes, where the largest probability decides.
        evidence: float32 array, shape `(height, width)`: see `EvidenceClassifier`.
    """

    probabilities: np.ndarray
    calibrated: np.ndarray
    decision: str | None
    threshold: float | None
    evidence: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Prediction:
    """What is said of one image.

    Attributes:
        arms: of each arm.
        unlike: why the image is unlike the training images; `None` where it is like them.
    """

    arms: dict[str, ArmPrediction]
    unlike: str | None


class Predictor:
    """The classifiers of a run, side by side.

    Example:
        predictor = Predictor.load("runs/mine")
        images = predictor.read([Path("scan.jpeg").read_bytes()])
        (prediction,) = predictor.predict(images)
        print(prediction.arms["real"].decision)

    Args:
        run: the content of the run's `serving.json`.
        classifiers: of each arm.
        rule: flags images unlike the training images.
    """

    def __init__(
        self, run: ServedRun, classifiers: dict[str, EvidenceClassifier], rule: LikenessRule
    ):
        """Takes what `load` loaded."""
        self.run = run
        self.rule = rule
        self._classifiers = classifiers

    @classmethod
    def load(
        cls, run: str | os.PathLike | ServedRun, *, arms: Sequence[str] | None = None
    ) -> "Predictor":
        """Loads the classifiers of a finished run, each after its sha256 was checked.

        Args:
            run: the folder of a run or study, or its opened `serving.json`.
            arms: the arms to load. Default: all.

        Raises:
            ServingError: if the run is not prepared for serving, or a file was changed.
            ValueError: if it has no such arm.
        """
        run = run if isinstance(run, ServedRun) else read_served_run(run)
        names = list(run.arms if arms is None else arms)
        if not names or set(names) - set(run.arms):
            raise ValueError(
                f"Invalid value for `arms`. Expected arms of {list(run.arms)}. Received: {names}. "
                "Leave it out for all."
            )
        positive = run.class_names.index(run.positive_class) if run.positive_class else None
        classifiers = {
            name: EvidenceClassifier(
                load_checked_model(run, run.arms[name].model, Classifier), positive
            )
            for name in names
        }
        predictor = cls(run, classifiers, run.likeness_rule())
        # The first call compiles; the first user should not wait for it.
        size = (1, run.image_size, run.image_size, run.channels)
        predictor.predict(np.zeros(size, np.uint8))
        return predictor

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that are loaded."""
        return tuple(self._classifiers)

    def read(self, files: Sequence[bytes]) -> np.ndarray:
        """Decodes image files on the pixel path of the training images.

        Args:
            files: whole files.

        Returns:
            uint8 array, shape `(count, image_size, image_size, channels)`.

        Raises:
            UnreadableImageError: if one is no image.
        """
        size, channels = self.run.image_size, self.run.channels
        images = np.empty((len(files), size, size, channels), np.uint8)
        pad = self.run.pad_to_aspect_ratio
        for index, data in enumerate(files):
            images[index] = prepare_image(data, size, channels=channels, pad_to_aspect_ratio=pad)
        return images

    def predict(self, images: np.ndarray) -> list[Prediction]:
        """Classifies images with every arm.

        Args:
            images: uint8 array, shape `(count, image_size, image_size, channels)`, as from `read`
                or `load_images`.

        Returns:
            One `Prediction` an image.

        Raises:
            ValueError: if the images are of another shape or dtype.
        """
        images = self._check(np.asarray(images))
        if not len(images):
            return []
        unlike = self.rule.reasons(images)
        outputs = {name: classify(images) for name, classify in self._classifiers.items()}
        return [
            Prediction(
                {
                    name: self._arm(self.run.arms[name], scores[row], maps[row], unlike[row])
                    for name, (scores, maps) in outputs.items()
                },
                unlike[row],
            )
            for row in range(len(images))
        ]

    def _arm(
        self, arm: ServedArm, probabilities: np.ndarray, evidence: np.ndarray, unlike: str | None
    ) -> ArmPrediction:
        return ArmPrediction(
            probabilities=probabilities,
            calibrated=apply_temperature(probabilities, arm.temperature),
            decision=None if unlike else self._decide(arm, probabilities),
            threshold=arm.threshold,
            evidence=evidence,
        )

    def _decide(self, arm: ServedArm, probabilities: np.ndarray) -> str:
        names, positive = self.run.class_names, self.run.positive_class
        if positive is None:
            return names[int(probabilities.argmax())]
        is_positive = probabilities[names.index(positive)] >= arm.threshold
        (negative,) = (name for name in names if name != positive)
        return positive if is_positive else negative

    def _check(self, images: np.ndarray) -> np.ndarray:
        expected = (self.run.image_size, self.run.image_size, self.run.channels)
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != expected:
            raise ValueError(
                f"Invalid value for `images`. Expected uint8 of shape {('count', *expected)}. "
                f"Received: {images.dtype} of shape {images.shape}. Pass files through `read`."
            )
        return images
