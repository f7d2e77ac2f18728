import gc

import keras
import numpy as np
from small_classifier import compiled, pairs
from tensorflow.python.framework.func_graph import FuncGraph
from tensorflow.python.framework.ops import gradient_registry

from kerasmedgan.temporary_session import temporary_session


def registered():
    return {name for name in gradient_registry.list() if name.startswith("CustomGradient-")}


def living_graphs():
    gc.collect()
    return sum(type(thing) is FuncGraph for thing in gc.get_objects())


def train(tiny):
    model = compiled()
    model.fit(pairs(tiny.images, tiny.labels, 8), steps_per_epoch=1, shuffle=False, verbose=0)
    return model


def test_a_training_is_forgotten_and_its_model_stays(tiny):
    before, graphs = registered(), living_graphs()
    with temporary_session():
        model = train(tiny)
    assert registered() == before
    assert np.isfinite(model.predict(np.zeros((2, 32, 32, 1)), verbose=0)).all()
    del model
    keras.utils.clear_session()
    assert living_graphs() <= graphs


def test_without_it_each_training_is_kept(tiny):
    """If this fails, Keras or TensorFlow no longer needs `temporary_session`."""
    before, graphs = registered(), living_graphs()
    train(tiny)
    keras.utils.clear_session()
    assert registered() > before and living_graphs() > graphs
    kept = registered()
    with temporary_session():
        pass
    assert registered() == kept
