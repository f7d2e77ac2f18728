import pytest
from small_study import SMALL, write_study_folders

from kerasmedgan.study import StudySettings, prepare_study
from kerasmedgan.study.generator import gan_batch_size
from kerasmedgan.study.prepare import make_training_set


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return write_study_folders(tmp_path_factory.mktemp("study") / "chest")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"arms": ("mixup",)}, "`arms`.*'gan-pretrain'.*Received: 'mixup'"),
        ({"seeds": 0}, "`seeds`.*Received: 0"),
        (
            {"synthetic_ratios": (1.0, 5.0)},
            r"`synthetic_ratios`.*0.25 to 4.*Received: \(1.0, 5.0\)",
        ),
        ({"synthetic_ratios": ()}, "`synthetic_ratios`"),
        ({"fractions": ()}, "`fractions`"),
        ({"primary_metric": "f1"}, "`primary_metric`.*balanced_accuracy.*Received: f1"),
        ({"gan_batch_size": 0}, "`gan_batch_size`.*>= 1. Received: 0"),
        ({"classifier_batch_size": -5}, "`classifier_batch_size`.*>= 1. Received: -5"),
        ({"first_seed": -1}, "`first_seed`.*>= 0. Received: -1"),
        ({"fractions": (0.3333333, 0.3333334)}, "`fractions`.*numbers that differ"),
        ({"strategy": "parameter_server"}, "`strategy`"),
        ({"classifier_updates": 9}, "`classifier_updates`.*even.*Received: 9"),
        ({"strategy": "default"}, "`strategy`.*'auto'.*Received: 'default'"),
        ({"strategy": "multiworker"}, "`strategy`.*one process.*Received: 'multiworker'"),
    ],
)
def test_refused_before_anything_is_loaded(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        StudySettings("nowhere", **settings)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"fractions": (0.1, 1.0)}, "fraction 0.1.*two patients.*1 of NORMAL"),
        ({"fractions": (1.5,)}, "`fractions`.*Received: 1.5"),
        ({"limits": {"FLU": 5}}, r"`limits`.*\['NORMAL', 'PNEUMONIA'\]. Received: 'FLU'"),
        ({"gan_classes": ("NORMAL", "FLU")}, "`gan_classes`.*Received: 'FLU'"),
        ({"arms": ("gan-only",), "gan_classes": ("NORMAL",)}, r"`gan_classes`.*'gan-only'.*PNEU"),
        (
            {"arms": ("gan",), "gan_classes": ("PNEUMONIA",)},
            "`gan_classes`.*smallest class first, 'NORMAL'.*'PNEUMONIA'.*force=True",
        ),
        ({"positive_class": "FLU"}, "`positive_class`.*'FLU'"),
        ({"image_size": 48}, "`image_size`.*Received: 48"),
    ],
)
def test_what_would_fail_later_is_refused_now(folders, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        prepare_study(StudySettings(str(folders), **{**SMALL, **settings}))


def test_the_primary_metric_is_named_before_the_run(folders):
    study = prepare_study(StudySettings(str(folders), primary_metric="accuracy", **SMALL))
    assert study.config["primary_metric"] == "accuracy"
    assert study.config["seed_list"] == [0, 1]
    # Other validation splits, and so other training sets, by seed.
    assert len(set(study.config["fingerprints"].values())) == 2


def test_every_arm_of_a_set_shares_updates_that_can_be_halved():
    for updates in (20, 22, 400, 1000, 1002):
        classifier = StudySettings("phantom", classifier_updates=updates).classifier(500)
        assert classifier.updates == updates
        assert updates % (2 * classifier.updates_per_epoch) == 0
    assert StudySettings("phantom").classifier(40).batch_size == 40


def test_no_arm_trains_on_fewer_images_than_a_batch(folders):
    small = {**SMALL, "classifier_batch_size": 64, "synthetic_ratios": (0.25, 1.0)}
    counts = {}
    for arms in (("gan",), ("gan", "gan-pretrain")):
        study = prepare_study(StudySettings(str(folders), arms=arms, **small))
        counts[arms] = study.config["training_sets"][0]
    images = counts["gan",]["images"]
    assert counts["gan",]["batch_size"] == sum(images.values())
    drawn = sum(round(0.25 * count) for count in images.values())
    assert counts["gan", "gan-pretrain"]["batch_size"] == drawn


def test_any_order_of_classes_will_do_where_no_arm_draws_one_alone(folders):
    both = {"gan_classes": ("PNEUMONIA", "NORMAL"), "arms": ("gan-all",)}
    assert prepare_study(StudySettings(str(folders), **both, **SMALL)).scarce_class == "PNEUMONIA"


def test_a_test_split_that_cannot_be_compared_is_refused_before_any_training(tmp_path):
    root = write_study_folders(tmp_path / "chest")
    for path in sorted((root / "test" / "NORMAL").iterdir())[2:]:
        path.unlink()
    with pytest.raises(ValueError, match="two or more test patients without.*Received: 1"):
        prepare_study(StudySettings(str(root), **SMALL))


def test_the_scarce_class_is_one_for_the_whole_study(tmp_path):
    root = write_study_folders(tmp_path / "chest")
    for path in sorted((root / "train" / "PNEUMONIA").iterdir())[1:25:2]:
        path.unlink()
    settings = StudySettings(str(root), limits={"PNEUMONIA": 12}, **{**SMALL, "seeds": 8})
    study = prepare_study(settings)
    sets = study.config["training_sets"]
    # By chance of the seed the smallest class is now this one, now that.
    assert len({min(one["images"], key=one["images"].get) for one in sets}) == 2
    assert {study.training_set(1.0, seed).scarce_class for seed in settings.seed_list} == {
        study.scarce_class
    }


def test_a_set_is_limited_first_and_draws_its_smallest_class(folders):
    settings = StudySettings(str(folders), limits={"PNEUMONIA": 4}, **SMALL)
    study = prepare_study(settings)
    whole = study.training_set(1.0, 0)
    assert whole.scarce_class == "PNEUMONIA"
    assert whole.facts()["patients"]["PNEUMONIA"] == 4
    half = make_training_set(settings, 0.5, 0, whole.splits)
    assert half.facts()["patients"]["PNEUMONIA"] == 2
    assert set(half.train.files) < set(whole.train.files)
    assert not set(half.train.groups) & set(whole.splits.validation.groups)
    assert whole.classes_of("gan") == ("PNEUMONIA",)
    assert whole.classes_of("gan-all") == ("NORMAL", "PNEUMONIA")
    assert whole.classes_of("weights") == ()


def test_gan_batch_size():
    assert gan_batch_size(64, 1206) == 64
    assert gan_batch_size(64, 127) == 32
    assert gan_batch_size(64, 60) == 16
    assert gan_batch_size(64, 3) == 2
    with pytest.raises(ValueError, match="GAN on 1 images"):
        gan_batch_size(64, 1)
