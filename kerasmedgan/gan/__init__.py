"""Stage 2, GAN: networks, losses and the `DCGAN` model."""

from kerasmedgan.gan.dcgan import DCGAN
from kerasmedgan.gan.losses import LossPair
from kerasmedgan.gan.optimizers import build_adam

__all__ = ["DCGAN", "LossPair", "build_adam"]
