"""One candidate: hyperparameters enter, a trained classifier leaves."""

import os
from collections.abc import Mapping, Sequence

import keras
import numpy as np

from kerasmedgan.augmentation import augment
from kerasmedgan.classical import ClassicalAugmentation, ClassicalSettings
from kerasmedgan.classifier import VALIDATION_AUC, train_classifier
from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.study.arms import choose_synthetic
from kerasmedgan.tuning.hypermodel import CLASSICAL_STRENGTH, SYNTHETIC_RATIO
from kerasmedgan.tuning.settings import drawn_classes


def training_images(
    values: Mapping, train: LabeledImages, synthetic: LabeledImages | None
) -> LabeledImages:
    """Returns the real images, and as many synthetic ones as the hyperparameters ask for."""
    ratio = values[SYNTHETIC_RATIO]
    if synthetic is None or not ratio:
        return train
    classes = drawn_classes(synthetic.counts())
    return augment(train, choose_synthetic(synthetic, train, classes, ratio))


def classical_settings(values: Mapping) -> ClassicalSettings | None:
    """Returns the transformations of training images at the strength chosen; `None` for 0."""
    strength, usual = values[CLASSICAL_STRENGTH], ClassicalSettings()
    if not strength:
        return None
    return ClassicalSettings(
        shift=strength * usual.shift,
        rotation=strength * usual.rotation,
        zoom=strength * usual.zoom,
        contrast=strength * usual.contrast,
    )


def train_candidate(
    model: keras.Model,
    values: Mapping,
    train: LabeledImages,
    validation: LabeledImages,
    *,
    updates: int,
    updates_per_epoch: int,
    batch_size: int,
    seed: int,
    state_directory: str | os.PathLike,
    stop_after: int | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> dict[str, list[float]]:
    """Trains a compiled candidate as `train_classifier` does, and returns the history."""
    classical = classical_settings(values)
    return train_classifier(
        model,
        train,
        validation,
        updates=updates,
        updates_per_epoch=updates_per_epoch,
        stop_after=stop_after,
        batch_size=batch_size,
        seed=seed,
        transform=None if classical is None else ClassicalAugmentation(classical, seed=seed),
        state_directory=state_directory,
        callbacks=callbacks,
        verbose=0,
    ).history


def kept_epoch(history: Mapping[str, Sequence[float]]) -> int:
    """Returns the epoch, from 0, whose weights `train_classifier` keeps."""
    return int(np.argmax(history[VALIDATION_AUC]))
