"""A small classifier without chance, for tests that compare one replica with two."""

import keras
import numpy as np
import tensorflow as tf

from kerasmedgan.classifier import build_classifier, compile_classifier

CLASS_WEIGHT = {0: 2.0, 1: 0.5}


def built():
    # Each replica would drop features of its own.
    return build_classifier(image_size=32, filters=(4, 8), dropout=0.0)


def compiled():
    model = built()
    compile_classifier(model, updates=100, learning_rate=1e-2)
    return model


def model_range(images):
    return images.astype(np.float32) / 127.5 - 1.0


def pairs(images, labels, batch_size, *, drop_remainder=True):
    """Returns batches in order, of which each worker takes its rows."""
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    rows = (model_range(images), keras.utils.to_categorical(labels, 2))
    batches = tf.data.Dataset.from_tensor_slices(rows).batch(batch_size, drop_remainder)
    return batches.with_options(options)
