"""Stage 1, data: `load_images`, the door of the toolkit: a source enters, `Splits` leave."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path

import numpy as np

from kerasmedgan.data.audit import data_report
from kerasmedgan.data.folders import Folder, read_folder
from kerasmedgan.data.kaggle import download_chest_xray
from kerasmedgan.data.labeled import LabeledImages, concatenate
from kerasmedgan.data.patients import DEFAULT_PATIENT_PATTERN, carve, check_fraction, patients_of
from kerasmedgan.data.phantom_cache import load_phantom_data_set
from kerasmedgan.data.split_guard import TEST, TRAIN, VALIDATION
from kerasmedgan.data.splits import Splits
from kerasmedgan.images import check_channels

_MIN_VALIDATION_IMAGES = 100
_TEST_FRACTION = 0.2
# The data set and its test split stay the same when a study varies `seed`.
_FIXED_SEED = 0
_PHANTOM_TRAIN_PATIENTS = {"normal_patients": 160, "pneumonia_patients": 480}
_PHANTOM_TEST_PATIENTS = {"normal_patients": 80, "pneumonia_patients": 130}
_PHANTOM_TEST_EXPOSURE = 0.3
_PHANTOM_CLASSES = ("NORMAL", "PNEUMONIA")


@dataclasses.dataclass(frozen=True)
class _Part:
    """Images that may still be divided, with the facts that the data report needs."""

    images: LabeledImages
    digests: np.ndarray
    sizes: np.ndarray

    def take(self, rows: np.ndarray, split: str) -> _Part:
        images = dataclasses.replace(self.images.take(rows), split=split)
        return _Part(images, self.digests[rows], self.sizes[rows])


def load_images(
    source: str | os.PathLike,
    *,
    image_size: int = 64,
    channels: int = 1,
    validation_fraction: float = 0.1,
    seed: int = 0,
    cache_dir: str | os.PathLike | None = None,
    pad_to_aspect_ratio: bool = False,
    patient_pattern: str = DEFAULT_PATIENT_PATTERN,
) -> Splits:
    """Loads a data set as train, validation and test.

    Args:
        source: "phantom" (procedural chest X-rays), "kaggle" (the pediatric chest X-rays of
            Kermany et al. 2018), or a folder: class folders under `train/` and `test/` and an
            optional `val/`, or class folders alone, of which a fifth of the patients become the
            test split. A `val/` joins train if it has fewer than 100 images or `test/` is missing.
        image_size: side in pixels that images are resized to.
        channels: 1 for grey, 3 for RGB.
        validation_fraction: share of the training images to set aside by patient, stratified.
            Not used where `val/` is large enough.
        seed: seed of the validation split. The test split does not depend on it.
        cache_dir: folder for the decoded arrays. Default: `$KERASMEDGAN_CACHE`, or `kerasmedgan`
            in the user's cache folder.
        pad_to_aspect_ratio: keep the aspect ratio and fill with black; `False` stretches.
        patient_pattern: regular expression that matches at the start of a file name; its first
            group that took part names the patient. Files that do not match are patients of their
            own.

    Returns:
        `Splits` of uint8 `LabeledImages`, with the data report in `.report`.

    Raises:
        ValueError: if the source or an argument cannot be used.
        ConnectionError: if "kaggle" is neither cached nor reachable.
    """
    _check_arguments(image_size, channels, validation_fraction)
    cache_dir = None if cache_dir is None else Path(cache_dir)
    if source == "phantom":
        parts, unreadable = _phantom_parts(image_size, channels, cache_dir), {}
    else:
        directory = download_chest_xray() if source == "kaggle" else Path(source)
        parts, unreadable = _folder_parts(
            directory,
            patient_pattern,
            image_size=image_size,
            channels=channels,
            pad_to_aspect_ratio=pad_to_aspect_ratio,
            cache_dir=cache_dir,
        )
    parts = _complete(parts, validation_fraction, seed)
    report = data_report(
        {name: part.images for name, part in parts.items()},
        {name: part.digests for name, part in parts.items()},
        np.concatenate([part.sizes for part in parts.values()]),
        unreadable,
    )
    return Splits(**{name: part.images for name, part in parts.items()}, report=report)


def _complete(parts: dict[str, _Part], validation_fraction: float, seed: int) -> dict[str, _Part]:
    """Carves the splits that the source lacks.

    A small validation split joins train first, and so does one without a test split, or a
    patient could stand in both.
    """
    parts = dict(parts)
    if VALIDATION in parts and (
        TEST not in parts or len(parts[VALIDATION].images) < _MIN_VALIDATION_IMAGES
    ):
        parts[TRAIN] = _join(parts[TRAIN], parts.pop(VALIDATION))
    if TEST not in parts:
        parts[TRAIN], parts[TEST] = _carve(parts[TRAIN], _TEST_FRACTION, _FIXED_SEED, TEST)
    if VALIDATION not in parts:
        parts[TRAIN], parts[VALIDATION] = _carve(
            parts[TRAIN], validation_fraction, seed, VALIDATION
        )
    return {name: parts[name] for name in (TRAIN, VALIDATION, TEST)}


def _carve(part: _Part, fraction: float, seed: int, split: str) -> tuple[_Part, _Part]:
    images = part.images
    chosen = carve(images.labels, images.groups, part.digests, fraction=fraction, seed=seed)
    return part.take(np.flatnonzero(~chosen), TRAIN), part.take(np.flatnonzero(chosen), split)


def _join(train: _Part, other: _Part) -> _Part:
    renamed = dataclasses.replace(other.images, split=TRAIN)
    return _Part(
        concatenate([train.images, renamed]),
        np.concatenate([train.digests, other.digests]),
        np.concatenate([train.sizes, other.sizes]),
    )


def _folder_parts(
    directory: Path, patient_pattern: str, **settings
) -> tuple[dict[str, _Part], dict[str, str]]:
    """Reads `train/`, `test/` and `val/` where they stand, else the class folders alone."""
    if not directory.is_dir():
        raise ValueError(
            "Invalid value for `source`. Expected 'phantom', 'kaggle' or an existing folder. "
            f"Received: {str(directory)!r}. Check the path."
        )
    names = {TRAIN: "train", VALIDATION: "val", TEST: "test"}
    found = {split: name for split, name in names.items() if (directory / name).is_dir()}
    if TRAIN not in found:
        found = {TRAIN: "."}
    folders = {split: read_folder(directory / name, **settings) for split, name in found.items()}
    for split, folder in folders.items():
        _check_classes(folders[TRAIN], folder, directory / found[split])
    parts = {
        split: _folder_part(folder, split, found[split], patient_pattern)
        for split, folder in folders.items()
    }
    unreadable = {
        f"{found[split]}/{file}": reason
        for split, folder in folders.items()
        for file, reason in folder.unreadable.items()
    }
    return parts, unreadable


def _folder_part(folder: Folder, split: str, name: str, patient_pattern: str) -> _Part:
    images = LabeledImages(
        images=folder.images,
        labels=folder.labels,
        class_names=folder.class_names,
        groups=patients_of(folder.files, patient_pattern),
        split=split,
        files=np.char.add(f"{name}/", folder.files),
    )
    return _Part(images, folder.digests, folder.sizes)


def _phantom_parts(image_size: int, channels: int, cache_dir: Path | None) -> dict[str, _Part]:
    """Draws train, and a test split of other patients whose films are exposed otherwise."""
    settings = {
        TRAIN: {**_PHANTOM_TRAIN_PATIENTS, "first_patient": 0},
        TEST: {
            **_PHANTOM_TEST_PATIENTS,
            "first_patient": sum(_PHANTOM_TRAIN_PATIENTS.values()),
            "exposure": _PHANTOM_TEST_EXPOSURE,
        },
    }
    shared = {"cache_dir": cache_dir, "image_size": image_size, "seed": _FIXED_SEED}
    return {
        split: _phantom_part(load_phantom_data_set(**shared, **one), channels, split)
        for split, one in settings.items()
    }


def _phantom_part(
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray], channels: int, split: str
) -> _Part:
    pixels, labels, groups = drawn
    images = LabeledImages(
        images=np.repeat(pixels, channels, axis=-1),
        labels=labels,
        class_names=_PHANTOM_CLASSES,
        groups=groups,
        split=split,
    )
    digests = [hashlib.blake2b(image.tobytes(), digest_size=16).hexdigest() for image in pixels]
    return _Part(images, np.array(digests), np.full((len(images), 2), images.image_size))


def _check_arguments(image_size: int, channels: int, validation_fraction: float) -> None:
    if image_size < 1:
        raise ValueError(
            "Invalid value for `image_size`. Expected an integer >= 1, in pixels. "
            f"Received: {image_size}. Use 64 to begin with."
        )
    check_channels(channels)
    check_fraction(validation_fraction)


def _check_classes(train: Folder, other: Folder, directory: Path) -> None:
    if train.class_names != other.class_names:
        raise ValueError(
            f"Invalid value for `source`. Expected the classes {list(train.class_names)} of "
            f"`train/` in every split. Received: {list(other.class_names)} in {directory}. "
            "Give the folders the same names."
        )
