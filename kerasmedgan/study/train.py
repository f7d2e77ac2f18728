"""Stage 6, study: training sets become one classifier, trained alike in every arm."""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import keras
import tensorflow as tf

from kerasmedgan.classifier import (
    build_classifier,
    check_updates,
    compile_classifier,
    train_classifier,
)
from kerasmedgan.data.labeled import LabeledImages


@dataclasses.dataclass(frozen=True)
class ClassifierSettings:
    """How the classifier of every arm is trained: the same for all, or they cannot be compared.

    Attributes:
        updates: optimizer updates, a multiple of `updates_per_epoch`.
        updates_per_epoch: updates between two looks at validation.
        batch_size: images an update.
        learning_rate: at the start of the cosine decay.
        dtype: "float32" or "mixed_bfloat16".
        filters: filters of each block of the network.
        dropout: share of pooled features dropped in training.
    """

    updates: int = 1500
    updates_per_epoch: int = 100
    batch_size: int = 64
    learning_rate: float = 1e-3
    dtype: str = "float32"
    filters: tuple[int, ...] = (16, 32, 64, 128)
    dropout: float = 0.3

    def __post_init__(self):
        """Refuses now what would fail only after a GAN was trained."""
        check_updates(self.updates, self.updates_per_epoch)


def updates_per_epoch(updates: int, looks: int = 15) -> int:
    """Divides the updates into as many equal epochs as possible, up to `looks` at validation."""
    divisors = (count for count in range(looks, 0, -1) if updates % count == 0)
    return updates // next(divisors)


def train_on(
    phases: Sequence[LabeledImages],
    validation: LabeledImages,
    settings: ClassifierSettings,
    *,
    seed: int,
    class_weight: Mapping[int, float] | None = None,
    transform: Callable[[tf.Tensor], tf.Tensor] | None = None,
    state_directory: str | os.PathLike | None = None,
    verbose: str | int = "auto",
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Builds a classifier and trains it on one set after the other.

    The phases share the updates evenly; each has its own optimizer and decay, and begins with
    the best weights of the one before.

    Args:
        phases: training sets.
        validation: chooses the weights of each phase.
        settings: how to train.
        seed: seed of the initial weights and of the batch order.
        class_weight: weight of each class in the loss.
        transform: applied to batches of training images.
        state_directory: as in `train_classifier`, with a folder for each phase.
        verbose: as in `fit`.

    Returns:
        The model with its best weights, and the history of the last phase.
    """
    model = build_classifier(
        image_size=validation.image_size,
        channels=validation.channels,
        num_classes=validation.num_classes,
        filters=settings.filters,
        dropout=settings.dropout,
        seed=seed,
        dtype=settings.dtype,
    )
    share = _share(settings, len(phases))
    for number, train in enumerate(phases):
        compile_classifier(model, updates=share, learning_rate=settings.learning_rate)
        history = train_classifier(
            model,
            train,
            validation,
            updates=share,
            batch_size=settings.batch_size,
            updates_per_epoch=settings.updates_per_epoch,
            seed=seed,
            class_weight=class_weight,
            transform=transform,
            state_directory=state_directory and Path(state_directory) / f"phase_{number}",
            verbose=verbose,
        ).history
    return model, history


def _share(settings: ClassifierSettings, phases: int) -> int:
    """Returns the updates of each phase, in whole epochs."""
    if settings.updates % (phases * settings.updates_per_epoch):
        raise ValueError(
            f"Invalid value for `updates`. Expected a multiple of {phases} times "
            f"`updates_per_epoch`, {settings.updates_per_epoch}. Received: {settings.updates}. "
            "Round it."
        )
    return settings.updates // phases
