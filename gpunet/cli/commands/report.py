"""``gpunet report``: a page for people, of what lies in a run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gpunet.cli.options import path_of

__all__ = ["report"]


def report(
    run: Annotated[Path, typer.Argument(parser=path_of("the run folder"), help="The folder of a complete run.")],
    audience: Annotated[
        Literal["analyst", "public"],
        typer.Option("--audience", help="public: no ids, no single persons, no number of persons under 10."),
    ] = "analyst",
) -> None:
    """Make the report of a run again: report.html, and the data of its figures."""
    from gpunet.cli.console import say
    from gpunet.cli.reports import write_report

    say(str(write_report(run, audience, note=True)))
