"""Stage 5, classifier: training and validation images enter, a trained CNN leaves."""

from kerasmedgan.classifier.class_weights import balanced_class_weights
from kerasmedgan.classifier.network import Classifier, build_classifier, compile_classifier
from kerasmedgan.classifier.training import (
    VALIDATION_AUC,
    check_updates,
    one_hot,
    train_classifier,
    validation_batches,
)

__all__ = [
    "VALIDATION_AUC",
    "Classifier",
    "balanced_class_weights",
    "build_classifier",
    "check_updates",
    "compile_classifier",
    "one_hot",
    "train_classifier",
    "validation_batches",
]
