"""Stage 2, GAN: what Keras lacks for a model with two optimizers: compiling, and loading that."""

import keras
import numpy as np

from kerasmedgan.gan.losses import LossPair, get_loss_pair
from kerasmedgan.gan.optimizers import build_adam


class TwoOptimizersMixin:
    """Stands before `keras.Model`, which has a `generator` and a `discriminator`.

    Attributes:
        g_optimizer: the generator's optimizer; `None` until it is compiled.
        d_optimizer: the discriminator's.
        loss_pair: the losses of both.
    """

    g_optimizer: keras.optimizers.Optimizer | None = None
    d_optimizer: keras.optimizers.Optimizer | None = None
    loss_pair: LossPair | None = None

    def compile(
        self,
        g_optimizer: keras.optimizers.Optimizer | str | None = None,
        d_optimizer: keras.optimizers.Optimizer | str | None = None,
        loss: str | LossPair = "non_saturating",
        **kwargs,
    ) -> None:
        """Sets both optimizers and the loss pair.

        Args:
            g_optimizer: the generator's optimizer. Default: Adam(2e-4, beta_1=0.5).
            d_optimizer: the discriminator's optimizer. Default: the same.
            loss: "non_saturating", "hinge", "least_squares", or a `LossPair`.
            **kwargs: `run_eagerly`, `steps_per_execution`, `jit_compile` as Keras knows them.
        """
        super().compile(optimizer=None, **{"jit_compile": False, **kwargs})
        self.loss_pair = get_loss_pair(loss)
        self.g_optimizer = keras.optimizers.get(g_optimizer or build_adam())
        self.d_optimizer = keras.optimizers.get(d_optimizer or build_adam())
        if self.g_optimizer is self.d_optimizer:
            raise ValueError(
                "Invalid value for `d_optimizer`. Expected an optimizer of its own. Received: "
                "the same object as `g_optimizer`. Create two optimizers: each keeps its state."
            )
        self.g_optimizer.build(self.generator.trainable_variables)
        self.d_optimizer.build(self.discriminator.trainable_variables)

    def get_compile_config(self) -> dict:
        """Returns the arguments of `compile`."""
        if not self.compiled:
            return {}
        return {
            name: keras.saving.serialize_keras_object(value)
            for name, value in (
                ("g_optimizer", self.g_optimizer),
                ("d_optimizer", self.d_optimizer),
                ("loss", self.loss_pair),
            )
        } | {"steps_per_execution": self.steps_per_execution, "jit_compile": self.jit_compile}

    def compile_from_config(self, config: dict) -> None:
        """Compiles with what `get_compile_config` returned."""
        self.compile(
            **{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()}
        )

    def save_own_variables(self, store) -> None:
        """Notes how many variables each optimizer has, for `load_own_variables` to compare."""
        store["optimizer_variables"] = self._count_optimizer_variables()

    def load_own_variables(self, store) -> None:
        """Refuses a state of other optimizers, which Keras would skip with a warning."""
        expected, received = self._count_optimizer_variables(), store["optimizer_variables"][:]
        if self.compiled and not np.array_equal(expected, received):
            raise ValueError(
                f"Cannot load the optimizers' state. Expected {expected} variables, as compiled. "
                f"Received: {received}. Compile with the optimizers that the file was saved with, "
                "or load with `compile=False`."
            )

    def _count_optimizer_variables(self) -> np.ndarray:
        optimizers = (self.g_optimizer, self.d_optimizer) if self.compiled else ()
        return np.array([len(optimizer.variables) for optimizer in optimizers], np.int64)
