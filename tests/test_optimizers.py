import numpy as np

from kerasmedgan.gan import build_adam


def test_constant_by_default():
    adam = build_adam()
    assert float(adam.learning_rate) == np.float32(2e-4)
    assert adam.beta_1 == 0.5


def test_decay_ends_at_a_twentieth():
    adam = build_adam(decay_updates=10)
    rates = []
    for step in (0, 5, 10, 20):
        adam.iterations.assign(step)
        rates.append(float(adam.learning_rate))
    np.testing.assert_allclose(rates, [2e-4, 1.05e-4, 1e-5, 1e-5], rtol=1e-5)
