"""Stage 6, study: one GAN: train on one class, write its folder, say what it cost."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import keras

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.files import atomic_path
from kerasmedgan.gan import DCGAN
from kerasmedgan.quality import mean_pairwise_distance
from kerasmedgan.run_folder import write_history


def run_gan(
    gan: DCGAN,
    images: LabeledImages,
    *,
    directory: str | os.PathLike,
    epochs: int,
    batch_size: int,
    seed: int,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: str | int = "auto",
) -> dict:
    """Trains a compiled DCGAN and writes `history.csv` and `model.keras`.

    Args:
        gan: a compiled DCGAN.
        images: real training images of one class.
        directory: receives the files.
        epochs: passes over the images.
        batch_size: images an update.
        seed: seed of the batch order.
        callbacks: Keras callbacks.
        verbose: as in `fit`.

    Returns:
        `epochs`, `steps`, `batch_size`, `seconds` and `images_per_second`.
    """
    directory, start = Path(directory), time.perf_counter()
    history = gan.fit(
        images.batches(batch_size, seed=seed),
        epochs=epochs,
        shuffle=False,
        callbacks=list(callbacks),
        verbose=verbose,
    ).history
    seconds = time.perf_counter() - start
    write_history(directory / "history.csv", history)
    with atomic_path(directory / "model.keras") as temporary:
        gan.save(temporary)
    steps = int(gan.g_optimizer.iterations.numpy())
    return {
        "epochs": epochs,
        "steps": steps,
        "batch_size": batch_size,
        "seconds": round(seconds, 1),
        "images_per_second": round(steps * batch_size / seconds, 1),
    }


def describe_gan(gan: DCGAN) -> dict:
    """Returns the settings of the networks and of `compile`, JSON-ready."""
    settings = gan.get_config()
    names = ("image_size", "channels", "latent_dim", "width", "ema_decay", "seed")
    return {
        **{name: settings[name] for name in names},
        "dtype": gan.dtype_policy.name,
        "compile": gan.get_compile_config(),
    }


def describe_synthetic(synthetic: LabeledImages, real: LabeledImages) -> dict:
    """Returns the number of synthetic images and how varied they are beside the real ones."""
    drawn, measured = (mean_pairwise_distance(part.images) for part in (synthetic, real))
    return {
        "count": len(synthetic),
        "mean_pairwise_distance": round(drawn, 4),
        "real_mean_pairwise_distance": round(measured, 4),
        "diversity_ratio": round(drawn / measured, 3),
    }
