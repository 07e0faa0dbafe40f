"""The list of a report's files, one of :mod:`gpunet.runs.file_lists`."""

from __future__ import annotations

from gpunet.runs.file_lists import REPORT

__all__ = ["PAGE", "REPORT_LIST", "REPORT_NAMES"]

PAGE = "report.html"
REPORT_LIST = REPORT.name

#: The names of a report's files.
REPORT_NAMES = REPORT.names
