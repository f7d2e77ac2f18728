import argparse
from pathlib import Path

import pytest

from kerasmedgan.command_line import add_class_limits, class_limit, default_run_folder


def test_a_limit_is_a_class_and_a_number():
    assert class_limit("NORMAL=100") == ("NORMAL", 100)
    assert class_limit("a=b=7") == ("a=b", 7)


@pytest.mark.parametrize("text", ["NORMAL", "=100", "NORMAL=", "NORMAL=-1", "NORMAL=many"])
def test_another_limit_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="CLASS=PATIENTS.*Received"):
        class_limit(text)


def test_a_run_folder_names_kind_and_source():
    folder = default_run_folder("data/chest_xray/", "study")
    assert folder.parent == Path("runs") and folder.name.startswith("study-chest_xray-")
    assert default_run_folder("phantom").name.startswith("phantom-")


def test_limits_are_a_list_of_pairs():
    parser = argparse.ArgumentParser(argument_default=argparse.SUPPRESS)
    add_class_limits(parser)
    given = parser.parse_args(["--limit", "NORMAL=100", "PNEUMONIA=9"])
    assert given.limits == [("NORMAL", 100), ("PNEUMONIA", 9)]
    assert not hasattr(parser.parse_args([]), "limits")
