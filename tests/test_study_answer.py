import pytest
from made_up_study import (
    FEW_ARMS,
    change_results,
    read_results,
    set_all_verdicts,
    set_verdict,
    write_study,
)

from kerasmedgan.report.study_answer import recommended_arm
from kerasmedgan.report.study_markdown import format_study_report
from kerasmedgan.report.study_read import StudyRun, read_study

TITLE = "# Does GAN augmentation help? Report of a study"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The results of a study at one fraction, in which nothing is seen."""
    return _results(tmp_path_factory.mktemp("one"), (1.0,))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """The same at three fractions."""
    return _results(tmp_path_factory.mktemp("three"), (0.05, 0.25, 1.0))


def _results(path, fractions):
    change_results(write_study(path, fractions=fractions), set_all_verdicts)
    return path


def first_lines(path, *verdicts):
    """Returns the report's first three lines with some verdicts made up."""
    results = read_results(path)
    for arm, fraction, verdict, mean in verdicts:
        set_verdict(results, arm, fraction, verdict, mean)
    lines = format_study_report(StudyRun(path, results), []).splitlines()
    assert lines[0] == TITLE and lines[3] == ""
    return lines[1:3]


def test_nothing_seen(small):
    assert first_lines(small) == [
        "No arm was shown to help. No arm was shown to hurt. No evidence either way: `weights`, "
        "`classical`, `gan` and `gan+classical` at fraction 1.",
        "Use `real`, the simplest arm, since none helped at fraction 1.",
    ]


def test_an_arm_hurts_and_looks_synthetic(small):
    verdict, advice = first_lines(small, ("gan", 1.0, "hurts", -0.05))
    assert verdict == (
        "No arm was shown to help. Hurt: `gan` at fraction 1 (AUC -0.050). No evidence either way: "
        "`weights`, `classical` and `gan+classical` at fraction 1."
    )
    assert advice.startswith("Use `real`, the simplest arm, since none helped at fraction 1. ")
    assert "To try, without a promise: `gan-all`" in advice


def test_an_arm_below_real_in_each_seed_is_named_without_a_proof(small):
    verdict, advice = first_lines(small, ("gan", 1.0, "no evidence", -0.05))
    assert verdict.startswith(
        "No arm was shown to help. No arm was shown to hurt. Below `real` in each seed, though "
        "that is no proof: `gan` at fraction 1 (AUC -0.050). No evidence either way: `weights`"
    )
    assert "To try, without a promise: `gan-all`" in advice


def test_what_the_study_could_have_shown_is_said(small, large):
    def notes(path):
        return format_study_report(StudyRun(path, read_results(path)), []).splitlines()[4]

    assert "begins at 0.020 to 0.020, the half widths" in notes(small)
    assert "chance alone" not in notes(small)
    assert "over 3 of them, chance alone claims something in up to 14 %" in notes(large)


def test_an_arm_without_synthetic_images_hurts(small):
    verdict, advice = first_lines(small, ("weights", 1.0, "hurts", -0.02))
    assert "Hurt: `weights` at fraction 1 (AUC -0.020)." in verdict
    assert "gan-all" not in advice


def test_validation_chooses_among_the_arms_that_help(small):
    results = read_results(small)
    for arm, auc in (("weights", 0.97), ("gan", 0.98), ("classical", 0.99)):
        for cell in results["cells"]:
            if cell["arm"] == arm:
                cell["validation"]["auc"] = auc
    # On test `weights` gains most, and `classical` is best on validation but has no evidence.
    set_verdict(results, "weights", 1.0, "helps", 0.09)
    set_verdict(results, "gan", 1.0, "helps", 0.03)
    lines = format_study_report(StudyRun(small, results), []).splitlines()
    assert "Helped: `weights` at fraction 1 (AUC +0.090), `gan` at fraction 1" in lines[1]
    assert lines[2] == (
        "Use `gan`: of the arms that helped at fraction 1 it is the best on validation (AUC 0.980)."
    )


def test_three_fractions(large):
    verdict, advice = first_lines(
        large,
        ("gan", 0.05, "helps", 0.03),
        ("gan", 0.25, "helps", 0.02),
        ("gan", 1.0, "hurts", -0.05),
        ("weights", 1.0, "none", 0.0),
    )
    assert verdict == (
        "Helped: `gan` at fraction 0.25 (AUC +0.020) and fraction 0.05 (AUC +0.030). "
        "Hurt: `gan` at fraction 1 (AUC -0.050). "
        "No evidence either way: `weights` at fractions 0.25 and 0.05, `classical` and "
        "`gan+classical` at every fraction. No verdict, too few seeds: `weights` at fraction 1."
    )
    assert "With less data: `gan` at fraction 0.25, `gan` at fraction 0.05." in advice


def test_one_seed_gives_no_verdict(tmp_path):
    path = write_study(tmp_path, seeds=(7,))
    verdict, advice = format_study_report(read_study(path), []).splitlines()[1:3]
    assert verdict.startswith("No verdict can be given: there is one seed (7)")
    assert advice == "Until a study with several seeds has been run, use `real`, the simplest arm."


def test_recommendation_without_help_is_real(small):
    study = read_study(small)
    for cell in study.results["cells"]:
        cell["validation"]["auc"] = FEW_ARMS.index(cell["arm"]) / 10
    assert recommended_arm(study, 1.0) == "real"
