"""Stage 2, GAN: the optimizer of both networks."""

import keras

_LEARNING_RATE = 2e-4
_BETA_1 = 0.5
_LAST_SHARE = 0.05


def build_adam(*, decay_updates: int | None = None) -> keras.optimizers.Adam:
    """Returns a new Adam with the DCGAN's settings.

    Source: Radford et al. 2016, arXiv:1511.06434, section 3.

    Args:
        decay_updates: updates over which the learning rate falls to a twentieth, along a cosine.
            `None` keeps it constant. Fine detail, as of ribs, needs the small last steps.
    """
    rate = _LEARNING_RATE
    if decay_updates is not None:
        rate = keras.optimizers.schedules.CosineDecay(rate, decay_updates, alpha=_LAST_SHARE)
    return keras.optimizers.Adam(rate, beta_1=_BETA_1)
