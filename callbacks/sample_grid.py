"""`SampleGrid`: a picture of generated images every few epochs."""

import os
from pathlib import Path

import keras

from kerasmedgan.distribution import is_chief
from kerasmedgan.images import make_grid, write_png


class SampleGrid(keras.callbacks.Callback):
    """Saves a grid of generated images, always from the same latents.

    Files are named `epoch_0010.png` and written atomically, of several workers by the chief. The
    last epoch always has one.

    Example:
        gan.fit(batches, epochs=100, callbacks=[SampleGrid("runs/grids", every=10)])

    Args:
        directory: where the grids go. It is created.
        rows: rows of the grid.
        columns: columns of the grid.
        every: epochs between two grids.
        seed: seed of the latents.
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        rows: int = 4,
        columns: int = 8,
        every: int = 10,
        seed: int = 0,
    ):
        """Checks the arguments."""
        super().__init__()
        for name, value in (("rows", rows), ("columns", columns), ("every", every)):
            if value < 1:
                raise ValueError(
                    f"Invalid value for `{name}`. Expected an integer >= 1. "
                    f"Received: {value}. Leave it out for the default."
                )
        self.directory = str(directory)
        self.rows = rows
        self.columns = columns
        self.every = every
        self.seed = seed

    def on_epoch_end(self, epoch, logs=None):
        """Writes the grid of this epoch if it is due."""
        number = epoch + 1
        due = number % self.every == 0 or number == self.params["epochs"]
        if due and is_chief(self.model.distribute_strategy):
            images = self.model.generate(self.rows * self.columns, seed=self.seed)
            path = Path(self.directory) / f"epoch_{number:04d}.png"
            write_png(path, make_grid(images, columns=self.columns))
