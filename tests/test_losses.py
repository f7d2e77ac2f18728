import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasmedgan.gan.losses import LOSS_PAIRS, LossPair, get_loss_pair, r1_penalty

REAL = np.array([[2.0], [-0.5], [0.3]], np.float32)
SYNTHETIC = np.array([[-1.5], [0.7], [0.1]], np.float32)


def sigmoid(logits):
    return 1.0 / (1.0 + np.exp(-logits))


# (discriminator loss, generator loss), written from the papers' formulas.
EXPECTED = {
    "non_saturating": (
        -np.log(sigmoid(REAL)).mean() - np.log(1.0 - sigmoid(SYNTHETIC)).mean(),
        -np.log(sigmoid(SYNTHETIC)).mean(),
    ),
    "hinge": (
        np.maximum(0.0, 1.0 - REAL).mean() + np.maximum(0.0, 1.0 + SYNTHETIC).mean(),
        -SYNTHETIC.mean(),
    ),
    "least_squares": (
        0.5 * ((REAL - 1.0) ** 2).mean() + 0.5 * (SYNTHETIC**2).mean(),
        0.5 * ((SYNTHETIC - 1.0) ** 2).mean(),
    ),
}


@pytest.mark.parametrize("name", sorted(LOSS_PAIRS))
def test_losses_equal_the_formulas(name):
    pair = get_loss_pair(name)
    discriminator, generator = EXPECTED[name]
    np.testing.assert_allclose(pair.discriminator(REAL, SYNTHETIC), discriminator, rtol=1e-6)
    np.testing.assert_allclose(pair.generator(SYNTHETIC), generator, rtol=1e-6)


def test_an_own_pair_is_used_as_it_is():
    pair = LossPair()
    assert get_loss_pair(pair) is pair


def test_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match=r"`loss`.*'hinge'.*Received: 'wgan'"):
        get_loss_pair("wgan")


def test_accuracies_turn_at_the_boundary_of_the_pair():
    logits = np.array([[0.2], [0.7]], np.float32)
    hinge, least_squares = (get_loss_pair(name) for name in ("hinge", "least_squares"))
    assert [float(x) for x in hinge.accuracies(logits, logits)] == [1.0, 0.0]
    assert [float(x) for x in least_squares.accuracies(logits, logits)] == [0.5, 0.5]


def test_the_r1_penalty_of_a_linear_discriminator_is_half_its_squared_length():
    images = keras.Input((2, 2, 1))
    linear = keras.Model(images, keras.layers.Dense(1)(keras.layers.Flatten()(images)))
    weights = np.array([[1.0], [-2.0], [0.5], [3.0]], np.float32)
    linear.set_weights([weights, np.array([7.0])])
    real = tf.random.stateless_normal((5, 2, 2, 1), seed=[0, 0])
    assert float(r1_penalty(linear, real)) == pytest.approx(np.sum(weights**2) / 2)
