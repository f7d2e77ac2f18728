"""Ground: what many trainings in one process would pile up."""

import contextlib
import gc
from collections.abc import Iterator

import keras
from tensorflow.python.framework.ops import gradient_registry

_CUSTOM = "CustomGradient-"


@contextlib.contextmanager
def temporary_session() -> Iterator[None]:
    """Trains in a context of its own: what TensorFlow would keep of it is removed at its end.

    Each step that Keras traces registers a gradient, of its optimizer's `all_reduce`, that holds
    the step's whole graph for ever: several megabytes a model. Models that are made in this context
    can be used after it, but gradients can no longer be taken through graphs traced in it.
    """
    keras.utils.clear_session()
    before = set(gradient_registry.list())
    try:
        yield
    finally:
        for name in set(gradient_registry.list()) - before:
            if name.startswith(_CUSTOM):
                del gradient_registry._registry[name]
        gc.collect()
