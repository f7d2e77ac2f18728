"""Ground floor, resume: a training's whole state on disk, and back, to the bit."""

from kerasmedgan.resume.best_weights import BestWeights
from kerasmedgan.resume.model_state import get_model_state, set_model_state, without_names
from kerasmedgan.resume.state_files import StateFiles, TrainingStateError
from kerasmedgan.resume.training_state import TrainingState

__all__ = [
    "BestWeights",
    "StateFiles",
    "TrainingState",
    "TrainingStateError",
    "get_model_state",
    "set_model_state",
    "without_names",
]
