import numpy as np
import pytest

from kerasmedgan.quality import manifold_scores
from kerasmedgan.quality import neighbours as neighbours_module


def published(real, synthetic, k):
    """The four formulas as in the authors' code (Naeem et al.), on whole distance matrices."""

    def distances(first, second):
        return np.linalg.norm(first[:, None] - second[None], axis=-1)

    def radii(part):
        return np.sort(distances(part, part), axis=1)[:, k]

    across = distances(real, synthetic)
    inside = across < radii(real)[:, None]
    return (
        inside.any(0).mean(),
        (across < radii(synthetic)[None]).any(1).mean(),
        inside.sum(0).mean() / k,
        (across.min(1) < radii(real)).mean(),
    )


def test_a_known_answer_on_a_line():
    real = np.array([[0.0], [1.0], [2.0], [3.0]])
    synthetic = np.array([[0.5], [10.0], [11.0]])
    scores = manifold_scores(real, synthetic, neighbours=1)
    # 0.5 is in the balls of 0 and 1; its own ball, with radius 9.5, holds every real image.
    assert scores == pytest.approx((1 / 3, 1.0, 2 / 3, 2 / 4))


@pytest.mark.parametrize("k", [1, 3, 7])
def test_they_are_the_published_formulas(k, monkeypatch):
    generator = np.random.default_rng(0)
    real, synthetic = generator.normal(size=(60, 5)) + 100, generator.normal(size=(45, 5)) + 100.5
    expected = published(real, synthetic, k)
    assert manifold_scores(real, synthetic, neighbours=k) == pytest.approx(expected)
    monkeypatch.setattr(neighbours_module, "BLOCK", 16)
    assert manifold_scores(real, synthetic, neighbours=k) == pytest.approx(expected)


def test_collapse_keeps_precision_and_loses_coverage():
    generator = np.random.default_rng(1)
    real = generator.normal(size=(200, 4))
    collapsed = real[:1] + 0.01 * generator.normal(size=(200, 4))
    scores = manifold_scores(real, collapsed)
    assert scores.precision == 1.0
    assert scores.coverage < 0.1 and scores.recall < 0.1
    same = manifold_scores(real, generator.normal(size=(200, 4)))
    assert same.density == pytest.approx(1.0, abs=0.25)
    assert same.coverage > 0.85


def test_too_many_neighbours():
    with pytest.raises(ValueError, match=r"`neighbours`.*from 1 to 4.*Received: 5"):
        manifold_scores(np.zeros((9, 2)), np.zeros((5, 2)))
