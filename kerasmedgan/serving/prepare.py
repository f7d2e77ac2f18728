"""Stage 7, serving: the results of a finished run become what `Predictor` and `Sampler` load."""

import os
from collections.abc import Mapping
from pathlib import Path

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.split_guard import VALIDATION, require_split
from kerasmedgan.files import read_json
from kerasmedgan.likeness import fit_likeness, measure_likeness
from kerasmedgan.run_folder import CONFIG
from kerasmedgan.serving.manifest import (
    ServedArm,
    ServedGenerator,
    ServedRun,
    ServingError,
    write_served_run,
)

_MODEL, _CALIBRATION = "model.keras", "calibration"


def prepare_serving(
    directory: str | os.PathLike,
    results: Mapping,
    *,
    train: LabeledImages,
    validation: LabeledImages,
    seed: int = 0,
) -> ServedRun:
    """Writes a finished run's `serving.json` and `likeness.npz`.

    Of a study, the largest fraction's first seed is served. Training and validation images alone
    are looked at.

    Args:
        directory: the folder of a run or of a study, with `config.json` and its models.
        results: the content of its `results.json`.
        train: the training images of what is served.
        validation: its validation images.
        seed: seed of what is random in the rule for unlike images.

    Returns:
        What was written.

    Raises:
        TestSplitError: if one of the sets is the test split.
        ServingError: if the results are those of a version that fitted no temperature.
    """
    require_split(validation.split, VALIDATION, "validation")
    rule = fit_likeness(train, seed=seed)
    config = read_json(Path(directory) / CONFIG)
    classes = results["classes"]
    run = ServedRun(
        directory=Path(directory),
        image_size=train.image_size,
        channels=train.channels,
        pad_to_aspect_ratio=config.get("data", config)["pad_to_aspect_ratio"],
        class_names=tuple(classes["names"]),
        positive_class=classes["positive"],
        arms=_arms(results, classes["positive"]),
        generators=_generators(results),
        likeness=measure_likeness(rule, validation, seed=seed),
        sha256={},
    )
    return write_served_run(run, rule)


def served_cells(results: Mapping) -> dict[str, dict]:
    """Returns the entry of each served arm: of a study, the largest fraction's first seed."""
    if results.get("kind") != "study":
        return results["arms"]
    return {cell["arm"]: cell for cell in results["cells"] if _is_served(cell, results)}


def served_generators(results: Mapping) -> list[dict]:
    """Returns the entry of each served GAN, with its `seed`."""
    if results.get("kind") != "study":
        return [{**results["gan"], "seed": results["synthetic"]["seed"]}]
    return [entry for entry in results["generators"] if _is_served(entry, results)]


def _is_served(entry: Mapping, study: Mapping) -> bool:
    return entry["fraction"] == max(study["fractions"]) and entry["seed"] == study["seeds"][0]


def _arms(results: Mapping, positive_class: str | None) -> dict[str, ServedArm]:
    if missing := [
        name for name, cell in served_cells(results).items() if _CALIBRATION not in cell
    ]:
        raise ServingError(
            "Cannot serve this run. Expected a temperature of each arm. Received: none of "
            f"{missing}, which an older version made. Make the run anew."
        )
    return {
        name: ServedArm(
            model=f"{cell['directory']}/{_MODEL}",
            seed=cell["seed"],
            threshold=cell["validation"]["threshold"] if positive_class else None,
            temperature=cell[_CALIBRATION]["temperature"],
        )
        for name, cell in served_cells(results).items()
    }


def _generators(results: Mapping) -> tuple[ServedGenerator, ...]:
    return tuple(
        ServedGenerator(entry["class"], f"{entry['directory']}/{_MODEL}", entry["seed"])
        for entry in served_generators(results)
    )
