"""Tables of ties and victims in a run: read beside the arrests, checked against what the run was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.read_report import ReadReport
from gpunet.base.errors import InputError
from gpunet.base.paths import path_named
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import Config
from gpunet.config.ties_config import check_authority
from gpunet.reading.beside import read_beside
from gpunet.runs.folder import RunFolder
from gpunet.runs.run_options import RunOptions

__all__ = ["with_beside"]


def with_beside(
    arrests: Arrests,
    config: Config,
    options: RunOptions,
    folder: RunFolder,
    hashes: Mapping[str, str | None],
    today: date | None,
    progress: ProgressCallback | None = None,
    corrected: Mapping[str, Any] | None = None,
) -> tuple[Arrests, dict[str, ReadReport]]:
    """The arrests with ties of other kinds and victims, as far as there are tables of these, and how reading went.

    `hashes` are those of the tables when the run began, by name; dates after `today` are none. A run that goes on keeps
    the day on which it began as `today`, and yet uses no ties whose authority has ended since. `corrected` is what
    :func:`gpunet.reading.beside.read_beside` is told of corrections.

    Raises
    ------
    InputError
        If a table cannot be read, lies in the run folder, or has changed since the run began.
    ConfigError
        If a kind of ties is not named, or may not be used now.
    """
    if not config.input.has_tables_beside:
        return arrests, {}
    if config.input.ties:
        check_authority(config.ties, date.today())
    found, reports = read_beside(
        arrests,
        config,
        today=today,
        keep_going=options.keep_going,
        progress=progress,
        notice=options.notice,
        **(corrected or {}),
    )
    for report in reports.values():
        folder.refuse_inputs([path_named(name) for name in _names(report)])
        for file in report.files:
            if hashes.get(file.name, file.sha256) != file.sha256:
                raise InputError(
                    f"the table {file.name} was changed while the run was at work: give the same command again"
                )
    return found, reports


def _names(report: ReadReport) -> Iterator[str]:
    yield from (file.name for file in report.files)
    yield from (file.name for file in report.skipped)
