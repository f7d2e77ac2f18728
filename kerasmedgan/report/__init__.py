"""Report: a finished run folder becomes figures and a page for people."""

from kerasmedgan.report.study_report import write_study_report
from kerasmedgan.report.write import write_report

__all__ = ["write_report", "write_study_report"]
