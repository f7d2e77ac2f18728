"""Keras callbacks: grids, synthetic images, their quality, states to resume from, a watchdog."""

from kerasmedgan.callbacks.quality_monitor import QualityMonitor
from kerasmedgan.callbacks.sample_grid import SampleGrid
from kerasmedgan.callbacks.synthetic_export import SyntheticExport
from kerasmedgan.callbacks.training_state import TrainingState
from kerasmedgan.callbacks.training_watchdog import TrainingWatchdog

__all__ = ["QualityMonitor", "SampleGrid", "SyntheticExport", "TrainingState", "TrainingWatchdog"]
