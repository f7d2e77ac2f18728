"""Stage 2, GAN: what the discriminator sees: images changed at random, with gradients kept.

A discriminator that sees few real images learns them by heart. Changed anew in every batch they
are many, and since synthetic images are changed in the same way before they are judged, the
generator is not taught to draw the changes. Source: Zhao et al. 2020, arXiv:2006.10738, section 3;
amounts as in its published code.
"""

from collections.abc import Sequence

import tensorflow as tf
from keras import ops

BRIGHTNESS, CONTRAST, TRANSLATION, CUTOUT = "brightness", "contrast", "translation", "cutout"
# In the order in which they are applied.
AUGMENTATIONS = (BRIGHTNESS, CONTRAST, TRANSLATION, CUTOUT)
# Those that hide no brightness or contrast. Where every image is made brighter or darker at random,
# the discriminator cannot tell that all synthetic images are exposed alike.
GEOMETRY = (TRANSLATION, CUTOUT)
# Uniform numbers an image: one decides whether a change is made, the others how.
UNIFORMS = 10

_COLUMNS = {BRIGHTNESS: (0, 2), CONTRAST: (2, 4), TRANSLATION: (4, 7), CUTOUT: (7, 10)}
_LARGEST_SHIFT = 1 / 8
_HOLE = 1 / 2
# The middle of [-1, 1].
_GREY = 0.0


def augment_images(
    images: tf.Tensor, uniforms: tf.Tensor, names: Sequence[str], *, probability
) -> tf.Tensor:
    """Changes each image on its own; gradients flow back to the images.

    "brightness" adds -0.5 to 0.5. "contrast" multiplies distances from the image's mean by 0.5 to
    1.5. "translation" shifts by up to an eighth of the side along each axis and fills with grey.
    "cutout" covers a square of half the side with grey; a part of it may lie outside.

    Args:
        images: float32 tensor, shape `(batch, size, size, channels)`, in [-1, 1].
        uniforms: float32 tensor, shape `(batch, UNIFORMS)`, uniform in [0, 1): what is random.
        names: some of `AUGMENTATIONS`.
        probability: number or scalar tensor in [0, 1]: each change is made to this share of the
            images, independently of the others.

    Returns:
        float32 tensor of the same shape. Brightness and contrast may leave [-1, 1].
    """
    for name in AUGMENTATIONS:
        if name in names:
            start, stop = _COLUMNS[name]
            # The smallest number is 0 and the largest below 1: none at 0, all at 1.
            is_changed = uniforms[:, start] < probability
            images = _CHANGES[name](images, is_changed, uniforms[:, start + 1 : stop])
    return images


def _brighten(images, is_changed, uniforms):
    added = ops.where(is_changed, uniforms[:, 0] - 0.5, 0.0)
    return images + _as_images(added)


def _change_contrast(images, is_changed, uniforms):
    added = ops.where(is_changed, uniforms[:, 0] - 0.5, 0.0)
    mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return images + (images - mean) * _as_images(added)


def _translate(images, is_changed, uniforms):
    size = images.shape[1]
    largest = round(size * _LARGEST_SHIFT)
    shift = ops.floor(uniforms * (2 * largest + 1)) - largest
    shift = ops.where(is_changed[:, None], shift, 0.0)
    place = ops.arange(size, dtype="float32")
    # Ones where an output row takes an input row. As a product the gradient is a product too,
    # equal from run to run, which that of a gather is not everywhere.
    takes = ops.cast(place == place[:, None] - shift[..., None, None], "float32")
    rows = tf.einsum("bvh,bhwc->bvwc", takes[:, 0], images)
    return tf.einsum("bvw,bhwc->bhvc", takes[:, 1], rows)


def _cut_out(images, is_changed, uniforms):
    size = images.shape[1]
    hole = round(size * _HOLE)
    first = ops.floor(uniforms * (size + 1)) - hole // 2
    place = ops.arange(size, dtype="float32")
    within = (place >= first[..., None]) & (place < first[..., None] + hole)
    covered = within[:, 0, :, None] & within[:, 1, None, :] & is_changed[:, None, None]
    return ops.where(covered[..., None], _GREY, images)


def _as_images(numbers):
    return ops.reshape(numbers, (-1, 1, 1, 1))


_CHANGES = {
    BRIGHTNESS: _brighten,
    CONTRAST: _change_contrast,
    TRANSLATION: _translate,
    CUTOUT: _cut_out,
}
