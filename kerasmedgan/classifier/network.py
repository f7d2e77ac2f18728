"""Stage 5, classifier: the network and how it is compiled."""

from collections.abc import Sequence

import keras
from keras import layers

from kerasmedgan.multi_worker import MultiWorkerMixin

# Keras' default momentum of 0.99 lags behind for several epochs of tens of steps.
_BATCH_NORM_MOMENTUM = 0.9


@keras.saving.register_keras_serializable("kerasmedgan")
class Classifier(MultiWorkerMixin, keras.Model):
    """A functional model that also trains on several workers; `build_classifier` returns one."""


def build_classifier(
    *,
    image_size: int,
    channels: int = 1,
    num_classes: int = 2,
    filters: Sequence[int] = (16, 32, 64, 128),
    dropout: float = 0.3,
    seed: int = 0,
    dtype=None,
) -> Classifier:
    """Builds a small CNN: blocks of convolution, BatchNormalization, ReLU and max pooling.

    Args:
        image_size: side of the images in pixels, at least 2 to the power of `len(filters)`.
        channels: 1 or 3.
        num_classes: number of classes, at least 2.
        filters: filters of each block.
        dropout: share of pooled features dropped in training.
        seed: seed of the initial weights and of dropout.
        dtype: dtype or dtype policy of the hidden layers. The output is float32.

    Returns:
        A model from float32 `(batch, image_size, image_size, channels)` in [-1, 1] to float32
        class probabilities `(batch, num_classes)`. It is not compiled.
    """
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
            3,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(next(seeds)),
            dtype=dtype,
            name=f"conv_{position}",
        )(x)
        x = layers.BatchNormalization(
            momentum=_BATCH_NORM_MOMENTUM, synchronized=True, dtype=dtype
        )(x)
        x = layers.ReLU(dtype=dtype)(x)
        x = layers.MaxPooling2D(dtype=dtype)(x)
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


def compile_classifier(
    model: keras.Model, *, updates: int, learning_rate: float = 1e-3, label_smoothing: float = 0.0
) -> None:
    """Compiles with Adam, a cosine decay over `updates`, cross-entropy, accuracy and AUC.

    The AUC is the mean of the one-versus-rest AUCs; with two classes that is the usual AUC.
    """
    model.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps=updates)
        ),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
        metrics=[
            keras.metrics.CategoricalAccuracy(name="accuracy"),
            keras.metrics.AUC(name="auc", multi_label=True, num_labels=model.output_shape[-1]),
        ],
        jit_compile=False,
    )
