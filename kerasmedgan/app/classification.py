"""App, classification: uploaded files become entries, JSON for programs and CSV for people."""

import base64
import csv
import dataclasses
import io
import time
from collections.abc import Sequence

from kerasmedgan.app.private_file import UploadedFile
from kerasmedgan.images import encode_png
from kerasmedgan.serving import Prediction, Predictor, ServedRun, Upload, UploadError, read_upload

MAX_FILES = 64
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclasses.dataclass(frozen=True, eq=False)
class Entry:
    """What the app says of one file.

    Attributes:
        file: its name.
        error: why it could not be read; `None` if it could.
        upload: its pixels, unless there is an error.
        prediction: what the arms say, unless there is an error.
    """

    file: str
    error: str | None = None
    upload: Upload | None = None
    prediction: Prediction | None = None


def classify_files(files: Sequence[UploadedFile], predictor: Predictor) -> list[Entry]:
    """Reads and classifies files; one that cannot be read does not stop the others.

    Raises:
        UploadError: if there are no files, or too many.
    """
    if not files:
        raise UploadError("Choose one picture or several.")
    if len(files) > MAX_FILES:
        raise UploadError(f"At most {MAX_FILES} files are taken at once. Received: {len(files)}.")
    entries = [_read(file, predictor.run) for file in files]
    readable = [entry for entry in entries if entry.upload]
    if not readable:
        return entries
    size, channels = predictor.run.image_size, predictor.run.channels
    pixels = [entry.upload.image.reshape(1, size, size, channels) for entry in readable]
    # One by one: an image's numbers then do not depend on its company, not even by rounding.
    predictions = iter([predictor.predict(image)[0] for image in pixels])
    return [
        dataclasses.replace(entry, prediction=next(predictions)) if entry.upload else entry
        for entry in entries
    ]


def to_json(entries: Sequence[Entry], run: ServedRun, start: float) -> dict:
    """Returns what programs get: every number, also of images unlike the training images.

    `pixels` is a PNG, in base64, of exactly what the classifiers saw.

    Args:
        entries: of `classify_files`.
        run: names the classes.
        start: `time.perf_counter()` when the request began.
    """
    return {
        "warning": "Not for clinical use.",
        "images": [_entry_json(entry, run) for entry in entries],
        "milliseconds": round(1000 * (time.perf_counter() - start), 2),
    }


def to_csv(entries: Sequence[Entry], run: ServedRun, arms: Sequence[str]) -> str:
    """Returns the table that is downloaded; images unlike the training images have no numbers."""
    header = ["file", "note"]
    for arm in arms:
        header += [f"{arm}: decision", f"{arm}: threshold"]
        for kind in ("probability", "calibrated probability"):
            header += [f"{arm}: {kind} of {name}" for name in run.class_names]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    for entry in entries:
        writer.writerow([_safe_name(entry.file), note_of(entry), *_numbers(entry, arms)])
    return stream.getvalue()


def note_of(entry: Entry) -> str:
    """Returns why there is no decision; an empty string where there is one."""
    if entry.error:
        return entry.error
    if entry.prediction.unlike:
        return f"Unlike the training images: no decision ({entry.prediction.unlike})."
    return ""


def _read(file: UploadedFile, run: ServedRun) -> Entry:
    try:
        return Entry(file.name, upload=read_upload(file.data, run))
    except UploadError as error:
        return Entry(file.name, error=str(error))


def _entry_json(entry: Entry, run: ServedRun) -> dict:
    if entry.error:
        return {"file": entry.file, "error": entry.error}
    named = {
        name: {
            "decision": arm.decision,
            "threshold": arm.threshold,
            "probabilities": dict(zip(run.class_names, map(float, arm.probabilities), strict=True)),
            "calibrated": dict(zip(run.class_names, map(float, arm.calibrated), strict=True)),
        }
        for name, arm in entry.prediction.arms.items()
    }
    return {
        "file": entry.file,
        "error": None,
        "unlike": entry.prediction.unlike,
        "arms": named,
        "pixels": base64.b64encode(encode_png(entry.upload.image)).decode(),
    }


def _numbers(entry: Entry, arms: Sequence[str]) -> list:
    if note_of(entry):
        return []
    cells = []
    for name in arms:
        arm = entry.prediction.arms[name]
        cells += [arm.decision, "" if arm.threshold is None else f"{arm.threshold:.6f}"]
        cells += [f"{value:.6f}" for value in (*arm.probabilities, *arm.calibrated)]
    return cells


def _safe_name(name: str) -> str:
    """Keeps a spreadsheet from taking a file's name for a formula."""
    return f"'{name}" if name.startswith(_FORMULA_SIGNS) else name
