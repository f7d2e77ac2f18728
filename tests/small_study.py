"""A study small enough for tests: a folder of few images, networks of few filters."""

import numpy as np
from conftest import CLASSES, draw_images, write_image

SMALL = {
    "image_size": 32,
    "gan_width": 4,
    "gan_updates": 4,
    "gan_batch_size": 8,
    "classifier_updates": 8,
    "classifier_batch_size": 8,
    "validation_fraction": 0.25,
    "seeds": 2,
}


def write_study_folders(root):
    """Writes train (24 + 48) and test (10 + 14) PNG files of 32 px, two a patient."""
    for split, counts, seed in (("train", (24, 48), 1), ("test", (10, 14), 2)):
        labels = np.repeat(np.arange(2), counts)
        images = draw_images(labels, image_size=32, seed=seed)
        for index, (label, image) in enumerate(zip(labels, images, strict=True)):
            name = f"IM-{seed}{index // 2:03d}-{index % 2:04d}.png"
            write_image(root / split / CLASSES[label] / name, image)
    return root
