"""``gpunet update``: tonight's tables and corrections in tomorrow's picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gpunet.cli.jobs import options_of, work
from gpunet.cli.options import AllowIncomplete, AsOf, EngineOption, Report, Threads, path_of

__all__ = ["update"]


def update(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", parser=path_of("the run folder"), help="Folder of a complete gpunet features or gpunet run."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", parser=path_of("--out"), help="Another folder, for the results.")],
    add: Annotated[
        list[str] | None, typer.Option("--add", help="New tables: files, folders, globs; repeatable.")
    ] = None,
    as_of: AsOf = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", help="Where the files of RUN are now, if they were moved; repeatable."),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", help="Table of person_id, incident_id, or both: what is left out; repeatable."),
    ] = None,
    merge: Annotated[
        list[str] | None,
        typer.Option("--merge", help="Table of person_id and into: ids that are one person's; repeatable."),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", min=0, help="Tell of ranks that enter or leave the first so many.")
    ] = 1000,
    read_again: Annotated[
        bool, typer.Option("--read-again", help="Read the files of RUN, also if it was made with --keep-state.")
    ] = False,
    engine: EngineOption = "auto",
    threads: Threads = None,
    allow_incomplete: AllowIncomplete = False,
    report: Report = True,
) -> None:
    """Bring a complete run up to date with new tables and corrections, and tell what moved and why."""
    from gpunet.cli.updates import earlier_of, run_update

    options = options_of(
        engine, threads, None, None, False, False, False, allow_incomplete=allow_incomplete, report=report
    )
    earlier = earlier_of(run, out)
    options = replace(options, report=options.report and earlier.command == "run")  # as the command itself
    day = as_of.date() if as_of else None
    work(
        "update",
        out,
        earlier.config,
        options,
        lambda options: run_update(
            run,
            out,
            add or (),
            day,
            options,
            inputs=inputs or (),
            remove=remove or (),
            merge=merge or (),
            top=top,
            read_again=read_again,
        ),
        of=earlier.command,
    )
