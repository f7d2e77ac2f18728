"""What a person chooses for a search; all that needs no images is checked here."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import keras_tuner

from kerasmedgan.classifier import VALIDATION_AUC, check_choice
from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.split_guard import TRAIN, VALIDATION, require_split
from kerasmedgan.data.splits import Splits
from kerasmedgan.distribution import check_one_process
from kerasmedgan.rules import check_rules
from kerasmedgan.study.arms import synthetic_count
from kerasmedgan.study.train import updates_per_epoch
from kerasmedgan.tuning.hypermodel import RATIOS, ClassifierHyperModel
from kerasmedgan.tuning.oracles import HYPERBAND, TUNERS, hyperband_epochs

# What Hyperband adds to the hyperparameters of a trial.
EPOCHS, INITIAL_EPOCH, PROMOTED = "tuner/epochs", "tuner/initial_epoch", "tuner/trial_id"
OBJECTIVES = {VALIDATION_AUC: "max", "val_loss": "min", "val_accuracy": "max"}


@dataclasses.dataclass(frozen=True)
class SearchSettings:
    """How to search; `search` documents the attributes.

    Raises:
        ValueError: if one of them cannot be used.
    """

    tuner: str = HYPERBAND
    max_trials: int = 23
    updates_per_trial: int = 450
    executions_per_trial: int = 1
    objective: str = VALIDATION_AUC
    batch_size: int = 64
    max_cost: float = 4.0
    strategy: str = "auto"
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self):
        """Refuses what cannot be searched with."""
        check_choice("tuner", self.tuner, TUNERS)
        check_choice("objective", self.objective, tuple(OBJECTIVES))
        check_rules(self, self._rules())
        check_one_process(self.strategy)

    def _rules(self) -> Iterator[tuple[str, bool, str, str]]:
        """Yields argument, whether it is right, what is expected, and what to do."""
        for name in ("max_trials", "updates_per_trial", "executions_per_trial", "batch_size"):
            yield name, getattr(self, name) >= 1, "an integer >= 1", "Use the default"
        yield "seed", self.seed >= 0, "an integer >= 0", "Use 0"
        advice = "1 is the cost of the untuned network, which is always tried"
        yield "max_cost", self.max_cost >= 1, "a number >= 1", advice
        if self.tuner == HYPERBAND:
            epochs = hyperband_epochs(self.max_trials)
            whole = self.updates_per_trial % epochs == 0
            expected = f"a multiple of {epochs} for {HYPERBAND!r} with {self.max_trials} trials"
            yield "updates_per_trial", whole, expected, "Round it"

    @property
    def updates_per_epoch(self) -> int:
        """Updates between two looks at validation."""
        if self.tuner == HYPERBAND:
            return self.updates_per_trial // hyperband_epochs(self.max_trials)
        return updates_per_epoch(self.updates_per_trial)

    def updates_of(self, values: Mapping) -> int:
        """Returns the updates that a trial of these hyperparameters is given."""
        epochs = self.updates_per_trial // self.updates_per_epoch
        added = values.get(EPOCHS, epochs) - values.get(INITIAL_EPOCH, 0)
        return added * self.updates_per_epoch * self.executions_per_trial

    def keras_objective(self) -> keras_tuner.Objective:
        """Returns the objective with its direction."""
        return keras_tuner.Objective(self.objective, OBJECTIVES[self.objective])

    def hypermodel(
        self, train: LabeledImages, synthetic: LabeledImages | None, *, execution: int = 0
    ) -> ClassifierHyperModel:
        """Returns the search space; each execution of a trial begins with weights of its own."""
        return ClassifierHyperModel(
            image_size=train.image_size,
            channels=train.channels,
            num_classes=train.num_classes,
            updates=self.updates_per_trial,
            seed=self.seed + execution,
            dtype=self.precision,
            synthetic_ratios=possible_ratios(train, synthetic),
        )


def check_images(splits: Splits, synthetic: LabeledImages | None, batch_size: int) -> None:
    """Refuses images that a search must not or cannot use.

    Raises:
        TestSplitError: if one of the sets is the test split.
        ValueError: if a set is of a wrong split, training and validation share a patient,
            synthetic images differ from the real ones in size, channels or classes or are too
            few, or there are fewer training images than a batch takes.
    """
    train, validation = splits.train, splits.validation
    require_split(train.split, TRAIN, "splits.train")
    require_split(validation.split, VALIDATION, "splits.validation")
    if shared := sorted((set(train.groups) & set(validation.groups)) - {""}):
        raise ValueError(
            "Invalid value for `splits`. Expected validation by patient. Received: "
            f"{len(shared)} patients in both training and validation, the first {shared[0]!r}. Use "
            "`load_images`, which keeps a patient's images on one side."
        )
    if batch_size > len(train):
        raise ValueError(
            f"Invalid value for `batch_size`. Expected at most {len(train)}, the number of "
            f"training images. Received: {batch_size}. Use a smaller one."
        )
    if synthetic is None:
        return
    require_split(synthetic.split, TRAIN, "synthetic")
    for name in ("image_size", "channels", "class_names"):
        expected, received = getattr(train, name), getattr(synthetic, name)
        if expected != received:
            raise ValueError(
                f"Invalid value for `synthetic`. Expected {name} {expected}, as in the real "
                f"images. Received: {received}. Draw or load them for this data set."
            )
    if not possible_ratios(train, synthetic):
        raise ValueError(
            f"Invalid value for `synthetic`. Expected at least {RATIOS[0]:g} images for each real "
            f"one of their class. Received: {synthetic.counts()}. Draw more."
        )


def possible_ratios(train: LabeledImages, synthetic: LabeledImages | None) -> Sequence[float]:
    """Returns the doses that the synthetic images suffice for; none without such images."""
    if synthetic is None:
        return ()
    drawn, real = synthetic.counts(), train.counts()
    return tuple(
        ratio
        for ratio in RATIOS
        if all(synthetic_count(real[name], ratio) <= drawn[name] for name in drawn_classes(drawn))
        and any(drawn.values())
    )


def drawn_classes(counts: dict[str, int]) -> list[str]:
    """Returns the classes that have synthetic images."""
    return [name for name, count in counts.items() if count]
