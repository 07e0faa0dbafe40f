"""``gpunet erase``: a person goes from every run under a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gpunet.base.errors import InputError
from gpunet.cli.options import Threads, path_of

__all__ = ["erase", "inputs_told"]

#: No more tables than so many are named.
_MOST_NAMED = 5


def erase(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", parser=path_of("DIR"), help="The folder that holds the runs.")
    ],
    persons: Annotated[
        list[str],
        typer.Option("--person", metavar="ID", help="The id, as results write it; once for each of several persons."),
    ],
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="FILE...",
            help="Where tables of the runs are now, if they were moved, or corrected in another file.",
        ),
    ] = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete a run whole that cannot be made again without the person.")
    ] = False,
    threads: Threads = None,
) -> None:
    """Erase a person from every run, checkpoint and package under a folder, and say what could not be reached."""
    from gpunet.base.stopping import stoppable
    from gpunet.base.threads import available_threads, limit_pools

    limit_pools(available_threads(threads))  # before Polars is loaded
    from gpunet.cli.console import notice, say
    from gpunet.cli.erasure import erase as job

    with stoppable("what was erased is erased; give the same command again for the rest"):
        found = job(folder, persons, inputs or (), delete=delete, threads=threads, notice=notice)
    for line in found.done:
        say(f"erased     {line}", indent=11)
    for line in found.notes:
        say(f"note       {line}", indent=11)
    for line in found.left:
        say(f"left       {line}", indent=11)
    if found.inputs:
        say(f"input      {inputs_told(found.inputs)}", indent=11)
    if not (found.done or found.left):
        raise InputError(_NOBODY)
    if found.unknown:
        say(f"note       {_unknown(found.unknown, len(set(persons)))}", indent=11)
    if found.left:
        say(f"could not be reached: {len(found.left)}, as listed")
        raise typer.Exit(1)


#: What is told where nothing holds anybody of these ids.
_NOBODY = (
    "no run, checkpoint or package holds this id: look whether it is written right, as results write it, unless it was "
    "erased before"
)


def _unknown(unknown: int, ids: int) -> str:
    if ids == 1:
        return "no run, checkpoint or package is known to hold this id: look whether it is written right"
    return (
        f"no run, checkpoint or package is known to hold {unknown:,} of the {ids:,} ids: look whether all are written "
        "right, unless they were erased before"
    )


def inputs_told(inputs: list[str]) -> str:
    """The tables that still hold the persons, the first of them by name, and what to do."""
    more = len(inputs) - _MOST_NAMED
    names = ", ".join(inputs[:_MOST_NAMED]) + (f", ... and {more:,} more" if more > 0 else "")
    these, verb = ("a table", "holds") if len(inputs) == 1 else (f"{len(inputs):,} tables", "hold")
    what = "remove the rows there, or the next run has them again"
    return f"{these} of the runs still {verb} the person; {what}: {names}"
