"""Tables of a run folder, for people to read on a terminal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import check_regular, refuse_files
from gpunet.base.printable import printable
from gpunet.cli.console import columns_of_terminal, say
from gpunet.runs.folder import MANIFEST
from gpunet.tables.arrow_paths import for_arrow

__all__ = ["print_run"]

_SUFFIX = ".parquet"
_SCORES = "scores"
_PANEL = "panel"  # of which the last snapshot is shown, unless a day is named: panel/as_of=2013-02-01

# Columns where nobody's window ends: what goes into a file or to another program is not cut.
_UNBOUNDED = 1_000_000

# No table has more: it is what Arrow can count.
_MOST_ROWS = 2**63 - 1

# On a terminal one long text is not to take the room of all other columns; of what is cut the end is an ellipsis.
_WIDEST = 40

# Never cut, for ids that begin alike would look the same.
_IDS = ("person_id", "person_a", "person_b", "incident_id")


def print_run(folder: Path, table: str | None, rows: int) -> None:
    """Print a table of a run folder: on a terminal as many of its columns as there is room for, else all.

    Parameters
    ----------
    folder
        Of a complete run.
    table
        The file's name, with or without its suffix. If None the scores or, without any, a list of the tables.
    rows
        How many to print: of scores those of highest rank, by rank, of other tables the first.

    Raises
    ------
    InputError
        If there is no complete run in the folder, or no such table, or it cannot be read.
    """
    rows = min(rows, _MOST_ROWS)
    refuse_files(folder)
    tables = _tables(folder)
    if table is None and _SCORES not in tables:
        sizes = [{"table": name, **_size(path)} for name, path in tables.items()]
        _print(pa.Table.from_pylist(sizes))
        return
    name = _SCORES if table is None else table.removesuffix(_SUFFIX)
    snapshot = folder / name / f"part{_SUFFIX}"
    if re.fullmatch(rf"{_PANEL}/as_of=\d{{4}}-\d\d-\d\d", name, re.ASCII) and snapshot.is_file():
        tables[name] = snapshot
    if name not in tables:
        raise InputError(f'{folder} has no table "{name}"; there are {", ".join(tables) or "none"}')
    size, found = _size(tables[name]), _rows(tables[name], name, rows)
    columns = _print(found)
    more = " (a wider window, a file or a pipe has room for more)" if columns < size["columns"] else ""
    say(f"{len(found):,} of {size['rows']:,} rows, {columns} of {size['columns']} columns{more}", indent=2)
    say(f"tables of this run: {', '.join(tables)}", indent=2)


def _tables(folder: Path) -> dict[str, Path]:
    """The tables of a complete run by their names without suffix."""
    if not (folder / MANIFEST).is_file():
        from gpunet.runs.resume import stored_request

        unfinished = stored_request(folder)
        if unfinished is None:
            raise InputError(f"{folder} is not the folder of a run: it has no {MANIFEST}")
        raise InputError(f"{folder}: this run is not finished; to go on: gpunet {unfinished.command} --resume {folder}")
    tables = {path.stem: path for path in sorted(folder.glob(f"*{_SUFFIX}"))}
    snapshots = sorted(folder.glob(f"{_PANEL}/as_of=*/part{_SUFFIX}"))
    return tables if not snapshots else {**tables, _PANEL: snapshots[-1]}


def _size(path: Path) -> dict[str, int]:
    """How many rows and columns a table has."""
    try:
        check_regular(path)
        found = pq.read_metadata(for_arrow(path))
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error
    return {"rows": found.num_rows, "columns": found.num_columns}


def _rows(path: Path, name: str, rows: int) -> pa.Table:
    """So many rows of a table, without reading all of it."""
    try:
        if name == _SCORES:
            best = pq.read_table(for_arrow(path), filters=pc.field("rank") <= rows).sort_by("rank")
            return best.select(["rank", *(column for column in best.column_names if column != "rank")])
        with pq.ParquetFile(for_arrow(path)) as file:
            batches = file.iter_batches(max(1, min(rows, file.metadata.num_rows)))
            return pa.Table.from_batches([next(batches)] if file.metadata.num_rows else [], file.schema_arrow)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(f"{path}: not readable as Parquet: {in_words(error)}")


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
        is_id = field.name in _IDS
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
