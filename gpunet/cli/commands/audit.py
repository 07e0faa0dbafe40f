"""``gpunet audit``: what a run's scores do to groups of persons."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gpunet.cli.jobs import options_of, work
from gpunet.cli.options import ConfigFile, Replace, Report, ShowValues, Threads, path_of

__all__ = ["audit"]


def audit(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", parser=path_of("the run folder"), help="Folder of a complete gpunet run.")
    ],
    attributes: Annotated[
        Path,
        typer.Option(
            "--attributes",
            parser=path_of("--attributes"),
            help="Table of person_id and protected attributes; used here alone, and never stored with features.",
        ),
    ],
    by: Annotated[str, typer.Option("--by", help='Attributes to compare by, such as "ethnicity,sex".')],
    out: Annotated[Path, typer.Option("--out", parser=path_of("--out"), help="Folder for the results.")],
    config: ConfigFile = None,
    threads: Threads = None,
    start_over: Replace = False,
    show_values: ShowValues = False,
    report: Report = True,
) -> None:
    """Compare groups of persons: who is selected, who rightly, who wrongly, and which features stand in for a group."""
    from gpunet.cli.audits import audit_config, run_audit

    options = options_of("cpu", threads, None, None, start_over, False, show_values, report=report)
    settings = audit_config(run, config)
    work(
        "audit", out, settings, options, lambda options: run_audit(run, attributes, by.split(","), out, config, options)
    )
