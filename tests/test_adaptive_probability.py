import numpy as np
import pytest

from kerasmedgan.gan.adaptive_probability import INTERVAL, AdaptiveProbability

BATCH = 8


def steered(adaptive, logits, steps, boundary=0.0):
    """Returns the probability after each step, all with the same logits."""
    seen = []
    for step in range(steps):
        adaptive.update(
            np.array(logits, np.float32)[:, None], decision_boundary=boundary, step=step
        )
        seen.append(float(adaptive.probability))
    return seen


def test_it_rises_every_fourth_step_while_the_discriminator_is_too_sure():
    rise = INTERVAL * BATCH / 1000
    seen = steered(AdaptiveProbability(0.6, 1000), [1.0] * BATCH, 12)
    expected = np.repeat([0, rise, 2 * rise, 3 * rise], [3, 4, 4, 1])
    np.testing.assert_allclose(seen, expected, atol=1e-6)


def test_it_falls_below_the_target_and_stays_within_0_and_1():
    adaptive = AdaptiveProbability(0.6, 64)
    assert steered(adaptive, [1.0] * BATCH, 20)[-1] == 1.0
    # Three of four are judged rightly: the mean sign is 0.5.
    mixed = [1.0, 1.0, 1.0, -1.0] * 2
    assert steered(adaptive, mixed, 4)[-1] == pytest.approx(0.5)
    assert steered(adaptive, mixed, 20)[-1] == 0.0


def test_the_four_steps_count_together():
    """Two sure steps and two blind ones have a mean sign of 0, below the target."""
    adaptive = AdaptiveProbability(0.6, 64)
    steered(adaptive, [1.0] * BATCH, 4)
    for step, sign in enumerate((1.0, 1.0, -1.0, -1.0)):
        logits = np.full((BATCH, 1), sign, np.float32)
        adaptive.update(logits, decision_boundary=0.0, step=4 + step)
    assert float(adaptive.probability) == 0.0


def test_signs_are_seen_from_the_decision_boundary():
    assert steered(AdaptiveProbability(0.6, 64), [0.4] * BATCH, 4, boundary=0.5)[-1] == 0
    assert steered(AdaptiveProbability(0.6, 64), [0.4] * BATCH, 4)[-1] == 0.5


def test_config():
    adaptive = AdaptiveProbability(0.5, 100)
    assert AdaptiveProbability.from_config(adaptive.get_config()).get_config() == (
        adaptive.get_config()
    )
