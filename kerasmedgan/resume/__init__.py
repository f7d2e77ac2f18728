"""Ground floor, resume: a training's whole state on disk, and back, to the bit."""

from kerasmedgan.resume.best_weights import BestWeights
from kerasmedgan.resume.state_files import StateFiles, TrainingStateError
from kerasmedgan.resume.training_state import TrainingState

__all__ = ["BestWeights", "StateFiles", "TrainingState", "TrainingStateError"]
