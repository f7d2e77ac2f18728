"""Stage 2, GAN: how often the discriminator's images are changed, steered by what it overlearns."""

import keras
from keras import ops

from kerasmedgan.distribution import mean_over_replicas, num_replicas

# Steps between two changes of the probability.
INTERVAL = 4


@keras.saving.register_keras_serializable("kerasmedgan")
class AdaptiveProbability(keras.layers.Layer):
    """A probability of augmentation that rises while the discriminator is too sure of real images.

    It is too sure when the mean sign of its logits of real training images is above a target: of
    images that it knows by heart it is always right (sign 1), of new ones it is not.
    Source: Karras et al. 2020, arXiv:2006.06676, section 3.

    Its state is two numbers, saved with the model and equal on all replicas.

    Args:
        target: the mean sign to steer to, in (-1, 1); the source uses 0.6.
        images: real images over which the probability can rise from 0 to 1, or fall.
        **kwargs: as Keras' `Layer`.

    Attributes:
        probability: float32 scalar variable, from 0.
    """

    def __init__(self, target: float, images: int, **kwargs):
        """Makes the state."""
        super().__init__(**{"trainable": False, "dtype": "float32", **kwargs})
        self.target = target
        self.images = images
        self.probability = self._number("probability")
        self.sign_sum = self._number("sign_sum")
        self.built = True

    def update(self, real_logits, *, decision_boundary: float, step) -> None:
        """Notes the signs of one step; every fourth step changes the probability.

        Args:
            real_logits: float32 tensor, shape `(batch, 1)`: of this replica's real images.
            decision_boundary: logits above it mean real.
            step: integer scalar tensor, updates before this step.
        """
        signs = ops.mean(ops.sign(real_logits - decision_boundary))
        total = self.sign_sum + mean_over_replicas(signs)
        is_due = (step + 1) % INTERVAL == 0
        seen = ops.cast(INTERVAL * num_replicas() * ops.shape(real_logits)[0], "float32")
        direction = ops.sign(total / INTERVAL - self.target)
        changed = ops.clip(self.probability + direction * seen / self.images, 0.0, 1.0)
        self.probability.assign(ops.where(is_due, changed, self.probability))
        self.sign_sum.assign(ops.where(is_due, 0.0, total))

    def get_config(self) -> dict:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "target": self.target, "images": self.images}

    def _number(self, name: str) -> keras.Variable:
        # All replicas assign the same number, so there is nothing to reduce.
        return self.add_weight(
            shape=(),
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
            name=name,
        )
