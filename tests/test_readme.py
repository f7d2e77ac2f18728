"""The README keeps its word: commands where tools look, code that runs, numbers that hold."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()
RESULTS = json.loads((ROOT / "benchmarks/results/end_to_end_chest_xray/results.json").read_text())
COLUMNS = (
    "threshold",
    "accuracy",
    "balanced_accuracy",
    "auc",
    "sensitivity",
    "specificity",
    "expected_calibration_error",
)


def blocks(opening):
    return re.findall(rf"^```{opening}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["main-job", "tests"])
def test_each_command_is_one_line(name):
    (block,) = blocks(f"bash {name}")
    assert len(block.strip().splitlines()) == 1


def test_the_code_runs(tmp_path, monkeypatch):
    code = "\n".join(blocks("python"))
    for word, small in (
        ('"path/to/chest_xray", image_size=64', '"phantom", image_size=32'),
        ("DCGAN(image_size=64)", "DCGAN(image_size=32, width=4)"),
        ("epochs=200", "epochs=1"),
        ("count=2500", "count=3"),
    ):
        assert word in code
        code = code.replace(word, small)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(code, names)
    assert names["images"].shape == (16, 32, 32, 1)
    assert (tmp_path / "runs/synthetic/manifest.csv").exists()
    assert (tmp_path / "runs/grids/epoch_0001.png").exists()
    assert (tmp_path / "runs/state/epoch_000001.state").exists()


@pytest.mark.parametrize("arm", ["real", "real+gan"])
def test_the_table_is_the_result_file(arm):
    (row,) = re.findall(rf"^\| `{re.escape(arm)}` \|(.*)\|$", TEXT, re.MULTILINE)
    shown = [cell.strip() for cell in row.split("|")]
    assert shown == [f"{RESULTS['arms'][arm]['test'][column]:.3f}" for column in COLUMNS]


def test_the_run_is_described_as_it_was():
    for number in (
        f"{RESULTS['gan']['steps']:,} updates",
        f"{RESULTS['synthetic']['count']:,} synthetic",
        f"{RESULTS['synthetic']['diversity_ratio']:.2f}",
        f"{RESULTS['seconds'] / 60:.0f} minutes",
        f"{RESULTS['peak_memory_mib'] / 1024:.1f} GiB",
        RESULTS["command"],
    ):
        assert number in TEXT, number


def test_every_picture_is_there():
    for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", TEXT):
        assert (ROOT / path).stat().st_size > 0
