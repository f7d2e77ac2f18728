"""Keras callbacks: sample grids, synthetic images, states to resume from, a watchdog."""

from kerasmedgan.callbacks.sample_grid import SampleGrid
from kerasmedgan.callbacks.synthetic_export import SyntheticExport
from kerasmedgan.callbacks.training_state import TrainingState
from kerasmedgan.callbacks.training_watchdog import TrainingWatchdog

__all__ = ["SampleGrid", "SyntheticExport", "TrainingState", "TrainingWatchdog"]
