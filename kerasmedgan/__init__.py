"""A Keras-native toolkit for GAN augmentation of medical images, and the truth about it."""

from kerasmedgan.data import LabeledImages, Splits, load_images
from kerasmedgan.gan import DCGAN

__all__ = ["DCGAN", "LabeledImages", "Splits", "load_images"]
