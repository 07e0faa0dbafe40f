"""``gpunet update``: tonight's tables and corrections in tomorrow's picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gpunet.base.errors import InputError
from gpunet.cli.jobs import options_of, work
from gpunet.cli.options import AllowIncomplete, AsOf, EngineOption, Replace, Report, ShowValues, Threads, path_of

__all__ = ["update"]


def update(
    run: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN",
            parser=path_of("the run folder"),
            help="Folder of a complete gpunet features or gpunet run; it comes first.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", parser=path_of("--out"), help="Another folder, for the results.")
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option("--add", metavar="FILE...", help="New tables of arrests: files, folders, globs."),
    ] = None,
    ties: Annotated[
        list[str] | None,
        typer.Option("--ties", metavar="FILE...", help="New tables of ties of other kinds than arrests."),
    ] = None,
    victims: Annotated[
        list[str] | None, typer.Option("--victims", metavar="FILE...", help="New tables of victims.")
    ] = None,
    as_of: AsOf = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="FILE...", help="Where the files of RUN are now, if they were moved."),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="FILE...", help="Table of person_id, incident_id, or both: what is left out."),
    ] = None,
    merge: Annotated[
        list[str] | None,
        typer.Option("--merge", metavar="FILE...", help="Table of person_id and into: ids that are one person's."),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", min=0, help="Tell of ranks that enter or leave the first so many.")
    ] = 1000,
    read_again: Annotated[
        bool, typer.Option("--read-again", help="Read the files of RUN, also if it was made with --keep-state.")
    ] = False,
    engine: EngineOption = "auto",
    threads: Threads = None,
    start_over: Replace = False,
    allow_incomplete: AllowIncomplete = False,
    show_values: ShowValues = False,
    report: Report = True,
) -> None:
    """Bring a complete run up to date with new tables and corrections, and tell what moved and why."""
    from gpunet.cli.updates import earlier_of, run_update

    if run is None:
        raise InputError(
            "no RUN: name the folder of the run that is updated first; --add and the other options of files take every "
            "word up to the next option"
        )
    if out is None:
        raise InputError("no --out: name another folder for the results")
    options = options_of(
        engine, threads, None, None, start_over, False, show_values, allow_incomplete=allow_incomplete, report=report
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
            ties=ties or (),
            victims=victims or (),
        ),
        of=earlier.command,
    )
