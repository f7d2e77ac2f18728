import pytest
import tensorflow as tf

from kerasmedgan.distribution import get_strategy, num_replicas


def test_the_default_is_one_device():
    strategy = get_strategy()
    with strategy.scope():
        assert num_replicas() == 1


def test_mirrored_takes_all_devices_and_is_one_a_process():
    strategy = get_strategy("mirrored")
    assert isinstance(strategy, tf.distribute.MirroredStrategy)
    with strategy.scope():
        assert num_replicas() == 2
    assert get_strategy("mirrored") is strategy


def test_an_unknown_name():
    with pytest.raises(ValueError, match=r"`strategy`.*'mirrored'\].*Received: 'tpu'"):
        get_strategy("tpu")
