"""Stage 2, GAN: a DCGAN as a Keras model. Real images enter `fit`, `generate` draws new ones."""

from collections.abc import Sequence

import keras
import tensorflow as tf
from keras import ops

from kerasmedgan.distribution import num_replicas
from kerasmedgan.gan.adaptive_probability import AdaptiveProbability
from kerasmedgan.gan.checks import (
    check_augmentation,
    check_labels,
    check_num_classes,
    check_real_images,
    check_settings,
)
from kerasmedgan.gan.differentiable_augmentation import GEOMETRY, UNIFORMS, augment_images
from kerasmedgan.gan.latents import training_latents, training_uniforms
from kerasmedgan.gan.losses import r1_penalty
from kerasmedgan.gan.moving_average import freeze_for_average, update_moving_average
from kerasmedgan.gan.networks import build_discriminator, build_generator, with_labels
from kerasmedgan.gan.options import ADAPTATION_IMAGES, PLAIN
from kerasmedgan.gan.sampling import SamplingMixin
from kerasmedgan.gan.two_optimizers import TwoOptimizersMixin
from kerasmedgan.multi_worker import MultiWorkerMixin

GENERATOR_LOSS = "generator_loss"
DISCRIMINATOR_LOSS = "discriminator_loss"
REAL_ACCURACY = "real_accuracy"
SYNTHETIC_ACCURACY = "synthetic_accuracy"
AUGMENTATION_PROBABILITY = "augmentation_probability"


