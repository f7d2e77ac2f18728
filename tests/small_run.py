"""A finished run of the least size, made by the code of `examples/end_to_end.py`."""

import time

from processes import load_example

from kerasmedgan.data import load_images
from kerasmedgan.files import read_json, write_json
from kerasmedgan.run_folder import create_run_folder
from kerasmedgan.study import JobSettings, prepare_job


def make_run(images, output):
    """Trains on a folder of images for a moment; returns the run's folder."""
    example = load_example("end_to_end.py")
    job = prepare_job(
        JobSettings(
            str(images),
            image_size=32,
            gan_width=4,
            gan_epochs=1,
            gan_batch_size=4,
            synthetic_count=8,
            classifier_updates=20,
            classifier_batch_size=8,
        )
    )
    job.config["command"] = "a test"
    create_run_folder(output, job.config)
    write_json(output / "data_report.json", job.splits.report)
    example.run(job, output, time.perf_counter())
    return output


def load_splits(run):
    """Loads the images that a run was made with."""
    settings = read_json(run / "config.json")["data"]
    del settings["fingerprint"]
    return load_images(settings.pop("source"), **settings)
