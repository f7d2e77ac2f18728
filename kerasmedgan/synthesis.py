"""Stage 3, synthesis: a trained DCGAN becomes image files and a manifest; and back."""

import csv
import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.split_guard import TRAIN
from kerasmedgan.files import atomic_directory, write_csv
from kerasmedgan.fingerprints import weights_sha256
from kerasmedgan.gan import DCGAN
from kerasmedgan.images import encode_png, read_images

MANIFEST = "manifest.csv"


@dataclasses.dataclass(frozen=True)
class ManifestRow:
    """One synthetic image: where it is and what drew it.

    Attributes:
        file: path below the export folder, "CLASS/000000.png".
        class_name: the class that the generator was trained on.
        seed: seed of `DCGAN.generate`.
        index: number of the image in that seed's sequence.
        model_sha256: `weights_sha256` of the generator that drew it.
    """

    file: str
    class_name: str
    seed: int
    index: int
    model_sha256: str


_HEADER = ("file", "class", "seed", "index", "model_sha256")


def export_images(
    model: DCGAN, directory: str | os.PathLike, *, count: int, class_name: str, seed: int
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

    Returns:
        The rows written.
    """
    directory = Path(directory)
    images = model.generate(count, seed=seed)
    digest = weights_sha256(model.ema_generator)
    rows = [
        ManifestRow(f"{class_name}/{index:06d}.png", class_name, seed, index, digest)
        for index in range(count)
    ]
    others = []
    if (directory / MANIFEST).exists():
        others = [row for row in read_manifest(directory) if row.class_name != class_name]
        _write_manifest(directory, others)
    with atomic_directory(directory / class_name) as temporary:
        for row, image in zip(rows, images, strict=True):
            (temporary / Path(row.file).name).write_bytes(encode_png(image))
    _write_manifest(directory, others + rows)
    return rows


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
                row["file"], row["class"], int(row["seed"]), int(row["index"]), row["model_sha256"]
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
    return model.generate_range(row.index, row.index + 1, seed=row.seed)[0]


def _write_manifest(directory: Path, rows: list[ManifestRow]) -> None:
    write_csv(directory / MANIFEST, _HEADER, map(dataclasses.astuple, rows))
