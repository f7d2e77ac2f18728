"""Keeps what may be published of a run: its numbers, and a report that shows no training image.

It takes a run of examples/end_to_end.py, examples/study.py or examples/tune_classifier.py.

python benchmarks/keep_run.py runs/chest_xray benchmarks/results/end_to_end_chest_xray
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

from kerasmedgan.report import write_report, write_study_report
from kerasmedgan.tuning import write_tuning_report

WRITERS = {"study": write_study_report, "tuning": write_tuning_report}
NUMBERS = ("config.json", "data_report.json", "results.json")


def keep(run: Path, target: Path) -> None:
    """Copies a run's JSON files, and its report written anew without real images."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "run"
        shutil.copytree(run, copy, ignore=shutil.ignore_patterns("*.keras", "figures", "report.md"))
        kind = json.loads((copy / "results.json").read_text()).get("kind")
        WRITERS.get(kind, write_report)(copy)
        target.mkdir(parents=True, exist_ok=True)
        for name in (*NUMBERS, "report.md"):
            shutil.copy(copy / name, target / name)
        shutil.copytree(copy / "figures", target / "figures", dirs_exist_ok=True)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="a finished run's folder")
    parser.add_argument("target", type=Path, help="where to keep it")
    arguments = parser.parse_args()
    keep(arguments.run, arguments.target)


if __name__ == "__main__":
    main()
