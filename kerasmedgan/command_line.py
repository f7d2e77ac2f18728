"""Ground: what the command lines of several examples share."""

import argparse
from datetime import datetime
from pathlib import Path


def class_limit(text: str) -> tuple[str, int]:
    """Reads CLASS=PATIENTS.

    Returns:
        The class name and the number of patients.

    Raises:
        argparse.ArgumentTypeError: if the text is anything else.
    """
    name, equals, count = text.rpartition("=")
    if not (name and equals and count.isdigit()):
        raise argparse.ArgumentTypeError(
            f"Expected CLASS=PATIENTS, as in NORMAL=100. Received: {text}. See --help."
        )
    return name, int(count)


def add_class_limits(parser: argparse.ArgumentParser) -> None:
    """Adds `--limit CLASS=PATIENTS ...`, a list of pairs in `limits`."""
    help_text = "CLASS=PATIENTS: keep only so many"
    parser.add_argument("--limit", dest="limits", nargs="+", type=class_limit, help=help_text)


def default_run_folder(source: str, kind: str = "") -> Path:
    """Returns a new folder's name, `runs/KIND-SOURCE-TIME`.

    Args:
        source: the data set's name or folder.
        kind: what runs, if it is not the example that trains once.
    """
    parts = [kind, Path(source).resolve().name, f"{datetime.now():%Y%m%d-%H%M%S}"]
    return Path("runs") / "-".join(part for part in parts if part)
