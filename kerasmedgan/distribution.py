"""Ground floor: a strategy by name, and what a custom `train_step` must ask `tf.distribute`."""

import functools
import json
import os

import keras
import tensorflow as tf

MULTI_WORKER = "multiworker"

_UNSUPPORTED = {
    "parameter_server": "`tf.distribute.ParameterServerStrategy`",
    "keras.distribution": "`keras.distribution`",
}
# Where TensorFlow looks for the TPU.
_TPU_VARIABLES = ("TPU_NAME", "TPU_CONFIG", "KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS")
_EXAMPLE = (
    '{"cluster": {"worker": ["host0:12345", "host1:12345"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


def _auto() -> tf.distribute.Strategy:
    several = len(tf.config.list_physical_devices("GPU")) > 1
    return _mirrored() if several else tf.distribute.get_strategy()


@functools.cache
def _mirrored() -> tf.distribute.Strategy:
    # One a process: a second would number its collectives from the start again, and TensorFlow
    # would take its gradients for those of the first and find shapes that do not fit.
    return tf.distribute.MirroredStrategy()


@functools.cache
def _multi_worker() -> tf.distribute.Strategy:
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise RuntimeError(
            f"Cannot start the strategy {MULTI_WORKER!r}. Expected it to be the first use of "
            f"TensorFlow in this process. Received: {error} Call `get_strategy` before anything "
            "else is loaded or built."
        ) from error


@functools.cache
def _tpu() -> tf.distribute.Strategy:
    resolver = tf.distribute.cluster_resolver.TPUClusterResolver()
    tf.config.experimental_connect_to_cluster(resolver)
    tf.tpu.experimental.initialize_tpu_system(resolver)
    return tf.distribute.TPUStrategy(resolver)


_STRATEGIES = {
    "auto": _auto,
    "cpu": lambda: tf.distribute.OneDeviceStrategy("/cpu:0"),
    "gpu": lambda: tf.distribute.OneDeviceStrategy("/gpu:0"),
    "mirrored": _mirrored,
    MULTI_WORKER: _multi_worker,
    "tpu": _tpu,
}


def get_strategy(name: str = "auto") -> tf.distribute.Strategy:
    """Returns a strategy to make models in the scope of.

    Args:
        name: one of
            "auto": "mirrored" where there are several GPUs, else this machine's one device;
            "cpu", "gpu": the one device;
            "mirrored": all GPUs of this machine (or its logical CPUs), each batch divided among
            them; the same object in every call;
            "multiworker": the machines that the environment variable TF_CONFIG names, each batch
            divided among them. Call it before any other use of TensorFlow;
            "tpu": the TPU that the environment variable TPU_NAME names (not run on one yet).

    Raises:
        ValueError: if the name is unknown or not supported, or what it needs is not there.
        RuntimeError: if "multiworker" comes after another use of TensorFlow.
    """
    check_strategy(name)
    return _STRATEGIES[name]()


def check_one_process(name: str) -> None:
    """Raises `ValueError` for a strategy of several processes, and as `check_strategy`."""
    if name == MULTI_WORKER:
        raise ValueError(
            "Invalid value for `strategy`. Expected a strategy of one process. Received: "
            f"{name!r}. Use 'auto' or 'mirrored'; examples/train_distributed.py trains a GAN on "
            "several machines."
        )
    check_strategy(name)


def check_strategy(name: str) -> None:
    """Raises `ValueError` for what `get_strategy` cannot return; makes no strategy."""
    if name in _UNSUPPORTED:
        raise ValueError(_not_supported(name))
    if keras.distribution.distribution() is not None:
        raise ValueError(_not_supported("keras.distribution"))
    if name not in _STRATEGIES:
        raise ValueError(
            f"Invalid value for `strategy`. Expected one of {list(_STRATEGIES)}. "
            f"Received: {name!r}. Choose from the list."
        )
    if name == "gpu" and not tf.config.list_physical_devices("GPU"):
        raise ValueError(
            "Invalid value for `strategy`. Expected a GPU that TensorFlow sees, for 'gpu'. "
            "Received: none. Install its driver and `tensorflow[and-cuda]`, or use 'auto'."
        )
    if name == "tpu" and not any(variable in os.environ for variable in _TPU_VARIABLES):
        raise ValueError(
            "Invalid value for `strategy`. Expected the environment variable TPU_NAME, for 'tpu'. "
            "Received: none. Set it ('local' on a TPU's own machine), or use 'auto'."
        )
    if name == MULTI_WORKER:
        _check_tf_config(os.environ.get("TF_CONFIG", ""))


def spans_workers(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether a strategy has replicas in other processes than this one."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy) and (
        strategy.num_replicas_in_sync > len(strategy.extended.worker_devices)
    )


def all_workers(strategy: tf.distribute.Strategy, value: int) -> list[int]:
    """Returns what each replica's process passed, on all of them; waits until all have."""
    if not spans_workers(strategy):
        return [value]
    values = strategy.run(lambda: tf.constant([value]))
    return strategy.gather(values, axis=0).numpy().tolist()


def num_replicas() -> int:
    """Returns the number of replicas that train in step (1 without a strategy)."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def replica_id():
    """Returns this replica's number, from 0. Call it inside a `train_step`."""
    context = tf.distribute.get_replica_context()
    return 0 if context is None else context.replica_id_in_sync_group


def mean_over_replicas(value: tf.Tensor) -> tf.Tensor:
    """Returns the mean of what each replica passed, on all of them. Call it in a `train_step`."""
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, value)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether this process writes what all workers share; without workers it does."""
    return bool(strategy.extended.should_checkpoint)


def _not_supported(name: str) -> str:
    return (
        f"Invalid value for `strategy`. Expected one of {list(_STRATEGIES)}. Received: "
        f"{_UNSUPPORTED[name]}, with which Keras does not train on TensorFlow. Use 'mirrored' on "
        f"one machine and {MULTI_WORKER!r} on several."
    )


def _check_tf_config(text: str) -> None:
    """Refuses a TF_CONFIG that TensorFlow would train on alone with, or fail on obscurely."""
    try:
        config = json.loads(text)
        cluster, task = config["cluster"], config["task"]
        known = 0 <= int(task["index"]) < len(cluster[task["type"]])
    except (ValueError, KeyError, TypeError):
        known, cluster = False, {}
    if "ps" in cluster:
        raise ValueError(_not_supported("parameter_server"))
    if not known:
        raise ValueError(
            "Invalid value for the environment variable TF_CONFIG. Expected all workers and which "
            f"of them this process is, as in {_EXAMPLE}. Received: {text!r}. Set it on each "
            "machine before the start, or use 'mirrored' on one machine."
        )
