import numpy as np
import pytest

from kerasmedgan.data.image_rows import (
    ImageFile,
    ImageRows,
    ImageWriter,
    join_images,
    select_images,
)

KEYS = [
    0,
    -1,
    np.int64(3),
    slice(2, 9, 3),
    slice(None),
    slice(5, 5),
    [4, 4, 0, 9, 1, 2, 3],
    np.array([], np.int64),
    np.array([-1, 2]),
    np.arange(10) % 3 == 0,
    (slice(None), 0, 1, 0),
    (2, slice(1, 3)),
    ([1, 7], ..., 0),
    ...,
    (..., 0),
]


@pytest.fixture
def array():
    return np.random.default_rng(5).integers(0, 256, (10, 4, 4, 3), np.uint8)


@pytest.fixture
def path(array, tmp_path):
    with ImageWriter(tmp_path / "images.npy") as file:
        for image in array:
            file.write(image)
    return tmp_path / "images.npy"


def rows_of_two_sources(array, path):
    """The same images in the same order, the even ones from the file."""
    odd = np.arange(10) % 2
    return ImageRows(
        [ImageFile(path), array[1::2]], odd, np.where(odd, np.arange(10) // 2, range(10))
    )


def test_a_written_file_is_one_that_numpy_loads(array, path):
    np.testing.assert_array_equal(np.load(path), array)
    assert np.load(path).dtype == np.uint8


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_indexing_is_numpys(array, path, key):
    for rows in (ImageRows([ImageFile(path)]), rows_of_two_sources(array, path)):
        assert (rows.shape, rows.dtype, rows.ndim, len(rows)) == (array.shape, np.uint8, 4, 10)
        found = rows[key]
        assert isinstance(found, np.ndarray) and found.dtype == np.uint8
        np.testing.assert_array_equal(found, array[key])


def test_numpy_takes_it_for_an_array(array, path):
    rows = ImageRows([ImageFile(path)])
    np.testing.assert_array_equal(np.asarray(rows), array)
    assert np.asarray(rows, np.float32).dtype == np.float32
    assert np.mean(rows) == array.mean()
    np.testing.assert_array_equal(255 - rows, 255 - array)
    np.testing.assert_array_equal(rows.astype(np.float64), array.astype(np.float64))
    np.testing.assert_array_equal(rows / np.float32(255), array / np.float32(255))
    np.testing.assert_array_equal([image[0, 0, 0] for image in rows], array[:, 0, 0, 0])


@pytest.mark.parametrize("key", [10, [0, 10], (np.arange(9) > 3)], ids=str)
def test_an_index_out_of_bounds_is_an_error(path, key):
    with pytest.raises(IndexError):
        ImageRows([ImageFile(path)])[key]


def test_selected_and_joined_images_are_those_of_arrays(array, path):
    stored = ImageRows([ImageFile(path)])
    order = np.array([7, 7, 0, 3])
    joined = join_images(
        [select_images(stored, order), array[2:4], stored.select(array[:, 0, 0, 0] > 99)]
    )
    expected = np.concatenate([array[order], array[2:4], array[array[:, 0, 0, 0] > 99]])
    assert isinstance(joined, ImageRows)
    np.testing.assert_array_equal(joined, expected)
    np.testing.assert_array_equal(select_images(joined, order[::-1]), expected[order[::-1]])


def test_arrays_stay_arrays(array):
    joined = join_images([array, select_images(array, np.array([1]))])
    assert isinstance(joined, np.ndarray)
    np.testing.assert_array_equal(joined, np.concatenate([array, array[1:2]]))


def test_selecting_and_joining_read_nothing(array, path):
    stored = ImageRows([ImageFile(path)])
    path.unlink()
    joined = join_images([stored.select([1, 2]), stored])
    assert joined.shape == (12, 4, 4, 3)
    with pytest.raises(FileNotFoundError, match=r"images\.npy"):
        joined[0]


def test_a_shortened_file_is_an_error_and_not_other_pixels(path):
    stored = ImageRows([ImageFile(path)])
    path.write_bytes(path.read_bytes()[:-1])
    stored[:9]
    with pytest.raises(OSError, match="Expected 10 of them. Received: a shorter file"):
        stored[9]
