"""Ground floor: what a custom `train_step` must ask `tf.distribute`."""

import tensorflow as tf


def num_replicas() -> int:
    """Returns the number of replicas that train in step (1 without a strategy)."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def replica_id():
    """Returns this replica's number, from 0. Call it inside a `train_step`."""
    context = tf.distribute.get_replica_context()
    return 0 if context is None else context.replica_id_in_sync_group
