"""Ground floor, resume: a model in training as named arrays, and what tells two trainings apart."""

from collections.abc import Iterator, Mapping

import keras
import numpy as np


def get_model_state(model: keras.Model) -> dict[str, np.ndarray]:
    """Returns all variables of a model (weights, statistics, seeds) and of its optimizers."""
    return {name: np.array(variable) for name, variable in _variables(model).items()}


def set_model_state(model: keras.Model, state: Mapping[str, np.ndarray]) -> None:
    """Assigns what `get_model_state` returned; other entries of `state` are ignored."""
    for name, variable in _variables(model).items():
        variable.assign(state[name])


def build_optimizer(model: keras.Model) -> None:
    """Makes the variables that Keras would make in the first step of `fit`."""
    optimizer = model.optimizer
    if optimizer is not None and not optimizer.built:
        with model.distribute_strategy.scope():
            optimizer.build(model.trainable_variables)


def describe_model(model: keras.Model) -> dict:
    """Returns what must be the same to go on: arguments, layers, shapes, how it is compiled.

    Names are left out: Keras numbers them anew in every process.
    """
    return {
        "model": without_names(_own_arguments(model)),
        "dtype": model.dtype_policy.name,
        "layers": [
            {"class": type(layer).__name__, "dtype": layer.dtype_policy.name}
            | without_names(layer.get_config())
            for layer in _flat_layers(model)
        ],
        "compile": without_names(model.get_compile_config()),
        "shapes": [list(variable.shape) for variable in _variables(model).values()],
    }


def first_difference(found, wanted, path: str = "") -> tuple[str, object, object] | None:
    """Finds where two nested JSON values differ.

    Returns:
        The path, and both values there; `None` if they are equal.
    """
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = dict.fromkeys((*found, *wanted))
        pairs = [
            (f"{path}.{key}" if path else key, found.get(key), wanted.get(key)) for key in keys
        ]
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        pairs = [(f"{path}[{i}]", *both) for i, both in enumerate(zip(found, wanted, strict=True))]
    else:
        return None if found == wanted else (path, found, wanted)
    return next(filter(None, (first_difference(a, b, name) for name, a, b in pairs)), None)


def without_names(config):
    """Returns nested JSON without the names, which Keras numbers anew in every process."""
    if isinstance(config, dict):
        return {key: without_names(value) for key, value in config.items() if key != "name"}
    if isinstance(config, (list, tuple)):
        return [without_names(value) for value in config]
    return config


def _flat_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yields all layers, also those of models within."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _flat_layers(layer)
        else:
            yield layer


def _own_arguments(model: keras.Model) -> dict:
    """Returns a model's arguments; a functional model's layers are described one by one."""
    return {
        name: value
        for name, value in model.get_config().items()
        if name not in ("layers", "input_layers", "output_layers", "dtype")
    }


def _variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Returns all variables by a name that holds their place."""
    parts = {"model": model.variables}
    for name in ("optimizer", "g_optimizer", "d_optimizer"):
        if getattr(model, name, None) is not None:
            parts[name] = getattr(model, name).variables
    return {
        f"{part}/{place:04d}": variable
        for part, variables in parts.items()
        for place, variable in enumerate(variables)
    }
