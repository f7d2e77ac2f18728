import itertools

import numpy as np
import pytest

from kerasmedgan.quality.kid import kernel_distance, squared_discrepancy


def gaussian(count, *, features=6, mean=0.0, seed=0):
    return np.random.default_rng(seed).normal(mean, 1.0, (count, features))


def test_a_known_answer():
    # Within the sets each pair of different points has the kernel 1; across them it is 1, 1, 1, 27.
    assert squared_discrepancy([[0.0], [1.0]], [[0.0], [2.0]]) == pytest.approx(2 - 2 * 30 / 4)


def test_it_is_the_published_sum_over_pairs():
    real, synthetic = gaussian(7), gaussian(5, mean=0.3, seed=1)

    def kernel(x, y):
        return (x @ y / 6 + 1) ** 3

    def mean_over_pairs(part):
        return np.mean([kernel(x, y) for x, y in itertools.permutations(part, 2)])

    across = np.mean([kernel(x, y) for x in real for y in synthetic])
    expected = mean_over_pairs(real) + mean_over_pairs(synthetic) - 2 * across
    assert squared_discrepancy(real, synthetic) == pytest.approx(expected, rel=1e-12)


def test_zero_on_average_without_a_difference_and_clear_with_one():
    same = kernel_distance(gaussian(400), gaussian(400, seed=1), subset_size=50, seed=3)
    apart = kernel_distance(gaussian(400), gaussian(400, mean=0.5, seed=1), subset_size=50, seed=3)
    assert abs(same.mean) < same.spread
    assert apart.mean > 3 * apart.spread


def test_the_mean_does_not_depend_on_the_count_of_images():
    values = [
        np.mean(
            [
                squared_discrepancy(gaussian(n, seed=s), gaussian(n, mean=0.3, seed=s + 1000))
                for s in range(400)
            ]
        )
        for n in (8, 32)
    ]
    assert values[0] == pytest.approx(values[1], rel=0.1)


def test_subsets_are_a_function_of_the_seed():
    real, synthetic = gaussian(60), gaussian(60, seed=1)
    first, again, other = (
        kernel_distance(real, synthetic, subset_size=20, subsets=5, seed=seed) for seed in (0, 0, 1)
    )
    assert first == again != other


def test_a_subset_larger_than_a_set_is_refused_before_the_features_are_looked_at():
    with pytest.raises(ValueError, match=r"`subset_size`.*from 2 to 40.*Received: 41"):
        kernel_distance([None] * 50, [None] * 40, subset_size=41)
    with pytest.raises(ValueError, match=r"`subsets`.*Received: 0"):
        kernel_distance(gaussian(9), gaussian(9), subset_size=4, subsets=0)


@pytest.mark.parametrize(
    ("real", "synthetic", "sentence"),
    [
        (np.zeros((4, 3)), np.zeros((4, 2)), r"`synthetic`.*shape.*Received: \(4, 2\)"),
        (np.zeros((4, 3)), np.full((4, 3), np.nan), "`synthetic`.*finite"),
        (np.zeros((1, 3)), np.zeros((4, 3)), r"`real`.*count >= 2.*Received: \(1, 3\)"),
        (np.zeros(3), np.zeros((4, 3)), r"`real`.*Received: \(3,\)"),
    ],
)
def test_features_that_do_not_fit(real, synthetic, sentence):
    with pytest.raises(ValueError, match=sentence):
        squared_discrepancy(real, synthetic)
