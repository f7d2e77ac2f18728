"""`TrainingState`: a training that goes on after a stop as if there had been none."""

from kerasmedgan.resume import TrainingState, TrainingStateError

__all__ = ["TrainingState", "TrainingStateError"]
