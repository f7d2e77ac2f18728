"""The long benchmarks with what must hold of their results; `pytest -m soak` runs them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

pytestmark = pytest.mark.soak


def result_of(name, tmp_path):
    output = tmp_path / "result.json"
    subprocess.run([sys.executable, BENCHMARKS / name, "--output", output], check=True)
    return json.loads(output.read_text())


def test_a_training_killed_twenty_times_equals_one_that_ran_through(tmp_path):
    result = result_of("soak_resume.py", tmp_path)
    assert len(result["kills"]) == 20 and result["killed_while_writing"] >= 5
    assert result["newest_state_could_not_be_read"] == 0
    assert result["arrays_compared"] > 50 and result["arrays_that_differ"] == []


def test_memory_does_not_grow_with_the_set(tmp_path):
    result = result_of("beyond_memory.py", tmp_path)
    assert result["many"]["decoding"]["images"] == 200_000
    assert result["training_peak_ratio"] <= 1.2
