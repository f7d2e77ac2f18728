"""Stage 6, study: one GAN: train on one class, write its folder, say what it cost."""

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import keras

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.files import atomic_path, read_json, write_json
from kerasmedgan.gan import DCGAN, PLAIN
from kerasmedgan.quality import mean_pairwise_distance
from kerasmedgan.resume import TrainingState
from kerasmedgan.run_folder import write_history

FACTS = "gan.json"
# Half a minute of training on two cores, against a tenth of a second for a state.
_UPDATES_A_STATE = 200


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

    A training that was stopped goes on from its last state in `directory`, to the same end; one
    that is finished there is loaded.

    Args:
        gan: a compiled DCGAN.
        images: real training images, of one class unless the GAN has classes.
        directory: receives the files, of this GAN alone.
        epochs: passes over the images.
        batch_size: images an update.
        seed: seed of the batch order.
        callbacks: Keras callbacks.
        verbose: as in `fit`.

    Returns:
        `epochs`, `steps`, `batch_size`, `seconds` and `images_per_second`; the last two are of
        the call that finished it.
    """
    directory, start = Path(directory), time.perf_counter()
    if (directory / FACTS).exists():
        gan.load_weights(directory / "model.keras")
        return read_json(directory / FACTS)
    batches_an_epoch = int(images.batches(batch_size).cardinality())
    state = TrainingState(
        directory / "state",
        every=-(-_UPDATES_A_STATE // batches_an_epoch),
        settings={
            "images": images.fingerprint(),
            "batch_size": batch_size,
            "batch seed": seed,
            "epochs": epochs,
        },
    )
    first_epoch = state.restore(gan)
    gan.fit(
        images.batches(batch_size, seed=seed, initial_epoch=first_epoch),
        initial_epoch=first_epoch,
        epochs=epochs,
        shuffle=False,
        callbacks=[*callbacks, state],
        verbose=verbose,
    )
    seconds = time.perf_counter() - start
    write_history(directory / "history.csv", state.history)
    with atomic_path(directory / "model.keras") as temporary:
        gan.save(temporary)
    steps = (epochs - first_epoch) * batches_an_epoch
    facts = {
        "epochs": epochs,
        "steps": int(gan.g_optimizer.iterations.numpy()),
        "batch_size": batch_size,
        "seconds": round(seconds, 1),
        "images_per_second": round(steps * batch_size / seconds, 1),
    }
    write_json(directory / FACTS, facts)
    shutil.rmtree(directory / "state", ignore_errors=True)
    return facts


def describe_gan(gan: DCGAN) -> dict:
    """Returns the settings of the networks, options that are on, and `compile`, JSON-ready."""
    settings = gan.get_config()
    names = ["image_size", "channels", "latent_dim", "width", "ema_decay", "seed"]
    names += [name for name, off in PLAIN.items() if settings[name] != off]
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
