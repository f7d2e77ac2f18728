import keras
import numpy as np
import pytest

from kerasmedgan.gan.networks import IMAGE_SIZES, build_discriminator, build_generator


def build_both(image_size, channels=1, seed=0, dtype=None):
    shape = {"image_size": image_size, "channels": channels, "width": 2, "seed": seed}
    return (
        build_generator(**shape, latent_dim=8, dtype=dtype),
        build_discriminator(**shape, dtype=dtype),
    )


@pytest.mark.parametrize("image_size", IMAGE_SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_and_range(image_size, channels):
    generator, discriminator = build_both(image_size, channels)
    images = generator(np.ones((2, 8), np.float32) * 50.0, training=False)
    assert images.shape == (2, image_size, image_size, channels)
    assert float(abs(images.numpy()).max()) <= 1.0
    assert discriminator(images, training=False).shape == (2, 1)


def test_seed_decides_the_weights_and_layers_differ():
    first, same, other = (build_both(32, seed=seed)[0].get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not np.array_equal(first[0], other[0])
    _, discriminator = build_both(32)
    kernels = [w for w in discriminator.get_weights() if w.ndim == 4]
    assert abs(np.corrcoef(kernels[0].ravel(), kernels[1].ravel()[: kernels[0].size])[0, 1]) < 0.5


def test_the_class_enters_by_scale_and_offset_alone():
    """Classes begin alike; each then has its own scale and offset after each normalisation.

    With the class among the latents each class became one image, over and over.
    """
    shape = {"image_size": 32, "channels": 1, "width": 2, "num_classes": 3}
    generator = build_generator(**shape, latent_dim=8, seed=0)
    latents = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32)

    def draw(label):
        return generator([latents, np.full(4, label)], training=False).numpy()

    start = draw(0)
    np.testing.assert_array_equal(draw(1), start)
    tables = [x for x in generator.layers if isinstance(x, keras.layers.Embedding)]
    assert len(tables) == 6
    for table in tables:
        before = table.get_weights()[0]
        table.set_weights([before + np.array([[0], [0.5], [0]], np.float32)])
        assert not np.allclose(draw(1), start)
        np.testing.assert_array_equal(draw(2), start)
        table.set_weights([before])
    discriminator = build_discriminator(**shape, seed=1)
    images = np.random.default_rng(0).normal(size=start.shape).astype(np.float32)
    logits = [discriminator([images, np.full(4, label)], training=False) for label in range(3)]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert (np.abs(logits[one] - logits[other]) > 1e-6).all()


def test_outputs_stay_float32_in_mixed_precision():
    policy = keras.dtype_policies.get("mixed_bfloat16")
    generator, discriminator = build_both(32, dtype=policy)
    images = generator(np.zeros((1, 8), np.float32), training=False)
    assert images.dtype == "float32"
    assert discriminator(images, training=False).dtype == "float32"
    assert {w.dtype for w in generator.weights} == {"float32"}


def test_no_batch_normalization_beside_the_image():
    generator, discriminator = build_both(32)
    assert isinstance(generator.layers[-2], keras.layers.Conv2DTranspose)
    assert isinstance(discriminator.layers[1], keras.layers.Conv2D)
    assert isinstance(discriminator.layers[2], keras.layers.LeakyReLU)


def test_other_sizes_are_refused():
    with pytest.raises(ValueError, match=r"`image_size`.*\(32, 64, 128, 256\).*Received: 48"):
        build_both(48)
