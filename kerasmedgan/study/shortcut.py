"""Stage 6, study: the shortcut audit: can a network tell real from synthetic images of a class?"""

import dataclasses
from collections.abc import Iterator

import keras
import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from kerasmedgan.classifier import build_classifier, compile_classifier, one_hot
from kerasmedgan.data.batches import evaluation_batches
from kerasmedgan.data.labeled import LabeledImages, concatenate
from kerasmedgan.data.split_guard import TRAIN, require_split
from kerasmedgan.resume import get_model_state, set_model_state

# Halfway from guessing to certainty: of a real and a synthetic image the network then picks the
# synthetic one three times in four, and a classifier has something to gain from the origin.
DISTINGUISHABLE_AUC = 0.75

_ORIGINS = ("real", "synthetic")
_FILTERS = (16, 32, 64)
# The classifier's own 1e-3 and dropout miss one bright pixel in so few updates (AUC 0.62, with
# these 0.997; 434 phantom images of each origin, 64 px): an audit must not be blind.
_LEARNING_RATE = 3e-3
_DROPOUT = 0.0
_FOLDS = 2
_EVALUATION_BATCH = 256


def audit_shortcut(
    real: LabeledImages,
    synthetic: LabeledImages,
    *,
    seed: int,
    updates: int = 150,
    batch_size: int = 64,
) -> dict:
    """Trains a small network to tell synthetic images from real ones and judges it on others.

    It learns on one half of the patients and of the synthetic images and judges the other half,
    then the other way round, each half with equal numbers of both origins. Nothing is selected
    and nothing stops early. A classifier trained on real images of one class and synthetic
    images of another can use whatever this network finds.
    Source: the classifier two-sample test, Lopez-Paz and Oquab 2017, arXiv:1610.06545.

    Args:
        real: real training images of one class, of at least two patients.
        synthetic: at least two synthetic images of the same class, read through the pixel path of
            the real ones.
        seed: seed of the halves, of the initial weights and of the batch order.
        updates: optimizer updates on each half.
        batch_size: images an update; a smaller half is one batch.

    Returns:
        `auc`, the mean over the halves (0.5: cannot tell, 1: always tells), `fold_aucs`, `images`
        judged of each origin, and `updates`.

    Raises:
        TestSplitError: if one of the sets is the test split.
        ValueError: if one is of another split or origin, the two are not of one class, or there
            are too few patients or images.
    """
    _check_sets(real, synthetic)
    halves = list(_balanced_halves(real, synthetic, seed=seed))
    # Both halves begin with the same network; a second one would be traced again.
    model = _build_network(halves[0], seed=seed, updates=updates)
    untrained = get_model_state(model)
    fold_aucs = []
    for learn, judge in (halves, halves[::-1]):
        set_model_state(model, untrained)
        batches = learn.batches(min(batch_size, len(learn)), seed=seed, repeat=True)
        batches = one_hot(batches, len(_ORIGINS))
        model.fit(batches, steps_per_epoch=updates, shuffle=False, verbose=0)
        fold_aucs.append(float(roc_auc_score(judge.labels, _synthetic_probabilities(model, judge))))
    return {
        "auc": float(np.mean(fold_aucs)),
        "fold_aucs": fold_aucs,
        "images": sum(half.counts()["real"] for half in halves),
        "updates": updates,
    }


def _balanced_halves(
    real: LabeledImages, synthetic: LabeledImages, *, seed: int
) -> Iterator[LabeledImages]:
    """Yields two sets labelled by origin that share no patient, with as many of each origin."""
    generator = np.random.default_rng(seed)
    # Each origin is divided by itself, or one half could be left without real images.
    of_real = _rows_of_halves(real.groups, seed)
    of_synthetic = _rows_of_halves(np.arange(len(synthetic)), seed)
    for rows in zip(of_real, of_synthetic, strict=True):
        count = min(map(len, rows))
        parts = [
            part.take(np.sort(generator.permutation(half)[:count]))
            for part, half in zip((real, synthetic), rows, strict=True)
        ]
        both = concatenate(parts)
        origin = both.synthetic.astype(np.int64)
        yield dataclasses.replace(both, labels=origin, class_names=_ORIGINS)


def _rows_of_halves(groups: np.ndarray, seed: int) -> list[np.ndarray]:
    folds = GroupKFold(_FOLDS, shuffle=True, random_state=seed)
    return [rows for _, rows in folds.split(groups, groups=groups)]


def _build_network(images: LabeledImages, *, seed: int, updates: int) -> keras.Model:
    filters = [
        count for block, count in enumerate(_FILTERS, start=1) if 2**block <= images.image_size
    ]
    model = build_classifier(
        image_size=images.image_size,
        channels=images.channels,
        filters=filters,
        dropout=_DROPOUT,
        seed=seed,
    )
    compile_classifier(model, updates=updates, learning_rate=_LEARNING_RATE)
    return model


def _synthetic_probabilities(model: keras.Model, images: LabeledImages) -> np.ndarray:
    batches = evaluation_batches(images.images, images.labels, _EVALUATION_BATCH)
    pixels = batches.map(lambda batch, _: batch)
    return model.predict(pixels, verbose=0)[:, _ORIGINS.index("synthetic")]


def _check_sets(real: LabeledImages, synthetic: LabeledImages) -> None:
    for name, part, wrong in (
        ("real", real, real.synthetic),
        ("synthetic", synthetic, ~synthetic.synthetic),
    ):
        require_split(part.split, TRAIN, name)
        if wrong.any():
            raise ValueError(
                f"Invalid value for `{name}`. Expected {name} images alone. Received: "
                f"{int(wrong.sum())} of the other origin among {len(part)}. Divide them by "
                "their attribute `synthetic`."
            )
    labels = np.union1d(real.labels, synthetic.labels)
    if len(labels) > 1:
        raise ValueError(
            "Invalid value for `synthetic`. Expected images of the one class of `real`. Received: "
            f"{synthetic.counts()} beside real {real.counts()}. Use `of_class` on both."
        )
    patients = np.unique(real.groups).size
    if patients < _FOLDS or len(synthetic) < _FOLDS:
        raise ValueError(
            f"Invalid value for `real` or `synthetic`. Expected at least {_FOLDS} patients and "
            f"{_FOLDS} synthetic images. Received: {patients} patients and {len(synthetic)} "
            "synthetic images. One half learns and one judges: add more."
        )
