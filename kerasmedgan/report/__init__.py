"""Report: a finished run folder becomes figures and a page for people."""

from kerasmedgan.report.write import write_report

__all__ = ["write_report"]
