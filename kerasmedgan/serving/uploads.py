"""Stage 7, serving: a stranger's file enters; pixels leave, or one sentence that says why not."""

import dataclasses
import io

import cv2
import numpy as np
from PIL import Image

from kerasmedgan.images import MAX_PIXELS, UnreadableImageError, decode_image, resize_image
from kerasmedgan.serving.manifest import ServedRun

MAX_UPLOAD_BYTES = 32 * 1024 * 1024
MIN_UPLOAD_SIDE = 16
_SHOWN_SIDE = 384
_STILL = "Save one still picture as PNG or JPEG."
_NO_PICTURES = (
    (b"PK", 0, "is a zip archive", "Unpack it and choose the pictures."),
    (b"%PDF", 0, "is a PDF", _STILL),
    (b"DICM", 128, "is a DICOM file, which this version does not read", _STILL),
)
# Formats that may hold several pictures. Not the MPO of cameras: a JPEG with a second view in it.
_MANY_FRAMES = {"GIF", "WEBP", "PNG", "TIFF"}


class UploadError(ValueError):
    """Raised when a file cannot be taken; the message is one sentence for its owner."""


@dataclasses.dataclass(frozen=True, eq=False)
class Upload:
    """One picture that was taken.

    Attributes:
        image: uint8 array, shape `(image_size, image_size, channels)`: what the classifiers see,
            the same pixels as `load_images` gives for the file.
        shown: uint8 array, shape `(height, width, channels)`: the picture to show, at most 384
            pixels a side.
    """

    image: np.ndarray
    shown: np.ndarray


def read_upload(data: bytes, run: ServedRun) -> Upload:
    """Decodes an uploaded file on the pixel path of the run's training images.

    Args:
        data: the whole file.
        run: whose classifiers the picture is for.

    Raises:
        UploadError: if the file is empty, too large, no picture, broken, animated or tiny.
    """
    _refuse_what_is_no_picture(data)
    try:
        original = decode_image(data, channels=run.channels)
    except UnreadableImageError as error:
        if str(MAX_PIXELS) in str(error):
            raise UploadError(
                f"This picture claims more than {MAX_PIXELS / 1e6:.0f} million pixels. Scale it "
                "down first."
            ) from error
        raise UploadError(
            "This file is no picture, or it is damaged or cut short. JPEG, PNG, TIFF, BMP and "
            "WebP can be read."
        ) from error
    height, width = original.shape[:2]
    if min(height, width) < MIN_UPLOAD_SIDE:
        raise UploadError(
            f"This picture has {width} x {height} pixels. At least {MIN_UPLOAD_SIDE} x "
            f"{MIN_UPLOAD_SIDE} are needed."
        )
    image = resize_image(original, run.image_size, pad_to_aspect_ratio=run.pad_to_aspect_ratio)
    return Upload(image, _shrink(original))


def _refuse_what_is_no_picture(data: bytes) -> None:
    if not data:
        raise UploadError("This file is empty.")
    if len(data) > MAX_UPLOAD_BYTES:
        raise UploadError(
            f"This file has {len(data) / 2**20:.0f} MB. At most {MAX_UPLOAD_BYTES >> 20} MB are "
            "taken."
        )
    for start, offset, what, advice in _NO_PICTURES:
        if data[offset : offset + len(start)] == start:
            raise UploadError(f"This file {what}. {advice}")
    if b"<svg" in data[:4096].lower():
        raise UploadError(f"This file is an SVG drawing, not an image of pixels. {_STILL}")
    if (frames := _count_frames(data)) > 1:
        raise UploadError(f"This file holds {frames} pictures or an animation. {_STILL}")


def _count_frames(data: bytes) -> int:
    """Counts the pictures in a file by its directory; 1 where Pillow does not know it.

    Only directories are read here: pixels come from `decode_image` alone.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            return getattr(image, "n_frames", 1) if image.format in _MANY_FRAMES else 1
    except Exception:
        # Whatever a broken header makes Pillow raise: `decode_image` has the last word.
        return 1


def _shrink(image: np.ndarray) -> np.ndarray:
    """Scales a picture down to be shown; small ones stay as they are."""
    height, width = image.shape[:2]
    factor = _SHOWN_SIDE / max(height, width)
    if factor >= 1:
        return image
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], -1)
