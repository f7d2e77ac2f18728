"""Stage 2, GAN: the two networks, as functional models for a size, channels and a width.

Source: Radford et al. 2016, arXiv:1511.06434, section 3 (strided convolutions, BatchNormalization
everywhere but the generator's output and the discriminator's input, ReLU and LeakyReLU, tanh).
BatchNormalization takes its statistics over the replicas of a strategy together.

With classes, the generator's BatchNormalization has a scale and an offset for each class, and the
discriminator's logit gains the product of its features with a vector of the class: a projection.
Source: Miyato and Koyama 2018, arXiv:1802.05637, sections 3 and 4.2. (A vector of the class beside
the latents would not do: what BatchNormalization keeps apart in a batch would then be the classes,
and each class was seen to collapse to one image.)
"""

import keras
from keras import layers

from kerasmedgan.gan.spectral_norm import SpectralNorm
from kerasmedgan.images import check_channels

IMAGE_SIZES = (32, 64, 128, 256)

_BASE_SIZE = 4
_MAX_MULTIPLE = 8
_KERNEL_SIZE = 4
_LEAKY_SLOPE = 0.2
_INITIAL_STDDEV = 0.02
# Keras' default momentum of 0.99 lags behind by hundreds of steps; epochs here have tens.
_BATCH_NORM_MOMENTUM = 0.9


def build_generator(
    *,
    image_size: int,
    channels: int,
    latent_dim: int,
    width: int,
    seed: int,
    num_classes: int | None = None,
    dtype=None,
) -> keras.Model:
    """Builds the generator: latents to images.

    Args:
        image_size: 32, 64, 128 or 256.
        channels: 1 or 3.
        latent_dim: size of the standard normal latent vector.
        width: filters of the last hidden layer; layers below have up to 8 times as many.
        seed: seed of the initial weights.
        num_classes: number of classes; `None` for a generator without.
        dtype: dtype or dtype policy of the hidden layers. The output is float32.

    Returns:
        A model from float32 `(batch, latent_dim)` to float32
        `(batch, image_size, image_size, channels)` in [-1, 1]. With classes, from a list of that
        and integer labels `(batch,)`.
    """
    _check_arguments(image_size, channels, latent_dim=latent_dim, width=width)
    multiples = _width_multiples(image_size)
    initializer = _initializers(seed)
    latents = keras.Input((latent_dim,), name="latents")
    labels = None if num_classes is None else _label_input()
    x = layers.Dense(
        _BASE_SIZE**2 * multiples[0] * width,
        use_bias=False,
        kernel_initializer=next(initializer),
        dtype=dtype,
    )(latents)
    x = layers.Reshape((_BASE_SIZE, _BASE_SIZE, multiples[0] * width), dtype=dtype)(x)
    x = layers.ReLU(dtype=dtype)(_normalise(x, dtype, labels, num_classes))
    for multiple in multiples[1:]:
        x = layers.Conv2DTranspose(
            multiple * width,
            _KERNEL_SIZE,
            strides=2,
            padding="same",
            use_bias=False,
            kernel_initializer=next(initializer),
            dtype=dtype,
        )(x)
        x = layers.ReLU(dtype=dtype)(_normalise(x, dtype, labels, num_classes))
    x = layers.Conv2DTranspose(
        channels,
        _KERNEL_SIZE,
        strides=2,
        padding="same",
        kernel_initializer=next(initializer),
        dtype=dtype,
    )(x)
    images = layers.Activation("tanh", dtype="float32", name="images")(x)
    return keras.Model(with_labels(latents, labels), images, name="generator")


