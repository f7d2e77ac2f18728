import pytest

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
