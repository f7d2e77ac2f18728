"""Keras callbacks: sample grids, the export of synthetic images, a state to resume from."""

from kerasmedgan.callbacks.sample_grid import SampleGrid
from kerasmedgan.callbacks.synthetic_export import SyntheticExport
from kerasmedgan.callbacks.training_state import TrainingState

__all__ = ["SampleGrid", "SyntheticExport", "TrainingState"]