@keras.saving.register_keras_serializable("kerasmedgan")
class DCGAN(MultiWorkerMixin, TwoOptimizersMixin, SamplingMixin, keras.Model):
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
        num_classes: train on all classes at once, and draw any (`generate(label=...)`). Real images
            then come with integer labels from 0; a rare class must be repeated in the batches
            (`kerasmedgan.data.oversample`), or it is hardly learned. `None` ignores labels.
        augmentation: changes that real and synthetic images undergo before they are judged, some
            of `kerasmedgan.gan.AUGMENTATIONS` (`augment_images`), by default translation and
            cutout, which benchmarks/gan_ablation.py preferred; `None` judges them as they are.
        adaptive_target: steers how often an image is changed by the mean sign of the logits of
            real images (`AdaptiveProbability`), 0.6 in its source; `None` changes every image.
        adaptation_images: real images over which that share can rise from 0 to 1.
        spectral_norm: hold the discriminator's layers by their singular values (`SpectralNorm`)
            instead of BatchNormalization.
    """

    # For states that were saved before there were options.
    arguments_off = PLAIN

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
        num_classes: int | None = None,
        augmentation: Sequence[str] | None = GEOMETRY,
        adaptive_target: float | None = None,
        adaptation_images: int = ADAPTATION_IMAGES,
        spectral_norm: bool = False,
        **kwargs,
    ):
        """Builds the three networks."""
        super().__init__(dtype=dtype, **kwargs)
        check_settings(ema_decay, r1_weight, self.dtype_policy)
        check_num_classes(num_classes)
        self.image_size = image_size
        self.channels = channels
        self.latent_dim = latent_dim
        self.width = width
        self.ema_decay = ema_decay
        self.r1_weight = r1_weight
        self.seed = seed
        self.num_classes = num_classes
        self.augmentation = check_augmentation(augmentation, adaptive_target, adaptation_images)
        self.adaptive_target = adaptive_target
        self.adaptation_images = adaptation_images
        self.spectral_norm = spectral_norm
        shape = {"image_size": image_size, "channels": channels, "width": width}
        shape |= {"num_classes": num_classes, "dtype": self.dtype_policy}
        generator = {**shape, "latent_dim": latent_dim, "seed": 2 * seed}
        self.generator = build_generator(**generator)
        self.discriminator = build_discriminator(
            **shape, spectral_norm=spectral_norm, seed=2 * seed + 1
        )
        self.ema_generator = build_generator(**generator)
        freeze_for_average(self.ema_generator)
        self.g_optimizer = self.d_optimizer = self.loss_pair = None
        self.adaptive = None
        if adaptive_target is not None:
            self.adaptive = AdaptiveProbability(adaptive_target, adaptation_images)
        self._trackers = [
            keras.metrics.Mean(name=name)
            for name in (GENERATOR_LOSS, DISCRIMINATOR_LOSS, REAL_ACCURACY, SYNTHETIC_ACCURACY)
            + (AUGMENTATION_PROBABILITY,) * (self.adaptive is not None)
        ]
        self.built = True

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The means that `train_step` updates: four, and the adaptive probability."""
        return self._trackers

    def call(self, latents, labels=None, training=False):
        """Draws images from latents with the averaged generator.

        Args:
            latents: float32 tensor, shape `(batch, latent_dim)`, standard normal.
            labels: integer tensor, shape `(batch,)`, of a GAN with classes.
            training: ignored; the averaged generator always runs in inference mode.

        Returns:
            float32 tensor in [-1, 1], shape `(batch, image_size, image_size, channels)`.
        """
        return self.ema_generator(with_labels(latents, labels), training=False)

    def train_step(self, data):
        """Updates both networks from one batch of real images and one of synthetic images.

        With classes, the synthetic images are of the classes of the real ones.
        """
        real, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        check_real_images(real, self.image_size, self.channels)
        labels = check_labels(labels, self.num_classes)
        # A copy: the variable itself would count on while the step goes on.
        step = tf.identity(self.g_optimizer.iterations.value)
        latents = training_latents(ops.shape(real)[0], self.latent_dim, seed=self.seed, step=step)
        inputs = with_labels(latents, labels)
        with tf.GradientTape(persistent=True) as tape:
            synthetic = self.generator(inputs, training=True)
            real, synthetic = self._augment(real, step, 0), self._augment(synthetic, step, 1)
            real_logits = self.discriminator(with_labels(real, labels), training=True)
            synthetic_logits = self.discriminator(with_labels(synthetic, labels), training=True)
            d_loss = self.loss_pair.discriminator(real_logits, synthetic_logits)
            if self.r1_weight:
                d_loss += self.r1_weight * r1_penalty(self.discriminator, real, labels)
            g_loss = self.loss_pair.generator(synthetic_logits)
            # Keras optimizers sum gradients over replicas; these losses are means over one.
            d_scaled_loss = d_loss / num_replicas()
            g_scaled_loss = g_loss / num_replicas()
        self._apply(self.d_optimizer, tape, d_scaled_loss, self.discriminator)
        self._apply(self.g_optimizer, tape, g_scaled_loss, self.generator)
        networks = self.ema_generator, self.generator
        update_moving_average(*networks, self.ema_decay, inputs, step=self.g_optimizer.iterations)
        values = [g_loss, d_loss, *self.loss_pair.accuracies(real_logits, synthetic_logits)]
        if self.adaptive is not None:
            boundary = self.loss_pair.decision_boundary
            self.adaptive.update(real_logits, decision_boundary=boundary, step=step)
            values.append(self.adaptive.probability)
        for tracker, value in zip(self.metrics, values, strict=True):
            tracker.update_state(value)
        return self.get_metrics_result()

    def test_step(self, data):
        """Refuses: a GAN's losses on held-out images do not say how good its images are."""
        raise NotImplementedError(
            "`DCGAN` has no `evaluate` and takes no `validation_data`: its losses do not measure "
            "its images. Look at `SampleGrid`, or compare `generate(...)` with real images."
        )

    def get_config(self) -> dict:
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "channels": self.channels,
            "latent_dim": self.latent_dim,
            "width": self.width,
            "ema_decay": self.ema_decay,
            "seed": self.seed,
            **{name: getattr(self, name) for name in PLAIN},
        }

    @classmethod
    def from_config(cls, config: dict) -> "DCGAN":
        """Makes a model of what `get_config` returned; options that it lacks are off."""
        return super().from_config({**PLAIN, **config})

    def _augment(self, images, step, stream: int):
        """Returns images as the discriminator is to see them."""
        if self.augmentation is None:
            return images
        uniforms = training_uniforms(
            ops.shape(images)[0], UNIFORMS, seed=self.seed, step=step, stream=stream
        )
        probability = 1.0 if self.adaptive is None else self.adaptive.probability
        return augment_images(images, uniforms, self.augmentation, probability=probability)

    def _apply(self, optimizer, tape, loss, network) -> None:
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
