import pytest
from made_up_study import FEW_ARMS, read_results, set_all_verdicts, set_verdict, write_study

from kerasmedgan.report.study_answer import format_recommendation
from kerasmedgan.report.study_read import StudyRun
from kerasmedgan.report.study_shortcut import find_shortcuts, format_shortcuts
from kerasmedgan.study.shortcut import DISTINGUISHABLE_AUC


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A study with the default arms, and one with `gan-all` beside them."""
    path = tmp_path_factory.mktemp("studies")
    few = write_study(path / "few", fractions=(0.25, 1.0))
    return few, write_study(path / "all", arms=(*FEW_ARMS, "gan-all"))


def open_study(path, auc=None):
    results = read_results(path)
    set_all_verdicts(results)
    for generator in results["generators"]:
        if auc is not None:
            generator["shortcut"]["auc"] = auc
    return StudyRun(path, results)


def test_one_class_that_can_be_told_is_warned_of(folders):
    study = open_study(folders[0])
    study.results["generators"][0]["shortcut"]["auc"] = 0.91
    text = format_shortcuts(study)
    assert text.count("> **Warning**: in `gan` and `gan+classical`") == 1
    assert "class NORMAL only" in text and "0.970 at fraction 1; 0.950 at fraction 0.25" in text
    assert "run `gan-all` as well" in text and "not a promise" in text
    assert "0.5 means indistinguishable" in text


@pytest.mark.parametrize(
    ("auc", "warned"), [(DISTINGUISHABLE_AUC, True), (DISTINGUISHABLE_AUC - 1e-3, False)]
)
def test_the_limit(folders, auc, warned):
    study = open_study(folders[0], auc)
    assert ("**Warning**" in format_shortcuts(study)) == warned == bool(find_shortcuts(study))
    set_verdict(study.results, "gan", 1.0, "hurts", -0.05)
    assert ("gan-all" in format_recommendation(study)) == warned


def test_every_class_alike_is_no_shortcut(folders):
    study = open_study(folders[1])
    assert [found.arms for found in find_shortcuts(study)] == [("gan", "gan+classical")]
    set_verdict(study.results, "gan-all", 1.0, "helps", 0.02)
    text = format_shortcuts(study)
    assert "was run here too (verdict: helps at fraction 1)" in text and "promise" not in text


def test_classes_come_from_what_was_trained_on(folders):
    study = open_study(folders[0])
    for cell in study.results["cells"]:
        if cell["arm"] == "gan":
            cell["train"]["synthetic"] = {"NORMAL": 5, "PNEUMONIA": 5}
    assert {found.arms for found in find_shortcuts(study)} == {("gan+classical",)}


def test_the_two_kinds_of_gan_are_audited_apart(folders, tmp_path):
    study = StudyRun(tmp_path, read_results(write_study(tmp_path, arms=("real", "gan", "cgan"))))
    set_all_verdicts(study.results)
    for generator in study.generators():
        other = {**generator, "conditional": True, "shortcut": {**generator["shortcut"]}}
        other["shortcut"]["auc"] = DISTINGUISHABLE_AUC - 0.01
        study.results["generators"].append(other)
    assert [found.arms for found in find_shortcuts(study)] == [("gan",)]
    for generator in study.results["generators"][3:]:
        generator["shortcut"]["auc"] = 0.91
    found = find_shortcuts(study)
    assert [(one.arms, round(one.auc, 2)) for one in found] == [(("gan",), 0.97), (("cgan",), 0.91)]
    text = format_shortcuts(study)
    assert "run `cgan-all` as well" in text and "run `gan-all` as well" in text
    assert "| 1 | 0 | NORMAL (GAN of all classes) | 0.910 |" in text
    set_verdict(study.results, "cgan", 1.0, "hurts", -0.05)
    assert "`cgan-all` (see" in format_recommendation(study)


def test_the_table_is_the_results(folders):
    study = open_study(folders[0])
    study.results["generators"][0]["shortcut"] = {
        **{"auc": 0.123, "fold_aucs": [0.2, 0.4], "images": 77, "updates": 88}
    }
    assert "| 0.25 | 0 | NORMAL | 0.123 | 0.200, 0.400 | 77 | 88 |" in format_shortcuts(study)