def build_discriminator(
    *,
    image_size: int,
    channels: int,
    width: int,
    seed: int,
    num_classes: int | None = None,
    spectral_norm: bool = False,
    dtype=None,
) -> keras.Model:
    """Builds the discriminator: images to one logit each.

    Args:
        image_size: 32, 64, 128 or 256.
        channels: 1 or 3.
        width: filters of the first layer; later layers have up to 8 times as many.
        seed: seed of the initial weights.
        num_classes: number of classes; `None` for a discriminator without.
        spectral_norm: whether `SpectralNorm` holds every layer, instead of BatchNormalization,
            whose scale would undo it.
        dtype: dtype or dtype policy of the hidden layers. The logits are float32.

    Returns:
        A model from float32 `(batch, image_size, image_size, channels)` in [-1, 1] to float32
        logits `(batch, 1)`; larger means real. With classes, from a list of that and integer
        labels `(batch,)`.
    """
    _check_arguments(image_size, channels, width=width)
    multiples = _width_multiples(image_size)[::-1]
    initializer = _initializers(seed)
    images = keras.Input((image_size, image_size, channels), name="images")
    labels = None if num_classes is None else _label_input()

    def held(layer: keras.layers.Layer, use_bias: bool = True) -> keras.layers.Layer:
        if not spectral_norm:
            return layer
        return SpectralNorm(layer, use_bias, seed, dtype=layer.dtype_policy)

    x = images
    for position, multiple in enumerate(multiples):
        convolution = layers.Conv2D(
            multiple * width,
            _KERNEL_SIZE,
            strides=2,
            padding="same",
            use_bias=position == 0 and not spectral_norm,
            kernel_initializer=next(initializer),
            dtype=dtype,
        )
        x = held(convolution)(x)
        if position > 0 and not spectral_norm:
            x = _normalise(x, dtype)
        x = layers.LeakyReLU(negative_slope=_LEAKY_SLOPE, dtype=dtype)(x)
    x = layers.Flatten(dtype=dtype)(x)
    dense = layers.Dense(
        1,
        use_bias=not spectral_norm,
        kernel_initializer=next(initializer),
        dtype="float32",
        name="logits",
    )
    logits = held(dense)(x)
    if labels is not None:
        vector = layers.Embedding(num_classes, x.shape[-1], next(initializer), dtype="float32")
        vectors = held(vector, use_bias=False)(labels)
        logits += layers.Dot(axes=1, dtype="float32", name="projection")([x, vectors])
    return keras.Model(with_labels(images, labels), logits, name="discriminator")


def with_labels(inputs, labels):
    """Returns what a network of either kind takes: the inputs, with the labels if there are any."""
    return inputs if labels is None else [inputs, labels]


def _label_input() -> keras.KerasTensor:
    return keras.Input((), dtype="int64", name="labels")


def _width_multiples(image_size: int) -> list[int]:
    """Returns each hidden layer's filters in widths, from 4 x 4 up: 64 px gives 8, 4, 2, 1."""
    doublings = (image_size // _BASE_SIZE).bit_length() - 1
    return [min(2**power, _MAX_MULTIPLE) for power in reversed(range(doublings))]


def _initializers(seed: int):
    """Yields one seeded initializer a layer; equal seeds would give equal layers equal weights."""
    offset = 0
    while True:
        yield keras.initializers.RandomNormal(0.0, _INITIAL_STDDEV, seed=seed * 1000 + offset)
        offset += 1


def _normalise(x, dtype, labels=None, num_classes: int | None = None):
    """Normalises over the batch; with labels, scale and offset are those of an image's class."""
    # Not synchronised, each replica would keep moving statistics of its own.
    normalised = layers.BatchNormalization(
        momentum=_BATCH_NORM_MOMENTUM,
        synchronized=True,
        center=labels is None,
        scale=labels is None,
        dtype=dtype,
    )(x)
    if labels is None:
        return normalised
    scale, offset = (
        layers.Reshape((1, 1, x.shape[-1]), dtype=dtype)(
            layers.Embedding(num_classes, x.shape[-1], start, dtype=dtype)(labels)
        )
        for start in ("ones", "zeros")
    )
    return layers.Add(dtype=dtype)([layers.Multiply(dtype=dtype)([normalised, scale]), offset])


def _check_arguments(image_size: int, channels: int, **sizes: int) -> None:
    if image_size not in IMAGE_SIZES:
        raise ValueError(
            f"Invalid value for `image_size`. Expected one of {IMAGE_SIZES}, which the networks "
            f"reach by doubling. Received: {image_size}. Load the images at one of these sizes."
        )
    check_channels(channels)
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(
                f"Invalid value for `{name}`. Expected an integer >= 1. "
                f"Received: {size}. The default is a sound choice."
            )
