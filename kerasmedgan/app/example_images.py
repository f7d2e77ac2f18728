"""App, examples: pictures to try, none of a patient."""

import cv2
import numpy as np
from sklearn.datasets import load_sample_images

from kerasmedgan.app.opened_run import OpenedRun
from kerasmedgan.app.private_file import UploadedFile
from kerasmedgan.data.phantom import draw_phantoms
from kerasmedgan.images import encode_png, resize_image
from kerasmedgan.manifest import encode_marked

# Far from the patients of the embedded data set.
_FIRST_PATIENT = 1_000_000
_SYNTHETIC_SEED = 20_000


def example_files(run: OpenedRun) -> dict[str, UploadedFile]:
    """Returns example pictures by title: phantoms, or synthetic images where data are a user's.

    The last three are unlike any chest X-ray, to see that they are flagged.
    """
    drawn = _phantoms(run) if run.is_phantom else _synthetic(run)
    others = {"A photograph": _photograph()}
    for first in list(drawn.values())[:1]:
        turned = np.ascontiguousarray(np.rot90(first))
        others = {"A negative": 255 - first, "Turned by 90°": turned, **others}
    # A drawn image is synthetic too, and its file says so.
    files = {title: encode_marked(image) for title, image in drawn.items()}
    files |= {title: encode_png(image) for title, image in others.items()}
    return {title: UploadedFile(title, data) for title, data in files.items()}


def _phantoms(run: OpenedRun) -> dict[str, np.ndarray]:
    patients = _FIRST_PATIENT + np.arange(4)
    labels = np.array([0, 1, 0, 1])
    size = run.served.image_size
    # The images of the data set are drawn at 64 pixels at least, and then averaged.
    images = draw_phantoms(patients, labels, np.zeros(4, int), image_size=max(64, size))
    titles = ("Phantom, normal", "Phantom, pneumonia", "Another normal", "Another pneumonia")
    return dict(zip(titles, images, strict=True))


def _synthetic(run: OpenedRun) -> dict[str, np.ndarray]:
    images = {}
    for name, sampler in run.samplers.items():
        for number, image in enumerate(sampler.sample(2, seed=_SYNTHETIC_SEED), 1):
            images[f"Synthetic {name} {number}"] = image
    return images


def _photograph() -> np.ndarray:
    photo = load_sample_images().images[0]
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[:, 100:527, None]
    return resize_image(np.ascontiguousarray(grey), 256)
