"""Image files of many kinds, and files that are none, as people upload them."""

import io
import struct
import zipfile
import zlib

import numpy as np
from PIL import Image

from kerasmedgan.data.phantom import draw_phantoms

ORIENTATION = 0x112


def chest(index, height=96, width=80):
    """Draws a grey phantom chest as a Pillow image."""
    pixels = draw_phantoms([index], [index % 2], [0], image_size=128)[0, ..., 0]
    return Image.fromarray(pixels).resize((width, height))


def encoded(image, file_format="PNG", **options):
    """Returns the bytes of an image file."""
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def good_files():
    """Returns 20 image files of all kinds that people have, by name."""
    files = {}
    for index, orientation in enumerate((3, 6, 8)):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        files[f"rotated_{orientation}.jpg"] = encoded(chest(index), "JPEG", exif=exif)
    deep = (np.asarray(chest(3)).astype(np.uint16) * 257) ^ 0x5A
    tint = Image.merge("RGB", [chest(5), chest(5).point(lambda v: v * 0.9), chest(5)])
    files |= {
        "rotated.png": encoded(chest(4), exif=exif),
        "grey.jpg": encoded(chest(6), "JPEG", quality=90),
        "grey.jpeg": encoded(chest(7), "JPEG", quality=30),
        "progressive.jpg": encoded(chest(8), "JPEG", progressive=True),
        "colours.jpg": encoded(tint, "JPEG"),
        "cmyk-free.png": encoded(tint),
        "grey.png": encoded(chest(9)),
        "deep.png": encoded(Image.fromarray(deep)),
        "deep_wide.png": encoded(Image.fromarray(deep[:40])),
        "palette.png": encoded(tint.convert("P", palette=Image.Palette.ADAPTIVE)),
        "alpha.png": encoded(tint.convert("RGBA")),
        "grey_alpha.png": encoded(chest(10).convert("LA")),
        "tall.png": encoded(chest(11, 400, 40)),
        "wide.jpg": encoded(chest(12, 30, 500), "JPEG"),
        "large.jpg": encoded(chest(13, 1400, 1100), "JPEG"),
        "small.png": encoded(chest(14, 24, 20)),
        "lossless.webp": encoded(chest(15), "WEBP", lossless=True),
    }
    return files


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge_header():
    """Returns a PNG of a few bytes that claims 100,000 x 100,000 pixels."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    body = _chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + body + _chunk(b"IEND", b"")


def archive():
    """Returns a zip file with an image in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("chest.png", encoded(chest(0)))
    return stream.getvalue()


def bad_files():
    """Returns files that are no picture to classify, with words of the sentence for each."""
    frames, whole = [chest(0), chest(1)], encoded(chest(0), "JPEG")
    moving = {"save_all": True, "append_images": frames[1:]}
    drawing = (
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
    )
    return {
        "empty.jpg": (b"", "This file is empty."),
        "report.jpg": (b"Findings: none.\n" * 40, "no picture, or it is damaged"),
        "truncated.jpg": (whole[: len(whole) // 2], "damaged or cut short"),
        "huge.png": (huge_header(), "more than 134 million pixels"),
        "drawing.svg": (drawing, "an SVG drawing"),
        "animated.gif": (encoded(frames[0], "GIF", **moving), "2 pictures or an animation"),
        "animated.png": (encoded(frames[0], "PNG", **moving), "2 pictures or an animation"),
        "pages.tiff": (encoded(frames[0], "TIFF", **moving), "2 pictures or an animation"),
        "dot.png": (encoded(Image.new("L", (1, 1), 90)), "has 1 x 1 pixels"),
        "archive.zip": (archive(), "a zip archive"),
        "paper.pdf": (b"%PDF-1.7\n" + bytes(100), "is a PDF"),
        "scan.dcm": (bytes(128) + b"DICM" + bytes(100), "a DICOM file"),
    }
