"""Stage 5, likeness: images that are no medical images, to measure how many of them are caught."""

from collections.abc import Sequence

import cv2
import numpy as np
from sklearn.datasets import load_sample_images

from kerasmedgan.images import resize_image

PHOTOS = "photographs"


def draw_strangers(count: int, image_size: int, *, channels: int = 1, seed: int = 0) -> dict:
    """Draws images of several kinds that no medical image looks like.

    Args:
        count: images of each kind.
        image_size: side in pixels.
        channels: 1 or 3, equal in all channels.
        seed: seed of all of them.

    Returns:
        uint8 array of shape `(count, image_size, image_size, channels)` for each kind: blanks,
        gradients, noise, clouds (noise of amplitude 1/f, as natural scenes have), checkerboards,
        and parts of the two photographs that scikit-learn brings along.
    """
    generator = np.random.default_rng(seed)
    photos = [cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY) for photo in load_sample_images().images]
    kinds = {
        "blanks": _blank,
        "gradients": _gradient,
        "noise": _noise,
        "clouds": _cloud,
        "checkerboards": _checkerboard,
    }
    drawn = {
        name: np.stack([draw(image_size, generator) for _ in range(count)])
        for name, draw in kinds.items()
    }
    drawn[PHOTOS] = photo_crops(photos, count, image_size, seed=seed)[..., 0]
    return {name: np.repeat(part[..., None], channels, axis=-1) for name, part in drawn.items()}


def photo_crops(
    photos: Sequence[np.ndarray], count: int, image_size: int, *, seed: int = 0
) -> np.ndarray:
    """Cuts rectangles of 30 to 100 % of the sides out of photographs, in turn.

    Args:
        photos: grey uint8 arrays, shape `(height, width)`.
        count: number of images.
        image_size: side in pixels of what is returned.
        seed: seed of where to cut.

    Returns:
        uint8 array, shape `(count, image_size, image_size, 1)`.
    """
    generator = np.random.default_rng(seed)
    images = np.empty((count, image_size, image_size, 1), np.uint8)
    for index in range(count):
        photo = photos[index % len(photos)]
        sides = np.maximum(1, np.array(photo.shape) * generator.uniform(0.3, 1.0)).astype(int)
        top, left = generator.integers(0, photo.shape - sides + 1)
        part = photo[top : top + sides[0], left : left + sides[1], None]
        images[index] = resize_image(np.ascontiguousarray(part), image_size)
    return images


def transformed(images: np.ndarray) -> dict[str, np.ndarray]:
    """Returns negatives of medical images, and the images turned.

    Args:
        images: uint8 array, shape `(count, size, size, channels)`.
    """
    return {
        "negatives": 255 - np.asarray(images),
        "turned by 90 degrees": np.rot90(np.asarray(images), 1, axes=(1, 2)),
        "turned by 180 degrees": np.rot90(np.asarray(images), 2, axes=(1, 2)),
    }


def _blank(size: int, generator: np.random.Generator) -> np.ndarray:
    return np.full((size, size), generator.integers(0, 256), np.uint8)


def _gradient(size: int, generator: np.random.Generator) -> np.ndarray:
    angle = generator.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[:size, :size]
    return _to_grey(np.cos(angle) * rows + np.sin(angle) * columns)


def _noise(size: int, generator: np.random.Generator) -> np.ndarray:
    return generator.integers(0, 256, (size, size)).astype(np.uint8)


def _cloud(size: int, generator: np.random.Generator) -> np.ndarray:
    rows, columns = np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)[None]
    frequency = np.maximum(np.hypot(rows, columns), 1.0 / size)
    spectrum = np.fft.fft2(generator.standard_normal((size, size)))
    return _to_grey(np.fft.ifft2(spectrum / frequency).real)


def _checkerboard(size: int, generator: np.random.Generator) -> np.ndarray:
    cell = generator.integers(2, max(3, size // 2))
    rows, columns = np.mgrid[:size, :size] // cell
    return ((rows + columns) % 2 * 255).astype(np.uint8)


def _to_grey(values: np.ndarray) -> np.ndarray:
    low, high = values.min(), values.max()
    return np.rint((values - low) / (high - low) * 255).astype(np.uint8)
