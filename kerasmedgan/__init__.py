"""A Keras-native toolkit for GAN augmentation of medical images, and the truth about it."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerasmedgan.data import LabeledImages, Splits, load_images
    from kerasmedgan.gan import DCGAN

__all__ = ["DCGAN", "LabeledImages", "Splits", "load_images"]

_HOMES = {
    "DCGAN": "kerasmedgan.gan",
    "LabeledImages": "kerasmedgan.data",
    "Splits": "kerasmedgan.data",
    "load_images": "kerasmedgan.data",
}


def __getattr__(name: str):
    """Imports a public name at its first use: Keras, which it needs, imports matplotlib."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Lists the public names."""
    return sorted(__all__)
