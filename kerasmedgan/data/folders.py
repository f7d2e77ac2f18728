"""Stage 1, data: a tree of class folders becomes arrays, decoded once into a uint8 cache."""

import dataclasses
import hashlib
import json
import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from kerasmedgan.data.image_rows import ImageFile, ImageRows, ImageWriter
from kerasmedgan.files import atomic_directory
from kerasmedgan.images import UnreadableImageError, decode_image, resize_image

_LOGGER = logging.getLogger(__name__)
_CACHE_FORMAT = 3
_MAX_UNREADABLE_SHARE = 0.05
_DIGEST_BYTES = 16
_DECODED_AHEAD = 512


@dataclasses.dataclass(frozen=True)
class Folder:
    """One decoded tree of class folders.

    Attributes:
        images: uint8 images of shape `(count, image_size, image_size, channels)` in the cache.
        labels: int64 array, shape `(count,)`.
        class_names: names of the class folders, sorted.
        files: str array, shape `(count,)`: "CLASS/file name".
        digests: ASCII bytes array, shape `(count,)`: digest of the decoded pixels at the original
            size; equal digests are identical images.
        sizes: int array, shape `(count, 2)`: original height and width in pixels.
        unreadable: "CLASS/file name" to the reason, for each file that was skipped.
    """

    images: ImageRows
    labels: np.ndarray
    class_names: tuple[str, ...]
    files: np.ndarray
    digests: np.ndarray
    sizes: np.ndarray
    unreadable: dict[str, str]


def read_folder(
    directory: Path,
    *,
    image_size: int,
    channels: int = 1,
    pad_to_aspect_ratio: bool = False,
    cache_dir: Path | None = None,
) -> Folder:
    """Reads `directory/<class>/<image>`; the second time from the cache.

    Hidden files, `._` files and `__MACOSX` are passed over; folders inside a class folder too.

    Args:
        directory: holds one folder a class.
        image_size: side in pixels that images are resized to.
        channels: 1 for grey, 3 for RGB.
        pad_to_aspect_ratio: keep the aspect ratio instead of stretching to the square.
        cache_dir: where decoded arrays are kept; `None` chooses `default_cache_dir()`.

    Raises:
        ValueError: if a class is empty, or more than 5 % of a class cannot be read.
    """
    listing = list_class_folders(directory)
    files = [file for class_files in listing.values() for file in class_files]
    settings = {
        "image_size": image_size,
        "channels": channels,
        "pad_to_aspect_ratio": pad_to_aspect_ratio,
    }
    entry = (cache_dir or default_cache_dir()) / _cache_key(directory, files, settings)
    if not (entry / "index.npz").exists():
        try:
            with atomic_directory(entry) as temporary:
                _decode_into(temporary, directory, listing, settings)
                if (entry / "index.npz").exists():
                    raise FileExistsError("Another process was faster; its entry may be in use.")
        except OSError as error:
            if (entry / "index.npz").exists():
                return _open_cache(entry)
            raise OSError(
                f"Invalid value for `cache_dir`. Expected a folder to write to. Received: "
                f"{entry.parent} ({error}). Pass `cache_dir` with a folder that has room."
            ) from error
    return _open_cache(entry)


def list_class_folders(directory: Path) -> dict[str, list[str]]:
    """Returns each class folder's files as "CLASS/file name", sorted.

    Raises:
        ValueError: if there are fewer than two class folders, or one is empty.
    """
    classes = sorted(name for name in _visible(directory) if (directory / name).is_dir())
    if not classes:
        raise ValueError(
            "Invalid value for `source`. Expected a folder with one folder a class, or with "
            f"`train/` and `test/` of such folders. Received: {directory}, which holds no class "
            "folders. Sort the images into folders named after their classes."
        )
    if len(classes) < 2:
        raise ValueError(
            "Invalid value for `source`. Expected two or more class folders. "
            f"Received: {directory} with the single class {classes[0]!r}. "
            "Add a folder for each further class."
        )
    listing = {}
    for name in classes:
        with os.scandir(directory / name) as entries:
            found = sorted(e.name for e in entries if e.is_file() and not e.name.startswith("."))
        if odd := [file for file in found if not file.isprintable()]:
            raise ValueError(
                "Invalid value for `source`. Expected file names in printable UTF-8. "
                f"Received: {odd[0]!a} in {name!r}. Rename the file."
            )
        if not found:
            raise ValueError(
                "Invalid value for `source`. Expected images in every class folder. Received: "
                f"an empty class {name!r} in {directory}. Add images or remove the folder."
            )
        listing[name] = [f"{name}/{file}" for file in found]
    return listing


