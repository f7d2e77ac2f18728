import dataclasses

import numpy as np
import pytest

from kerasmedgan.data import concatenate
from kerasmedgan.study import JobSettings, prepare_job

SMALL = {"image_size": 32, "gan_batch_size": 4, "gan_width": 4, "classifier_batch_size": 8}


def test_every_choice_is_resolved(class_folders):
    job = prepare_job(
        JobSettings(str(class_folders), gan_updates=7, classifier_updates=30, **SMALL)
    )
    counts = job.splits.train.counts()
    assert job.plan.class_name == "NORMAL"
    assert job.plan.count == counts["PNEUMONIA"] - counts["NORMAL"]
    steps = counts["NORMAL"] // 4
    assert job.config["gan"]["steps_per_epoch"] == steps
    assert (job.gan_epochs - 1) * steps < 7 <= job.gan_epochs * steps
    decay = job.gan.g_optimizer.get_config()["learning_rate"]["config"]["decay_steps"]
    assert decay == job.gan_epochs * steps
    assert job.classifier.updates_per_epoch == 2
    assert job.positive_class == "PNEUMONIA"
    assert job.gan_images.counts() == {"NORMAL": counts["NORMAL"], "PNEUMONIA": 0}


def test_the_audit_takes_validation_as_its_null_if_there_is_enough(class_folders, tiny_splits):
    job = prepare_job(JobSettings(str(class_folders), **SMALL))
    assert job.build_audit() is None
    normal = tiny_splits.train.of_class("NORMAL")
    patients = np.arange(0, 120 // len(normal) + 1)
    many = concatenate(
        [
            dataclasses.replace(normal, groups=np.char.add(normal.groups, f"/{patient}"))
            for patient in patients
        ]
    )
    validation = dataclasses.replace(many, split="validation", groups=np.char.add("v", many.groups))
    splits = dataclasses.replace(job.splits, train=many, validation=validation)
    audit = dataclasses.replace(job, splits=splits).build_audit()
    assert audit.held_out_count == len(validation)
    few = dataclasses.replace(splits, validation=validation.take(np.arange(9)))
    assert dataclasses.replace(job, splits=few).build_audit().held_out_count == 0
    unwanted = {**job.config, "audit": False}
    assert dataclasses.replace(job, splits=splits, config=unwanted).build_audit() is None


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"classifier_batch_size": 5000}, "`batch_size`.*Received: 5000"),
        ({"gan_batch_size": 5000}, "`batch_size`.*Received: 5000"),
        ({"synthetic_count": 1}, "`synthetic_count`.*Received: 1"),
        ({"classifier_updates": 0}, "`updates`.*Received: 0"),
        ({"positive_class": "FLU"}, "`positive_class`.*Received: 'FLU'"),
        ({"gan_class": "PNEUMONIA", "synthetic_count": 9}, "force=True"),
        ({"image_size": 48}, "`image_size`.*Received: 48"),
    ],
)
def test_what_would_fail_later_is_refused_now(class_folders, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        prepare_job(JobSettings(str(class_folders), **{**SMALL, **settings}))
