"""App, run: a finished run's folder becomes everything that the pages show."""

import dataclasses
import os
from pathlib import Path

from kerasmedgan.files import read_json
from kerasmedgan.run_folder import CONFIG
from kerasmedgan.serving import Predictor, Sampler, ServedRun, read_served_run
from kerasmedgan.study import REAL

RESULTS = "results.json"
_SHOWN_ARMS = 2


@dataclasses.dataclass(frozen=True, eq=False)
class OpenedRun:
    """A finished run with its models loaded.

    Attributes:
        directory: the run's folder.
        config: the content of `config.json`.
        results: the content of `results.json`.
        predictor: classifies with the arms side by side.
        samplers: of each class that the run has a generator of.
    """

    directory: Path
    config: dict
    results: dict
    predictor: Predictor
    samplers: dict[str, Sampler]

    @property
    def served(self) -> ServedRun:
        """The content of `serving.json`."""
        return self.predictor.run

    @property
    def is_study(self) -> bool:
        """Whether the folder is that of a study over several seeds."""
        return self.results.get("kind") == "study"

    @property
    def is_phantom(self) -> bool:
        """Whether the images are procedural."""
        return self.config.get("data", self.config)["source"] == "phantom"


def open_run(directory: str | os.PathLike) -> OpenedRun:
    """Loads a finished run of `examples/end_to_end.py` or `examples/study.py`.

    Of a study's arms, `real` and the first with a GAN are shown.

    Raises:
        ServingError: if the run is not prepared for serving, or a file was changed.
        FileNotFoundError: if a file of the run is missing.
    """
    served, directory = read_served_run(directory), Path(directory)
    return OpenedRun(
        directory=directory,
        config=read_json(directory / CONFIG),
        results=read_json(directory / RESULTS),
        predictor=Predictor.load(served, arms=_shown_arms(served)),
        samplers={
            one.class_name: Sampler.load(served, class_name=one.class_name)
            for one in served.generators
        },
    )


def _shown_arms(served: ServedRun) -> list[str]:
    others = sorted((name for name in served.arms if name != REAL), key=lambda n: "gan" not in n)
    return [name for name in (REAL, *others) if name in served.arms][:_SHOWN_ARMS]
