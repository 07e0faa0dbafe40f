"""``gpunet log``: whether the log is whole, and what was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gpunet.cli.options import path_of

__all__ = ["log"]

log = typer.Typer(
    help="The log of what is done with persons' data: whether it is whole, and demand.", no_args_is_help=True
)

_Log = Annotated[
    Path,
    typer.Argument(
        metavar="DIR|FILE",
        parser=path_of("the log"),
        help="A folder that holds runs and their log.jsonl, the folder of a run, or a log.",
    ),
]


@log.command()
def verify(
    place: _Log,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="SHA256", help="SHA-256 of a line, noted earlier, which must still be there."),
    ] = None,
) -> None:
    """Look for lines that were changed, removed, put in or moved; exit code 2 if there are any."""
    from gpunet.cli.logs import verified

    verified(place, head)


@log.command()
def summary(
    place: _Log,
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=path_of("--out"), help="Folder for the tables and a page, demand.html."),
    ] = None,
    audience: Annotated[
        Literal["analyst", "public"],
        typer.Option("--audience", help="public: by month alone, and no number under 10."),
    ] = "analyst",
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Count a log too that is not whole, as far as it can be read.")
    ] = False,
) -> None:
    """Tell of demand: what was done by task, purpose, team and month."""
    from gpunet.cli.logs import summarised

    summarised(place, out, audience, unverified)
