"""Workbooks, of Excel and OpenDocument: one sheet as columns of text, or of dates."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import IO, Any

import pyarrow as pa

from gpunet.base.errors import UnreadableFile, in_words
from gpunet.base.paths import open_regular
from gpunet.config.config import ALL_COLUMNS, InputConfig
from gpunet.reading.columns import in_quotes, plain_name
from gpunet.reading.dates import timestamp_of, timestamp_text
from gpunet.reading.totals import is_total

__all__ = ["SheetTable", "read_workbook"]

#: Rows that become columns at a time, and rows among which the header is looked for.
_BLOCK_ROWS, _HEAD_ROWS = 1 << 14, 50

#: Whole numbers of more digits have lost some: a cell holds fifteen.
_EXACT = 10**15

_MOST_BYTES = 1 << 30  # a workbook is in memory as a whole

_TIMESTAMP = pa.timestamp("us")


@dataclass(frozen=True)
class SheetTable:
    """One sheet: the names in its header, its columns as chunked PyArrow arrays, and what is to be told of it.

    ``totals``: numbers and texts of rows at its end that are totals, and in none of the columns.
    """

    names: list[str]
    columns: list[Any]
    totals: list[tuple[int, str]]
    notes: list[str]


def read_workbook(file: str | IO[bytes], name: str, config: InputConfig) -> SheetTable:
    """Read a sheet of a file, a path or an open one, which is `name` in messages.

    It is the sheet that `config` names, or the only one that is not empty.
    The header is the row that has most of our columns' names, or the first after ``skip_lines``. Rows without a value
    are no rows, and totals at the end are apart. A column of dates alone has timestamps; of any other each value is
    text: whole numbers without a point, and those of more digits than a cell holds in scientific notation, which no id
    may have.

    Raises
    ------
    UnreadableFile
        If it is no workbook, is protected by a password, or it is not clear which sheet is meant.
    """
    with _told(name):
        sheet = _sheet(file, name, config.sheet)
        rows: Iterator[Sequence[Any]] = iter(()) if sheet is None else sheet.iter_rows()
        filled = (cells for cells in islice(rows, config.skip_lines, None) if any(cell != "" for cell in cells))
        head = list(islice(filled, _HEAD_ROWS if config.skip_lines is None else 1))
        if not head:
            return SheetTable([], [], [], [])
        begin = _header(head, config)
        names = [_text(cell) or "" for cell in head[begin]]
        totals: list[Sequence[Any]] = []
        columns = _columns(len(names), _less_totals(chain(head[begin + 1 :], filled), totals))
    kept = [i for i, column in enumerate(columns) if names[i] or column.null_count < len(column)]
    rows_before = len(columns[0])
    return SheetTable(
        [names[i] for i in kept],
        [columns[i] for i in kept],
        [(rows_before + i, _line(cells)) for i, cells in enumerate(totals, start=1)],
        list(_notes(begin, totals)),
    )


def _notes(titles: int, totals: Sequence[Sequence[Any]]) -> Iterator[str]:
    if titles:
        yield f"{titles} row{'s' * (titles > 1)} before the header {'were' if titles > 1 else 'was'} skipped"
    if totals:
        count = f"{len(totals)} rows, which are totals, were" if len(totals) > 1 else "row, which is a total, was"
        yield f"the last {count} rejected as malformed_row"


def _line(cells: Sequence[Any]) -> str:
    return ",".join(_text(cell) or "" for cell in cells)


def _less_totals(rows: Iterator[Sequence[Any]], totals: list[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """The rows but for totals at their end, which `totals` has then."""
    for cells in rows:
        if _is_total(cells):
            totals.append(cells)
            continue
        yield from totals
        totals.clear()
        yield cells


def _is_total(cells: Sequence[Any]) -> bool:
    first, *others = (cell for cell in cells if cell != "")
    if not isinstance(first, str) or not all(isinstance(cell, int | float) for cell in others):
        return False
    return is_total([_text(cell) or "" for cell in cells])


@contextmanager
def _told(name: str) -> Iterator[None]:
    """What goes wrong in a workbook, in words."""
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except PasswordError as error:
        raise UnreadableFile(name, "it is protected by a password: save it without one") from error
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableFile(name, f"not readable as a workbook: {in_words(error)}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of damaged workbooks: no Exception, and without a name to import
            raise
        raise UnreadableFile(name, f"not readable as a workbook: {in_words(error)}") from error


def _sheet(file: str | IO[bytes], name: str, wanted: str) -> Any:
    """The sheet that is read; None if all are empty. Hidden ones count only if they are named."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum, load_workbook

    with open_regular(file) if isinstance(file, str) else nullcontext(file) as opened:
        if opened.seek(0, os.SEEK_END) > _MOST_BYTES:
            raise UnreadableFile(name, "a workbook of more than 1 GiB is not read: write the table as CSV or Parquet")
        opened.seek(0)
        book = load_workbook(opened)  # all of it; of a path the name would count
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    titles = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible or wanted]
    if wanted:
        found = [title for title in titles if title.casefold() == wanted.casefold()]
        if not found:
            raise UnreadableFile(name, f'there is no sheet "{wanted}"; {_choice(titles)}')
        return book.get_sheet_by_name(found[0])
    filled = [(title, sheet) for title in titles if (sheet := book.get_sheet_by_name(title)).height]
    if len(filled) > 1:
        raise UnreadableFile(name, f"several sheets are not empty; {_choice([title for title, _ in filled])}")
    return filled[0][1] if filled else None


