import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from kerasmedgan.quality import copying_statistic, rank_statistic
from kerasmedgan.quality.copying import copying_p_value, fit_cells


def test_known_answers():
    # No pair of six: U is 0, its mean 3, its variance 2 * 3 * 6 / 12.
    assert rank_statistic(np.array([5.0, 6.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx(
        -(3**0.5)
    )
    assert rank_statistic(np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])) == pytest.approx(3**0.5)
    assert rank_statistic(np.ones(4), np.ones(7)) == 0.0


def test_it_is_the_published_z_score():
    generator = np.random.default_rng(0)
    held_out, synthetic = generator.normal(size=40), generator.normal(-0.3, size=55)
    u, _ = mannwhitneyu(synthetic, held_out)
    expected = (u - 40 * 55 / 2) / np.sqrt(40 * 55 * (40 + 55 + 1) / 12)
    assert rank_statistic(held_out, synthetic) == pytest.approx(expected)


def test_standard_normal_without_copying():
    generator = np.random.default_rng(1)
    values = [rank_statistic(*generator.exponential(size=(2, 60))) for _ in range(400)]
    assert np.mean(values) == pytest.approx(0, abs=0.15)
    assert np.std(values) == pytest.approx(1, abs=0.1)
    assert copying_p_value(-3.0) == pytest.approx(0.00135, abs=1e-5)


def test_cells_show_a_copied_corner_that_the_whole_hides():
    generator = np.random.default_rng(2)
    cells = np.repeat([0, 1], (160, 40))
    held_out = generator.uniform(1, 2, 200)
    # One cell is copied, and in the larger one images are too far off.
    synthetic = np.where(cells == 1, 0.1, generator.uniform(1.3, 2.3, 200))
    assert copying_statistic(held_out, synthetic) > -1
    only = {"held_out_cells": cells, "synthetic_cells": cells}
    first, second = (rank_statistic(held_out[cells == c], synthetic[cells == c]) for c in (0, 1))
    assert second < -7
    expected = 0.8 * first + 0.2 * second
    assert copying_statistic(held_out, synthetic, **only) == pytest.approx(expected)


def test_a_cell_with_hardly_a_synthetic_image_does_not_count():
    held_out, synthetic = np.arange(20.0), np.arange(200.0)
    held_out_cells = np.repeat([0, 1], 10)
    synthetic_cells = np.repeat([0, 1], (199, 1))
    expected = rank_statistic(held_out[:10], synthetic[:199])
    assert (
        copying_statistic(
            held_out, synthetic, held_out_cells=held_out_cells, synthetic_cells=synthetic_cells
        )
        == expected
    )


def test_cells_are_those_of_the_training_images():
    training = np.concatenate([np.zeros((9, 2)), np.ones((9, 2))])
    cells = fit_cells(training, 2, seed=0)
    assert len(set(cells.predict(training))) == 2
    with pytest.raises(ValueError, match=r"`cells`.*Received: 19"):
        fit_cells(training, 19, seed=0)
