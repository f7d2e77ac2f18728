"""Stage 2, GAN: a trained generator draws images; image `i` of a seed is always the same."""

import numpy as np

from kerasmedgan.gan.checks import check_sampling
from kerasmedgan.gan.latents import CHUNK, sampling_labels, sampling_latents
from kerasmedgan.images import to_uint8


class SamplingMixin:
    """Stands before `keras.Model`, which draws images from latents when it is called."""

    def generate(
        self, count: int, *, seed: int, label: int | None = None, truncation: float = 1.0
    ) -> np.ndarray:
        """Draws synthetic images with the averaged generator.

        Image `i` of a seed is the same whatever `count` is.

        Args:
            count: number of images, at least 1.
            seed: seed of the latents, a non-negative integer. The same for all labels.
            label: the class to draw, of a GAN with classes; `None` draws all classes in turn,
                image `i` of class `i % num_classes`.
            truncation: in (0, 1]; below 1 images vary less, as in `sampling_latents`.

        Returns:
            uint8 array, shape `(count, image_size, image_size, channels)`, values in [0, 255].
        """
        if count < 1:
            raise ValueError(
                "Invalid value for `count`. Expected an integer >= 1. "
                f"Received: {count}. Ask for at least one image."
            )
        return self.generate_range(0, count, seed=seed, label=label, truncation=truncation)

    def generate_range(
        self,
        start: int,
        stop: int,
        *,
        seed: int,
        label: int | None = None,
        truncation: float = 1.0,
    ) -> np.ndarray:
        """Draws the images with index `start` to `stop - 1` of a seed; the rest as `generate`.

        Returns:
            uint8 array, shape `(stop - start, image_size, image_size, channels)`.
        """
        check_sampling(self.num_classes, label)
        first = start // CHUNK
        chunks = []
        for chunk in range(first, -(-stop // CHUNK)):
            latents = sampling_latents(chunk, self.latent_dim, seed=seed, truncation=truncation)
            labels = self.num_classes and sampling_labels(chunk, self.num_classes, label)
            chunks.append(to_uint8(self(latents, labels, training=False)))
        return np.concatenate(chunks)[start - first * CHUNK : stop - first * CHUNK]
