"""Stage 5, likeness: tells images like those that a classifier learned from, and others."""

from kerasmedgan.likeness.measure import measure_likeness
from kerasmedgan.likeness.rule import LikenessRule, fit_likeness
from kerasmedgan.likeness.strangers import PHOTOS, draw_strangers, photo_crops, transformed

__all__ = [
    "PHOTOS",
    "LikenessRule",
    "draw_strangers",
    "fit_likeness",
    "measure_likeness",
    "photo_crops",
    "transformed",
]
