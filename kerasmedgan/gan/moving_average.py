"""Stage 2, GAN: the moving average of a network's weights.

Source: Yazici et al. 2019, arXiv:1806.04498, section 3.1.
"""

import keras
from keras import ops


def update_moving_average(
    average: keras.Model, network: keras.Model, ema_decay: float, *, step
) -> None:
    """Moves `average` towards `network`; BatchNormalization statistics are copied.

    Args:
        average: a network of the same architecture; its weights are assigned.
        network: the network in training.
        ema_decay: share of the old average that stays, in [0, 1).
        step: integer scalar tensor, updates so far. The memory is short at first, or the random
            initial weights would linger: the decay is at most (1 + step) / (10 + step).
    """
    step = ops.cast(step, "float32")
    decay = ops.minimum(ema_decay, (1.0 + step) / (10.0 + step))
    for mean, weight in zip(average.weights, network.weights, strict=True):
        if weight.trainable:
            mean.assign(weight + decay * (mean - weight))
        else:
            mean.assign(weight)
