"""Ground floor: what the bytes of an image file say beside pixels: claims, and text in a PNG."""

import re
import struct
import zlib
from collections.abc import Iterator, Mapping

_PNG_START = b"\x89PNG\r\n\x1a\n"
# The signature and the header chunk, which must come first.
_PNG_HEAD = 33
_JPEG_START, _JPEG_END = b"\xff\xd8", 0xD9
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Not stuffed bytes, restart and other markers that stand alone: those that a segment follows.
_JPEG_MARKER = re.compile(rb"\xff([\x02-\xcf\xd9-\xfe])")


def claimed_pixels(data: bytes) -> int:
    """Returns the pixels that the header of a PNG or JPEG claims; 0 for other formats."""
    sides = b""
    if data.startswith(_PNG_START):
        sides = data[16:24]
    elif data.startswith(_JPEG_START):
        frames = (at for marker, at in _jpeg_segments(data) if marker in _JPEG_FRAMES)
        start = next(frames, len(data))
        sides = data[start + 3 : start + 7]
    half = len(sides) // 2
    return int.from_bytes(sides[:half]) * int.from_bytes(sides[half:])


def is_truncated_jpeg(data: bytes) -> bool:
    """Tells whether a JPEG lacks its end marker.

    OpenCV 5 refuses one that ends early, but decodes one filled up with zeros half grey.
    """
    return data.startswith(_JPEG_START) and all(
        marker != _JPEG_END for marker, _ in _jpeg_segments(data)
    )


def add_png_text(data: bytes, text: Mapping[str, str]) -> bytes:
    """Returns a PNG with text chunks after its header.

    Source: PNG specification, third edition, section 11.3.3 (tEXt).

    Args:
        data: a whole PNG file.
        text: keywords of at most 79 characters, and values, all Latin-1.
    """
    chunks = []
    for keyword, value in text.items():
        body = b"tEXt" + keyword.encode("latin-1") + b"\0" + value.encode("latin-1", "replace")
        chunks.append(struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)))
    return data[:_PNG_HEAD] + b"".join(chunks) + data[_PNG_HEAD:]


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yields each marker and where its segment starts.

    Steps over whole segments, since a thumbnail in one has markers of its own.
    """
    position = 2
    while marker := _JPEG_MARKER.search(data, position):
        start = marker.end()
        yield marker[1][0], start
        position = start + int.from_bytes(data[start : start + 2])
