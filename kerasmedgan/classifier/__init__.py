"""Stage 5, classifier: training and validation images enter, a trained CNN leaves."""

from kerasmedgan.classifier.class_weights import balanced_class_weights
from kerasmedgan.classifier.compilation import OPTIMIZERS, SCHEDULES, compile_classifier
from kerasmedgan.classifier.network import (
    NORMALISATIONS,
    POOLINGS,
    Classifier,
    build_classifier,
    check_choice,
)
from kerasmedgan.classifier.training import (
    VALIDATION_AUC,
    check_updates,
    one_hot,
    train_classifier,
    validation_batches,
)

__all__ = [
    "NORMALISATIONS",
    "OPTIMIZERS",
    "POOLINGS",
    "SCHEDULES",
    "VALIDATION_AUC",
    "Classifier",
    "balanced_class_weights",
    "build_classifier",
    "check_choice",
    "check_updates",
    "compile_classifier",
    "one_hot",
    "train_classifier",
    "validation_batches",
]
