"""Stage 2, GAN: a DCGAN as a Keras model. Real images enter `fit`, `generate` draws new ones."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kerasmedgan.distribution import num_replicas
from kerasmedgan.gan.checks import check_real_images, check_settings
from kerasmedgan.gan.latents import CHUNK, sampling_latents, training_latents
from kerasmedgan.gan.losses import LossPair, get_loss_pair, r1_penalty
from kerasmedgan.gan.moving_average import update_moving_average
from kerasmedgan.gan.networks import build_discriminator, build_generator
from kerasmedgan.gan.optimizers import build_adam
from kerasmedgan.images import to_uint8
from kerasmedgan.multi_worker import MultiWorkerMixin

GENERATOR_LOSS = "generator_loss"
DISCRIMINATOR_LOSS = "discriminator_loss"
REAL_ACCURACY = "real_accuracy"
SYNTHETIC_ACCURACY = "synthetic_accuracy"


@keras.saving.register_keras_serializable("kerasmedgan")
class DCGAN(MultiWorkerMixin, keras.Model):
    """Deep convolutional GAN with a moving average of the generator.

    Source: Radford et al. 2016, arXiv:1511.06434. Moving average: Yazici et al. 2019,
    arXiv:1806.04498.

    Example:
        gan = DCGAN(image_size=64)
        gan.compile()
        gan.fit(images.batches(64), epochs=100, shuffle=False)
        new_images = gan.generate(16, seed=1)

    Args:
        image_size: 32, 64, 128 or 256.
        channels: 1 for grey, 3 for RGB.
        latent_dim: size of the standard normal latent vector.
        width: filters of the layers nearest to the image; compute grows with its square.
        ema_decay: decay of the generator's moving average a step; 0 follows the generator.
        r1_weight: weight of the R1 penalty (`r1_penalty`); 0 leaves it out.
        seed: seed of the initial weights and of all training noise.
        dtype: "float32", or "mixed_bfloat16" for speed on hardware with bfloat16 units.
    """

    def __init__(
        self,
        image_size: int = 64,
        channels: int = 1,
        latent_dim: int = 128,
        width: int = 32,
        ema_decay: float = 0.995,
        r1_weight: float = 0.0,
        seed: int = 0,
        dtype=None,
        **kwargs,
    ):
        """Builds the three networks."""
        super().__init__(dtype=dtype, **kwargs)
        check_settings(ema_decay, r1_weight, self.dtype_policy)
        self.image_size = image_size
        self.channels = channels
        self.latent_dim = latent_dim
        self.width = width
        self.ema_decay = ema_decay
        self.r1_weight = r1_weight
        self.seed = seed
        shape = {"image_size": image_size, "channels": channels, "width": width}
        generator = {**shape, "latent_dim": latent_dim, "dtype": self.dtype_policy}
        self.generator = build_generator(**generator, seed=2 * seed)
        self.discriminator = build_discriminator(
            **shape, seed=2 * seed + 1, dtype=self.dtype_policy
        )
        self.ema_generator = build_generator(**generator, seed=2 * seed)
        self.ema_generator.trainable = False
        self.g_optimizer = self.d_optimizer = self.loss_pair = None
        self._trackers = [
            keras.metrics.Mean(name=name)
            for name in (GENERATOR_LOSS, DISCRIMINATOR_LOSS, REAL_ACCURACY, SYNTHETIC_ACCURACY)
        ]
        self.built = True

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

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The four means that `train_step` updates."""
        return self._trackers

    def call(self, latents, training=False):
        """Draws images from latents with the averaged generator.

        Args:
            latents: float32 tensor, shape `(batch, latent_dim)`, standard normal.
            training: ignored; the averaged generator always runs in inference mode.

        Returns:
            float32 tensor in [-1, 1], shape `(batch, image_size, image_size, channels)`.
        """
        return self.ema_generator(latents, training=False)

    def train_step(self, data):
        """Updates both networks from one batch of real images and one of synthetic images."""
        real, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        check_real_images(real, self.image_size, self.channels)
        latents = training_latents(
            ops.shape(real)[0], self.latent_dim, seed=self.seed, step=self.g_optimizer.iterations
        )
        with tf.GradientTape(persistent=True) as tape:
            synthetic = self.generator(latents, training=True)
            real_logits = self.discriminator(real, training=True)
            synthetic_logits = self.discriminator(synthetic, training=True)
            d_loss = self.loss_pair.discriminator(real_logits, synthetic_logits)
            if self.r1_weight:
                d_loss += self.r1_weight * r1_penalty(self.discriminator, real)
            g_loss = self.loss_pair.generator(synthetic_logits)
            # Keras optimizers sum gradients over replicas; these losses are means over one.
            d_scaled_loss = d_loss / num_replicas()
            g_scaled_loss = g_loss / num_replicas()
        self._apply(self.d_optimizer, tape, d_scaled_loss, self.discriminator)
        self._apply(self.g_optimizer, tape, g_scaled_loss, self.generator)
        update_moving_average(
            self.ema_generator, self.generator, self.ema_decay, step=self.g_optimizer.iterations
        )
        accuracies = self.loss_pair.accuracies(real_logits, synthetic_logits)
        for tracker, value in zip(self.metrics, (g_loss, d_loss, *accuracies), strict=True):
            tracker.update_state(value)
        return self.get_metrics_result()

    def test_step(self, data):
        """Refuses: a GAN's losses on held-out images do not say how good its images are."""
        raise NotImplementedError(
            "`DCGAN` has no `evaluate` and takes no `validation_data`: its losses do not measure "
            "its images. Look at `SampleGrid`, or compare `generate(...)` with real images."
        )

    def generate(self, count: int, *, seed: int, truncation: float = 1.0) -> np.ndarray:
        """Draws synthetic images with the averaged generator.

        Image `i` of a seed is the same whatever `count` is.

        Args:
            count: number of images, at least 1.
            seed: seed of the latents, a non-negative integer.
            truncation: in (0, 1]; below 1 images vary less, as in `sampling_latents`.

        Returns:
            uint8 array, shape `(count, image_size, image_size, channels)`, values in [0, 255].
        """
        if count < 1:
            raise ValueError(
                "Invalid value for `count`. Expected an integer >= 1. "
                f"Received: {count}. Ask for at least one image."
            )
        return self.generate_range(0, count, seed=seed, truncation=truncation)

    def generate_range(
        self, start: int, stop: int, *, seed: int, truncation: float = 1.0
    ) -> np.ndarray:
        """Draws the images with index `start` to `stop - 1` of a seed, as `generate` does."""
        first = start // CHUNK
        latents = (
            sampling_latents(chunk, self.latent_dim, seed=seed, truncation=truncation)
            for chunk in range(first, -(-stop // CHUNK))
        )
        chunks = [to_uint8(self(part, training=False)) for part in latents]
        return np.concatenate(chunks)[start - first * CHUNK : stop - first * CHUNK]

    def get_config(self) -> dict:
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "channels": self.channels,
            "latent_dim": self.latent_dim,
            "width": self.width,
            "ema_decay": self.ema_decay,
            "r1_weight": self.r1_weight,
            "seed": self.seed,
        }

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

    def _apply(self, optimizer, tape, loss, network) -> None:
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
