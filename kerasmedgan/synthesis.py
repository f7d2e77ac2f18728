"""Stage 3, synthesis: a trained DCGAN becomes image files and a manifest; and back."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.split_guard import TRAIN
from kerasmedgan.files import atomic_directory, read_json, write_json
from kerasmedgan.fingerprints import weights_sha256
from kerasmedgan.gan import DCGAN
from kerasmedgan.gan.checks import check_sampling
from kerasmedgan.images import read_images
from kerasmedgan.manifest import (
    MANIFEST,
    ManifestRow,
    encode_marked,
    manifest_rows,
    read_manifest,
    write_manifest,
)
from kerasmedgan.quality.audit_result import MemorisedError
from kerasmedgan.quality.contact_sheet import write_contact_sheet
from kerasmedgan.quality.memorisation import MemorisationAudit
from kerasmedgan.quality.withholding import draw_new_images


def export_images(
    model: DCGAN,
    directory: str | os.PathLike,
    *,
    count: int,
    class_name: str,
    seed: int,
    label: int | None = None,
    truncation: float = 1.0,
    audit: MemorisationAudit | None = None,
) -> list[ManifestRow]:
    """Writes `directory/CLASS/000000.png ...` and the class's rows of `directory/manifest.csv`.

    The class's folder appears when all its files are written, and its rows after that: what the
    manifest names is whole. An older export of the class is replaced; other classes stay.

    With an audit, images that are copies of training images are withheld, and the next ones of the
    seed take their place. Beside the manifest it leaves `memorisation_CLASS.json` with the counts,
    and `private_CLASS.png`, which shows the most suspect images beside real ones: never publish it.

    Args:
        model: a trained DCGAN.
        directory: the export folder.
        count: number of images, at least 1.
        class_name: the class that the model was trained on; it names the folder.
        seed: seed of `DCGAN.generate`.
        label: the number of that class, of a model that was trained on several.
        truncation: as in `DCGAN.generate`.
        audit: `MemorisationAudit` of the images that the model learned from.

    Returns:
        The rows written.

    Raises:
        ValueError: if `label` is not one of the model's classes (`check_export_label`).
        MemorisedError: if the audit refuses the generator as a whole. Its two files are written,
            and an older export of the class is left as it was.
    """
    directory, how = Path(directory), {"truncation": truncation, "label": label}
    check_export_label(model, label, class_name)
    if audit is None:
        images, indexes = model.generate(count, seed=seed, **how), np.arange(count)
    else:
        images, indexes = _draw_audited(model, directory, count, class_name, seed, audit, how)
    digest = weights_sha256(model.ema_generator)
    rows = manifest_rows(indexes, class_name=class_name, seed=seed, model_sha256=digest, **how)
    others = []
    if (directory / MANIFEST).exists():
        others = [row for row in read_manifest(directory) if row.class_name != class_name]
        write_manifest(directory, others)
    with atomic_directory(directory / class_name) as temporary:
        for row, image in zip(rows, images, strict=True):
            (temporary / Path(row.file).name).write_bytes(encode_marked(image, row))
    if audit is None:
        for path in _audit_files(directory, class_name):
            path.unlink(missing_ok=True)
    write_manifest(directory, others + rows)
    return rows


def check_export_label(model: DCGAN, label: int | None, class_name: str) -> None:
    """Refuses a label that does not say which class a model is to draw.

    Raises:
        ValueError: if a model of several classes gets none of them, or another gets one.
    """
    if model.num_classes is not None and label is None:
        raise ValueError(
            f"Invalid value for `label`. Expected the number of class {class_name!r}, since the "
            f"model draws {model.num_classes} classes. Received: None. Use "
            "`images.class_index(class_name)`."
        )
    check_sampling(model.num_classes, label)


def read_memorisation(directory: str | os.PathLike, class_name: str) -> dict | None:
    """Returns what the audit of an export found; `None` if there was none."""
    facts, _ = _audit_files(Path(directory), class_name)
    return read_json(facts) if facts.exists() else None


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


def _draw_audited(
    model: DCGAN,
    directory: Path,
    count: int,
    class_name: str,
    seed: int,
    audit: MemorisationAudit,
    how: dict,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns images that are no copies and their indexes; writes what the audit found."""

    def draw(start: int, stop: int) -> np.ndarray:
        return model.generate_range(start, stop, seed=seed, **how)

    new = draw_new_images(draw, count, audit)
    facts, sheet = _audit_files(directory, class_name)
    counts = {"exported": len(new.images), "withheld": new.withheld}
    write_json(facts, {"class": class_name, **counts, **audit.to_dict(), **new.result.to_dict()})
    write_contact_sheet(sheet, new.judged, new.result, audit.training)
    if new.result.refusal is not None:
        raise MemorisedError(
            f"Cannot export images of {class_name}. Expected a generator that draws new images. "
            f"Received: one that copies: {new.result.refusal}. Train it on more images or for "
            f"fewer epochs, and look at {sheet}, which shows real images."
        )
    return new.images, new.indexes


def _audit_files(directory: Path, class_name: str) -> tuple[Path, Path]:
    return directory / f"memorisation_{class_name}.json", directory / f"private_{class_name}.png"
