"""A complete run's folder, in which its report is made, again and again; the results stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gpunet.runs.file_lists import REPORT
from gpunet.runs.listed_folder import ListedFolder, current_list

__all__ = ["ReportFolder", "is_current"]


def is_current(folder: Path, audience: str | None = None) -> bool:
    """Whether a folder holds a whole report of its run, for that audience if one is named; InputError as for a list."""
    stored = current_list(folder, REPORT)
    return stored is not None and audience in (None, stored.get("audience"))


class ReportFolder(ListedFolder):
    """As :class:`ListedFolder`, of reports."""

    def __init__(self, path: str | Path, names: Iterable[str]) -> None:
        super().__init__(path, names, REPORT)
