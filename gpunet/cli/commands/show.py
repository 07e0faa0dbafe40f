"""``gpunet show``: a table of a run folder on the terminal, or for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gpunet.base.errors import InputError
from gpunet.cli.options import path_of

__all__ = ["show"]

_ROWS = 20


def show(
    run: Annotated[Path, typer.Argument(parser=path_of("the run folder"), help="The folder of a run.")],
    table: Annotated[
        str | None, typer.Argument(help="features, ties, results, ...; panel/as_of=DAY; scores if there are any.")
    ] = None,
    person: Annotated[str | None, typer.Option("--person", metavar="ID", help="Only rows about this person.")] = None,
    top: Annotated[
        int | None,
        typer.Option(
            "--top", min=1, help=f"Rows: of scores by rank, else the first. \\[{_ROWS}; of a person, exports: all]"
        ),
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="A,B,...", help="Only these columns, in this order.")
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar="FILE",
            parser=path_of("--csv"),
            help="Write CSV that a spreadsheet shows and does not run into this file, a new one; - is standard output.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines: exact values, a line a row.")] = False,
) -> None:
    """Print a table of a run, or export it: scores by rank, or the one that is named."""
    if csv is not None and as_json:
        raise InputError("--csv and --json are two ways to export: give one of them")
    names = None if columns is None else _names(columns)
    if csv is None and not as_json:
        from gpunet.cli.show import print_run
        from gpunet.cli.stored_tables import SCORES

        if table is None and top is not None:  # which is of scores, and of no list of tables
            table = SCORES
        print_run(run, table, _ROWS if top is None and person is None else top, person, names)
        return
    from gpunet.cli.exports import write_csv, write_json
    from gpunet.cli.stored_tables import Asked

    asked = Asked(person, names, top)
    if csv is None:
        write_json(run, table, asked)
    else:
        write_csv(run, table, asked, csv)


def _names(columns: str) -> tuple[str, ...]:
    """The names between commas; where there is nothing between them, none is meant."""
    names = tuple(name.strip() for name in columns.split(",") if name.strip())
    if not names:
        raise InputError("--columns names no column: give one or more, such as person_id,probability")
    return names
