"""`TrainingWatchdog`: a GAN that breaks or collapses goes back, changed, to where it was well."""

import logging

import keras
import numpy as np

from kerasmedgan.callbacks.training_state import TrainingState
from kerasmedgan.distribution import spans_workers
from kerasmedgan.gan.dcgan import REAL_ACCURACY, SYNTHETIC_ACCURACY
from kerasmedgan.gan.optimizers import scale_learning_rate
from kerasmedgan.quality import mean_pairwise_distance
from kerasmedgan.resume import get_model_state, set_model_state

_PINNED = 0.999
_NETWORKS = {"g_optimizer": "generator", "d_optimizer": "discriminator"}
_LOGGER = logging.getLogger(__name__)


class TrainingWatchdog(keras.callbacks.Callback):
    """Watches a DCGAN in training and steps in, at most three times, before it is lost.

    It looks for numbers that are not finite, in the losses after each batch and in the weights
    after each epoch; for images that have become alike (their mean pairwise distance beside that
    of real images); and for a discriminator that has long been right about every image, from which
    the generator learns nothing more.

    Each time the model goes back to the end of the last epoch at which nothing of that had begun,
    which is kept in memory, and something changes: first both learning rates are halved, then the
    discriminator is regularised (`r1_weight`), then both at once, more strongly. After that it
    stops the training, with a diagnosis in words. It is for one process, not for several workers.

    Example:
        state = TrainingState("runs/state")
        watchdog = TrainingWatchdog(normal.images, state)
        epoch = state.restore(gan)
        gan.fit(..., initial_epoch=epoch, callbacks=[watchdog, state])

    Args:
        real: uint8 array, shape `(count, height, width, channels)`: real training images.
        state: the callback that saves the training, so that a resumed training keeps the changes.
            It must stand behind this one in the list of callbacks.
        min_diversity: the smallest mean pairwise distance of synthetic images, as a share of that
            of real ones, in [0, 1].
        collapse_patience: epochs below that until it steps in. A GAN begins with images alike.
        pinned_patience: epochs with a discriminator that is always right until it steps in. A
            small training set is soon learned by heart, and images may still improve: be patient.
        samples: synthetic images to look at, always of the same latents; 2 at least.
        seed: seed of the latents.

    Attributes:
        changes: how often it stepped in.
        diagnosis: why it stopped the training; `None` if it did not.
    """

    MAX_CHANGES = 3

    def __init__(
        self,
        real: np.ndarray,
        state: TrainingState | None = None,
        min_diversity: float = 0.25,
        collapse_patience: int = 10,
        pinned_patience: int = 100,
        samples: int = 64,
        seed: int = 0,
    ):
        """Measures the real images and registers with the state."""
        super().__init__()
        if not 0 <= min_diversity <= 1:
            raise ValueError(
                "Invalid value for `min_diversity`. Expected a number in [0, 1]. "
                f"Received: {min_diversity}. Use 0 to leave the test for collapse out."
            )
        counts = {"collapse_patience": (collapse_patience, 1), "samples": (samples, 2)}
        for name, (value, least) in {**counts, "pinned_patience": (pinned_patience, 1)}.items():
            if value < least:
                raise ValueError(
                    f"Invalid value for `{name}`. Expected an integer >= {least}. "
                    f"Received: {value}. Leave it out for the default."
                )
        self.real_distance = mean_pairwise_distance(real)
        self.min_diversity = min_diversity
        self.collapse_patience = collapse_patience
        self.pinned_patience = pinned_patience
        self.samples = samples
        self.seed = seed
        self.changes = 0
        self.diagnosis: str | None = None
        self._reasons: list[str] = []
        self._alike = self._pinned = 0
        self._well: dict[str, np.ndarray] = {}
        self._changed: tuple[keras.Model | None, int] = (None, 0)
        if state is not None:
            state.register("watchdog", self)

    def on_train_begin(self, logs=None):
        """Makes the changes that this model lacks: all of them, if it was just resumed."""
        if spans_workers(self.model.distribute_strategy):
            raise ValueError(
                "Invalid value for `callbacks`. Expected a watchdog in one process. Received: "
                "several workers, which it would send back apart. Leave it out there."
            )
        self.diagnosis = None
        made = self._changed[1] if self._changed[0] is self.model else 0
        for number in range(made + 1, self.changes + 1):
            self._change(number, is_resumed=True)
        if not self._well:
            self._well = get_model_state(self.model)

    def on_epoch_begin(self, epoch, logs=None):
        """Notes the epoch for the diagnosis."""
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        """Steps in if a loss is not finite."""
        wrong = [name for name, value in (logs or {}).items() if not np.isfinite(value)]
        if wrong:
            self._step_in(f"{' and '.join(wrong)} not finite")

    def on_epoch_end(self, epoch, logs=None):
        """Steps in if the weights are not finite, images are alike or accuracies are pinned."""
        if logs and not any(map(keras.ops.convert_to_numpy, self._counts())):
            # No batch came after it stepped in: the means are over nothing.
            logs.update(dict.fromkeys(logs, np.nan))
        if reason := self._trouble(logs or {}):
            self._step_in(reason)
        elif not (self._alike or self._pinned):
            self._well = get_model_state(self.model)

    def on_train_end(self, logs=None):
        """Forgets the model, which another fit may find changed."""
        self._well = {}

    def get_state(self) -> dict[str, np.ndarray]:
        """Returns what a resumed training must know."""
        # While all is well the model itself is what to go back to.
        well = self._well if self._alike or self._pinned else {}
        return {
            "counts": np.array([self.changes, self._alike, self._pinned]),
            "reasons": np.array(self._reasons, dtype=str),
            **{f"well/{name}": array for name, array in well.items()},
        }

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what `get_state` returned."""
        self.changes, self._alike, self._pinned = map(int, state["counts"])
        self._reasons = list(map(str, state["reasons"]))
        self._well = {
            name.removeprefix("well/"): array
            for name, array in state.items()
            if name.startswith("well/")
        }

    def _trouble(self, logs: dict) -> str | None:
        networks = (self.model.generator, self.model.discriminator)
        if not all(np.isfinite(w).all() for network in networks for w in network.get_weights()):
            return "weights not finite"
        images = self.model.generate(self.samples, seed=self.seed)
        diversity = mean_pairwise_distance(images) / self.real_distance
        self._alike = self._alike + 1 if diversity < self.min_diversity else 0
        if self._alike >= self.collapse_patience:
            return f"images alike (diversity {diversity:.2f} of that of real images)"
        always_right = min(logs[REAL_ACCURACY], logs[SYNTHETIC_ACCURACY]) >= _PINNED
        self._pinned = self._pinned + 1 if always_right else 0
        if self._pinned >= self.pinned_patience:
            return f"a discriminator that was always right for {self._pinned} epochs"
        return None

    def _counts(self) -> list[keras.Variable]:
        return [tracker.count for tracker in self.model.metrics]

    def _step_in(self, reason: str) -> None:
        self._alike = self._pinned = 0
        self._reasons.append(f"epoch {self._epoch}: {reason}")
        set_model_state(self.model, self._well)
        # Otherwise the mean over the epoch stays what it was, not finite.
        self.model.reset_metrics()
        if self.changes == self.MAX_CHANGES:
            self._stop()
            return
        self.changes += 1
        done = self._change(self.changes)
        # The next time it goes back to this, or the change would be undone.
        self._well = get_model_state(self.model)
        _LOGGER.warning(
            "Watchdog, change %d of %d (%s): back to where all was well, %s.",
            self.changes,
            self.MAX_CHANGES,
            self._reasons[-1],
            done,
        )

    def _stop(self) -> None:
        self.model.stop_training = True
        self.diagnosis = (
            f"Stopped after {self.MAX_CHANGES} changes that did not help: "
            f"{'; '.join(self._reasons)}. The weights are those of the last epoch at which all was "
            "well. Look at the images for outliers and at their range, start with a lower learning "
            "rate, or use more images."
        )
        _LOGGER.error(self.diagnosis)

    def _change(self, number: int, *, is_resumed: bool = False) -> str:
        """Makes the change of a number and says which."""
        gan, done = self.model, []
        traced = (gan.g_optimizer, gan.d_optimizer, gan.r1_weight)
        if number in (1, 3):
            for name, network in _NETWORKS.items():
                optimizer = getattr(gan, name)
                # A constant rate is a variable, so that a resumed one is halved already.
                is_schedule = isinstance(optimizer.get_config()["learning_rate"], dict)
                if is_schedule or not is_resumed:
                    variables = getattr(gan, network).trainable_variables
                    with gan.distribute_strategy.scope():
                        setattr(gan, name, scale_learning_rate(optimizer, variables, 0.5))
            done.append("learning rates halved")
        if number in (2, 3):
            gan.r1_weight = max(1.0, 10 * gan.r1_weight)
            done.append(f"R1 penalty with weight {gan.r1_weight:g}")
        if traced != (gan.g_optimizer, gan.d_optimizer, gan.r1_weight):
            gan.make_train_function(force=True)
        self._changed = (gan, number)
        return " and ".join(done)
