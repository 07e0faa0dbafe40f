"""Tables of a run folder for other programs: CSV that a spreadsheet shows and does not run, and JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from gpunet.base.errors import cannot_write
from gpunet.base.paths import refuse_inside, refuse_taken
from gpunet.base.words import counted
from gpunet.cli.console import put, say
from gpunet.cli.noting import note_rows
from gpunet.cli.stored_tables import Asked, rows_of, table_named
from gpunet.report.csv_text import csv_of
from gpunet.runs.folder import MANIFEST
from gpunet.tables.files import write_whole

__all__ = ["write_csv", "write_json"]

#: The file name that stands for standard output.
_STANDARD_OUTPUT = "-"


def write_json(folder: Path, table: str | None, asked: Asked) -> None:
    """Print a table of a run as JSON lines: a line a row, every digit of a number, days as ISO text, null for null.

    Raises
    ------
    InputError
        As :func:`gpunet.cli.show.print_run`.
    """
    note_rows(folder, table_named(folder, table), asked, "disclosure")
    for frame in _frames(folder, table, asked):
        put(frame.write_ndjson())


def write_csv(folder: Path, table: str | None, asked: Asked, out: Path) -> None:
    """Write a table of a run as CSV into a new file, or onto standard output if `out` is ``-``.

    Raises
    ------
    InputError
        As :func:`gpunet.cli.show.print_run`, or if there is such a file already, or it would lie in a run folder.
    """
    if str(out) != _STANDARD_OUTPUT:
        refuse_taken(out, "--csv")
        refuse_inside(out, MANIFEST, "--csv")
    note_rows(folder, table_named(folder, table), asked, "disclosure")
    if str(out) == _STANDARD_OUTPUT:
        for i, frame in enumerate(_frames(folder, table, asked)):
            put(csv_of(frame, header=i == 0).decode())
        return
    rows = columns = 0

    def write(path: Path) -> None:
        nonlocal rows, columns
        with path.open("wb") as file:
            for frame in _frames(folder, table, asked):
                file.write(csv_of(frame, header=columns == 0))
                rows, columns = rows + len(frame), frame.width
        refuse_taken(out, "--csv")  # somebody may have made it meanwhile

    try:
        write_whole(out, write)
    except OSError as error:
        raise cannot_write(f"--csv: cannot write {out}", error) from error
    say(f"{counted(rows, 'row')}, {counted(columns, 'column')}: {out}")


def _frames(folder: Path, table: str | None, asked: Asked) -> Iterator[pl.DataFrame]:
    for part in rows_of(folder, table_named(folder, table), asked):
        frame: Any = pl.from_arrow(part)
        yield frame
