import numpy as np
import pytest
from scipy import stats

from kerasmedgan.distribution import get_strategy
from kerasmedgan.gan.latents import (
    CHUNK,
    sampling_labels,
    sampling_latents,
    training_latents,
    training_uniforms,
)


def test_training_noise_is_a_function_of_seed_and_step():
    first = training_latents(4, 8, seed=0, step=3)
    np.testing.assert_array_equal(first, training_latents(4, 8, seed=0, step=3))
    assert not np.array_equal(first, training_latents(4, 8, seed=0, step=4))
    assert not np.array_equal(first, training_latents(4, 8, seed=1, step=3))


def test_replicas_draw_different_noise_and_never_repeat():
    strategy = get_strategy("mirrored")
    draws = []
    for step in (0, 1):
        noise = strategy.run(lambda step=step: training_latents(2, 8, seed=0, step=step))
        draws += [local.numpy() for local in strategy.experimental_local_results(noise)]
    assert len(draws) == 4
    assert len({draw.tobytes() for draw in draws}) == 4


def test_sampling_noise_is_standard_normal():
    noise = np.concatenate([sampling_latents(chunk, 64, seed=0) for chunk in range(20)])
    assert noise.shape == (20 * CHUNK, 64)
    assert abs(noise.mean()) < 0.02
    assert abs(noise.std() - 1.0) < 0.02


def test_images_are_not_drawn_from_the_noise_of_training():
    for number in range(3):
        trained = training_latents(CHUNK, 8, seed=0, step=number)
        drawn = sampling_latents(number, 8, seed=0)
        assert not np.intersect1d(trained, drawn).size


def test_truncation_multiplies_the_latents():
    whole = sampling_latents(0, 8, seed=1).numpy()
    np.testing.assert_array_equal(sampling_latents(0, 8, seed=1, truncation=0.5), whole * 0.5)
    for truncation in (0.0, -1.0, 1.01, float("nan")):
        with pytest.raises(ValueError, match="`truncation`. Expected a number above 0"):
            sampling_latents(0, 8, seed=1, truncation=truncation)


def test_other_noise_of_a_step_is_of_its_own():
    strategy, draws = get_strategy("mirrored"), []
    for seed, step, stream in ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)):
        uniforms = strategy.run(
            lambda seed=seed, step=step, stream=stream: training_uniforms(
                50, 10, seed=seed, step=step, stream=stream
            )
        )
        draws += [local.numpy() for local in strategy.experimental_local_results(uniforms)]
    draws += [stats.norm.cdf(training_latents(50, 10, seed=0, step=step)) for step in (0, 1)]
    assert all(0 <= draw.min() < 0.02 and 0.98 < draw.max() < 1 for draw in draws)
    correlation = np.corrcoef(np.reshape(draws, (len(draws), -1)))
    assert np.abs(correlation - np.eye(len(draws))).max() < 0.2
    first = draws[0]
    strategy_free = training_uniforms(50, 10, seed=0, step=0, stream=0)
    np.testing.assert_array_equal(first, strategy_free)


def test_all_classes_in_turn_or_one():
    np.testing.assert_array_equal(sampling_labels(1, 3, None)[:4], [1, 2, 0, 1])
    assert set(sampling_labels(1, 3, 2)) == {2}
