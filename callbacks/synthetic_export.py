"""`SyntheticExport`: synthetic images as PNG files with a manifest."""

import logging
import os
from pathlib import Path

import keras

from kerasmedgan.distribution import is_chief
from kerasmedgan.quality import MemorisationAudit, MemorisedError
from kerasmedgan.synthesis import check_export_label, export_images

_LOGGER = logging.getLogger(__name__)


class SyntheticExport(keras.callbacks.Callback):
    """Exports synthetic images when training ends, and every few epochs if asked.

    The end's export is `directory/CLASS/000000.png ...` and `directory/manifest.csv`; those on the
    way are in `directory/epoch_0010/`. Each export appears whole or not at all; of several workers
    the chief writes it.

    With an audit, copies of training images are withheld and replaced: see `export_images`. A
    generator that copies is refused as a whole: on the way with a warning, at the end of training
    with an error. The model stays as it is; put callbacks that must do their part before this one.

    Example:
        gan.fit(batches, epochs=100, callbacks=[
            SyntheticExport("runs/synthetic", count=2500, class_name="NORMAL")])

    Args:
        directory: where the images go. It is created.
        count: number of images of each export.
        class_name: the class that the GAN is trained on; it names the folder.
        every: epochs between two exports on the way; `None` exports at the end alone.
        seed: seed of the latents.
        audit: `kerasmedgan.quality.MemorisationAudit` of the images that the GAN learns from.
        label: the number of that class, of a GAN that learns several.

    Raises:
        ValueError: if an argument cannot be used; when training begins, if the GAN has several
            classes and `label` is not one of them.
        MemorisedError: at the end of training, if the audit refuses the generator.
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        count: int,
        class_name: str,
        every: int | None = None,
        seed: int = 0,
        audit: MemorisationAudit | None = None,
        label: int | None = None,
    ):
        """Checks the arguments."""
        super().__init__()
        if count < 1:
            raise ValueError(
                "Invalid value for `count`. Expected an integer >= 1. "
                f"Received: {count}. Leave the callback out to export nothing."
            )
        if every is not None and every < 1:
            raise ValueError(
                "Invalid value for `every`. Expected an integer >= 1 or None. "
                f"Received: {every}. Use None to export at the end alone."
            )
        if class_name != Path(class_name).name or class_name in ("", ".."):
            raise ValueError(
                "Invalid value for `class_name`. Expected a plain folder name. "
                f"Received: {class_name!r}. Use the class's name as in `splits.train.class_names`."
            )
        self.directory = str(directory)
        self.count = count
        self.class_name = class_name
        self.every = every
        self.seed = seed
        self.audit = audit
        self.label = label

    def on_train_begin(self, logs=None):
        """Refuses a label that does not fit the GAN, before it is trained."""
        check_export_label(self.model, self.label, self.class_name)

    def on_epoch_end(self, epoch, logs=None):
        """Exports to a folder of this epoch if it is due."""
        number = epoch + 1
        if self.every is not None and number % self.every == 0:
            try:
                self._export(Path(self.directory) / f"epoch_{number:04d}")
            except MemorisedError as error:
                _LOGGER.warning("Epoch %d: %s", number, error)

    def on_train_end(self, logs=None):
        """Exports to the folder itself."""
        self._export(Path(self.directory))

    def _export(self, directory: Path) -> None:
        if is_chief(self.model.distribute_strategy):
            export_images(
                self.model,
                directory,
                count=self.count,
                class_name=self.class_name,
                seed=self.seed,
                label=self.label,
                audit=self.audit,
            )
