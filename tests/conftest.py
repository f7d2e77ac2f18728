"""Fixtures that all tests share; sets TensorFlow up before anything imports it."""

import dataclasses
import fcntl
import gc
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import pytest  # noqa: E402
import tensorflow as tf  # noqa: E402
from PIL import Image  # noqa: E402
from processes import save_time  # noqa: E402
from small_run import make_run  # noqa: E402

from kerasmedgan.data import LabeledImages, Splits  # noqa: E402

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
CLASSES = ("NORMAL", "PNEUMONIA")
# Files of minutes, begun first, so that no process is left alone with one at the end.
LONG = (
    *("test_example_study.py", "test_examples.py", "test_example_distributed.py"),
    *("test_multi_worker.py", "test_example_tune_classifier.py", "test_app_browser.py"),
    *("test_gradio_app.py", "test_example_judge.py", "test_parallel.py", "test_study_run.py"),
    *("test_training_state.py", "test_training_watchdog.py", "test_readme.py"),
    *("test_overfitted_gan.py", "test_tuning.py", "test_search.py", "test_quality_monitor.py"),
)

# Two logical devices, so that MirroredStrategy has something to mirror on.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

save_time()


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name not in LONG)


def draw_images(labels, *, image_size, seed):
    """Draws grey images: a blob somewhere in the middle; class 1 has a brighter background."""
    rng = np.random.default_rng(seed)
    labels = np.asarray(labels)
    row, column = np.mgrid[:image_size, :image_size] / (image_size - 1)
    centre = rng.uniform(0.35, 0.65, (2, len(labels), 1, 1))
    distance = (row - centre[0]) ** 2 + (column - centre[1]) ** 2
    pixels = 60 + 70 * labels[:, None, None] + 90 * np.exp(-distance / 0.05)
    pixels = pixels + rng.normal(0, 12, pixels.shape)
    return np.clip(pixels, 0, 255).astype(np.uint8)[..., None]


def draw_split(split, counts, *, seed, image_size=32, images_a_patient=2):
    """Returns learnable `LabeledImages` of two classes in mixed order, patients shared by none."""
    labels = np.repeat(np.arange(2), counts)
    patients = np.concatenate([np.arange(count) // images_a_patient for count in counts])
    names = zip(labels, patients, strict=True)
    groups = np.array([f"{split}-{CLASSES[label]}-{patient:03d}" for label, patient in names])
    files = np.array([f"{split}/{CLASSES[x]}/{i:04d}.png" for i, x in enumerate(labels)])
    images = LabeledImages(
        images=draw_images(labels, image_size=image_size, seed=seed),
        labels=labels,
        class_names=CLASSES,
        groups=groups,
        split=split,
        files=files,
    )
    mixed = images.take(np.random.default_rng(seed).permutation(len(images)))
    # Shared by many tests, and memory-mapped images are read-only too.
    mixed.images.setflags(write=False)
    return mixed


@pytest.fixture(scope="module", autouse=True)
def objects_that_stay():
    """Spares each full garbage collection, which studies ask for, the graphs of earlier modules."""
    yield
    gc.collect()
    gc.freeze()


def shared_base(tmp_path_factory):
    """Returns the temporary folder of all test processes: that above their own."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory):
    """Points the cache of decoded images to a temporary folder, one of all test processes."""
    folder = shared_base(tmp_path_factory) / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASMEDGAN_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def tiny():
    """A train split of 40 grey images of 32 px: 12 NORMAL, 28 PNEUMONIA, two a patient."""
    return draw_split("train", (12, 28), seed=7)


@pytest.fixture(scope="session")
def tiny_splits(tiny):
    """Train, validation and test of 40, 24 and 24 learnable images of 32 px."""
    return Splits(
        train=tiny,
        validation=draw_split("validation", (10, 14), seed=8),
        test=draw_split("test", (10, 14), seed=9),
    )


def write_image(path, image):
    """Writes a grey or RGB uint8 array as the format that the suffix of `path` names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(path)


def write_class_folders(root):
    """Writes a tree like the real set's: train 12 + 20 images, test 4 + 6; JPEG, some PNG.

    The patients of train: six normal of two images, ten with pneumonia of two images.
    """
    for split, counts, seed in (("train", (12, 20), 1), ("test", (4, 6), 2)):
        labels = np.repeat(np.arange(2), counts)
        images = draw_images(labels, image_size=24, seed=seed)
        # The real images are not square.
        images = images[:, :20]
        for index, (label, image) in enumerate(zip(labels, images, strict=True)):
            patient, view = divmod(index, 2)
            suffix = ".png" if index % 5 == 0 else ".jpeg"
            name = (
                f"IM-{patient + 100:04d}-{view + 1:04d}{suffix}"
                if label == 0
                else f"person{patient}_{'bacteria' if patient % 2 else 'virus'}_{index}{suffix}"
            )
            write_image(root / split / CLASSES[label] / name, image)
    return root


@pytest.fixture
def class_folders(tmp_path):
    """The tree of `write_class_folders`, own to a test."""
    return write_class_folders(tmp_path / "chest_xray")


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """A finished run of the least size, as `end_to_end.py` makes one; read only."""
    base = shared_base(tmp_path_factory)
    # The first test process makes the run.
    with (base / "small.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = base / "small"
        if not folder.exists():
            make_run(write_class_folders(folder / "chest_xray"), folder / "run")
    return folder / "run"


@pytest.fixture(scope="session")
def app(small_run):
    """The app over `small_run`, on an address of this machine."""
    pytest.importorskip("gradio", reason="the app needs the extra 'demo'")
    from kerasmedgan.app.serve import serve_run

    running = serve_run(small_run, origin="A run of the tests.", port=0)
    yield running
    running.close()


@pytest.fixture(scope="session")
def shared_data():
    """The folder of the real chest X-rays; skips the test where they are absent."""
    if not (SHARED_DATA / "chest_xray" / "train").is_dir():
        pytest.skip(f"the real chest X-rays are not in {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def numbered(tiny):
    """The tiny train split with image k of the grey value 3 k: an image tells its row."""
    rows = np.arange(len(tiny), dtype=np.uint8)
    images = np.broadcast_to(3 * rows[:, None, None, None], (len(tiny), 4, 4, 1))
    return dataclasses.replace(tiny, images=images.copy())
