"""Keras callbacks: sample grids while a GAN trains, and the export of synthetic images."""

from kerasmedgan.callbacks.sample_grid import SampleGrid
from kerasmedgan.callbacks.synthetic_export import SyntheticExport

__all__ = ["SampleGrid", "SyntheticExport"]
