import numpy as np
import pytest
from small_gan import SMALL, compiled

from kerasmedgan import DCGAN


@pytest.mark.parametrize(
    ("argument", "value", "sentence"),
    [
        ("image_size", 48, r"`image_size`.*Received: 48"),
        ("channels", 2, r"`channels`.*Received: 2"),
        ("width", 0, r"`width`.*Received: 0"),
        ("ema_decay", 1.0, r"`ema_decay`.*Received: 1.0"),
        ("r1_weight", -1.0, r"`r1_weight`.*>= 0. Received: -1.0"),
        ("num_classes", 1, r"`num_classes`.*>= 2, or None. Received: 1"),
        ("augmentation", ("rotation",), r"`augmentation`.*'cutout'.*Received: \('rotation',\)"),
        ("augmentation", "cutout", r"`augmentation`.*some of.*Received: 'cutout'"),
        ("augmentation", (), r"`augmentation`.*Received: \(\).*Use None"),
        ("adaptive_target", 0.6, r"`adaptive_target`.*None without `augmentation`.*0.6"),
        ("adaptive_target", 1.0, r"`adaptive_target`.*\(-1, 1\).*Received: 1.0"),
        ("adaptation_images", 0, r"`adaptation_images`.*>= 1. Received: 0"),
        ("dtype", "mixed_float16", r"`dtype`.*mixed_float16.*mixed_bfloat16"),
    ],
)
def test_bad_arguments(argument, value, sentence):
    with pytest.raises(ValueError, match=sentence):
        DCGAN(**{**SMALL, argument: value})


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((8, 32, 32, 1), np.uint8),
        np.zeros((8, 16, 16, 1), np.float32),
        np.zeros((8, 32, 32, 3), np.float32),
    ],
)
def test_images_of_another_kind_are_refused(images):
    with pytest.raises(ValueError, match=r"`x`.*\[-1, 1\] of shape \(32, 32, 1\)"):
        compiled().fit(images, verbose=0)
