"""Stage 4, augmentation: classical transformations of training batches, by Keras layers."""

import dataclasses

import keras
import tensorflow as tf
from keras import layers

# Continues the body to the border: a constant draws a frame, reflection a second shoulder.
_FILL_MODE = "nearest"


@dataclasses.dataclass(frozen=True)
class ClassicalSettings:
    """How far images are changed; each amount is drawn uniformly for each image.

    Attributes:
        shift: largest shift along each axis, a share of the side, in [0, 0.5].
        rotation: largest rotation in degrees either way, in [0, 180].
        zoom: largest change of each size, a share, in [0, 0.5].
        contrast: distances from the mean grey are multiplied by 1 - `contrast` to 1 + `contrast`,
            in [0, 1].
        horizontal_flip: mirror half of the images. Only where anatomy allows: in a chest X-ray
            the heart is on the left.
    """

    shift: float = 0.05
    rotation: float = 5.0
    zoom: float = 0.1
    contrast: float = 0.1
    horizontal_flip: bool = False

    def __post_init__(self):
        """Refuses amounts out of range."""
        for name, largest in (("shift", 0.5), ("rotation", 180), ("zoom", 0.5), ("contrast", 1)):
            value = getattr(self, name)
            if not 0 <= value <= largest:
                raise ValueError(
                    f"Invalid value for `{name}`. Expected a number in [0, {largest}]. "
                    f"Received: {value}. Use 0 to leave this change out."
                )


class ClassicalAugmentation:
    """A transform of training batches, for `train_classifier(transform=...)`.

    Every image of every batch gets its own change. The n-th batch is a function of `seed`, n and
    the images, so make one for each training, and call it on one batch after the other: a
    `tf.data` map with parallel calls loses the order. So does a strategy, under which Keras looks
    at a batch before it trains: the changes are as random there, but not the same again.

    Args:
        settings: how far images are changed.
        seed: seed of the changes.
    """

    def __init__(self, settings: ClassicalSettings, *, seed: int):
        """Builds a layer for each change."""
        self._layers = _build_layers(settings, seed)

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Changes a batch.

        Args:
            images: shape `(batch, size, size, channels)`, in [-1, 1].

        Returns:
            float32 tensor of the same shape and range. Grey levels are not rounded to the 256 of
            a file.
        """
        images = keras.ops.cast(images, "float32")
        for layer in self._layers:
            images = layer(images, training=True)
        return keras.ops.clip(images, -1.0, 1.0)

    def skip(self, batches: int) -> None:
        """Leaves out the changes of the next batches, for a training that is resumed."""
        for layer in self._layers:
            state = layer.generator.state
            before = state.numpy()
            # How often a layer draws is its own matter; Keras counts each draw.
            layer(tf.zeros((1, 8, 8, 1)), training=True)
            state.assign(before + batches * (state.numpy() - before))


def _build_layers(settings: ClassicalSettings, seed: int) -> list[layers.Layer]:
    """Returns a layer for each change that is asked for, each with a seed of its own.

    A layer with nothing to do would still resample every image.
    """
    shift, rotation, zoom = settings.shift, settings.rotation / 360, settings.zoom
    # Of a single number Keras 3.15 makes a contrast that only ever rises.
    contrast = (settings.contrast, settings.contrast)
    seeds = iter(range(5 * seed, 5 * seed + 5))
    chain = (
        layers.RandomTranslation(shift, shift, fill_mode=_FILL_MODE, seed=next(seeds)),
        layers.RandomRotation(rotation, fill_mode=_FILL_MODE, seed=next(seeds)),
        layers.RandomZoom(zoom, fill_mode=_FILL_MODE, seed=next(seeds)),
        layers.RandomContrast(contrast, value_range=(-1.0, 1.0), seed=next(seeds)),
        layers.RandomFlip("horizontal", seed=next(seeds)),
    )
    asked = (shift, rotation, zoom, settings.contrast, settings.horizontal_flip)
    return [layer for layer, amount in zip(chain, asked, strict=True) if amount]
