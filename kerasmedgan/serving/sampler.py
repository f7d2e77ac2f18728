"""Stage 7, serving: `Sampler`, a seed in, synthetic images out, marked as such."""

import io
import os
import zipfile
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from kerasmedgan.fingerprints import weights_sha256
from kerasmedgan.gan import DCGAN
from kerasmedgan.gan.latents import CHUNK, sampling_latents
from kerasmedgan.images import to_uint8
from kerasmedgan.manifest import (
    MANIFEST,
    ManifestRow,
    encode_marked,
    format_manifest,
    manifest_rows,
)
from kerasmedgan.serving.loading import load_checked_model
from kerasmedgan.serving.manifest import ServedRun, read_served_run

MAXIMUM_COUNT = 1024
_MAXIMUM_SEED = 2**31 - 1
_NOTICE = """SYNTHETIC IMAGES, drawn by a generative network. They show no patient.
Not for clinical use.

Each PNG says so in its text. {manifest} names the seed, the index and the generator of each; the
same generator draws the same images again (`kerasmedgan.synthesis.regenerate`).
A generator may reproduce images that it was trained on: treat these like the data it came from.
"""


class Sampler:
    """The generator of a run.

    Example:
        sampler = Sampler.load("runs/mine")
        images = sampler.sample(16, seed=1)

    Args:
        gan: a trained DCGAN.
        class_name: the class to draw.
        label: its number, of a GAN of several classes; else `None`.
    """

    def __init__(self, gan: DCGAN, class_name: str, label: int | None = None):
        """Takes what `load` loaded."""
        self.class_name = class_name
        self.label = label
        self.model_sha256 = weights_sha256(gan.ema_generator)
        self._gan = gan

    @classmethod
    def load(cls, run: str | os.PathLike | ServedRun, *, class_name: str | None = None):
        """Loads the generator of a finished run after its sha256 was checked.

        Args:
            run: the folder of a run or study, or its opened `serving.json`.
            class_name: the class to draw. Default: the first that the run has a generator of.

        Raises:
            ServingError: if the run is not prepared for serving, or the file was changed.
            ValueError: if the run has no generator of the class.
        """
        run = run if isinstance(run, ServedRun) else read_served_run(run)
        found = [one for one in run.generators if class_name in (None, one.class_name)]
        if not found:
            raise ValueError(
                "Invalid value for `class_name`. Expected one of "
                f"{[one.class_name for one in run.generators]}, which this run has generators of. "
                f"Received: {class_name!r}. Choose one of them, or a run with a GAN."
            )
        gan, name = load_checked_model(run, found[0].model, DCGAN), found[0].class_name
        return cls(gan, name, None if gan.num_classes is None else run.class_names.index(name))

    def sample(self, count: int, *, seed: int, truncation: float = 1.0) -> np.ndarray:
        """Draws synthetic images; image `i` of a seed is the same whatever `count` is.

        Args:
            count: 1 to 1024.
            seed: a non-negative integer below 2 ** 31.
            truncation: in (0, 1]; below 1 images vary less, as in `sampling_latents`.

        Returns:
            uint8 array, shape `(count, image_size, image_size, channels)`.

        Raises:
            ValueError: if an argument is out of range.
        """
        _check("count", count, 1, MAXIMUM_COUNT)
        _check("seed", seed, 0, _MAXIMUM_SEED)
        return self._gan.generate(count, seed=seed, label=self.label, truncation=truncation)

    def walk(
        self, first_seed: int, last_seed: int, *, steps: int = 8, truncation: float = 1.0
    ) -> np.ndarray:
        """Draws the way from the first image of one seed to that of another.

        The latents turn at even speed along the great circle between the two.
        Source: White 2016, arXiv:1609.04468, section 2.1.

        Args:
            first_seed: as `seed` in `sample`.
            last_seed: another.
            steps: images, both ends among them, 2 to 64.
            truncation: as in `sample`.

        Returns:
            uint8 array, shape `(steps, image_size, image_size, channels)`. Its ends are the
            images with index 0 of the seeds, but for rounding.

        Raises:
            ValueError: if an argument is out of range.
        """
        _check("steps", steps, 2, CHUNK)
        for name, seed in (("first_seed", first_seed), ("last_seed", last_seed)):
            _check(name, seed, 0, _MAXIMUM_SEED)
        size = self._gan.latent_dim
        first, last = (
            sampling_latents(0, size, seed=seed, truncation=truncation)[0].numpy()
            for seed in (first_seed, last_seed)
        )
        latents = _slerp(first, last, np.linspace(0.0, 1.0, steps))
        whole = np.resize(latents, (CHUNK, size)).astype(np.float32)
        labels = None if self.label is None else np.full(CHUNK, self.label)
        return to_uint8(self._gan(tf.constant(whole), labels, training=False))[:steps]

    def rows(self, count: int, *, seed: int, truncation: float = 1.0) -> list[ManifestRow]:
        """Returns the manifest of `sample` with the same arguments."""
        return manifest_rows(
            range(count),
            class_name=self.class_name,
            seed=seed,
            model_sha256=self.model_sha256,
            truncation=truncation,
            label=self.label,
        )

    def archive(self, count: int, *, seed: int, truncation: float = 1.0) -> bytes:
        """Draws images and packs them: marked PNG files, `manifest.csv` and a notice.

        Unpacked, it is what `export_images` writes: `load_synthetic` reads it.

        Args:
            count: as in `sample`.
            seed: as in `sample`.
            truncation: as in `sample`.

        Returns:
            The bytes of a zip file; the same for the same arguments.
        """
        images = self.sample(count, seed=seed, truncation=truncation)
        rows = self.rows(count, seed=seed, truncation=truncation)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in _members(images, rows):
                # A fixed time, or the bytes would differ from second to second.
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
        return stream.getvalue()


def _members(images: np.ndarray, rows: list[ManifestRow]) -> Iterator[tuple[str, str | bytes]]:
    yield "NOTICE.txt", _NOTICE.format(manifest=MANIFEST)
    yield MANIFEST, format_manifest(rows)
    for image, row in zip(images, rows, strict=True):
        yield row.file, encode_marked(image, row)


def _slerp(first: np.ndarray, last: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Interpolates on the great circle between two vectors; their lengths linearly."""
    lengths = np.linalg.norm(first), np.linalg.norm(last)
    a, b = first / lengths[0], last / lengths[1]
    angle = np.arccos(np.clip(a @ b, -1.0, 1.0))
    length = ((1 - share) * lengths[0] + share * lengths[1])[:, None]
    if angle < 1e-6:
        return length * a
    way = np.sin((1 - share) * angle)[:, None] * a + np.sin(share * angle)[:, None] * b
    return length * way / np.sin(angle)


def _check(name: str, value: int, lowest: int, highest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise ValueError(
            f"Invalid value for `{name}`. Expected an integer from {lowest} to {highest}. "
            f"Received: {value}. Choose one in that range."
        )
