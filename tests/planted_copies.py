"""Phantom images of ever new patients, and copies of images as a generator might hand them out."""

import cv2
import numpy as np

from kerasmedgan.data import LabeledImages
from kerasmedgan.data.phantom import draw_phantoms


def phantom_images(first, count, *, split="train", image_size=32):
    """Returns normal phantoms, one of each patient."""
    patients, zeros = np.arange(first, first + count), np.zeros(count, np.int64)
    return LabeledImages(
        images=draw_phantoms(patients, zeros, zeros, image_size=image_size),
        labels=zeros,
        class_names=("NORMAL", "PNEUMONIA"),
        groups=np.array([f"patient-{patient}" for patient in patients]),
        split=split,
    )


def plant(images, *, seed=0, pixels=2):
    """Returns copies of uint8 images `(count, size, size, 1)` by how they were changed."""
    noise = np.random.default_rng(seed).normal(0, 10, images.shape)
    return {
        "exact": images.copy(),
        "flipped": images[:, :, ::-1].copy(),
        "shifted": np.stack([_shift(image, pixels) for image in images]),
        "brighter": _to_uint8(1.15 * images + 12.0),
        "noisy": _to_uint8(images + noise),
    }


def _shift(image, pixels):
    matrix = np.float32([[1, 0, pixels], [0, 1, -pixels]])
    size = (image.shape[1], image.shape[0])
    moved = cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return moved.reshape(image.shape)


def _to_uint8(pixels):
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
