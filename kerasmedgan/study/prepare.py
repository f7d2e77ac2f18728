"""Stage 6, study: settings enter, a study leaves of which nothing is undecided or unchecked."""

import dataclasses

from kerasmedgan.augmentation import plan_augmentation
from kerasmedgan.classical import ClassicalSettings
from kerasmedgan.data import LabeledImages, Splits, load_images
from kerasmedgan.data.subsets import limit_patients, patient_counts, take_fraction
from kerasmedgan.study.arms import ARMS, EVERY_CLASS, NO_CLASS
from kerasmedgan.study.generator import build_generator_model, gan_batch_size
from kerasmedgan.study.job import choose_positive_class
from kerasmedgan.study.settings import StudySettings


@dataclasses.dataclass(frozen=True)
class TrainingSet:
    """The real images of one fraction and seed.

    Attributes:
        fraction: share of the training patients.
        seed: seed of the validation split and of the choice of patients.
        train: the real training images.
        splits: validation and test; its own train is the whole.
        scarce_class: the class that `gan` draws.
    """

    fraction: float
    seed: int
    train: LabeledImages
    splits: Splits
    scarce_class: str

    @property
    def folder(self) -> str:
        """The folder of this fraction and seed, below that of cells or of GANs."""
        return f"fraction_{self.fraction:g}/seed_{self.seed}"

    def classes_of(self, arm: str) -> tuple[str, ...]:
        """Returns the classes that an arm needs synthetic images of."""
        return {NO_CLASS: (), EVERY_CLASS: self.train.class_names}.get(
            ARMS[arm].draws, (self.scarce_class,)
        )

    def facts(self) -> dict:
        """Returns the counts for `results.json`."""
        return {
            "fraction": self.fraction,
            "seed": self.seed,
            "images": self.train.counts(),
            "patients": patient_counts(self.train),
            "validation": self.splits.validation.counts(),
        }


@dataclasses.dataclass(frozen=True)
class Study:
    """Everything that is decided before the first step.

    Attributes:
        settings: what was chosen.
        positive_class: the class to detect.
        report: the data report of the first seed.
        config: every resolved setting, JSON-ready.
    """

    settings: StudySettings
    positive_class: str
    report: dict
    config: dict

    def training_set(self, fraction: float, seed: int, splits: Splits | None = None) -> TrainingSet:
        """Returns the real images of one fraction and seed; loads them unless they are given."""
        settings = self.settings
        if splits is None:
            splits = load_images(settings.source, **settings.data(seed))
        return make_training_set(settings, fraction, seed, splits)


def prepare_study(settings: StudySettings) -> Study:
    """Loads the images of every seed, resolves every setting, refuses what would fail hours later.

    Raises:
        ValueError: if the source or a setting cannot be used.
        ConnectionError: as in `load_images`.
    """
    fingerprints, sets = {}, []
    report = None
    for seed in settings.seed_list:
        splits = load_images(settings.source, **settings.data(seed))
        fingerprints[str(seed)] = splits.fingerprint()
        report = report or splits.report
        for fraction in settings.fractions:
            training_set = make_training_set(settings, fraction, seed, splits)
            _check_gans(settings, training_set)
            sets.append({**training_set.facts(), "scarce_class": training_set.scarce_class})
    positive_class = choose_positive_class(settings.positive_class, splits.train)
    if positive_class is None:
        raise ValueError(
            "Invalid value for `source`. Expected two classes, one to detect and one to tell it "
            f"from. Received: {list(splits.train.class_names)}. Join or leave out classes."
        )
    config = {
        "kind": "study",
        **dataclasses.asdict(settings),
        "positive_class": positive_class,
        "seed_list": list(settings.seed_list),
        "fingerprints": fingerprints,
        "training_sets": sets,
        "classifier": dataclasses.asdict(settings.classifier(len(splits.train))),
        "classical": dataclasses.asdict(classical_settings(settings)),
        "gan": build_generator_model(settings, seed=settings.first_seed, steps=1).get_config(),
    }
    return Study(settings, positive_class, report, config)


def classical_settings(settings: StudySettings) -> ClassicalSettings:
    """Returns the transformations of the classical arms."""
    return ClassicalSettings(horizontal_flip=settings.horizontal_flip)


def make_training_set(
    settings: StudySettings, fraction: float, seed: int, splits: Splits
) -> TrainingSet:
    """Keeps the limited classes' patients, then the fraction of all, and finds the class to draw.

    Raises:
        ValueError: if a class is left with fewer than two patients, or nothing may be drawn.
    """
    limited = limit_patients(splits.train, settings.limits, seed=seed)
    train = take_fraction(limited, fraction, seed=seed)
    scarce = plan_augmentation(
        train.counts(),
        class_name=settings.gan_classes[0] if settings.gan_classes else None,
        count=1,
        force=settings.force or not settings.draws_any_class,
    ).class_name
    return TrainingSet(fraction, seed, train, splits, scarce)


def _check_gans(settings: StudySettings, training_set: TrainingSet) -> None:
    """Refuses an arm that needs a class without a GAN, and a class too small for one."""
    for name in settings.arms:
        needed = training_set.classes_of(name)
        allowed = settings.gan_classes or training_set.train.class_names
        if missing := [of for of in needed if of not in allowed]:
            raise ValueError(
                f"Invalid value for `gan_classes`. Expected {list(needed)}, which arm {name!r} "
                f"needs. Received: {list(allowed)}, without {missing}. Add them, or leave out "
                "the arm."
            )
        for of in needed:
            gan_batch_size(settings.gan_batch_size, training_set.train.counts()[of])
