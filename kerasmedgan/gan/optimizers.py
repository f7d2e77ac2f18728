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


@keras.saving.register_keras_serializable("kerasmedgan")
class ScaledSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule times a factor.

    Args:
        schedule: the learning rate at each step.
        factor: what it is multiplied by.
    """

    def __init__(self, schedule: keras.optimizers.schedules.LearningRateSchedule, factor: float):
        """Keeps both."""
        super().__init__()
        self.schedule = schedule
        self.factor = factor

    def __call__(self, step):
        """Returns the learning rate of a step."""
        return self.factor * self.schedule(step)

    def get_config(self) -> dict:
        """Returns the constructor's arguments."""
        schedule = keras.saving.serialize_keras_object(self.schedule)
        return {"schedule": schedule, "factor": self.factor}

    @classmethod
    def from_config(cls, config: dict) -> "ScaledSchedule":
        """Makes a schedule of what `get_config` returned."""
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(schedule, config["factor"])


def scale_learning_rate(
    optimizer: keras.optimizers.Optimizer, variables: list[keras.Variable], factor: float
) -> keras.optimizers.Optimizer:
    """Multiplies the learning rate of an optimizer, whose state stays, and returns it.

    Keras does not let a schedule be exchanged, so an optimizer that has one is made anew: set it on
    the model and call `make_train_function(force=True)`.

    Args:
        optimizer: a built optimizer.
        variables: the variables that it was built for.
        factor: what its learning rate, constant or a schedule, is multiplied by.

    Returns:
        The optimizer itself, or one in the same state.
    """
    config = optimizer.get_config()
    rate = config["learning_rate"]
    if not isinstance(rate, dict):
        optimizer.learning_rate = factor * float(
            keras.ops.convert_to_numpy(optimizer.learning_rate)
        )
        return optimizer
    schedule = keras.saving.deserialize_keras_object(rate)
    scaled = type(optimizer).from_config(
        {**config, "learning_rate": ScaledSchedule(schedule, factor)}
    )
    scaled.build(variables)
    for new, old in zip(scaled.variables, optimizer.variables, strict=True):
        new.assign(old)
    return scaled
