"""Stage 1, data: images that stay on the disk until they are asked for."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence

import numpy as np


class ImageFile:
    """The images in a `.npy` file. Indexing reads them; nothing stays in memory.

    A memory map would do the same, but its pages count as the process's own memory and pile up
    with the images seen, and a disk error would end the process instead of raising.

    Args:
        path: a uint8 file of shape `(count, height, width, channels)`.
    """

    def __init__(self, path: str | os.PathLike):
        """Reads the file's header."""
        mapped = np.load(path, mmap_mode="r")
        self.path = os.path.abspath(path)
        self.shape = mapped.shape
        self._first = mapped.offset
        self._bytes = mapped[0].nbytes if len(mapped) else 0

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """Reads the images at the given rows, int64 of shape `(n,)`, in that order."""
        images = np.empty((len(rows), *self.shape[1:]), np.uint8)
        # Images that follow one another in the file are one read.
        bounds = [*np.flatnonzero(np.diff(rows, prepend=-2) != 1), len(rows)]
        with open(self.path, "rb", buffering=0) as file:
            for start, stop in itertools.pairwise(bounds):
                file.seek(self._first + int(rows[start]) * self._bytes)
                if file.readinto(images[start:stop]) != (stop - start) * self._bytes:
                    raise OSError(
                        f"Cannot read images from {self.path}. Expected {self.shape[0]} of them. "
                        "Received: a shorter file. Load the data set anew."
                    )
        return images


class ImageWriter:
    """Writes images to a `.npy` file one after the other; how many need not be known before.

    Args:
        path: the file, of shape `(count, height, width, channels)` once it is closed.
    """

    def __init__(self, path: str | os.PathLike):
        """Opens the file."""
        self._file = open(path, "wb")
        self._shape = None
        self._count = 0

    def write(self, image: np.ndarray) -> None:
        """Appends an image, uint8 of shape `(height, width, channels)`, equal for all."""
        if self._shape is None:
            self._shape = image.shape
            self._write_header()
        self._file.write(np.ascontiguousarray(image))
        self._count += 1

    def __enter__(self) -> ImageWriter:
        """Returns itself."""
        return self

    def __exit__(self, *error) -> None:
        """Closes the file with its header."""
        with self._file:
            if self._shape is not None:
                self._file.seek(0)
                self._write_header()

    def _write_header(self) -> None:
        # NumPy leaves room for the first axis to grow, so both headers have the same length.
        header = {"descr": "|u1", "fortran_order": False, "shape": (self._count, *self._shape)}
        np.lib.format.write_array_header_1_0(self._file, header)


class ImageRows(np.lib.mixins.NDArrayOperatorsMixin):
    """Images of one source or several, in any order, read when they are indexed.

    Stands where a read-only uint8 array `(count, height, width, channels)` would: `rows[key]`
    returns NumPy arrays; `np.asarray(rows)`, and arithmetic as in `rows / 255`, read all of them.

    Args:
        sources: arrays or `ImageFile`s of the same height, width and channels.
        source: int array, shape `(count,)`: which source each image is in. Default: all images
            of all sources, in their order.
        row: int64 array, shape `(count,)`: its row there.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(
        self,
        sources: Sequence[np.ndarray | ImageFile],
        source: np.ndarray | None = None,
        row: np.ndarray | None = None,
    ):
        """Reads nothing yet."""
        counts = [each.shape[0] for each in sources]
        self._sources = tuple(sources)
        self._source = np.repeat(np.arange(len(counts), dtype=np.int16), counts)
        self._row = np.concatenate([np.arange(count) for count in counts])
        if source is not None:
            self._source, self._row = source, row

    @property
    def shape(self) -> tuple[int, ...]:
        """Count, height, width, channels."""
        return len(self), *self._sources[0].shape[1:]

    def __len__(self) -> int:
        """Returns the number of images."""
        return len(self._row)

    def __getitem__(self, key) -> np.ndarray:
        """Reads the images at an index, slice, array of indexes or mask, as NumPy would."""
        first, *rest = key if isinstance(key, tuple) else (key,)
        if first is Ellipsis:
            return self[:][(first, *rest)]
        if np.ndim(first) == 0 and not isinstance(first, slice):
            return self._read(self._source[[first]], self._row[[first]])[(0, *rest)]
        return self._read(self._source[first], self._row[first])[(slice(None), *rest)]

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        """Reads all images."""
        return self[:].astype(dtype or np.uint8, copy=False)

    def astype(self, dtype) -> np.ndarray:
        """Reads all images as another dtype."""
        return np.asarray(self, dtype)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        """Computes with all images, as with an array."""
        arrays = [np.asarray(each) if isinstance(each, ImageRows) else each for each in inputs]
        return getattr(ufunc, method)(*arrays, **kwargs)

    def select(self, key) -> ImageRows:
        """Returns the images at a slice, array of indexes or mask; reads none."""
        return ImageRows(self._sources, self._source[key], self._row[key])

    def _read(self, source: np.ndarray, row: np.ndarray) -> np.ndarray:
        if len(self._sources) == 1:
            return self._sources[0][row]
        images = np.empty((len(row), *self.shape[1:]), np.uint8)
        for number in np.unique(source):
            here = source == number
            images[here] = self._sources[number][row[here]]
        return images


def join_images(parts: Sequence[np.ndarray | ImageRows]) -> np.ndarray | ImageRows:
    """Joins images one part after the other; reads none of those that are on the disk."""
    if not any(isinstance(part, ImageRows) for part in parts):
        return np.concatenate(parts)
    rows = [part if isinstance(part, ImageRows) else ImageRows([part]) for part in parts]
    first = np.cumsum([0, *(len(part._sources) for part in rows[:-1])], dtype=np.int16)
    return ImageRows(
        [source for part in rows for source in part._sources],
        np.concatenate([number + part._source for number, part in zip(first, rows, strict=True)]),
        np.concatenate([part._row for part in rows]),
    )


def select_images(images: np.ndarray | ImageRows, rows: np.ndarray) -> np.ndarray | ImageRows:
    """Returns the images at the given rows; reads none of those that are on the disk."""
    return images.select(rows) if isinstance(images, ImageRows) else images[rows]
