"""Stage 6, study: settings enter, a study leaves of which nothing is undecided or unchecked."""

import dataclasses

from kerasmedgan.classical import ClassicalSettings
from kerasmedgan.data import LabeledImages, Splits, load_images
from kerasmedgan.data.subsets import limit_patients, take_fraction
from kerasmedgan.resume import without_names
from kerasmedgan.study.arms import ARMS, EVERY_CLASS, NO_CLASS, SCARCE_CLASS, synthetic_count
from kerasmedgan.study.bootstrap import patient_strata
from kerasmedgan.study.gan_run import describe_gan
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
            "patients": self.train.patient_counts(),
            "validation": self.splits.validation.counts(),
        }

    def smallest_training(self, settings: StudySettings) -> int:
        """Returns the images of the smallest set that any arm trains on, at any dose."""
        counts, ratio = self.train.counts(), min(settings.synthetic_ratios)
        return min(
            sum(synthetic_count(counts[name], ratio) for name in self.classes_of(arm.name))
            if arm.trains_on_synthetic_alone
            else len(self.train)
            for arm in map(ARMS.__getitem__, settings.arms)
        )


@dataclasses.dataclass(frozen=True)
class Study:
    """Everything that is decided before the first step.

    Attributes:
        settings: what was chosen.
        positive_class: the class to detect.
        scarce_class: the class that `gan` draws.
        report: the data report of the first seed.
        config: every resolved setting, JSON-ready.
    """

    settings: StudySettings
    positive_class: str
    scarce_class: str
    report: dict
    config: dict

    def training_set(self, fraction: float, seed: int) -> TrainingSet:
        """Loads the real images of one fraction and seed."""
        splits = load_images(self.settings.source, **self.settings.data(seed))
        return make_training_set(self.settings, fraction, seed, splits, self.scarce_class)


def prepare_study(settings: StudySettings) -> Study:
    """Loads the images of every seed, resolves every setting, refuses what would fail hours later.

    Raises:
        ValueError: if the source or a setting cannot be used.
        ConnectionError: as in `load_images`.
    """
    fingerprints, validations, sets = {}, {}, []
    report = positive_class = scarce_class = None
    for seed in settings.seed_list:
        splits = load_images(settings.source, **settings.data(seed))
        fingerprints[str(seed)] = splits.fingerprint()
        validations[str(seed)] = splits.validation.fingerprint()
        report = report or splits.report
        positive_class = positive_class or _positive_class(settings, splits.train)
        for fraction in settings.fractions:
            training_set = make_training_set(settings, fraction, seed, splits, scarce_class)
            scarce_class = training_set.scarce_class
            _check_gans(settings, training_set)
            sets.append(
                {
                    **training_set.facts(),
                    "batch_size": settings.classifier(
                        training_set.smallest_training(settings)
                    ).batch_size,
                }
            )
        _check_evaluated(splits, positive_class)
    gan = build_generator_model(settings, seed=settings.first_seed, steps=1)
    classifier = dataclasses.asdict(settings.classifier(1))
    del classifier["batch_size"]
    config = {
        "kind": "study",
        **dataclasses.asdict(settings),
        "positive_class": positive_class,
        "scarce_class": scarce_class,
        "seed_list": list(settings.seed_list),
        "fingerprints": fingerprints,
        "validation_splits": len(set(validations.values())),
        "training_sets": sets,
        "classifier": classifier,
        "classical": dataclasses.asdict(classical_settings(settings)),
        "gan": without_names(describe_gan(gan)),
    }
    if any(ARMS[name].conditional for name in settings.arms):
        classes = len(sets[0]["images"])
        gan = build_generator_model(
            settings, seed=settings.first_seed, steps=1, num_classes=classes
        )
        config["conditional_gan"] = without_names(describe_gan(gan))
    return Study(settings, positive_class, scarce_class, report, config)


def classical_settings(settings: StudySettings) -> ClassicalSettings:
    """Returns the transformations of the classical arms."""
    return ClassicalSettings(horizontal_flip=settings.horizontal_flip)


def make_training_set(
    settings: StudySettings,
    fraction: float,
    seed: int,
    splits: Splits,
    scarce_class: str | None = None,
) -> TrainingSet:
    """Keeps the limited classes' patients, then the fraction of all.

    Args:
        settings: of the study.
        fraction: share of the training patients.
        seed: seed of the choice of patients.
        splits: the images.
        scarce_class: the class that `gan` draws. Default: as chosen, or the smallest.

    Raises:
        ValueError: if a class is left with fewer than two patients, or the class may not be drawn.
    """
    limited = limit_patients(splits.train, settings.limits, seed=seed)
    train = take_fraction(limited, fraction, seed=seed)
    if scarce_class is None:
        scarce_class = _scarce_class(settings, train)
    return TrainingSet(fraction, seed, train, splits, scarce_class)


def _scarce_class(settings: StudySettings, train: LabeledImages) -> str:
    """Returns the class that `gan` draws, the same in all seeds and fractions."""
    counts = train.counts()
    for name in settings.gan_classes or ():
        if name not in counts:
            raise ValueError(
                f"Invalid value for `gan_classes`. Expected classes of {list(counts)}. "
                f"Received: {name!r}. Class names are the names of the class folders."
            )
    smallest = min(counts, key=counts.__getitem__)
    chosen = settings.gan_classes[0] if settings.gan_classes else smallest
    is_drawn_alone = any(ARMS[name].draws == SCARCE_CLASS for name in settings.arms)
    if counts[chosen] > counts[smallest] and is_drawn_alone and not settings.force:
        raise ValueError(
            "Invalid value for `gan_classes`. Expected the smallest class first, "
            f"{smallest!r}, since arms of one drawn class draw that. Received: {chosen!r}, of "
            f"{counts[chosen]} images. Name another first, or use `force=True`: more images of a "
            "larger class make the imbalance worse."
        )
    return chosen


def _positive_class(settings: StudySettings, train: LabeledImages) -> str:
    positive_class = choose_positive_class(settings.positive_class, train)
    if positive_class is None:
        raise ValueError(
            "Invalid value for `source`. Expected two classes, one to detect and one to tell it "
            f"from. Received: {list(train.class_names)}. Join or leave out classes."
        )
    return positive_class


def _check_evaluated(splits: Splits, positive_class: str) -> None:
    """Refuses sets on which nothing could be chosen or compared, before hours of training.

    Of the test split it sees labels and patients alone.
    """
    for images in (splits.validation, splits.test):
        if not all(images.counts().values()):
            raise ValueError(
                f"Cannot compare arms on a {images.split} split of {images.counts()}. Expected "
                "images of both classes. Add some, or change `validation_fraction`."
            )
    patient_strata(
        splits.test.labels == splits.test.class_index(positive_class), splits.test.groups
    )


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
        # A GAN of all classes has more images than the larger of two.
        for of in () if ARMS[name].conditional else needed:
            gan_batch_size(settings.gan_batch_size, training_set.train.counts()[of])
