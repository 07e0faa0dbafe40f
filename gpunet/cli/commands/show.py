"""``gpunet show``: a table of a run folder on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gpunet.cli.options import path_of

__all__ = ["show"]


def show(
    run: Annotated[Path, typer.Argument(parser=path_of("the run folder"), help="The folder of a run.")],
    table: Annotated[
        str | None, typer.Argument(help="features, ties, results, ...; panel/as_of=DAY; scores if there are any.")
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Rows: of scores by rank, else the first.")] = 20,
) -> None:
    """Print a table of a run: scores by rank, or the one that is named."""
    from gpunet.cli.show import print_run

    print_run(run, table, top)
