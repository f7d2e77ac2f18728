"""Phantoms from the cache are those that were drawn, and a bad cache costs time alone."""

import numpy as np
import pytest

from kerasmedgan.data import phantom, phantom_cache
from kerasmedgan.data.phantom_cache import load_phantom_data_set

SMALL = {"image_size": 8, "normal_patients": 2, "pneumonia_patients": 3}


@pytest.fixture
def draws(monkeypatch):
    """Counts how often a set was drawn."""
    made, draw = [], phantom.phantom_data_set

    def counted(**settings):
        made.append(settings)
        return draw(**settings)

    monkeypatch.setattr(phantom, "phantom_data_set", counted)
    return made


def assert_equal(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype


def test_it_is_drawn_once_and_the_same(draws, tmp_path):
    first = load_phantom_data_set(tmp_path / "new", **SMALL)
    assert_equal(first, load_phantom_data_set(tmp_path / "new", **SMALL))
    assert len(draws) == 1
    assert_equal(first, phantom.phantom_data_set(**SMALL))


def test_other_settings_are_another_set(draws, tmp_path):
    for changes in ({}, {"seed": 1}, {"first_patient": 9}, {"exposure": 0.3}, {"image_size": 9}):
        load_phantom_data_set(tmp_path, **{**SMALL, **changes})
    assert len(draws) == 5 and len(list(tmp_path.iterdir())) == 5


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-200], lambda content: b"no archive", lambda content: b""]
)
def test_a_damaged_file_is_drawn_again_and_replaced(draws, tmp_path, damage):
    first = load_phantom_data_set(tmp_path, **SMALL)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert_equal(first, load_phantom_data_set(tmp_path, **SMALL))
    assert_equal(first, load_phantom_data_set(tmp_path, **SMALL))
    assert len(draws) == 2


def test_changed_pixels_are_seen(draws, tmp_path):
    first = load_phantom_data_set(tmp_path, **SMALL)
    (path,) = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    place = content.index(first[0].tobytes()[:64])
    content[place] ^= 255
    path.write_bytes(content)
    assert_equal(first, load_phantom_data_set(tmp_path, **SMALL))


def test_without_a_place_to_write_it_is_drawn_each_time(draws, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for _ in range(2):
        load_phantom_data_set(tmp_path / "file/cache", **SMALL)
    assert len(draws) == 2


def test_a_large_set_is_not_kept(draws, tmp_path, monkeypatch):
    monkeypatch.setattr(phantom_cache, "_MOST_BYTES", 100)
    load_phantom_data_set(tmp_path, **SMALL)
    assert not list(tmp_path.iterdir())
