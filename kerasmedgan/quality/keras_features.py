"""Quality, features of a Keras model: a classifier's penultimate layer, InceptionV3, any other."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import keras
import numpy as np

from kerasmedgan.fingerprints import weights_sha256
from kerasmedgan.images import resize_image, to_model_range
from kerasmedgan.quality.features import FeatureExtractor

# The layer of `build_classifier`'s networks that its last one reads.
CLASSIFIER_LAYER = "features"
_INCEPTION_FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
_INCEPTION_SIZE = 299


class KerasFeatures(FeatureExtractor):
    """Features from a layer of a Keras model that takes images in [-1, 1].

    Images of another size are resized to the model's; grey ones are repeated for a model of three
    channels. An output with more than two axes is averaged over height and width.

    Example:
        features = KerasFeatures(classifier)  # trained on the real training images

    Args:
        model: a functional model with one image input of known shape
            `(batch, height, height, 1 or 3)`.
        layer: name of the layer. Default: "features", the penultimate layer of
            `build_classifier`'s networks; without one of that name the model's output.
        name: what the passport calls it. Default: the model's name.

    Raises:
        ValueError: if the layer or the input's shape is not known.
    """

    def __init__(self, model: keras.Model, layer: str | None = None, name: str | None = None):
        """Cuts the model at the layer."""
        known = [each.name for each in model.layers]
        if layer is None:
            layer = CLASSIFIER_LAYER if CLASSIFIER_LAYER in known else known[-1]
        if layer not in known:
            raise ValueError(
                f"Invalid value for `layer`. Expected one of {known}. Received: {layer!r}. Leave "
                "it out for the default."
            )
        output = model.get_layer(layer).output
        if len(output.shape) == 4:
            output = keras.layers.GlobalAveragePooling2D(dtype="float32")(output)
        self.network = keras.Model(model.inputs[0], output)
        _, height, width, channels = self.network.input_shape
        if height is None or height != width or channels not in (1, 3) or len(output.shape) != 2:
            raise ValueError(
                "Invalid value for `model`. Expected one input of shape (batch, size, size, 1 or "
                f"3) and features of shape (batch, features). Received: {self.network.input_shape} "
                f"and {tuple(output.shape)}. Build the model with a fixed size, or name a `layer`."
            )
        self.image_size, self.channels = height, channels
        self.name = f"{name or model.name}:{layer}"
        self.weights_sha256 = weights_sha256(self.network)
        self.size = int(output.shape[-1])
        self.pixel_path = f"resized to {height} px by OpenCV {cv2.__version__}, [-1, 1]"

    def _extract(self, images: np.ndarray) -> np.ndarray:
        if images.shape[1:3] != (self.image_size, self.image_size):
            images = np.stack([resize_image(image, self.image_size) for image in images])
        if images.shape[-1] == 1 and self.channels == 3:
            images = images.repeat(3, axis=-1)
        if images.shape[-1] != self.channels:
            raise ValueError(
                f"Invalid value for `images`. Expected {self.channels} channels. Received: "
                f"{images.shape[-1]}. Load the images with `channels={self.channels}`."
            )
        return np.asarray(self.network(to_model_range(images), training=False), np.float32)


def inception_features(weights: str | os.PathLike | None = None) -> KerasFeatures:
    """Returns features of InceptionV3 as `keras.applications` has it, where its weights are.

    Nothing is downloaded. The weights are Keras' own, not those of the published Frechet
    Inception distances: compare with numbers made here alone. About 11 billion operations an
    image of any size, since all are resized to 299 px.

    Args:
        weights: a weights file for `InceptionV3(include_top=False)`. Default: the one that
            `InceptionV3(weights="imagenet", include_top=False)` leaves in Keras' folder.

    Raises:
        FileNotFoundError: if there is no such file.
    """
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    path = Path(weights) if weights is not None else home / "models" / _INCEPTION_FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"Invalid value for `weights`. Expected a file of InceptionV3's weights. Received: "
            f"{path}, which is not there. Where there is a network, run `keras.applications."
            'InceptionV3(weights="imagenet", include_top=False)` once, or use another extractor.'
        )
    model = keras.applications.InceptionV3(
        weights=None,
        include_top=False,
        pooling="avg",
        input_shape=(_INCEPTION_SIZE, _INCEPTION_SIZE, 3),
    )
    model.load_weights(path)
    return KerasFeatures(model, name="inception_v3")
