"""What a forecast is told beside the features of three days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

__all__ = ["coarsest", "windows"]


def windows(days: Mapping[str, date]) -> tuple[str, str]:
    """The two label windows of a forecast in words."""
    past, test, now = days["T-2H"], days["T-H"], days["T"]
    return f"[{past}, {test})", f"[{test}, {now})"


def coarsest(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """How betweenness was computed where it is known least exactly."""
    reports = [features.path for features in found.values() if features.path is not None]
    return max(reports, key=lambda report: report.certified_error).metadata() if reports else None
