import numpy as np
import pytest

from kerasmedgan.quality import mean_pairwise_distance


def test_known_distances():
    black, white = np.zeros((4, 4, 1), np.uint8), np.full((4, 4, 1), 255, np.uint8)
    assert mean_pairwise_distance(np.stack([black, black])) == 0.0
    assert mean_pairwise_distance(np.stack([black, white])) == pytest.approx(1.0)
    assert mean_pairwise_distance(np.stack([black, black, white])) == pytest.approx(2 / 3)


def test_a_sample_stands_for_a_large_set():
    images = np.random.default_rng(0).integers(0, 256, (600, 8, 8, 1), np.uint8)
    whole = mean_pairwise_distance(images, sample=600)
    assert mean_pairwise_distance(images, sample=200) == pytest.approx(whole, rel=0.02)
    # Two independent uniform values differ by 1/sqrt(6) of the range, root mean square.
    assert whole == pytest.approx(6**-0.5, rel=0.02)


def test_one_image_has_no_pairs():
    with pytest.raises(ValueError, match="`images`.*at least 2.*Received: 1"):
        mean_pairwise_distance(np.zeros((1, 4, 4, 1), np.uint8))
