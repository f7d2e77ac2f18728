"""Stage 2, GAN: losses in pairs, one for each network, as functions of the logits.

Logits are float32 tensors of shape `(batch, 1)`; larger means real. Each loss is a mean over the
batch, a scalar.
"""

import keras
import tensorflow as tf
from keras import ops

from kerasmedgan.gan.networks import with_labels

_PACKAGE = "kerasmedgan"


class LossPair:
    """The two losses of a GAN. Subclass it and register the subclass to train with your own.

    Attributes:
        decision_boundary: logits above it count as "real" in the accuracies.
    """

    decision_boundary = 0.0

    def discriminator(self, real_logits, synthetic_logits):
        """Returns the loss that the discriminator lowers."""
        raise NotImplementedError

    def generator(self, synthetic_logits):
        """Returns the loss that the generator lowers."""
        raise NotImplementedError

    def accuracies(self, real_logits, synthetic_logits):
        """Returns the shares of real and of synthetic images that are judged rightly."""
        return (
            ops.mean(ops.cast(real_logits > self.decision_boundary, "float32")),
            ops.mean(ops.cast(synthetic_logits <= self.decision_boundary, "float32")),
        )

    def get_config(self) -> dict:
        """Returns the constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict):
        """Returns the pair that `get_config` describes."""
        return cls(**config)


@keras.saving.register_keras_serializable(_PACKAGE)
class NonSaturating(LossPair):
    """Cross-entropy with flipped labels for the generator.

    Source: Goodfellow et al. 2014, arXiv:1406.2661, section 3.
    """

    def discriminator(self, real_logits, synthetic_logits):
        """Returns -log D(real) - log(1 - D(synthetic))."""
        return ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(synthetic_logits))

    def generator(self, synthetic_logits):
        """Returns -log D(synthetic)."""
        return ops.mean(ops.softplus(-synthetic_logits))


@keras.saving.register_keras_serializable(_PACKAGE)
class Hinge(LossPair):
    """Margins of one around zero. Source: Lim and Ye 2017, arXiv:1705.02894, section 3."""

    def discriminator(self, real_logits, synthetic_logits):
        """Returns max(0, 1 - real) + max(0, 1 + synthetic)."""
        return ops.mean(ops.relu(1.0 - real_logits)) + ops.mean(ops.relu(1.0 + synthetic_logits))

    def generator(self, synthetic_logits):
        """Returns -synthetic."""
        return -ops.mean(synthetic_logits)


@keras.saving.register_keras_serializable(_PACKAGE)
class LeastSquares(LossPair):
    """Targets 1 for real and 0 for synthetic.

    Source: Mao et al. 2017, arXiv:1611.04076, equation 9.
    """

    decision_boundary = 0.5

    def discriminator(self, real_logits, synthetic_logits):
        """Returns (real - 1)^2 / 2 + synthetic^2 / 2."""
        return 0.5 * (
            ops.mean(ops.square(real_logits - 1.0)) + ops.mean(ops.square(synthetic_logits))
        )

    def generator(self, synthetic_logits):
        """Returns (synthetic - 1)^2 / 2."""
        return 0.5 * ops.mean(ops.square(synthetic_logits - 1.0))


def r1_penalty(
    discriminator: keras.Model, real: tf.Tensor, labels: tf.Tensor | None = None
) -> tf.Tensor:
    """Returns half the mean squared length of the discriminator's gradient at real images.

    It holds a discriminator back that tells real from synthetic images too sharply.
    Source: Mescheder et al. 2018, arXiv:1801.04406, equation 9.

    Args:
        discriminator: from images to logits.
        real: float32 tensor, shape `(batch, height, width, channels)`.
        labels: integer tensor, shape `(batch,)`, for a discriminator that takes classes.

    Returns:
        A float32 scalar tensor, at least 0.
    """
    with tf.GradientTape() as tape:
        tape.watch(real)
        logits = discriminator(with_labels(real, labels), training=True)
    gradients = tape.gradient(logits, real)
    return 0.5 * ops.mean(ops.sum(ops.square(gradients), axis=(1, 2, 3)))


LOSS_PAIRS = {
    "non_saturating": NonSaturating,
    "hinge": Hinge,
    "least_squares": LeastSquares,
}


def get_loss_pair(loss: str | LossPair) -> LossPair:
    """Returns the loss pair of a name; a `LossPair` is returned as it is.

    Raises:
        ValueError: if the name is unknown.
    """
    if isinstance(loss, LossPair):
        return loss
    if loss not in LOSS_PAIRS:
        raise ValueError(
            f"Invalid value for `loss`. Expected one of {sorted(LOSS_PAIRS)} or a `LossPair`. "
            f"Received: {loss!r}. Use 'non_saturating' if in doubt."
        )
    return LOSS_PAIRS[loss]()
