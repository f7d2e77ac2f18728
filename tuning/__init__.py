"""Keras Tuner over classifiers: the search space, searches, and arms compared at their best."""

from kerasmedgan.tuning.compare import compare_arms, open_tuning_folder
from kerasmedgan.tuning.hypermodel import ClassifierHyperModel
from kerasmedgan.tuning.report import write_tuning_report
from kerasmedgan.tuning.result import SearchError, SearchResult, TrialResult
from kerasmedgan.tuning.search import search
from kerasmedgan.tuning.settings import SearchSettings
from kerasmedgan.tuning.tuning import Tuning, TuningSettings, prepare_tuning

__all__ = [
    "ClassifierHyperModel",
    "SearchError",
    "SearchResult",
    "SearchSettings",
    "TrialResult",
    "Tuning",
    "TuningSettings",
    "compare_arms",
    "open_tuning_folder",
    "prepare_tuning",
    "search",
    "write_tuning_report",
]
