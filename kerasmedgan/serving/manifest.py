"""Stage 7, serving: what a finished run hands to programs, written into its folder and checked."""

import dataclasses
import hashlib
import io
import os
from pathlib import Path

from kerasmedgan.files import file_sha256, read_json, write_json
from kerasmedgan.likeness import LikenessRule

SERVING, LIKENESS = "serving.json", "likeness.npz"
FORMAT = 1


class ServingError(ValueError):
    """Raised when a run cannot be served: not prepared for it, damaged, or changed."""


@dataclasses.dataclass(frozen=True)
class ServedArm:
    """One arm's classifier.

    Attributes:
        model: path of the model below the run's folder.
        seed: seed of the classifier.
        threshold: chosen on validation; `None` with more than two classes.
        temperature: fitted on validation.
    """

    model: str
    seed: int
    threshold: float | None
    temperature: float


@dataclasses.dataclass(frozen=True)
class ServedGenerator:
    """One GAN.

    Attributes:
        class_name: the class that it draws.
        model: path of the model below the run's folder.
        seed: seed of the run's own export.
    """

    class_name: str
    model: str
    seed: int


@dataclasses.dataclass(frozen=True)
class ServedRun:
    """The content of a run's `serving.json`.

    Attributes:
        directory: the run's folder.
        image_size: side in pixels of what the classifiers take.
        channels: 1 or 3.
        pad_to_aspect_ratio: as in `load_images`.
        class_names: the classes, in label order.
        positive_class: the class to detect; `None` with more than two classes.
        arms: each arm's classifier, `real` first.
        generators: the GANs, that of the smallest class first.
        likeness: how well the rule for unlike images does, as from `measure_likeness`.
        sha256: of each file, by its path below the folder.
    """

    directory: Path
    image_size: int
    channels: int
    pad_to_aspect_ratio: bool
    class_names: tuple[str, ...]
    positive_class: str | None
    arms: dict[str, ServedArm]
    generators: tuple[ServedGenerator, ...]
    likeness: dict
    sha256: dict[str, str]

    def read_checked(self, file: str) -> bytes:
        """Returns the bytes of a file of the run, if they are those that the run wrote.

        What is checked is what is returned, so that nothing can change in between.

        Raises:
            ServingError: if the file is missing, has another sha256, or lies outside the folder.
        """
        path = (self.directory / file).resolve()
        if not path.is_relative_to(self.directory.resolve()) or file not in self.sha256:
            raise ServingError(f"{file} is no file that {SERVING} of this run names.")
        if not path.is_file():
            raise ServingError(f"Expected {file} in {self.directory}. Received: no such file.")
        data = path.read_bytes()
        received, expected = hashlib.sha256(data).hexdigest(), self.sha256[file]
        if received != expected:
            raise ServingError(
                f"Cannot load {file} of {self.directory}. Expected sha256 {expected[:12]}, as the "
                f"run wrote it. Received: {received[:12]}. The file was changed or damaged: "
                "restore it, or make the run anew."
            )
        return data

    def likeness_rule(self) -> LikenessRule:
        """Loads the rule that flags images unlike the training images."""
        return LikenessRule.load(io.BytesIO(self.read_checked(LIKENESS)))


def write_served_run(run: ServedRun, rule: LikenessRule) -> ServedRun:
    """Writes `likeness.npz` and `serving.json` with the sha256 of every file to be loaded.

    Args:
        run: all but `sha256`.
        rule: learned from the run's training images.

    Returns:
        The run with `sha256`.
    """
    rule.save(run.directory / LIKENESS)
    models = [part.model for part in (*run.arms.values(), *run.generators)]
    digests = {file: file_sha256(run.directory / file) for file in (*models, LIKENESS)}
    run = dataclasses.replace(run, sha256=digests)
    content = dataclasses.asdict(run)
    del content["directory"]
    write_json(run.directory / SERVING, {"format": FORMAT, **content})
    return run


def read_served_run(directory: str | os.PathLike) -> ServedRun:
    """Reads a run's `serving.json`.

    Raises:
        ServingError: if the folder has none, or one of another format.
    """
    path = Path(directory) / SERVING
    if not path.is_file():
        raise ServingError(
            f"Invalid value for `run`. Expected the folder of a finished run with {SERVING}. "
            f"Received: {directory}. Run examples/end_to_end.py or examples/study.py to its end "
            "with this version."
        )
    content = read_json(path)
    if content.pop("format", None) != FORMAT:
        raise ServingError(
            f"Cannot read {path}. Expected format {FORMAT}. Received: another one, written by "
            "another version. Make the run anew with this one."
        )
    try:
        arms = {name: ServedArm(**arm) for name, arm in content.pop("arms").items()}
        generators = tuple(ServedGenerator(**one) for one in content.pop("generators"))
        names = tuple(content.pop("class_names"))
        return ServedRun(
            Path(directory), arms=arms, generators=generators, class_names=names, **content
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ServingError(f"Cannot read {path}: {error}. Make the run anew.") from error
