"""Keras Tuner over classifiers: the search space."""

from kerasmedgan.tuning.hypermodel import ClassifierHyperModel

__all__ = ["ClassifierHyperModel"]
