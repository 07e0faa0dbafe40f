"""Tables of a run folder, for people to read on a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from gpunet.base.printable import printable
from gpunet.base.words import counted
from gpunet.cli.console import columns_of_terminal, say
from gpunet.cli.noting import note_rows
from gpunet.cli.stored_tables import IDS, SCORES, Asked, StoredTable, rows_of, sealed_in, table_named, tables_of

__all__ = ["print_run", "print_table"]

# Columns where nobody's window ends: what goes into a file or to another program is not cut.
_UNBOUNDED = 1_000_000

# No table has more: it is what Arrow can count.
_MOST_ROWS = 2**63 - 1

# On a terminal one long text is not to take the room of all other columns; of what is cut the end is an ellipsis.
_WIDEST = 40


def print_run(
    folder: Path, table: str | None, rows: int | None, person: str | None = None, columns: tuple[str, ...] | None = None
) -> None:
    """Print a table of a run folder: on a terminal as many of its columns as there is room for, else all.

    Parameters
    ----------
    folder
        Of a complete run.
    table
        The file's name, with or without its suffix. If None the scores or, without any, a list of the tables, and what
        opens the scores if they are sealed.
    rows
        How many to print: of scores those of highest rank, by rank, of other tables the first; all if None.
    person
        An id: only rows about that person, a single one with a line for each of its columns.
    columns
        In this order; all if None.

    Raises
    ------
    InputError
        If there is no complete run in the folder, or no such table, column or person, or it cannot be read.
    """
    tables = tables_of(folder)
    if table is None and SCORES not in tables and person is None and columns is None:
        sizes = [{"table": each.name, "rows": each.rows, "columns": len(each.schema)} for each in tables.values()]
        _print(pa.Table.from_pylist(sizes))
        if why := sealed_in(folder):
            say(why, indent=2)
        return
    stored = table_named(folder, table)
    most = None if rows is None else min(rows, _MOST_ROWS)
    asked = Asked(person, columns, most)
    found = pa.Table.from_batches(list(rows_of(folder, stored, asked)))
    note_rows(folder, stored, asked, "consultation")
    shown = _print_row(found) if person is not None and len(found) == 1 else _print(found)
    if person is None:
        rows_shown = f"{len(found):,} of {stored.rows:,} rows"
    else:
        about = _about(folder, stored, person) if len(found) == most else len(found)
        cut = f"{len(found):,} of " if len(found) < about else ""
        rows_shown = f"{cut}{counted(about, 'row')} about this person"
    there = len(stored.schema)
    more = " (a wider window, --columns, a file or a pipe has room for more)" if shown < len(found.columns) else ""
    say(f"{rows_shown}, {shown} of {there} columns{more}", indent=2)
    say(f"tables of this run: {', '.join(tables)}", indent=2)


def print_table(found: pa.Table) -> None:
    """Print a table whole: every column, and long texts on several lines where a terminal is too narrow."""
    drawn = _drawn(found, len(found.columns), None)
    for column in drawn.columns:
        column.no_wrap, column.overflow = False, "fold"
    Console(width=columns_of_terminal() or _UNBOUNDED).print(drawn)


def _about(folder: Path, table: StoredTable, person: str) -> int:
    """How many rows of a table are about a person."""
    return sum(map(len, rows_of(folder, table, Asked(person, tuple(table.schema.names[:1])))))


def _print_row(found: pa.Table) -> int:
    """Print the one row of a table, a line for each column; return how many."""
    drawn = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    drawn.add_column("column", no_wrap=True)
    drawn.add_column("value", overflow="fold")
    for name, column in zip(found.column_names, found.columns, strict=True):
        drawn.add_row(_cell(name), _cell(column[0].as_py()))
    Console(width=columns_of_terminal() or _UNBOUNDED).print(drawn)
    return len(found.columns)


def _print(found: pa.Table) -> int:
    """Print a table with as many columns as there is room for, one at least; return how many."""
    width = columns_of_terminal()
    console = Console(width=width or _UNBOUNDED)
    if width is None:
        console.print(_drawn(found, len(found.columns), None))
        return len(found.columns)
    count, unbounded = 1, console.options.update(max_width=_UNBOUNDED)
    while count < len(found.columns):
        wider = Measurement.get(console, unbounded, _drawn(found, count + 1, _WIDEST))
        if wider.maximum > console.width:
            break
        count += 1
    console.print(_drawn(found, count, _WIDEST))
    return count


def _drawn(found: pa.Table, count: int, widest: int | None) -> Table:
    """The first columns of a table as rich draws them."""
    drawn = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for field in list(found.schema)[:count]:
        is_number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        is_id = field.name in IDS  # which are never cut, for ids that begin alike would look the same
        drawn.add_column(
            _cell(field.name),
            justify="right" if is_number else "left",
            no_wrap=not is_id,
            overflow="fold" if is_id else "ellipsis",
            max_width=None if is_id else widest,
        )
    for row in zip(*(column.to_pylist() for column in found.columns[:count]), strict=True):
        drawn.add_row(*map(_cell, row))
    return drawn


def _cell(value: Any) -> Text:
    """A value as text that does nothing to the terminal; of a null, nothing."""
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    elif isinstance(value, float):
        value = f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}"
    return Text("" if value is None else printable(value, line_breaks=False))
