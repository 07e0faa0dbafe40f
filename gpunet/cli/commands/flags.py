"""``gpunet flags``: declared triggers with their evidence, for somebody to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gpunet.cli.jobs import options_of, work
from gpunet.cli.options import ConfigFile, Replace, Report, ShowValues, Threads, path_of

__all__ = ["flags"]


def flags(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            parser=path_of("the run folder"),
            help="Folders of complete gpunet features or gpunet run.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", parser=path_of("--out"), help="Folder for the results.")],
    config: ConfigFile = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--input",
            parser=path_of("--input"),
            help="Where a table of the runs lies now, if not where it was read; may be given several times.",
        ),
    ] = None,
    threads: Threads = None,
    start_over: Replace = False,
    show_values: ShowValues = False,
    report: Report = True,
) -> None:
    """Raise flags: who is near what declared triggers look for, with the evidence, and what each flag was worth."""
    from gpunet.cli.flags import flags_config, run_flags

    options = options_of("cpu", threads, None, None, start_over, False, show_values, report=report)
    settings = flags_config(runs, config)
    work("flags", out, settings, options, lambda options: run_flags(runs, out, config, inputs or (), options))
