import io

import numpy as np
import pytest
import tensorflow as tf
from encoded_images import encoded, exif, noise, smooth
from PIL import Image

from kerasmedgan import images as pixels
from kerasmedgan.images import UnreadableImageError

COLOURS = np.full((4, 5, 3), (200, 100, 50), np.uint8)
# ITU-R BT.601 weights: 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2.
COLOURS_AS_GREY = 124


@pytest.mark.parametrize(
    "data",
    [
        encoded(noise()),
        encoded(noise().astype(np.uint16) * 257),
        encoded(np.dstack([noise()] * 3)),
        encoded(Image.fromarray(noise()).convert("P")),
        encoded(Image.fromarray(noise()).convert("LA")),
        encoded(noise(), "TIFF", compression="tiff_lzw"),
        encoded(noise(), "BMP"),
        encoded(noise(), "WEBP", lossless=True),
    ],
    ids=["png", "png-16", "png-rgb", "png-palette", "png-alpha", "tiff", "bmp", "webp"],
)
def test_lossless_files_decode_to_their_grey_values(data):
    image = pixels.decode_image(data)
    assert (image.dtype, image.shape) == (np.uint8, (40, 60, 1))
    np.testing.assert_array_equal(image[..., 0], noise())


def test_sixteen_bits_keep_the_high_byte():
    image = pixels.decode_image(encoded(np.full((4, 4), 0x12FF, np.uint16)))
    np.testing.assert_array_equal(image, 0x12)


def test_jpeg_decodes_to_about_its_grey_values():
    image = pixels.decode_image(encoded(smooth(), "JPEG", quality=95))
    assert image.shape == (64, 48, 1)
    assert np.abs(image[..., 0].astype(int) - smooth()).max() <= 4


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colours_keep_rgb_order_or_become_grey(mode):
    image = Image.fromarray(COLOURS)
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    if mode == "RGBA":
        image.putalpha(0)
    data = encoded(image)
    np.testing.assert_array_equal(pixels.decode_image(data, channels=3), COLOURS)
    np.testing.assert_array_equal(pixels.decode_image(data), np.full((4, 5, 1), COLOURS_AS_GREY))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_exif_orientation_is_applied(file_format, channels):
    left_is_bright = np.zeros((20, 30), np.uint8)
    left_is_bright[:, :15] = 250
    data = encoded(left_is_bright, file_format, exif=exif(6))
    image = pixels.decode_image(data, channels=channels)
    assert image.shape == (30, 20, channels)
    assert image[:14].min() > 240 and image[16:].max() < 10


@pytest.mark.parametrize("shape", [(1, 1), (3000, 2), (2, 3000)])
@pytest.mark.parametrize("pad", [False, True])
def test_extreme_shapes_are_resized(shape, pad):
    data = encoded(np.full(shape, 77, np.uint8))
    assert pixels.decode_image(data).shape == (*shape, 1)
    image = pixels.prepare_image(data, 16, pad_to_aspect_ratio=pad)
    assert (image.dtype, image.shape) == (np.uint8, (16, 16, 1))
    assert image.max() == 77
    assert (image.min() == 77) == (not pad or shape == (1, 1))


@pytest.mark.parametrize("channels", [0, 2, 4])
def test_channels_other_than_grey_and_rgb_are_refused(channels):
    with pytest.raises(ValueError, match=f"`channels`. Expected 1 .* Received: {channels}"):
        pixels.decode_image(encoded(noise()), channels=channels)


def test_shrinking_averages_areas():
    checkerboard = (np.indices((8, 8)).sum(axis=0) % 2 * 200).astype(np.uint8)[..., None]
    np.testing.assert_array_equal(pixels.resize_image(checkerboard, 4), 100)
    blocks = np.kron(np.arange(16).reshape(4, 4), np.ones((3, 3))).astype(np.uint8)[..., None]
    expected = np.arange(16).reshape(4, 4, 1)
    np.testing.assert_array_equal(pixels.resize_image(blocks, 4), expected)


@pytest.mark.parametrize("shape", [(4, 4000), (4000, 4)])
def test_the_shrunk_side_is_averaged_where_the_other_grows(shape):
    stripes = (np.indices(shape).sum(axis=0) % 2 * 200).astype(np.uint8)[..., None]
    np.testing.assert_allclose(pixels.resize_image(stripes, 16), 100, atol=1)


