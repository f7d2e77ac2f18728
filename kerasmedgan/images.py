"""Ground floor: the only place that knows pixels.

Bytes of an image file enter, uint8 arrays of one size leave. Training, export and serving all
come through `prepare_image`, so that a classifier never meets two kinds of resize.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from kerasmedgan.files import atomic_path
from kerasmedgan.headers import add_png_text, claimed_pixels, is_truncated_jpeg

# OpenCV's own limit is 2 ** 30. Its environment variable cannot lower it here, since it is read
# when OpenCV is loaded, and Keras loads OpenCV.
MAX_PIXELS = 1 << 27
_HALF_RANGE = 127.5
_TOO_LARGE = (
    f"Expected an image of at most {MAX_PIXELS} pixels. "
    "Received: a larger one, by its header. Scale the image down or leave it out."
)
_READ_FLAGS = {1: cv2.IMREAD_GRAYSCALE, 3: cv2.IMREAD_COLOR}
# OpenCV writes blue, green, red.
_WRITE_ORDER = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}


class UnreadableImageError(ValueError):
    """Raised when bytes cannot be decoded as an image."""


def decode_image(data: bytes, *, channels: int = 1) -> np.ndarray:
    """Decodes the bytes of an image file at its original size.

    Args:
        data: the whole file: JPEG, PNG, TIFF, BMP, WebP and what else OpenCV reads. EXIF
            orientation is applied, an alpha channel dropped, 16 bit reduced to 8.
        channels: 1 for grey, 3 for RGB.

    Returns:
        uint8 array, shape `(height, width, channels)`, values in [0, 255].

    Raises:
        UnreadableImageError: if the bytes are no image, are truncated, or claim too many pixels.
    """
    check_channels(channels)
    if not data:
        raise UnreadableImageError("Expected the bytes of an image. Received: an empty file.")
    if claimed_pixels(data) > MAX_PIXELS:
        raise UnreadableImageError(_TOO_LARGE)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), _READ_FLAGS[channels])
    except cv2.error as error:
        # OpenCV's own limits are constants of that name; what is merely broken gives None.
        if "CV_IO_MAX_IMAGE" in str(error):
            raise UnreadableImageError(_TOO_LARGE) from error
        image = None
    if image is not None and image.shape[0] * image.shape[1] > MAX_PIXELS:
        raise UnreadableImageError(_TOO_LARGE)
    if image is None or is_truncated_jpeg(data):
        raise UnreadableImageError(
            f"Expected the bytes of an image. Received: {len(data)} bytes that cannot be decoded. "
            "The file is truncated or no image: replace it or leave it out."
        )
    if channels == 3:
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return image[..., np.newaxis]


def resize_image(
    image: np.ndarray, image_size: int, *, pad_to_aspect_ratio: bool = False
) -> np.ndarray:
    """Resizes one image to a square.

    Shrinking averages areas (OpenCV `INTER_AREA`, which antialiases); enlarging interpolates.

    Args:
        image: uint8 array, shape `(height, width, channels)`.
        image_size: side of the square in pixels.
        pad_to_aspect_ratio: `False` stretches to the square; `True` keeps the aspect ratio and
            fills the rest with black, centred.

    Returns:
        uint8 array, shape `(image_size, image_size, channels)`.
    """
    height, width, channels = image.shape
    if pad_to_aspect_ratio:
        scale = image_size / max(height, width)
        target = (max(1, round(width * scale)), max(1, round(height * scale)))
    else:
        target = (image_size, image_size)
    # OpenCV's INTER_AREA averages only where no side grows, so a wide and low image needs both.
    inner = (min(target[0], width), min(target[1], height))
    shrunk = cv2.resize(image, inner, interpolation=cv2.INTER_AREA)
    resized = cv2.resize(shrunk, target, interpolation=cv2.INTER_LINEAR)
    resized = resized.reshape(target[1], target[0], channels)
    if target == (image_size, image_size):
        return resized
    square = np.zeros((image_size, image_size, channels), np.uint8)
    top, left = (image_size - target[1]) // 2, (image_size - target[0]) // 2
    square[top : top + target[1], left : left + target[0]] = resized
    return square


def prepare_image(
    data: bytes, image_size: int, *, channels: int = 1, pad_to_aspect_ratio: bool = False
) -> np.ndarray:
    """Decodes and resizes: the one pixel path of training, export and serving.

    Returns:
        uint8 array, shape `(image_size, image_size, channels)`.
    """
    image = decode_image(data, channels=channels)
    return resize_image(image, image_size, pad_to_aspect_ratio=pad_to_aspect_ratio)


def to_model_range(images):
    """Scales uint8 images in [0, 255] to float32 in [-1, 1]. NumPy arrays and tensors alike."""
    if isinstance(images, np.ndarray):
        images = images.astype(np.float32)
    else:
        import tensorflow as tf

        images = tf.cast(images, tf.float32)
    return images / _HALF_RANGE - 1.0


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Scales float images in [-1, 1] to uint8 in [0, 255], rounded, clipped.

    Raises:
        ValueError: if a pixel is not finite, as from a GAN whose training broke down.
    """
    scaled = np.rint((np.asarray(images, np.float32) + 1.0) * _HALF_RANGE)
    if not np.isfinite(scaled).all():
        raise ValueError(
            "Invalid value for `images`. Expected finite pixels in [-1, 1]. Received: NaN or "
            "infinity. The network that drew them broke down: go back to an earlier state."
        )
    return np.clip(scaled, 0, 255).astype(np.uint8)


