"""Ground floor, resume: the weights of the best epoch, kept across a stop."""

import keras
import numpy as np


class BestWeights(keras.callbacks.Callback):
    """Gives a model the weights of its best epoch when training ends.

    Unlike Keras' `EarlyStopping` it never stops a training, and what it keeps can be saved and
    restored, by `TrainingState.register`.

    Args:
        monitor: the metric, as it is named in the logs; the highest value is the best, the first
            of equal ones.
    """

    def __init__(self, monitor: str):
        """Has seen nothing yet."""
        super().__init__()
        self.monitor = monitor
        self.value = -np.inf
        self.weights = None

    def on_epoch_end(self, epoch, logs=None):
        """Keeps the weights of this epoch if it is better than all before, or the first."""
        improved = logs[self.monitor] > self.value
        if improved:
            self.value = logs[self.monitor]
        if improved or self.weights is None:
            self.weights = self.model.get_weights()

    def on_train_end(self, logs=None):
        """Sets the weights."""
        if self.weights is not None:
            self.model.set_weights(self.weights)

    def get_state(self) -> dict[str, np.ndarray]:
        """Returns what it keeps as arrays, by name."""
        weights = self.weights or []
        return {"value": np.array(self.value)} | {
            f"{place:04d}": weight for place, weight in enumerate(weights)
        }

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what `get_state` returned."""
        self.value = float(state["value"])
        self.weights = [state[name] for name in sorted(state) if name != "value"] or None
