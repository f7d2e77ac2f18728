import numpy as np
import pytest
from scipy.linalg import sqrtm

from kerasmedgan.quality import frechet_distance


def correlated(count, features, *, seed):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(count, features)) @ generator.normal(size=(features, features))


def published(real, synthetic):
    """The formula as in the authors' code, with a square root of the product of covariances."""
    shift = real.mean(0) - synthetic.mean(0)
    first, second = np.cov(real, rowvar=False), np.cov(synthetic, rowvar=False)
    root = sqrtm(first @ second).real
    return shift @ shift + np.trace(first + second - 2 * root)


def test_one_feature_has_a_known_answer():
    real, synthetic = np.array([[1.0], [3.0]]), np.array([[10.0], [16.0]])
    spreads = (2**0.5, 18**0.5)
    expected = (13 - 2) ** 2 + (spreads[1] - spreads[0]) ** 2
    assert frechet_distance(real, synthetic) == pytest.approx(expected)


def test_it_is_the_published_formula():
    real, synthetic = correlated(80, 6, seed=0), correlated(60, 6, seed=1) + 0.5
    assert frechet_distance(real, synthetic) == pytest.approx(published(real, synthetic), rel=1e-9)


def test_sound_with_fewer_images_than_features():
    real = correlated(12, 40, seed=0)
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-9 * np.sum(real**2))
    # Twelve images span eleven directions: turn them all into the first and the formula is small.
    synthetic = correlated(9, 40, seed=1)
    basis, _ = np.linalg.qr(np.vstack([real, synthetic]).T)
    few = frechet_distance(real @ basis, synthetic @ basis)
    assert frechet_distance(real, synthetic) == pytest.approx(few, rel=1e-9)


def test_a_shift_and_a_scale_are_seen():
    real = correlated(50, 4, seed=0)
    assert frechet_distance(real, real + 2.0) == pytest.approx(4 * 2.0**2)
    covariance = np.trace(np.cov(real, rowvar=False))
    centred = real - real.mean(0)
    assert frechet_distance(centred, 3 * centred) == pytest.approx(4 * covariance)


def test_it_shrinks_with_the_count_which_is_why_it_needs_a_floor():
    few, many = (
        frechet_distance(correlated(2 * n, 8, seed=5)[:n], correlated(2 * n, 8, seed=5)[n:])
        for n in (20, 2000)
    )
    assert few > 10 * many


def test_features_that_do_not_fit():
    with pytest.raises(ValueError, match="`real`.*finite"):
        frechet_distance(np.full((3, 2), np.inf), np.zeros((3, 2)))