def default_cache_dir() -> Path:
    """Returns `$KERASMEDGAN_CACHE`, or `kerasmedgan` in the user's cache folder."""
    if given := os.environ.get("KERASMEDGAN_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kerasmedgan"


def _visible(directory: Path) -> list[str]:
    return [name for name in os.listdir(directory) if name[0] != "." and name != "__MACOSX"]


def _cache_key(directory: Path, files: list[str], settings: dict) -> str:
    """Digests all that the decoded array depends on: files, their times, settings, decoder."""
    facts = [_CACHE_FORMAT, cv2.__version__, str(directory.resolve()), settings]
    digest = hashlib.sha256(json.dumps(facts).encode())
    for file in files:
        status = (directory / file).stat()
        digest.update(json.dumps([file, status.st_size, status.st_mtime_ns]).encode())
    return digest.hexdigest()[:32]


def _decode_into(
    folder: Path, directory: Path, listing: dict[str, list[str]], settings: dict
) -> None:
    """Decodes every file into `folder`: images.npy and index.npz."""
    files = [file for class_files in listing.values() for file in class_files]
    labels = np.repeat(np.arange(len(listing)), [len(found) for found in listing.values()])
    digests = np.zeros(len(files), f"S{2 * _DIGEST_BYTES}")
    sizes = np.zeros((len(files), 2), np.int32)
    unreadable = {}
    with ImageWriter(folder / "images.npy") as images:
        for row, (file, result) in enumerate(_decode_all(directory, files, settings)):
            if isinstance(result, str):
                unreadable[file] = result
            else:
                image, digests[row], sizes[row] = result
                images.write(image)
    _report_unreadable(unreadable, listing)
    readable = digests != b""
    facts = {"class_names": list(listing), "unreadable": unreadable}
    np.savez(
        folder / "index.npz",
        facts=np.array(json.dumps(facts)),
        labels=labels[readable],
        files=np.array(files)[readable],
        digests=digests[readable],
        sizes=sizes[readable],
    )


def _decode_all(
    directory: Path, files: list[str], settings: dict
) -> Iterator[tuple[str, tuple[np.ndarray, str, tuple[int, int]] | str]]:
    """Yields each file with (image, digest, (height, width)), or why it is unreadable, in order."""

    def decode(file: str) -> tuple[np.ndarray, str, tuple[int, int]] | str:
        try:
            content = (directory / file).read_bytes()
            image = decode_image(content, channels=settings["channels"])
        except (UnreadableImageError, OSError) as error:
            return str(error)
        digest = hashlib.blake2b(repr(image.shape).encode(), digest_size=_DIGEST_BYTES)
        digest.update(image)
        padded = settings["pad_to_aspect_ratio"]
        resized = resize_image(image, settings["image_size"], pad_to_aspect_ratio=padded)
        return resized, digest.hexdigest(), image.shape[:2]

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            # A pool works ahead of whoever takes its results: only so far, for the memory's sake.
            for start in range(0, len(files), _DECODED_AHEAD):
                some = files[start : start + _DECODED_AHEAD]
                yield from zip(some, pool.map(decode, some), strict=True)
    finally:
        cv2.setNumThreads(threads)


def _report_unreadable(unreadable: dict[str, str], listing: dict[str, list[str]]) -> None:
    """Logs each unreadable file by name; raises where they are too many to leave out."""
    for file, reason in unreadable.items():
        _LOGGER.warning("Skipped %s: %s", file, reason)
    for name, files in listing.items():
        failed = [file for file in files if file in unreadable]
        if len(failed) > _MAX_UNREADABLE_SHARE * len(files):
            raise ValueError(
                f"Cannot read class {name!r}. Expected at most {_MAX_UNREADABLE_SHARE:.0%} "
                f"unreadable files. Received: {len(failed)} of {len(files)}, "
                f"first {', '.join(failed[:5])}. Repair or remove them."
            )


def _open_cache(entry: Path) -> Folder:
    with np.load(entry / "index.npz", allow_pickle=False) as index:
        arrays = dict(index)
    facts = json.loads(str(arrays.pop("facts")))
    return Folder(
        images=ImageRows([ImageFile(entry / "images.npy")]),
        class_names=tuple(facts["class_names"]),
        unreadable=facts["unreadable"],
        **arrays,
    )
