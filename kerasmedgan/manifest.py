"""Stage 3, synthesis: what each synthetic image is and what drew it, as rows of `manifest.csv`."""

import csv
import dataclasses
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from kerasmedgan.files import format_csv, write_csv
from kerasmedgan.images import encode_png

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
        index: number of the image in that seed's sequence; an audit leaves gaps.
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


def manifest_rows(
    indexes: Iterable[int],
    *,
    class_name: str,
    seed: int,
    model_sha256: str,
    truncation: float = 1.0,
    label: int | None = None,
) -> list[ManifestRow]:
    """Returns the rows of the images with these indexes of a seed, numbered in their order."""
    return [
        ManifestRow(
            file=f"{class_name}/{number:06d}.png",
            class_name=class_name,
            seed=seed,
            index=int(index),
            model_sha256=model_sha256,
            truncation=truncation,
            label=label,
        )
        for number, index in enumerate(indexes)
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


def format_manifest(rows: Sequence[ManifestRow]) -> str:
    """Returns the rows as the text of a `manifest.csv`."""
    return format_csv(*_manifest_table(rows))


def write_manifest(directory: str | os.PathLike, rows: Sequence[ManifestRow]) -> None:
    """Writes `directory/manifest.csv`, whole."""
    write_csv(Path(directory) / MANIFEST, *_manifest_table(rows))


def _manifest_table(rows: Sequence[ManifestRow]) -> tuple[tuple[str, ...], list[tuple]]:
    header = (*_HEADER, _LABEL) if any(row.label is not None for row in rows) else _HEADER
    return header, [dataclasses.astuple(row)[: len(header)] for row in rows]
