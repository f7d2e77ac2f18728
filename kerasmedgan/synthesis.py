"""Stage 3, synthesis: a trained DCGAN becomes image files and a manifest; and back."""

import csv
import dataclasses
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.split_guard import TRAIN
from kerasmedgan.files import atomic_directory, format_csv, write_csv
from kerasmedgan.gan import DCGAN
from kerasmedgan.images import encode_png, read_images

MANIFEST = "manifest.csv"
# The last is the term of the IPTC for pictures that a trained network drew.
SYNTHETIC_TEXT = {
    "Description": "SYNTHETIC IMAGE, drawn by a generative network. It shows no patient.",
    "Disclaimer": "Not for clinical use.",
    "Software": "kerasmedgan",
    "DigitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
}


@dataclasses.dataclass(frozen=True)
class ManifestRow:
    """One synthetic image: where it is and what drew it.

    Attributes:
        file: path below the export folder, "CLASS/000000.png".
        class_name: the class that the generator was trained on.
        seed: seed of `DCGAN.generate`.
        index: number of the image in that seed's sequence.
        model_sha256: `weights_sha256` of the generator that drew it.
        truncation: as in `DCGAN.generate`.
        label: the class as a number, of a generator of several classes.
    """

    file: str
    class_name: str
    seed: int
    index: int
    model_sha256: str
    truncation: float = 1.0
    label: int | None = None


_HEADER = ("file", "class", "seed", "index", "model_sha256", "truncation")
# A column that is there if a row has something in it.
_LABEL = "label"


def export_images(
    model: DCGAN,
    directory: str | os.PathLike,
    *,
    count: int,
    class_name: str,
    seed: int,
    label: int | None = None,
    truncation: float = 1.0,
) -> list[ManifestRow]:
    """Writes `directory/CLASS/000000.png ...` and the class's rows of `directory/manifest.csv`.

    The class's folder appears when all its files are written, and its rows after that: what the
    manifest names is whole. An older export of the class is replaced; other classes stay.

    Args:
        model: a trained DCGAN.
        directory: the export folder.
        count: number of images, at least 1.
        class_name: the class that the model was trained on; it names the folder.
        seed: seed of `DCGAN.generate`.
        label: the number of that class, of a model that was trained on several.
        truncation: as in `DCGAN.generate`.

    Returns:
        The rows written.

    Raises:
        ValueError: if a model of several classes is to draw them all into one folder.
    """
    directory, how = Path(directory), {"truncation": truncation, "label": label}
    if model.num_classes is not None and label is None:
        raise ValueError(
            f"Invalid value for `label`. Expected the number of class {class_name!r}, since the "
            f"model draws {model.num_classes} classes. Received: None. Use "
            "`images.class_index(class_name)`."
        )
    images = model.generate(count, seed=seed, **how)
    digest = weights_sha256(model.ema_generator)
    rows = manifest_rows(count, class_name=class_name, seed=seed, model_sha256=digest, **how)
    others = []
    if (directory / MANIFEST).exists():
        others = [row for row in read_manifest(directory) if row.class_name != class_name]
        _write_manifest(directory, others)
    with atomic_directory(directory / class_name) as temporary:
        for row, image in zip(rows, images, strict=True):
            (temporary / Path(row.file).name).write_bytes(encode_marked(image, row))
    _write_manifest(directory, others + rows)
    return rows


def manifest_rows(
    count: int,
    *,
    class_name: str,
    seed: int,
    model_sha256: str,
    truncation: float = 1.0,
    label: int | None = None,
) -> list[ManifestRow]:
    """Returns the rows of the images with index 0 to `count - 1` of a seed."""
    return [
        ManifestRow(
            file=f"{class_name}/{index:06d}.png",
            class_name=class_name,
            seed=seed,
            index=index,
            model_sha256=model_sha256,
            truncation=truncation,
            label=label,
        )
        for index in range(count)
    ]


def encode_marked(image: np.ndarray, row: ManifestRow | None = None) -> bytes:
    """Encodes a synthetic image as PNG whose text says what it is.

    Args:
        image: uint8 array, shape `(height, width, 1 or 3)`.
        row: what drew it; `None` for a picture of several images.
    """
    text = {**SYNTHETIC_TEXT}
    if row is not None:
        facts = dataclasses.asdict(row)
        text |= {"Source": "; ".join(f"{name} {value}" for name, value in facts.items())}
    return encode_png(image, text=text)


