import json

import keras
import pytest
import tensorflow as tf

from kerasmedgan.distribution import (
    check_strategy,
    get_strategy,
    is_chief,
    num_replicas,
    spans_workers,
)


def test_auto_is_one_device_where_there_are_no_gpus():
    strategy = get_strategy()
    assert strategy is tf.distribute.get_strategy()
    with strategy.scope():
        assert num_replicas() == 1


def test_auto_mirrors_on_several_gpus(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind] * 2)
    assert get_strategy("auto") is get_strategy("mirrored")


def test_mirrored_takes_all_devices_and_is_one_a_process():
    strategy = get_strategy("mirrored")
    assert isinstance(strategy, tf.distribute.MirroredStrategy)
    with strategy.scope():
        assert num_replicas() == 2
    assert get_strategy("mirrored") is strategy


def test_one_process_is_its_own_chief():
    for name in ("auto", "cpu", "mirrored"):
        assert is_chief(get_strategy(name))
        assert not spans_workers(get_strategy(name))


def test_cpu_trains():
    strategy = get_strategy("cpu")
    with strategy.scope():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
    history = model.fit(tf.ones((4, 2)), tf.ones((4, 1)), batch_size=2, verbose=0).history
    assert history["loss"][0] >= 0
    assert "CPU:0" in model.weights[0].value.device


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("parallel", r"'multiworker', 'tpu'\]. Received: 'parallel'. Choose from the list"),
        ("default", "Received: 'default'"),
        ("parameter_server", "Received: `tf.distribute.ParameterServerStrategy`.*'multiworker'"),
        ("keras.distribution", "Received: `keras.distribution`.*'multiworker' on several"),
    ],
)
def test_what_is_not_known_or_not_supported(name, sentence):
    for check in (check_strategy, get_strategy):
        with pytest.raises(ValueError, match=f"`strategy`.*Expected one of .*{sentence}"):
            check(name)


def test_what_is_not_there(monkeypatch):
    for variable in ("TPU_NAME", "TF_CONFIG", "TPU_CONFIG", "KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS"):
        monkeypatch.delenv(variable, raising=False)
    for check in (check_strategy, get_strategy):
        with pytest.raises(ValueError, match="`strategy`.*a GPU.*Received: none.*'auto'"):
            check("gpu")
        with pytest.raises(ValueError, match="`strategy`.*TPU_NAME.*Received: none.*'auto'"):
            check("tpu")
        with pytest.raises(ValueError, match="TF_CONFIG.*Received: ''.*'mirrored' on one machine"):
            check("multiworker")


WORKERS = {"worker": ["localhost:1", "localhost:2"]}


@pytest.mark.parametrize(
    "config",
    [
        {},
        [],
        {"cluster": WORKERS},
        {"cluster": WORKERS, "task": {"type": "worker", "index": 2}},
        {"cluster": WORKERS, "task": {"type": "chief", "index": 0}},
        {"cluster": {}, "task": {"type": "worker", "index": 0}},
    ],
)
def test_a_cluster_that_leaves_this_process_out(config, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    with pytest.raises(ValueError, match="TF_CONFIG.*which of them this process is.*Received"):
        get_strategy("multiworker")


def test_a_cluster_with_parameter_servers(monkeypatch):
    cluster = {**WORKERS, "ps": ["localhost:3"]}
    config = {"cluster": cluster, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    with pytest.raises(ValueError, match="Received: `tf.distribute.ParameterServerStrategy`"):
        get_strategy("multiworker")


def test_workers_after_another_use_of_tensorflow(monkeypatch):
    tf.ones(1)
    config = {"cluster": WORKERS, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    with pytest.raises(RuntimeError, match="'multiworker'.*first use of TensorFlow.*Call"):
        get_strategy("multiworker")


def test_a_distribution_of_keras_is_refused(monkeypatch):
    monkeypatch.setattr(keras.distribution, "distribution", object)
    with pytest.raises(ValueError, match="Received: `keras.distribution`"):
        get_strategy("auto")
