"""Stage 2, GAN: the moving average of a network's weights, and its own statistics.

Sources: Yazici et al. 2019, arXiv:1806.04498, section 3.1; Izmailov et al. 2018,
arXiv:1803.05407, section 3.2, for the statistics.
"""

import keras
from keras import ops


def freeze_for_average(network: keras.Model) -> None:
    """Lets no optimizer change a network, and BatchNormalization measure in it all the same.

    Args:
        network: its weights will be an average, its statistics its own.
    """
    network.trainable = False
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            # As a frozen layer it would not measure.
            layer.trainable = True
            for weight in layer.weights:
                weight.trainable = False


def update_moving_average(
    average: keras.Model, network: keras.Model, ema_decay: float, inputs, *, step
) -> None:
    """Moves `average` towards `network`, then measures the statistics that its weights have.

    Those of `network` belong to other weights: with them an average draws images of another
    contrast, the more so the faster the weights change.

    Args:
        average: a network of the same architecture, from `freeze_for_average`; it is assigned.
        network: the network in training.
        ema_decay: share of the old average that stays, in [0, 1).
        inputs: a batch as both networks take it, for BatchNormalization to measure on.
        step: integer scalar tensor, updates so far. The memory is short at first, or the random
            initial weights would linger: the decay is at most (1 + step) / (10 + step).
    """
    step = ops.cast(step, "float32")
    decay = ops.minimum(ema_decay, (1.0 + step) / (10.0 + step))
    for mean, weight in zip(average.weights, network.weights, strict=True):
        if weight.trainable:
            mean.assign(weight + decay * (mean - weight))
    average(inputs, training=True)