def test_enlarging_interpolates_and_same_size_keeps_pixels():
    step = np.array([[0, 200], [0, 200]], np.uint8)[..., None]
    image = pixels.resize_image(step, 8)
    assert image[0, 0] == 0 and image[0, -1] == 200
    assert (np.diff(image[..., 0].astype(int), axis=1) >= 0).all()
    assert len(np.unique(image)) > 2
    square = noise(16, 16)[..., None]
    np.testing.assert_array_equal(pixels.resize_image(square, 16), square)


@pytest.mark.parametrize("channels", [1, 3])
def test_padding_is_black_and_centred(channels):
    wide = np.full((10, 20, channels), 255, np.uint8)
    image = pixels.resize_image(wide, 16, pad_to_aspect_ratio=True)
    expected = np.zeros((16, 16, channels), np.uint8)
    expected[4:12] = 255
    np.testing.assert_array_equal(image, expected)
    tall = np.full((20, 10, channels), 255, np.uint8)
    image = pixels.resize_image(tall, 16, pad_to_aspect_ratio=True)
    np.testing.assert_array_equal(image, expected.swapaxes(0, 1))


@pytest.mark.parametrize("convert", [np.asarray, tf.constant])
def test_model_range_and_back_is_the_identity(convert):
    values = np.arange(256, dtype=np.uint8)
    scaled = pixels.to_model_range(convert(values))
    assert scaled.dtype == np.float32
    assert (float(scaled[0]), float(scaled[-1])) == (-1.0, 1.0)
    np.testing.assert_array_equal(pixels.to_uint8(scaled), values)


def test_to_uint8_clips():
    np.testing.assert_array_equal(
        pixels.to_uint8([-3.0, -1.0, 0.0, 1.0, 7.0]), [0, 0, 128, 255, 255]
    )


def test_grid_goes_row_by_row():
    images = np.stack([np.full((2, 3, 1), value, np.uint8) for value in (10, 20, 30)])
    grid = pixels.make_grid(images, columns=2, gap=1)
    w = 255
    row = [[10, 10, 10, w, 20, 20, 20]] * 2 + [[w] * 7] + [[30, 30, 30, w, w, w, w]] * 2
    np.testing.assert_array_equal(grid[..., 0], row)


@pytest.mark.parametrize("channels", [1, 3])
def test_png_written_and_read_has_the_same_pixels(tmp_path, channels):
    images = np.random.default_rng(1).integers(0, 256, (3, 8, 8, channels)).astype(np.uint8)
    paths = [tmp_path / f"deep/er/{index}.png" for index in range(3)]
    for path, image in zip(paths, images, strict=True):
        pixels.write_png(path, image)
        np.testing.assert_array_equal(np.asarray(Image.open(path)), image.squeeze())
    read = pixels.read_images(paths, 8, channels=channels)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, images)
    assert sorted(p.name for p in paths[0].parent.iterdir()) == ["0.png", "1.png", "2.png"]


def test_text_in_a_png_changes_no_pixel():
    image = noise(8, 9)[..., None]
    text = {"Description": "SYNTHETIC", "Comment": "Röntgen"}
    data = pixels.encode_png(image, text=text)
    opened = Image.open(io.BytesIO(data))
    assert opened.text == text
    np.testing.assert_array_equal(np.asarray(opened), image[..., 0])
    np.testing.assert_array_equal(pixels.decode_image(data), image)


def test_a_png_keeps_the_order_of_colours_and_transparency():
    colours = np.array([[[200, 100, 50, 25]]], np.uint8)
    opened = Image.open(io.BytesIO(pixels.encode_png(colours)))
    assert opened.mode == "RGBA" and opened.getpixel((0, 0)) == (200, 100, 50, 25)
    with pytest.raises(ValueError, match="`channels`"):
        pixels.encode_png(np.zeros((2, 2, 2), np.uint8))


def test_read_images_names_the_unreadable_file(tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(encoded(noise())[:200])
    with pytest.raises(UnreadableImageError, match=r"broken\.png.*cannot be decoded"):
        pixels.read_images([path], 8)


def test_pixels_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="`images`.*finite.*NaN"):
        pixels.to_uint8(np.array([0.0, np.nan]))
