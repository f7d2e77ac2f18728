"""Stage 6, study: what a person chooses for a study, checked before anything is loaded."""

import dataclasses

from kerasmedgan.data.patients import DEFAULT_PATIENT_PATTERN
from kerasmedgan.distribution import MULTI_WORKER, check_strategy
from kerasmedgan.study.arms import ARMS, DEFAULT_ARMS, EVERY_CLASS, check_arms
from kerasmedgan.study.statistics import METRICS
from kerasmedgan.study.train import ClassifierSettings, updates_per_epoch

MIN_RATIO, MAX_RATIO = 0.25, 4.0
# Each half of a pretrained arm's updates gets as many looks at validation.
_LOOKS_A_HALF = 7


@dataclasses.dataclass(frozen=True)
class StudySettings:
    """What a person chooses; `None` leaves the choice to `prepare_study`.

    Attributes:
        source: as in `load_images`.
        arms: names of arms; `real` is always among them.
        seeds: number of seeds, counted from `first_seed`. Fewer than 2 give no verdict.
        first_seed: the first seed.
        fractions: shares of the training patients, above 0 and at most 1.
        limits: most training patients of a class, by class name.
        synthetic_ratios: synthetic images for each real one of their class, 0.25 to 4. With
            several, validation AUC chooses for each arm and seed.
        primary_metric: the metric that the verdict is about.
        image_size: side in pixels: 32, 64, 128 or 256.
        channels: 1 for grey, 3 for RGB.
        validation_fraction: as in `load_images`.
        pad_to_aspect_ratio: as in `load_images`.
        patient_pattern: as in `load_images`.
        gan_classes: classes that get a GAN; the first is the one that `gan` draws. Default: the
            smallest, and the others where an arm needs them.
        force: draw the largest class all the same.
        gan_width: filters of the networks' layers nearest to the image.
        gan_updates: generator updates, rounded up to whole epochs.
        gan_batch_size: images a GAN update; halved until a class fills two batches.
        classifier_updates: updates of the classifier of each arm, an even number.
        classifier_batch_size: images a classifier update; no more than there are to train on.
        horizontal_flip: mirror images in the classical arms. Leave it off where left and right
            differ, as in the chest.
        positive_class: the class to detect. Default: the one that is not named like "NORMAL".
        precision: "float32" or "mixed_bfloat16".
        strategy: "auto", "cpu", "gpu", "mirrored" or "tpu", as in
            `kerasmedgan.distribution.get_strategy`.
    """

    source: str
    arms: tuple[str, ...] = DEFAULT_ARMS
    seeds: int = 3
    first_seed: int = 0
    fractions: tuple[float, ...] = (1.0,)
    limits: dict[str, int] = dataclasses.field(default_factory=dict)
    synthetic_ratios: tuple[float, ...] = (1.0,)
    primary_metric: str = "auc"
    image_size: int = 64
    channels: int = 1
    validation_fraction: float = 0.1
    pad_to_aspect_ratio: bool = False
    patient_pattern: str = DEFAULT_PATIENT_PATTERN
    gan_classes: tuple[str, ...] | None = None
    force: bool = False
    gan_width: int = 32
    gan_updates: int = 2000
    gan_batch_size: int = 64
    classifier_updates: int = 1000
    classifier_batch_size: int = 64
    horizontal_flip: bool = False
    positive_class: str | None = None
    precision: str = "float32"
    strategy: str = "auto"

    def __post_init__(self):
        """Puts the lists in order and refuses what needs no data to be refused."""
        object.__setattr__(self, "arms", check_arms(self.arms))
        object.__setattr__(self, "fractions", tuple(sorted(set(self.fractions), reverse=True)))
        object.__setattr__(self, "synthetic_ratios", tuple(sorted(set(self.synthetic_ratios))))
        if self.strategy == MULTI_WORKER:
            advice = "Use 'auto' or 'mirrored'"
            _refuse("strategy", "a strategy of one process", self.strategy, advice)
        check_strategy(self.strategy)
        _check_count("seeds", self.seeds)
        _check_count("gan_updates", self.gan_updates)
        for name in ("fractions", "synthetic_ratios"):
            if not getattr(self, name):
                _refuse(name, "at least one number", (), "Leave it out for the default")
        for ratio in self.synthetic_ratios:
            if not MIN_RATIO <= ratio <= MAX_RATIO:
                expected = f"numbers from {MIN_RATIO:g} to {MAX_RATIO:g}"
                _refuse("synthetic_ratios", expected, ratio, "Use 1 for as many as real ones")
        if self.primary_metric not in METRICS:
            _refuse("primary_metric", f"one of {list(METRICS)}", self.primary_metric, "Choose one")
        if self.classifier_updates < 2 or self.classifier_updates % 2:
            advice = "Every arm gets the same, and a pretrained one halves them"
            _refuse("classifier_updates", "an even number >= 2", self.classifier_updates, advice)

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(range(self.first_seed, self.first_seed + self.seeds))

    @property
    def draws_every_class(self) -> bool:
        """Whether an arm needs a GAN of every class."""
        return any(ARMS[name].draws == EVERY_CLASS for name in self.arms)

    @property
    def draws_any_class(self) -> bool:
        """Whether an arm needs a GAN."""
        return any(ARMS[name].is_synthetic for name in self.arms)

    def classifier(self, train_images: int) -> ClassifierSettings:
        """Returns how to train the classifiers on a real training set of this many images."""
        return ClassifierSettings(
            updates=self.classifier_updates,
            updates_per_epoch=updates_per_epoch(self.classifier_updates // 2, _LOOKS_A_HALF),
            batch_size=min(self.classifier_batch_size, train_images),
            dtype=self.precision,
        )

    def data(self, seed: int) -> dict:
        """Returns the arguments of `load_images` beside the source."""
        names = ("image_size", "channels", "validation_fraction")
        names += ("pad_to_aspect_ratio", "patient_pattern")
        return {**{name: getattr(self, name) for name in names}, "seed": seed}


def _check_count(name: str, count: int) -> None:
    if count < 1:
        _refuse(name, "an integer >= 1", count, "Use the default")


def _refuse(name: str, expected: str, received, advice: str) -> None:
    raise ValueError(
        f"Invalid value for `{name}`. Expected {expected}. Received: {received}. {advice}."
    )
