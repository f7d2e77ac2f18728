"""Stage 1, data: from files to `LabeledImages`."""

from kerasmedgan.data.audit import format_report, leakage
from kerasmedgan.data.labeled import LabeledImages, concatenate
from kerasmedgan.data.load import load_images
from kerasmedgan.data.oversample import oversample
from kerasmedgan.data.split_guard import TestSplitError
from kerasmedgan.data.splits import Splits

__all__ = [
    "LabeledImages",
    "Splits",
    "TestSplitError",
    "concatenate",
    "format_report",
    "leakage",
    "load_images",
    "oversample",
]
