"""Stage 6, study: what a person chooses for a study; what needs no data is checked here."""

import dataclasses
from collections.abc import Iterator

from kerasmedgan.data.patients import DEFAULT_PATIENT_PATTERN
from kerasmedgan.distribution import check_one_process
from kerasmedgan.rules import check_rules
from kerasmedgan.study.arms import DEFAULT_ARMS, check_arms
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
            smallest of the first seed at the largest fraction, and the others where an arm needs
            them.
        force: draw the largest class all the same.
        gan_width: filters of the networks' layers nearest to the image.
        gan_updates: generator updates, rounded up to whole epochs.
        gan_batch_size: images a GAN update; halved until a class fills two batches.
        classifier_updates: updates of the classifier of each arm, an even number.
        classifier_batch_size: images a classifier update; in every arm no more than the smallest
            training set of them all has.
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
        check_rules(self, self._rules())
        check_one_process(self.strategy)

    def _rules(self) -> Iterator[tuple[str, bool, str, str]]:
        """Yields argument, whether it is right, what is expected, and what to do."""
        for name in ("seeds", "gan_updates", "gan_batch_size", "classifier_batch_size"):
            yield name, getattr(self, name) >= 1, "an integer >= 1", "Use the default"
        yield "first_seed", self.first_seed >= 0, "an integer >= 0", "Count from 0"
        for name in ("fractions", "synthetic_ratios"):
            yield (
                name,
                bool(getattr(self, name)),
                "a number or more",
                "Leave it out for the default",
            )
        names = {f"{fraction:g}" for fraction in self.fractions}
        advice = "Only six digits are told apart"
        yield "fractions", len(names) == len(self.fractions), "numbers that differ", advice
        expected = f"numbers from {MIN_RATIO:g} to {MAX_RATIO:g}"
        within = all(MIN_RATIO <= ratio <= MAX_RATIO for ratio in self.synthetic_ratios)
        yield "synthetic_ratios", within, expected, "Use 1 for as many as real ones"
        known = self.primary_metric in METRICS
        yield "primary_metric", known, f"one of {list(METRICS)}", "Choose one"
        even = self.classifier_updates >= 2 and self.classifier_updates % 2 == 0
        advice = "Every arm gets the same, and a pretrained one halves them"
        yield "classifier_updates", even, "an even number >= 2", advice

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(range(self.first_seed, self.first_seed + self.seeds))

    def classifier(self, smallest: int) -> ClassifierSettings:
        """Returns how to train classifiers whose smallest training set has this many images."""
        return ClassifierSettings(
            updates=self.classifier_updates,
            updates_per_epoch=updates_per_epoch(self.classifier_updates // 2, _LOOKS_A_HALF),
            batch_size=min(self.classifier_batch_size, smallest),
            dtype=self.precision,
        )

    def data(self, seed: int) -> dict:
        """Returns the arguments of `load_images` beside the source."""
        names = ("image_size", "channels", "validation_fraction")
        names += ("pad_to_aspect_ratio", "patient_pattern")
        return {**{name: getattr(self, name) for name in names}, "seed": seed}
