"""Ground floor, resume: the state of a model in training: saved each epoch, restored to the bit."""

import json
import logging
import os
from collections.abc import Mapping

import keras
import numpy as np

from kerasmedgan.distribution import all_workers, is_chief
from kerasmedgan.resume.model_state import (
    build_optimizer,
    describe_model,
    first_difference,
    get_model_state,
    set_model_state,
)
from kerasmedgan.resume.state_files import StateFiles, TrainingStateError

_LOGGER = logging.getLogger(__name__)


class TrainingState(keras.callbacks.Callback):
    """Saves everything that a training needs to go on as if it had never stopped.

    Kept are all variables of the model (weights, statistics, random seeds), those of its
    optimizers, the logs of every epoch, and settings that must not change. Noise of the GAN and
    the order of `LabeledImages.batches` are functions of step and epoch, so they need no state.
    Keras' `BackupAndRestore` repeats an epoch and loses seeds; this does not.

    On one device, without a strategy, the resumed training equals one that ran through, bit for
    bit. Of several workers only the chief writes, and all must see the folder.

    Example:
        state = TrainingState("runs/state")
        epoch = state.restore(gan)
        gan.fit(images.batches(64, initial_epoch=epoch), initial_epoch=epoch, epochs=100,
                shuffle=False, callbacks=[state])

    Args:
        directory: where the states go. It is created.
        every: epochs between two states; the last epoch always has one.
        settings: what else must be the same to resume, JSON-ready: a fingerprint of the data,
            the batch size.

    Callbacks that change the model, as by its learning rate, stand before this one in the list.
    """

    def __init__(
        self, directory: str | os.PathLike, every: int = 1, settings: Mapping | None = None
    ):
        """Checks the arguments."""
        super().__init__()
        if every < 1:
            raise ValueError(
                "Invalid value for `every`. Expected an integer >= 1. "
                f"Received: {every}. Leave it out to save every epoch."
            )
        self.directory = str(directory)
        self.every = every
        self.settings = json.loads(json.dumps(dict(settings or {})))
        self.logs: list[dict[str, float]] = []
        self._parts: dict[str, object] = {}
        self._read: dict[str, np.ndarray] = {}
        self._described: tuple[keras.Model, dict] | None = None

    @property
    def history(self) -> dict[str, list[float]]:
        """The logs of all epochs, also of those before a stop, as in Keras' `History`."""
        names = self.logs[0] if self.logs else ()
        return {name: [logs[name] for logs in self.logs] for name in names}

    def register(self, name: str, part: object) -> None:
        """Keeps the state of something else too: of a callback that stands before this one.

        Args:
            name: a name for its arrays.
            part: has `get_state()`, which returns arrays by name, and `set_state(arrays)`, which
                is called with those of a state that is, or was already, restored.
        """
        self._parts[name] = part
        self._hand_out(name)

    def restore(self, model: keras.Model) -> int:
        """Loads the newest whole state into a compiled model; with no state it changes nothing.

        Args:
            model: built and compiled anew as the one that was saved was before its training. (One
                whose learning rate has changed since is taken for another.)

        Returns:
            The number of finished epochs: `initial_epoch` of `fit` and of the batches.

        Raises:
            TrainingStateError: if the state is that of a training with other settings, or several
                workers find different states.
        """
        epoch = self._read_into(model)
        epochs = all_workers(model.distribute_strategy, epoch)
        if len(set(epochs)) > 1:
            raise TrainingStateError(
                f"Cannot resume from {self.directory}. Expected the same state on all workers. "
                f"Received: those of epochs {epochs}, worker by worker. Choose a folder that all "
                "of them see, and wait until each sees the newest file."
            )
        return epoch

    def on_train_begin(self, logs=None):
        """Notes the settings, before a callback changes a learning rate, say."""
        is_known = self._described is not None and self._described[0] is self.model
        if not is_known and StateFiles(self.directory).epochs():
            raise TrainingStateError(
                f"Cannot save to {self.directory}. Expected a call of `restore` before `fit`. "
                "Received: a folder with the states of an earlier training. Restore to go on, or "
                "choose another folder to begin anew."
            )
        self._settings_of(self.model)

    def on_epoch_begin(self, epoch, logs=None):
        """Drops the logs of epochs that are trained anew."""
        del self.logs[epoch:]

    def on_epoch_end(self, epoch, logs=None):
        """Saves the state if it is due."""
        self.logs.append({name: float(value) for name, value in (logs or {}).items()})
        done = epoch + 1
        is_last = done == self.params["epochs"] or self.model.stop_training
        if done % self.every == 0 or is_last:
            self.save(done)

    def save(self, epoch: int) -> None:
        """Saves the state now; of several workers the chief does.

        A model with numbers that are not finite is not saved: there is nothing to go on from.

        Args:
            epoch: number of finished epochs.

        Raises:
            TrainingStateError: as in `StateFiles.write`.
        """
        if not is_chief(self.model.distribute_strategy):
            return
        arrays = get_model_state(self.model)
        if not all(np.isfinite(array).all() for array in arrays.values()):
            _LOGGER.warning("The state of epoch %d is not finite and is not saved.", epoch)
            return
        for name, part in self._parts.items():
            arrays |= {f"part/{name}/{key}": value for key, value in part.get_state().items()}
        facts = {"logs": self.logs, "settings": self._settings_of(self.model)}
        StateFiles(self.directory).write(epoch, arrays, facts)

    def _read_into(self, model: keras.Model) -> int:
        settings = self._settings_of(model)
        found = StateFiles(self.directory).read()
        if found is None:
            return 0
        arrays, facts = found
        # What a state does not say was not there yet when it was saved.
        facts["settings"]["model"] = {
            **getattr(model, "arguments_off", {}),
            **facts["settings"]["model"],
        }
        if difference := first_difference(facts["settings"], settings):
            name, saved, received = difference
            raise TrainingStateError(
                f"Cannot resume from {self.directory}. Expected `{name}` {saved!r}, as saved. "
                f"Received: {received!r}. Use the saved setting, or another folder to begin anew."
            )
        set_model_state(model, arrays)
        self._read, self.logs = arrays, facts["logs"]
        for name in self._parts:
            self._hand_out(name)
        return facts["epoch"]

    def _settings_of(self, model: keras.Model) -> dict:
        """Returns a model's settings as they were when it was first seen."""
        if self._described is None or self._described[0] is not model:
            build_optimizer(model)
            described = {**describe_model(model), "settings": self.settings}
            self._described = model, json.loads(json.dumps(described))
        return self._described[1]

    def _hand_out(self, name: str) -> None:
        prefix = f"part/{name}/"
        own = {
            key.removeprefix(prefix): array
            for key, array in self._read.items()
            if key.startswith(prefix)
        }
        if own:
            self._parts[name].set_state(own)
