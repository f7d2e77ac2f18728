"""Stage 2, GAN: networks, losses and the `DCGAN` model."""

from kerasmedgan.gan.dcgan import DCGAN
from kerasmedgan.gan.differentiable_augmentation import AUGMENTATIONS, GEOMETRY
from kerasmedgan.gan.losses import LossPair
from kerasmedgan.gan.optimizers import build_adam
from kerasmedgan.gan.options import PLAIN

__all__ = ["AUGMENTATIONS", "DCGAN", "GEOMETRY", "PLAIN", "LossPair", "build_adam"]
