"""Reports beside the results of runs."""

from __future__ import annotations

from pathlib import Path

from gpunet.base._version import __version__
from gpunet.base.errors import GpunetError
from gpunet.base.private import sharing
from gpunet.base.progress import ProgressCallback, begun, ended
from gpunet.cli.console import notice
from gpunet.cli.plans import REPORT
from gpunet.cli.running import RUN_FILES
from gpunet.governance.noted import noted, persons_of
from gpunet.governance.statement import purpose_of
from gpunet.report.audience import Audience, AudienceName
from gpunet.report.page import rendered
from gpunet.report.pages import page_of
from gpunet.report.source import Source
from gpunet.runs.report_folder import ReportFolder, is_current
from gpunet.runs.report_list import PAGE
from gpunet.runs.share import share_of_run

__all__ = ["report_of_run", "write_report"]


def write_report(folder: Path, audience: AudienceName = "analyst", *, note: bool = False) -> Path:
    """Make the report of a complete run, in place of one that is there; return the page's path.

    Parameters
    ----------
    folder
        The run's.
    audience
        For whom.
    note
        Whether an analyst's reading is entered in the log; the report that a run makes of itself is no reading.

    Raises
    ------
    InputError
        If there is no complete run that has a report, or its files are not as they were written.
    StorageError
        If it cannot be written.
    """
    with sharing(share_of_run(folder)), ReportFolder(folder, RUN_FILES) as place:
        readers = Audience(audience)
        source = Source(folder, readers)
        page = rendered(page_of(source), readers)
        if note and not readers.is_public:  # the public is told of no person
            noted(folder, "consultation", persons_of(source.manifest))
        said = {"version": __version__, "audience": audience, "governance": purpose_of(source.manifest)}
        place.replace({PAGE: page.html, **page.figures}, said)
    return folder / PAGE


def report_of_run(
    folder: Path, progress: ProgressCallback | None = None, audience: AudienceName = "analyst"
) -> Path | None:
    """The report of a run that is just complete, made unless one is there; None, with a notice, if that fails.

    Hours of work are not to end in an error because of the page that describes them.
    """
    begun(progress, REPORT)
    try:
        if not is_current(folder):
            write_report(folder, audience)
    except (GpunetError, OSError) as error:
        notice(f"warning: the run is complete, but its report could not be made ({error}): gpunet report {folder}")
        return None
    ended(progress, REPORT)
    return folder / PAGE