def _choice(titles: list[str]) -> str:
    return f"write one of {in_quotes(titles, ', ')} under [input] sheet" if titles else "there is none at all"


def _header(rows: Sequence[Sequence[Any]], config: InputConfig) -> int:
    """The position of the first row that has as many of our columns' names as any."""
    ours = (*ALL_COLUMNS, *config.incident_key)
    wanted = {plain_name(theirs) for column in ours for theirs in config.source_names(column)}
    known = [len(wanted & {plain_name(cell) for cell in cells if isinstance(cell, str)}) for cells in rows]
    return known.index(max(known))


def _columns(width: int, rows: Iterator[Sequence[Any]]) -> list[Any]:
    parts: list[list[Any]] = [[] for _ in range(width)]
    while block := list(islice(rows, _BLOCK_ROWS)):
        for of_column, values in zip(parts, zip(*block, strict=True), strict=True):
            of_column.append(_array(values))
    return list(map(_joined, parts))


def _array(values: Sequence[Any]) -> Any:
    if all(isinstance(value, date) or value == "" for value in values):
        return pa.array([None if value == "" else _timestamp(value) for value in values], _TIMESTAMP)
    return pa.array(map(_text, values), pa.large_string())


def _joined(parts: Sequence[Any]) -> Any:
    """The parts of a column as one: of timestamps if all that is there is."""
    kinds = {part.type for part in parts if part.null_count < len(part)}
    if kinds == {_TIMESTAMP}:
        return pa.chunked_array([part.cast(_TIMESTAMP) for part in parts], _TIMESTAMP)
    return pa.chunked_array([_as_text(part) for part in parts], pa.large_string())


def _as_text(part: Any) -> Any:
    if part.type != _TIMESTAMP:
        return part
    stamps = part.cast(pa.int64()).to_pylist()
    return pa.array([None if stamp is None else timestamp_text(stamp) for stamp in stamps], pa.large_string())


def _timestamp(value: date) -> int:
    return timestamp_of(value if isinstance(value, datetime) else datetime.combine(value, time()))


def _text(value: Any) -> str | None:
    """The canonical text of a cell; None if it is empty, or holds an error such as #N/A."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if value != int(value):
            return repr(value)
        return str(int(value)) if abs(value) < _EXACT else f"{value:.14e}"
    if isinstance(value, date):
        return timestamp_text(_timestamp(value))
    return str(value) if isinstance(value, timedelta) else str(value.isoformat())