def make_grid(images: np.ndarray, *, columns: int, gap: int = 2) -> np.ndarray:
    """Lays images out row by row on white.

    Args:
        images: uint8 array, shape `(count, height, width, channels)`.
        columns: images in a row; the last row may be shorter.
        gap: pixels between images.

    Returns:
        uint8 array, shape `(grid_height, grid_width, channels)`.
    """
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    shape = (rows * (height + gap) - gap, columns * (width + gap) - gap, channels)
    grid = np.full(shape, 255, np.uint8)
    for index, image in enumerate(images):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        grid[top : top + height, left : left + width] = image
    return grid


def encode_png(image: np.ndarray, *, text: Mapping[str, str] | None = None) -> bytes:
    """Encodes one uint8 image as PNG bytes.

    Args:
        image: shape `(height, width, channels)`: grey, RGB or, with 4 channels, RGBA.
        text: keywords and values to put into the file as PNG text; pixels stay the same.
    """
    if image.shape[-1] not in _WRITE_ORDER:
        check_channels(image.shape[-1])
    encoded, data = cv2.imencode(".png", image[..., _WRITE_ORDER[image.shape[-1]]])
    if not encoded:
        raise OSError(f"OpenCV could not encode an image of shape {image.shape} as PNG.")
    return add_png_text(data.tobytes(), text) if text else data.tobytes()


def write_png(path: str | os.PathLike, image: np.ndarray) -> None:
    """Writes one uint8 image of shape `(height, width, 1 or 3)` as PNG, atomically."""
    data = encode_png(image)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def read_images(
    paths: Sequence[str | os.PathLike],
    image_size: int,
    *,
    channels: int = 1,
    pad_to_aspect_ratio: bool = False,
) -> np.ndarray:
    """Reads image files through `prepare_image`.

    Returns:
        uint8 array, shape `(len(paths), image_size, image_size, channels)`.

    Raises:
        UnreadableImageError: if a file cannot be decoded; the error names it.
    """
    images = np.empty((len(paths), image_size, image_size, channels), np.uint8)
    for index, path in enumerate(paths):
        data = Path(path).read_bytes()
        try:
            images[index] = prepare_image(
                data, image_size, channels=channels, pad_to_aspect_ratio=pad_to_aspect_ratio
            )
        except UnreadableImageError as error:
            raise UnreadableImageError(f"Cannot read {path}. {error}") from error
    return images


def check_channels(channels: int) -> None:
    """Raises `ValueError` unless `channels` is 1 or 3."""
    if channels not in _READ_FLAGS:
        raise ValueError(
            "Invalid value for `channels`. Expected 1 (grey) or 3 (RGB). "
            f"Received: {channels}. Use 1 for X-rays."
        )
