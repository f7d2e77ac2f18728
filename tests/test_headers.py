"""Files that are cut, patched or lie about their size: refused before they are decoded."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from encoded_images import encoded, exif, noise, smooth
from PIL import Image

from kerasmedgan import images as pixels
from kerasmedgan.environment import peak_memory_mib
from kerasmedgan.images import UnreadableImageError


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with_header(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = png_chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + body + png_chunk(b"IEND", b"")


def jpeg_with_header(width, height):
    data = bytearray(encoded(noise(), "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def bmp_with_header(width, height):
    data = bytearray(encoded(noise(), "BMP"))
    data[18:26] = struct.pack("<ii", width, height)
    return bytes(data)


def tiff_with_header(width, height):
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1)]
    tags += [(262, 3, 1, 1), (273, 4, 1, 200), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, 99)]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *t) for t in tags)
    return (b"II*\0" + struct.pack("<I", 8) + directory + bytes(4)).ljust(200, b"\0") + bytes(99)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_truncated_files_are_refused(file_format, share):
    data = encoded(noise(), file_format)
    with pytest.raises(UnreadableImageError, match="Expected the bytes of an image. Received:"):
        pixels.decode_image(data[: int(len(data) * share)])


@pytest.mark.parametrize("options", [{"progressive": True}, {"optimize": True}, {"quality": 100}])
def test_jpeg_cut_anywhere_is_refused_and_whole_is_read(options):
    data = encoded(noise(), "JPEG", **options)
    assert pixels.decode_image(data).shape == (40, 60, 1)
    for stop in range(2, len(data), 97):
        with pytest.raises(UnreadableImageError, match="truncated"):
            pixels.decode_image(data[:stop])


@pytest.mark.parametrize("junk", [b"\0" * 5000, b"trailing text " * 300, b"\xff\xd8\xff\xe0rest"])
def test_junk_after_a_whole_jpeg_is_passed_over(junk):
    data = encoded(smooth(), "JPEG")
    np.testing.assert_array_equal(pixels.decode_image(data + junk), pixels.decode_image(data))


def test_end_marker_of_a_thumbnail_does_not_pass_for_the_image():
    thumbnail = encoded(noise(8, 8), "JPEG")
    data = encoded(noise(16, 16), "JPEG", exif=exif(1, thumbnail))
    assert data.count(b"\xff\xd9") == 2
    assert pixels.decode_image(data).shape == (16, 16, 1)
    cut = data[: data.rindex(b"\xff\xda") + 60] + bytes(300)
    # OpenCV alone takes it.
    assert cv2.imdecode(np.frombuffer(cut, np.uint8), cv2.IMREAD_GRAYSCALE) is not None
    assert b"\xff\xd9" in cut[-1024:]
    with pytest.raises(UnreadableImageError, match="truncated"):
        pixels.decode_image(cut)


def test_truncated_jpeg_padded_to_its_size_is_refused():
    data = encoded(noise(), "JPEG")
    with pytest.raises(UnreadableImageError, match="truncated"):
        pixels.decode_image(data[:900].ljust(len(data), b"\0"))


@pytest.mark.parametrize("data", [b"", b"a report, renamed to .jpg", b"\xff\xd8", b"\x89PNG\r\n"])
def test_what_is_no_image_is_refused(data):
    with pytest.raises(UnreadableImageError, match="Expected the bytes of an image"):
        pixels.decode_image(data)


@pytest.mark.parametrize(
    "data",
    [
        png_with_header(100_000, 100_000),
        jpeg_with_header(65_500, 65_500),
        bmp_with_header(65_500, 65_500),
        bmp_with_header(100_000, -100_000),
        tiff_with_header(65_500, 65_500),
        # Below OpenCV's own limit of 2 ** 30 pixels: ours must hold without it.
        png_with_header(20_000, 20_000),
        jpeg_with_header(20_000, 20_000),
    ],
    ids=["png", "jpeg", "bmp", "bmp-flipped", "tiff", "png-400-mpx", "jpeg-400-mpx"],
)
def test_headers_of_huge_images_are_refused_at_once(data):
    before = peak_memory_mib()
    with pytest.raises(UnreadableImageError, match="Expected an image of at most 134217728 pixels"):
        pixels.decode_image(data)
    # 400 million pixels take 381 MiB.
    assert peak_memory_mib() - before < 64


def test_a_huge_image_of_another_format_is_refused_too():
    data = encoded(Image.new("1", (12_000, 12_000)), "TIFF", compression="group4")
    with pytest.raises(UnreadableImageError, match="Expected an image of at most"):
        pixels.decode_image(data)
