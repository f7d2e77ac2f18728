"""Stage 6, study: settings enter, a job leaves of which nothing is undecided or unchecked."""

import dataclasses

from kerasmedgan.augmentation import AugmentationPlan, plan_augmentation
from kerasmedgan.data import LabeledImages, Splits, load_images
from kerasmedgan.data.patients import DEFAULT_PATIENT_PATTERN
from kerasmedgan.distribution import check_one_process
from kerasmedgan.evaluation import default_positive_class
from kerasmedgan.gan import DCGAN, build_adam
from kerasmedgan.quality import LEAST_NULL, MemorisationAudit
from kerasmedgan.study.gan_run import describe_gan
from kerasmedgan.study.train import ClassifierSettings, updates_per_epoch


@dataclasses.dataclass(frozen=True)
class JobSettings:
    """What a person chooses; `None` leaves the choice to `prepare_job`.

    Attributes:
        source: as in `load_images`.
        image_size: side in pixels: 32, 64, 128 or 256.
        channels: 1 for grey, 3 for RGB.
        validation_fraction: as in `load_images`.
        pad_to_aspect_ratio: as in `load_images`.
        patient_pattern: as in `load_images`.
        gan_class: the class to draw. Default: the smallest.
        gan_width: filters of the networks' layers nearest to the image.
        gan_updates: generator updates, rounded up to whole epochs.
        gan_epochs: epochs instead of updates.
        gan_batch_size: images a GAN update.
        synthetic_count: number of synthetic images. Default: up to the largest class.
        audit: withhold synthetic images that are copies of training images.
        force: draw the largest class all the same.
        classifier_updates: updates of the classifier of each arm.
        classifier_batch_size: images a classifier update.
        positive_class: the class to detect. Default: the last that is not named like "NORMAL".
        seed: seed of everything.
        precision: "float32" or "mixed_bfloat16".
        strategy: as in `kerasmedgan.distribution.get_strategy`; the job is prepared and run in its
            scope.
    """

    source: str
    image_size: int = 64
    channels: int = 1
    validation_fraction: float = 0.1
    pad_to_aspect_ratio: bool = False
    patient_pattern: str = DEFAULT_PATIENT_PATTERN
    gan_class: str | None = None
    gan_width: int = 32
    gan_updates: int = 4000
    gan_epochs: int | None = None
    gan_batch_size: int = 64
    synthetic_count: int | None = None
    audit: bool = True
    force: bool = False
    classifier_updates: int = 1500
    classifier_batch_size: int = 64
    positive_class: str | None = None
    seed: int = 0
    precision: str = "float32"
    strategy: str = "auto"

    def __post_init__(self):
        """Refuses a strategy that is not there."""
        check_one_process(self.strategy)


@dataclasses.dataclass(frozen=True)
class Job:
    """Everything that is decided before the first step.

    Attributes:
        splits: the images.
        plan: the class to draw and how many.
        gan: a compiled DCGAN.
        gan_epochs: epochs to train it.
        classifier: how to train the classifier of each arm.
        positive_class: the class to detect; `None` with more than two classes.
        config: every resolved setting, JSON-ready.
    """

    splits: Splits
    plan: AugmentationPlan
    gan: DCGAN
    gan_epochs: int
    classifier: ClassifierSettings
    positive_class: str | None
    config: dict

    @property
    def gan_images(self) -> LabeledImages:
        """The real training images that the GAN learns from."""
        return self.splits.train.of_class(self.plan.class_name)

    def build_audit(self) -> MemorisationAudit | None:
        """Returns the audit of the images to draw.

        Its null are the validation images of the class if there are enough, or else the training
        images. `None` if those are too few as well, or no audit is wanted.
        """
        if not self.config["audit"] or len(self.gan_images) < LEAST_NULL:
            return None
        held_out = self.splits.validation.of_class(self.plan.class_name)
        return MemorisationAudit(self.gan_images, held_out if len(held_out) >= LEAST_NULL else None)


def prepare_job(settings: JobSettings) -> Job:
    """Loads the images, resolves every setting, and refuses what would fail hours later.

    Raises:
        ValueError: if the source or a setting cannot be used.
        ConnectionError: as in `load_images`.
    """
    classifier = ClassifierSettings(
        updates=settings.classifier_updates,
        updates_per_epoch=updates_per_epoch(settings.classifier_updates),
        batch_size=settings.classifier_batch_size,
        dtype=settings.precision,
    )
    gan = DCGAN(
        image_size=settings.image_size,
        channels=settings.channels,
        width=settings.gan_width,
        seed=settings.seed,
        dtype=settings.precision,
    )
    splits = load_images(settings.source, **_data_settings(settings))
    plan = plan_augmentation(
        splits.train.counts(),
        class_name=settings.gan_class,
        count=settings.synthetic_count,
        force=settings.force,
    )
    positive_class = choose_positive_class(settings.positive_class, splits.train)
    steps = _steps_per_epoch(splits.train, plan, settings.gan_batch_size, classifier)
    epochs = settings.gan_epochs or -(-settings.gan_updates // steps)
    gan.compile(
        g_optimizer=build_adam(decay_updates=epochs * steps),
        d_optimizer=build_adam(decay_updates=epochs * steps),
    )
    config = {
        "data": {
            "source": settings.source,
            **_data_settings(settings),
            "fingerprint": splits.fingerprint(),
        },
        "positive_class": positive_class,
        "seed": settings.seed,
        "strategy": settings.strategy,
        "gan": {
            **describe_gan(gan),
            "class": plan.class_name,
            "epochs": epochs,
            "batch_size": settings.gan_batch_size,
            "steps_per_epoch": steps,
        },
        "synthetic_count": plan.count,
        "audit": settings.audit,
        "classifier": dataclasses.asdict(classifier),
    }
    return Job(splits, plan, gan, epochs, classifier, positive_class, config)


def _data_settings(settings: JobSettings) -> dict:
    names = ("image_size", "channels", "validation_fraction", "seed")
    names += ("pad_to_aspect_ratio", "patient_pattern")
    return {name: getattr(settings, name) for name in names}


def choose_positive_class(name: str | None, train: LabeledImages) -> str | None:
    """Returns the class to detect; `None` with more than two classes.

    Raises:
        ValueError: if `name` is not one of two classes.
    """
    if name is None:
        return default_positive_class(train.class_names)
    if train.num_classes > 2 or name not in train.class_names:
        raise ValueError(
            f"Invalid value for `positive_class`. Expected one of two classes, here "
            f"{list(train.class_names)}. Received: {name!r}. Leave it out with more than two."
        )
    return name


def _steps_per_epoch(
    train: LabeledImages, plan: AugmentationPlan, batch_size: int, classifier: ClassifierSettings
) -> int:
    """Returns the GAN's updates an epoch, having tried both pipelines."""
    if plan.count < 2:
        raise ValueError(
            "Invalid value for `synthetic_count`. Expected an integer >= 2, or nothing could be "
            f"said of their variety. Received: {plan.count}. Draw more."
        )
    train.batches(classifier.batch_size)
    return int(train.of_class(plan.class_name).batches(batch_size).cardinality())
