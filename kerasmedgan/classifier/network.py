"""Stage 5, classifier: the network."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from kerasmedgan.multi_worker import MultiWorkerMixin

# Keras' default momentum of 0.99 lags behind for several epochs of tens of steps.
_BATCH_NORM_MOMENTUM = 0.9
# Wu and He 2018, arXiv:1803.08494, take 32; these networks begin with as few filters.
_MOST_GROUPS = 8
NORMALISATIONS = ("batch", "group", "none")
POOLINGS = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}


@keras.saving.register_keras_serializable("kerasmedgan")
class Classifier(MultiWorkerMixin, keras.Model):
    """A functional model that also trains on several workers; `build_classifier` returns one."""


def build_classifier(
    *,
    image_size: int,
    channels: int = 1,
    num_classes: int = 2,
    filters: Sequence[int] = (16, 32, 64, 128),
    kernel_size: int = 3,
    normalisation: str = "batch",
    pooling: str = "max",
    dropout: float = 0.3,
    seed: int = 0,
    dtype=None,
) -> Classifier:
    """Builds a small CNN: blocks of convolution, normalisation, ReLU and pooling.

    Args:
        image_size: side of the images in pixels, at least 2 to the power of `len(filters)`.
        channels: 1 or 3.
        num_classes: number of classes, at least 2.
        filters: filters of each block.
        kernel_size: side of the convolutions' kernels in pixels.
        normalisation: "batch", "group" or "none".
        pooling: "max" or "average", between the blocks.
        dropout: share of pooled features dropped in training.
        seed: seed of the initial weights and of dropout.
        dtype: dtype or dtype policy of the hidden layers. The output is float32.

    Returns:
        A model from float32 `(batch, image_size, image_size, channels)` in [-1, 1] to float32
        class probabilities `(batch, num_classes)`. It is not compiled.

    Raises:
        ValueError: if the images are too small for the poolings, or a name is unknown.
    """
    check_choice("normalisation", normalisation, NORMALISATIONS)
    check_choice("pooling", pooling, tuple(POOLINGS))
    if image_size < 2 ** len(filters):
        raise ValueError(
            f"Invalid value for `image_size`. Expected at least {2 ** len(filters)} for "
            f"{len(filters)} poolings. Received: {image_size}. Use fewer `filters`."
        )
    seeds = iter(range(seed * 1000, seed * 1000 + len(filters) + 2))
    images = keras.Input((image_size, image_size, channels), name="images")
    x = images
    for position, count in enumerate(filters):
        x = layers.Conv2D(
            count,
            kernel_size,
            padding="same",
            use_bias=normalisation == "none",
            kernel_initializer=keras.initializers.HeNormal(next(seeds)),
            dtype=dtype,
            name=f"conv_{position}",
        )(x)
        x = _normalise(x, normalisation, dtype)
        x = layers.ReLU(dtype=dtype)(x)
        x = POOLINGS[pooling](pool_size=2, dtype=dtype)(x)
    x = layers.GlobalAveragePooling2D(dtype=dtype, name="features")(x)
    x = layers.Dropout(dropout, seed=next(seeds), dtype=dtype)(x)
    probabilities = layers.Dense(
        num_classes,
        activation="softmax",
        kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
        dtype="float32",
        name="probabilities",
    )(x)
    return Classifier(images, probabilities, name="classifier")


def check_choice(argument: str, received: str, choices: Sequence[str]) -> None:
    """Raises `ValueError` unless `received` is one of `choices`."""
    if received not in choices:
        raise ValueError(
            f"Invalid value for `{argument}`. Expected one of {list(choices)}. Received: "
            f"{received!r}. Choose from the list."
        )


def _normalise(x, normalisation: str, dtype):
    if normalisation == "batch":
        return layers.BatchNormalization(
            momentum=_BATCH_NORM_MOMENTUM, synchronized=True, dtype=dtype
        )(x)
    if normalisation == "group":
        groups = math.gcd(x.shape[-1], _MOST_GROUPS)
        return layers.GroupNormalization(groups=groups, dtype=dtype)(x)
    return x
