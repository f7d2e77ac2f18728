"""Stage 6, study: a GAN of one class or of all, shared by the arms of a seed; resumable."""

from pathlib import Path

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.oversample import oversample
from kerasmedgan.files import read_json, write_json
from kerasmedgan.gan import DCGAN, build_adam
from kerasmedgan.study.arms import synthetic_count
from kerasmedgan.study.gan_run import describe_synthetic, run_gan
from kerasmedgan.study.settings import StudySettings
from kerasmedgan.study.shortcut import audit_shortcut
from kerasmedgan.synthesis import export_images, load_synthetic

FACTS = "generator.json"
_MIN_BATCH = 2


def build_generator_model(
    settings: StudySettings, *, seed: int, steps: int, num_classes: int | None = None
) -> DCGAN:
    """Returns a compiled DCGAN whose learning rates fall over `steps` updates."""
    gan = DCGAN(
        num_classes=num_classes,
        image_size=settings.image_size,
        channels=settings.channels,
        width=settings.gan_width,
        seed=seed,
        dtype=settings.precision,
    )
    gan.compile(
        g_optimizer=build_adam(decay_updates=steps), d_optimizer=build_adam(decay_updates=steps)
    )
    return gan


def gan_batch_size(batch_size: int, images: int) -> int:
    """Halves the batch size until an epoch has two batches at least.

    Raises:
        ValueError: if there are too few images for a GAN.
    """
    while 2 * batch_size > images and batch_size > _MIN_BATCH:
        batch_size //= 2
    if batch_size > images or images < _MIN_BATCH:
        raise ValueError(
            f"Cannot train a GAN on {images} images. Expected at least {_MIN_BATCH} of the class. "
            "Use a larger fraction or limit, or an arm without synthetic images."
        )
    return batch_size


def generator_folder(folder: str, *, conditional: bool) -> str:
    """Returns where GANs and their images are, below the folder of either kind.

    Args:
        folder: "fraction_F/seed_N".
        conditional: whether it is one GAN of all classes.
    """
    return f"conditional/{folder}" if conditional else folder


def train_generator(
    images: LabeledImages,
    class_name: str,
    settings: StudySettings,
    *,
    output: Path,
    folder: str,
    seed: int,
    conditional: bool = False,
) -> dict:
    """Trains a GAN, exports its images of one class, and asks whether they can be told apart.

    A GAN that is finished in the folder is not trained again, so that one of all classes is trained
    for the first class alone.

    Args:
        images: the real training images of this fraction and seed, and no others.
        class_name: the class to draw.
        settings: of the study.
        output: the study's folder.
        folder: "fraction_F/seed_N".
        seed: seed of the GAN, of its batch order and of the export.
        conditional: train on all classes, the smaller ones repeated, instead of `class_name` alone;
            the number of updates is the same.

    Returns:
        The entry of `results.json`.
    """
    folder = generator_folder(folder, conditional=conditional)
    directory = f"generators/{folder}" + f"/{class_name}" * (not conditional)
    facts_file = output / "generators" / folder / class_name / FACTS
    if facts_file.exists():
        return read_json(facts_file)
    real = images.of_class(class_name)
    learned = oversample(images, seed=seed) if conditional else real
    batch_size = gan_batch_size(settings.gan_batch_size, len(learned))
    steps_per_epoch = len(learned) // batch_size
    epochs = -(-settings.gan_updates // steps_per_epoch)
    gan = build_generator_model(
        settings,
        seed=seed,
        steps=epochs * steps_per_epoch,
        num_classes=images.num_classes if conditional else None,
    )
    facts = run_gan(
        gan,
        learned,
        directory=output / directory,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        verbose=0,
    )
    exported = output / "synthetic" / folder
    count = synthetic_count(len(real), max(1.0, *settings.synthetic_ratios))
    label = images.class_index(class_name) if conditional else None
    export_images(gan, exported, count=count, class_name=class_name, seed=seed, label=label)
    synthetic = load_drawn(images, exported).of_class(class_name)
    entry = {
        "class": class_name,
        "conditional": conditional,
        "directory": directory,
        "images": len(real),
        **facts,
        "synthetic_directory": f"synthetic/{folder}/{class_name}",
        **describe_synthetic(synthetic, real),
        "shortcut": audit_shortcut(real, synthetic, seed=seed),
    }
    write_json(facts_file, entry)
    return entry


def load_drawn(images: LabeledImages, directory: Path) -> LabeledImages:
    """Reads all synthetic images of a fraction and seed, as real images are read."""
    return load_synthetic(
        directory, images.class_names, image_size=images.image_size, channels=images.channels
    )
