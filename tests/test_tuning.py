import dataclasses

import pytest
from small_study import write_study_folders

from kerasmedgan.tuning import SearchSettings, TuningSettings, prepare_tuning

SMALL = {"image_size": 32, "gan_width": 4, "gan_batch_size": 8}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"arms": ("gan",)}, r"`arms`. Expected some of \['real', 'real\+gan'\]"),
        ({"arms": ()}, "`arms`"),
        ({"seeds": 0}, "`seeds`"),
        ({"finalists": 0}, "`finalists`. Expected an integer >= 1. Received: 0"),
        ({"finalist_seeds": 0}, "`finalist_seeds`"),
        ({"final_updates": 0}, "`updates`"),
    ],
)
def test_bad_settings_are_refused(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        TuningSettings("phantom", **wrong)


def test_the_final_seeds_are_others_than_that_of_the_search():
    settings = TuningSettings("phantom", search=SearchSettings(seed=4), seeds=3)
    assert (settings.deciding_seeds, settings.final_seeds) == ((5, 6, 7), (8, 9, 10))
    assert settings.study().seed_list == (4, 5, 6, 7, 8, 9, 10)
    alone = dataclasses.replace(settings, finalists=1)
    assert (alone.deciding_seeds, alone.final_seeds) == ((), (5, 6, 7))


def test_everything_is_resolved_before_the_first_step(tmp_path):
    folder = str(write_study_folders(tmp_path / "chest"))
    search = SearchSettings(max_trials=13, updates_per_trial=9, batch_size=8)
    settings = TuningSettings(folder, search=search, options=SMALL)
    config = prepare_tuning(settings).config
    assert config["search"]["tuner"] == "hyperband"
    assert config["scarce_class"] == "NORMAL"
    assert len(config["training_sets"]) == 7
    alone = prepare_tuning(dataclasses.replace(settings, arms=("real",)))
    assert alone.study.settings.arms == ("real",)
    with pytest.raises(ValueError, match="`primary_metric`"):
        prepare_tuning(dataclasses.replace(settings, options=SMALL | {"primary_metric": "f1"}))
