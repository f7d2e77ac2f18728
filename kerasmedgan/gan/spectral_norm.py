"""Stage 2, GAN: a linear layer whose largest singular value is one."""

import keras
from keras import ops

_EPSILON = 1e-12


@keras.saving.register_keras_serializable("kerasmedgan")
class SpectralNorm(keras.layers.Wrapper):
    """Divides a linear layer by the largest singular value of its kernel, then adds a bias.

    A discriminator of such layers cannot change faster than its input, so that its gradient stays
    of use to the generator. Source: Miyato et al. 2018, arXiv:1802.05957, section 2 and appendix A.
    The singular value is estimated by one power iteration a training step, and gradients flow
    through it, as in the source. (Keras' `SpectralNormalization` overwrites the kernel instead,
    which hides its length from the gradient, and in inference uses what the last update left.)

    Args:
        layer: `Dense`, `Conv2D` or `Embedding`, without bias or activation.
        use_bias: whether to add a bias.
        seed: seed of the first estimate.
        **kwargs: as Keras' `Wrapper`.
    """

    def __init__(self, layer: keras.layers.Layer, use_bias: bool = True, seed: int = 0, **kwargs):
        """Keeps the layer."""
        super().__init__(layer, **kwargs)
        self.use_bias = use_bias
        self.seed = seed

    def build(self, input_shape=None):
        """Makes the estimate of the singular vector, and the bias."""
        super().build(input_shape)
        outputs = self._kernel().shape[-1]
        self.vector = self.add_weight(
            shape=(1, outputs),
            initializer=keras.initializers.RandomNormal(seed=self.seed),
            trainable=False,
            # All replicas have the same kernel and so the same estimate.
            aggregation="only_first_replica",
            autocast=False,
            name="vector",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(shape=(outputs,), initializer="zeros", name="bias")

    def call(self, inputs, training=False):
        """Returns the layer's output over the singular value, plus the bias."""
        outputs = self.layer(inputs)
        outputs = outputs / ops.cast(self._singular_value(training), outputs.dtype)
        return outputs if self.bias is None else outputs + ops.cast(self.bias, outputs.dtype)

    def compute_output_shape(self, input_shape):
        """Returns the shape of the layer's output."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "use_bias": self.use_bias, "seed": self.seed}

    def _kernel(self) -> keras.Variable:
        is_embedding = isinstance(self.layer, keras.layers.Embedding)
        return self.layer.embeddings if is_embedding else self.layer.kernel

    def _singular_value(self, training: bool):
        # In the compute dtype, as the layer itself reads it.
        kernel = ops.cast(self._kernel(), "float32")
        matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
        fixed = ops.stop_gradient(matrix)
        right = _unit(self.vector.value)
        left = _unit(ops.matmul(right, ops.transpose(fixed)))
        if training:
            right = _unit(ops.matmul(left, fixed))
            self.vector.assign(right)
        return ops.sum(ops.matmul(left, matrix) * right)


def _unit(vector):
    return vector / ops.maximum(ops.norm(vector), _EPSILON)