def read_manifest(directory: str | os.PathLike) -> list[ManifestRow]:
    """Reads `directory/manifest.csv`.

    Raises:
        FileNotFoundError: if there is no manifest.
    """
    path = Path(directory) / MANIFEST
    if not path.exists():
        raise FileNotFoundError(
            f"Invalid value for `directory`. Expected a folder with {MANIFEST}. "
            f"Received: {directory}. Export images with `SyntheticExport` or `export_images`."
        )
    with path.open(newline="", encoding="utf-8") as file:
        return [
            ManifestRow(
                file=row["file"],
                class_name=row["class"],
                seed=int(row["seed"]),
                index=int(row["index"]),
                model_sha256=row["model_sha256"],
                # Manifests from before there was a truncation.
                truncation=float(row.get("truncation") or 1.0),
                label=int(row["label"]) if row.get(_LABEL) else None,
            )
            for row in csv.DictReader(file)
        ]


def load_synthetic(
    directory: str | os.PathLike,
    class_names: Sequence[str],
    *,
    image_size: int,
    channels: int = 1,
) -> LabeledImages:
    """Reads an export back through the pixel path of the real images.

    Args:
        directory: the export folder.
        class_names: the classes of the real images, in label order.
        image_size: side in pixels of the real images.
        channels: 1 or 3, as in the real images.

    Returns:
        Training images with `synthetic` all `True`.

    Raises:
        ValueError: if the manifest names a class that is not in `class_names`.
    """
    directory, class_names = Path(directory), tuple(class_names)
    rows = read_manifest(directory)
    if unknown := {row.class_name for row in rows} - set(class_names):
        raise ValueError(
            f"Invalid value for `directory`. Expected synthetic images of {list(class_names)}. "
            f"Received: {sorted(unknown)} in {directory}. Load the export of this data set."
        )
    return LabeledImages(
        images=read_images([directory / row.file for row in rows], image_size, channels=channels),
        labels=np.array([class_names.index(row.class_name) for row in rows], np.int64),
        class_names=class_names,
        groups=np.array([f"synthetic/{row.file}" for row in rows]),
        synthetic=np.ones(len(rows), bool),
        split=TRAIN,
        files=np.array([row.file for row in rows]),
    )


def regenerate(model: DCGAN, row: ManifestRow) -> np.ndarray:
    """Draws the image of a manifest row anew: the same pixels, on the same machine.

    Returns:
        uint8 array, shape `(image_size, image_size, channels)`.

    Raises:
        ValueError: if the model is not the one that drew the image.
    """
    digest = weights_sha256(model.ema_generator)
    if digest != row.model_sha256:
        raise ValueError(
            f"Invalid value for `model`. Expected the generator {row.model_sha256[:12]} that drew "
            f"{row.file}. Received: {digest[:12]}. Load the model that wrote the manifest."
        )
    drawn = model.generate_range(
        row.index, row.index + 1, seed=row.seed, label=row.label, truncation=row.truncation
    )
    return drawn[0]


def weights_sha256(network: keras.Model) -> str:
    """Returns the sha256 of a network's weights: shapes, dtypes and values, in layer order."""
    digest = hashlib.sha256()
    for weight in network.get_weights():
        digest.update(f"{weight.dtype}{weight.shape}".encode())
        digest.update(np.ascontiguousarray(weight))
    return digest.hexdigest()


def format_manifest(rows: Sequence[ManifestRow]) -> str:
    """Returns the rows as the text of a `manifest.csv`."""
    return format_csv(*_manifest_table(rows))


def _write_manifest(directory: Path, rows: list[ManifestRow]) -> None:
    write_csv(directory / MANIFEST, *_manifest_table(rows))


def _manifest_table(rows: Sequence[ManifestRow]) -> tuple[tuple[str, ...], list[tuple]]:
    header = (*_HEADER, _LABEL) if any(row.label is not None for row in rows) else _HEADER
    return header, [dataclasses.astuple(row)[: len(header)] for row in rows]
