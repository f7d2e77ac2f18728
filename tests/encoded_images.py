"""Small images and their files, for tests of decoding."""

import io
import struct

import numpy as np
from PIL import Image


def encoded(image, file_format="PNG", **options):
    stream = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(stream, file_format, **options)
    return stream.getvalue()


def noise(height=40, width=60):
    return np.random.default_rng(0).integers(0, 256, (height, width)).astype(np.uint8)


def smooth(height=64, width=48):
    row, column = np.mgrid[:height, :width]
    return (row * 2 + column).astype(np.uint8)


def exif(orientation, thumbnail=b""):
    """Returns an APP1 segment body; a thumbnail rides along after the directory."""
    entry = struct.pack(">HHIHH", 0x112, 3, 1, orientation, 0)
    return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4) + thumbnail
