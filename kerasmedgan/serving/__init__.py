"""Stage 7, serving: a finished run enters; plain functions leave that other programs can use."""

from kerasmedgan.serving.heat_map import colour_evidence, overlay_evidence
from kerasmedgan.serving.manifest import (
    ServedArm,
    ServedGenerator,
    ServedRun,
    ServingError,
    read_served_run,
)
from kerasmedgan.serving.predictor import ArmPrediction, Prediction, Predictor
from kerasmedgan.serving.prepare import prepare_serving, served_cells, served_generators
from kerasmedgan.serving.sampler import Sampler
from kerasmedgan.serving.uploads import Upload, UploadError, read_upload

__all__ = [
    "ArmPrediction",
    "Prediction",
    "Predictor",
    "Sampler",
    "ServedArm",
    "ServedGenerator",
    "ServedRun",
    "ServingError",
    "Upload",
    "UploadError",
    "colour_evidence",
    "overlay_evidence",
    "prepare_serving",
    "read_served_run",
    "read_upload",
    "served_cells",
    "served_generators",
]
