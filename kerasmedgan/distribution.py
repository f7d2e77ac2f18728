"""Ground floor: a strategy by name, and what a custom `train_step` must ask `tf.distribute`."""

import functools

import tensorflow as tf


@functools.cache
def _mirrored() -> tf.distribute.MirroredStrategy:
    # One a process: a second would number its collectives from the start again, and TensorFlow
    # would take its gradients for those of the first and find shapes that do not fit.
    return tf.distribute.MirroredStrategy()


_STRATEGIES = {"default": tf.distribute.get_strategy, "mirrored": _mirrored}


def get_strategy(name: str = "default") -> tf.distribute.Strategy:
    """Returns a strategy to make models in the scope of.

    Args:
        name: "default" for one device, "mirrored" for all GPUs of this machine (or its logical
            CPUs), with each batch divided among them; the same object in every call.

    Raises:
        ValueError: if the name is unknown.
    """
    check_strategy(name)
    return _STRATEGIES[name]()


def check_strategy(name: str) -> None:
    """Raises `ValueError` unless `get_strategy` knows the name."""
    if name not in _STRATEGIES:
        raise ValueError(
            f"Invalid value for `strategy`. Expected one of {list(_STRATEGIES)}. "
            f"Received: {name!r}. Choose from the list."
        )


def num_replicas() -> int:
    """Returns the number of replicas that train in step (1 without a strategy)."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def replica_id():
    """Returns this replica's number, from 0. Call it inside a `train_step`."""
    context = tf.distribute.get_replica_context()
    return 0 if context is None else context.replica_id_in_sync_group
