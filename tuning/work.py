"""What one process of a search does: alone, as the chief or as a worker."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.distribution import get_strategy
from kerasmedgan.tuning.oracles import make_oracle
from kerasmedgan.tuning.result import TRIALS
from kerasmedgan.tuning.settings import SearchSettings
from kerasmedgan.tuning.tuner import ClassifierTuner

# What Keras Tuner reads: who this process is, and where the chief is.
TUNER_ID, ORACLE_IP, ORACLE_PORT = (
    f"KERASTUNER_{name}" for name in ("TUNER_ID", "ORACLE_IP", "ORACLE_PORT")
)
CHIEF = "chief"


def is_one_of_several() -> bool:
    """Returns whether the environment makes this process a chief or a worker."""
    return ORACLE_IP in os.environ


def is_worker() -> bool:
    """Returns whether the environment makes this process a worker."""
    return is_one_of_several() and CHIEF not in os.environ.get(TUNER_ID, "")


def check_alone(argument: str, received: object) -> None:
    """Raises `ValueError` where the environment makes this process one of several.

    Args:
        argument: what cannot be done then.
        received: its value.
    """
    if is_one_of_several():
        raise ValueError(
            f"Invalid value for `{argument}`. Expected a single process. Received: {received}, "
            f"where {ORACLE_IP} makes this one of several. Unset it; on several machines call "
            "`search` in each."
        )


@dataclasses.dataclass(frozen=True)
class SearchWork:
    """A search as every process of it gets it; the test split is not part of it.

    Attributes:
        settings: of the search.
        train: real training images.
        validation: validation images.
        synthetic: images of a GAN that saw only `train`, or `None`.
        directory: of the search.
    """

    settings: SearchSettings
    train: LabeledImages
    validation: LabeledImages
    synthetic: LabeledImages | None
    directory: Path

    def run(self, announce: Callable[[str], None], sign_of_life: Callable[[], None]) -> None:
        """Runs trials until there are enough; a chief hands them out.

        Args:
            announce: called with one line for each trial that begins or ends.
            sign_of_life: called at the end of each epoch and each trial.
        """
        settings = self.settings
        space = settings.hypermodel(self.train, self.synthetic)
        tuner = ClassifierTuner(
            make_oracle(
                settings.tuner,
                objective=settings.keras_objective(),
                max_trials=settings.max_trials,
                seed=settings.seed,
                is_affordable=lambda values: space.relative_cost(values) <= settings.max_cost,
            ),
            settings=settings,
            train=self.train,
            validation=self.validation,
            synthetic=self.synthetic,
            announce=announce,
            sign_of_life=sign_of_life,
            distribution_strategy=get_strategy(settings.strategy),
            executions_per_trial=settings.executions_per_trial,
            directory=str(self.directory),
            project_name=TRIALS,
        )
        # Keras Tuner takes up a search only once this file is there: not a first trial cut off.
        tuner.save()
        tuner.search(verbose=0)
