import dataclasses

import numpy as np
import pytest

from kerasmedgan.study.arms import (
    ARMS,
    check_arms,
    choose_synthetic,
    composition,
    synthetic_count,
    training_phases,
)


@pytest.fixture(scope="module")
def synthetic(tiny):
    """As many synthetic images as real ones, of both classes; recognisable by their files."""
    names = np.char.add("synthetic/", tiny.files)
    return dataclasses.replace(tiny, synthetic=np.ones(len(tiny), bool), files=names, groups=names)


def trained_on(name, tiny, synthetic):
    return [composition(part) for part in training_phases(ARMS[name], tiny, synthetic, seed=0)]


def test_what_each_arm_trains_on(tiny, synthetic):
    none = {"NORMAL": 0, "PNEUMONIA": 0}
    real = {"real": tiny.counts(), "synthetic": none}
    drawn = {"real": none, "synthetic": tiny.counts()}
    both = {"real": tiny.counts(), "synthetic": tiny.counts()}
    for name in ("real", "weights", "classical"):
        assert trained_on(name, tiny, None) == [real]
    for name in ("gan", "gan+classical", "gan-all"):
        assert trained_on(name, tiny, synthetic) == [both]
    assert trained_on("gan-only", tiny, synthetic) == [drawn]
    assert trained_on("gan-pretrain", tiny, synthetic) == [drawn, real]


def test_arms_differ_in_one_thing_each():
    plain = dataclasses.asdict(ARMS["real"])
    expected = {"weights": {"weighs_classes"}, "oversample": {"oversamples"}}
    expected |= {"classical": {"classical"}, "gan": {"draws"}, "gan-all": {"draws"}}
    expected |= {"gan+classical": {"draws", "classical"}, "gan-only": {"draws", "keeps_real"}}
    expected |= {"gan-pretrain": {"draws", "pretrains"}}
    for name, different in expected.items():
        arm = dataclasses.asdict(ARMS[name])
        assert {key for key in arm if arm[key] != plain[key]} - {"name", "description"} == different


@pytest.mark.parametrize("name", ["gan", "gan+classical", "gan-only", "gan-all", "gan-pretrain"])
def test_arms_of_one_gan_differ_from_those_of_a_gan_a_class_in_that_alone(name):
    plain, other = (dataclasses.asdict(ARMS[arm]) for arm in (name, f"c{name}"))
    different = {key for key in plain if plain[key] != other[key]}
    assert different == {"name", "description", "conditional"}
    assert other["conditional"] and name in other["description"]


def test_only_the_class_asked_for_is_taken(tiny, synthetic):
    chosen = choose_synthetic(synthetic, tiny, ["NORMAL"], 0.5)
    assert chosen.counts() == {"NORMAL": 6, "PNEUMONIA": 0}
    # The first of the export: a larger dose holds the smaller one.
    np.testing.assert_array_equal(chosen.files, synthetic.of_class("NORMAL").files[:6])


def test_every_class_gets_the_same_share(tiny, synthetic):
    chosen = choose_synthetic(synthetic, tiny, tiny.class_names, 0.25)
    assert chosen.counts() == {"NORMAL": 3, "PNEUMONIA": 7}


def test_synthetic_count():
    assert [synthetic_count(100, ratio) for ratio in (0.25, 1.0, 4.0)] == [25, 100, 400]
    assert synthetic_count(2, 0.25) == 2


def test_real_comes_first_and_no_arm_twice():
    assert check_arms(["gan", "weights", "gan"]) == ("real", "gan", "weights")


def test_an_unknown_arm_gets_the_list():
    with pytest.raises(ValueError, match="`arms`.*'gan-pretrain'.*Received: 'mixup'"):
        check_arms(["real", "mixup"])
