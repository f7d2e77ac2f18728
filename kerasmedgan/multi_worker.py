"""Ground floor: what Keras models lack to train on several workers, in one place."""

import keras
import tensorflow as tf
from keras import ops

from kerasmedgan.distribution import spans_workers


class MultiWorkerMixin:
    """Stands before `keras.Model` and lets `fit`, `evaluate` and `predict` run on workers.

    It changes nothing where all replicas are in one process. Keras 3.15.1 fails on several
    workers in two places, each with one method here: keras-team/keras#20585,
    tensorflow/tensorflow#72388. A test fails once Keras needs either no longer.

    Example:
        class Network(MultiWorkerMixin, keras.Model):
            ...
    """

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Builds from this worker's share of a batch; Keras reduces a tuple, which fails."""
        if iterator is not None and spans_workers(self.distribute_strategy):
            iterator, data_batch = None, _local_batch(iterator, self.distribute_strategy)
        super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)

    def get_metrics_result(self) -> dict:
        """Returns the metrics' values; a step on workers gets them with an axis to reduce.

        Keras takes the mean of a step's logs along axis 0 there, and scalars have none.
        """
        results = super().get_metrics_result()
        replica = tf.distribute.get_replica_context()
        if replica is None or not spans_workers(replica.strategy):
            return results
        return {name: ops.expand_dims(value, 0) for name, value in results.items()}


def _local_batch(iterator, strategy: tf.distribute.Strategy):
    """Returns what the first replica of this process gets of the first batch."""
    _, _, batches = next(iter(iterator))
    return keras.tree.map_structure(
        lambda value: strategy.experimental_local_results(value)[0], next(batches)
    )
