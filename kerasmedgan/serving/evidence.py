"""Stage 7, serving: a classifier enters, a function leaves that also says where it looked."""

import keras
import numpy as np
import tensorflow as tf

from kerasmedgan.images import to_model_range

_BATCH = 32


class EvidenceClassifier:
    """A classifier that gives probabilities and, for each image, a map of the evidence.

    The map is HiResCAM: gradient times activation of the last convolution, summed over channels.
    Behind that layer this network only pools and weighs, so the map is exact: its cells add up to
    the score, but for the bias. With two classes the score is the log odds of the positive
    class; with more, the predicted class's logit minus the mean of the others'.
    Source: Draelos and Carin 2020, arXiv:2011.08891.

    Args:
        model: from `build_classifier`.
        positive_class: label of the class to detect; `None` with more than two classes.
    """

    def __init__(self, model: keras.Model, positive_class: int | None):
        """Divides the model at its last convolution."""
        pooling = [x for x in model.layers if isinstance(x, keras.layers.MaxPooling2D)][-1]
        self.head = model.get_layer("probabilities")
        self.positive_class = positive_class
        self._trunk = keras.Model(model.input, pooling.input)
        self._tail = keras.Model(pooling.input, self.head.input)
        size = model.input_shape[1:]
        signature = [tf.TensorSpec((None, *size), tf.uint8)]
        self._function = tf.function(self._forward, input_signature=signature)

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Classifies images.

        Args:
            images: uint8 array, shape `(count, image_size, image_size, channels)`.

        Returns:
            Probabilities, float32 `(count, num_classes)`, and maps, float32
            `(count, height, width)`, smaller than the images: above 0 where the image speaks for
            the positive, or predicted, class, below 0 where it speaks against it.
        """
        parts = [
            [part.numpy() for part in self._function(images[start : start + _BATCH])]
            for start in range(0, len(images), _BATCH)
        ]
        probabilities, maps = (np.concatenate(part) for part in zip(*parts, strict=True))
        return probabilities, maps

    def _forward(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        activation = self._trunk(to_model_range(images), training=False)
        with tf.GradientTape() as tape:
            tape.watch(activation)
            features = tf.cast(self._tail(activation, training=False), tf.float32)
            logits = tf.matmul(features, self.head.kernel) + self.head.bias
            score = tf.reduce_sum(logits * tf.stop_gradient(self._direction(logits)))
        evidence = tf.cast(activation, tf.float32) * tf.cast(
            tape.gradient(score, activation), tf.float32
        )
        return tf.nn.softmax(logits), tf.reduce_sum(evidence, axis=-1)

    def _direction(self, logits: tf.Tensor) -> tf.Tensor:
        """Returns what to weigh the logits with to get the score of each image."""
        classes = logits.shape[-1]
        chosen = tf.argmax(logits, axis=-1)
        if self.positive_class is not None:
            chosen = tf.fill(tf.shape(chosen), tf.constant(self.positive_class, tf.int64))
        return (tf.one_hot(chosen, classes) * classes - 1.0) / (classes - 1.0)
