"""Ground floor, resume: the state of a model in training: saved each epoch, restored to the bit."""

import json
import os
from collections.abc import Mapping

import keras
import numpy as np

from kerasmedgan.distribution import is_chief
from kerasmedgan.resume.state_files import StateFiles, TrainingStateError


class TrainingState(keras.callbacks.Callback):
    """Saves everything that a training needs to go on as if it had never stopped.

    Kept are all variables of the model (weights, statistics, random seeds), those of its
    optimizers, the logs of every epoch, and settings that must not change. Noise of the GAN and
    the order of `LabeledImages.batches` are functions of step and epoch, so they need no state.
    Keras' `BackupAndRestore` repeats an epoch and loses seeds; this does not.

    On one device the resumed training equals one that ran through, bit for bit. Under a strategy
    of several workers only the chief writes, and all must see the folder.

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
        also: objects with `get_state` and `set_state` whose arrays are kept too, by name.
            As callbacks they must stand before this one in the list.
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        every: int = 1,
        settings: Mapping | None = None,
        also: Mapping[str, object] | None = None,
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
        self.settings = dict(settings or {})
        self.also = dict(also or {})
        self.logs: list[dict[str, float]] = []
        self._fixed: dict | None = None

    @property
    def history(self) -> dict[str, list[float]]:
        """The logs of all epochs, also of those before a stop, as in Keras' `History`."""
        names = self.logs[0] if self.logs else ()
        return {name: [logs[name] for logs in self.logs] for name in names}

    def restore(self, model: keras.Model) -> int:
        """Loads the newest whole state into a compiled model; with no state it changes nothing.

        Args:
            model: built and compiled as the one that was saved.

        Returns:
            The number of finished epochs: `initial_epoch` of `fit` and of the batches.

        Raises:
            TrainingStateError: if the state is that of a training with other settings.
        """
        _build_optimizer(model)
        self._fixed = self._all_settings(model)
        found = StateFiles(self.directory).read()
        if found is None:
            return 0
        arrays, facts = found
        self._check_settings(json.loads(json.dumps(self._fixed)), facts["settings"])
        return self._load(model, arrays, facts)

    def go_back(self) -> int:
        """Loads the newest whole state into the model in training, whatever changed since.

        Returns:
            The number of epochs that were finished then.

        Raises:
            TrainingStateError: if there is none.
        """
        found = StateFiles(self.directory).read()
        if found is None:
            raise TrainingStateError(
                f"Cannot go back. Expected a state in {self.directory}. Received: none. Call "
                "`save` before."
            )
        return self._load(self.model, *found)

    def _load(self, model: keras.Model, arrays: Mapping, facts: Mapping) -> int:
        for name, variable in _variables(model).items():
            variable.assign(arrays[name])
        for name, part in self.also.items():
            part.set_state(_of_part(arrays, name))
        self.logs = facts["logs"]
        return facts["epoch"]

    def on_train_begin(self, logs=None):
        """Notes the settings, before a callback changes a learning rate, say."""
        if self._fixed is None:
            _build_optimizer(self.model)
            self._fixed = self._all_settings(self.model)

    def on_epoch_begin(self, epoch, logs=None):
        """Drops the logs of epochs that are trained anew."""
        del self.logs[epoch:]

    def on_epoch_end(self, epoch, logs=None):
        """Saves the state if it is due."""
        self.logs.append({name: float(value) for name, value in (logs or {}).items()})
        done = epoch + 1
        due = done % self.every == 0 or done == self.params["epochs"]
        if due:
            self.save(done)

    def save(self, epoch: int) -> None:
        """Saves the state now; of several workers the chief does.

        Args:
            epoch: number of finished epochs.

        Raises:
            TrainingStateError: as in `StateFiles.write`.
        """
        if not is_chief(self.model.distribute_strategy):
            return
        arrays = {name: np.array(value) for name, value in _variables(self.model).items()}
        for name, part in self.also.items():
            arrays |= {f"also/{name}/{key}": value for key, value in part.get_state().items()}
        facts = {"logs": self.logs, "settings": self._fixed}
        StateFiles(self.directory).write(epoch, arrays, facts)

    def _all_settings(self, model: keras.Model) -> dict:
        return {**_arguments(model), **self.settings, **_model_settings(model)}

    def _check_settings(self, wanted: dict, found: dict) -> None:
        for name in dict.fromkeys((*wanted, *found)):
            if wanted.get(name) != found.get(name):
                raise TrainingStateError(
                    f"Cannot resume from {self.directory}. Expected `{name}` "
                    f"{_shortened(found.get(name))}, as saved. Received: "
                    f"{_shortened(wanted.get(name))}. Use the saved setting, or another folder to "
                    "begin anew."
                )


def _variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Returns all variables of a model and of its optimizers, by a name that holds its place."""
    parts = {"model": model.variables}
    for name in ("optimizer", "g_optimizer", "d_optimizer"):
        if getattr(model, name, None) is not None:
            parts[name] = getattr(model, name).variables
    return {
        f"{part}/{place:04d}": variable
        for part, variables in parts.items()
        for place, variable in enumerate(variables)
    }


def _build_optimizer(model: keras.Model) -> None:
    """Makes the variables that Keras would make in the first step of `fit`."""
    optimizer = model.optimizer
    if optimizer is not None and not optimizer.built:
        with model.distribute_strategy.scope():
            optimizer.build(model.trainable_variables)


def _arguments(model: keras.Model) -> dict:
    """Returns the arguments that a model of an own class was made with."""
    plain = (int, float, str, bool, type(None))
    return {
        name: value
        for name, value in model.get_config().items()
        if isinstance(value, plain) and name != "name"
    }


def _model_settings(model: keras.Model) -> dict:
    """Returns what else tells two models apart: shapes and how they are compiled."""
    shapes = [list(variable.shape) for variable in _variables(model).values()]
    compiled = _without_names(model.get_compile_config())
    return {"compile": compiled, "shapes of all variables": shapes}


def _without_names(config):
    """Leaves out the names that Keras numbers anew in every process."""
    if isinstance(config, dict):
        return {key: _without_names(value) for key, value in config.items() if key != "name"}
    if isinstance(config, (list, tuple)):
        return [_without_names(value) for value in config]
    return config


def _of_part(arrays: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    prefix = f"also/{name}/"
    return {
        key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)
    }


def _shortened(value, longest: int = 200) -> str:
    text = repr(value)
    return text if len(text) <= longest else f"{text[:longest]}..."
