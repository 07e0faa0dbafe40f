"""Tables of ties of other kinds than arrests: files and frames to coded rows, and a report of what became of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from gpunet.arrests.beside import NEVER, Associations, Kind
from gpunet.arrests.joined import TieRows
from gpunet.arrests.read_report import ReadReport
from gpunet.base.array_types import Int64
from gpunet.base.errors import InputError
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import Config
from gpunet.config.ties_config import check_authority
from gpunet.reading.corrections import Corrections, Effect
from gpunet.reading.dates import DAY_US, NO_TIMESTAMP
from gpunet.reading.location import HOST, Column, in_order, joined
from gpunet.reading.names import check_forces
from gpunet.reading.packed import pack
from gpunet.reading.pseudonymised import check_kind
from gpunet.reading.skipped import nothing_readable
from gpunet.reading.tables import open_tables
from gpunet.reading.ties_columns import as_input, ties_layout
from gpunet.reading.ties_corrections import corrected_ties
from gpunet.reading.ties_kinds import check_kinds
from gpunet.reading.ties_report import tie_notes, ties_report
from gpunet.reading.ties_rows import TieBatch, TieReader
from gpunet.tables import arrays
from gpunet.tables.frames import make_series

__all__ = ["read_ties"]

_STAGE = "reading ties"

#: Grades of rows, and a number that each of them is below.
_GRADES = {"source": 4, "information": 6, "handling": 3}


def read_ties(
    paths_or_frame: Any,
    config: Config,
    *,
    today: date | None = None,
    keep_going: bool = False,
    progress: ProgressCallback | None = None,
    notice: Callable[[str], None] | None = None,
    corrections: Corrections | None = None,
    effect: Effect | None = None,
) -> tuple[TieRows, ReadReport]:
    """Read, check and code tables of ties; ``docs/associations.md`` has every rule.

    Parameters
    ----------
    paths_or_frame
        Paths, folders, globs or frames: whatever :func:`gpunet.read_arrests` takes.
    config
        ``[input]`` says how the tables are written, and how ids of persons are understood; ``[ties]`` which ties count.
    today
        Dates after this day are none, and authorities that ended before it are over; the present day if None.
    keep_going, progress, notice
        As those of :func:`gpunet.read_arrests`.
    corrections, effect
        Rows are changed by the corrections of persons, whose effect is entered.

    Returns
    -------
    TieRows
        The accepted rows in the order of the tables, without those that repeat another.
    ReadReport
        What became of the rows of each file, as of those of arrests.

    Raises
    ------
    InputError
        If a table cannot be read, or lacks a column.
    ConfigError
        If a kind of social media is in use without authority, or a kind is not named.
    """
    check_authority(config.ties, today or date.today())
    try:
        tables = open_tables(
            paths_or_frame,
            as_input(config.input),
            HOST,
            keep_going=keep_going,
            notice=notice,
            of=ties_layout(config.input),
        )
        reader = TieReader(config, today)
        reader.add_all(tables.batches(progress, _STAGE))
        inputs = tables.inputs
        if not inputs.records and inputs.skipped:
            raise nothing_readable(inputs.skipped)
        check_kind(inputs.records, "ties", config.input.person_scope)
        rejected = reader.rejections(inputs.records, corrections, effect)
        check_kinds(reader.unknown, config.ties)
        check_forces(config, reader.forces, sum(map(len, reader.parts)))
    except InputError as error:
        raise InputError(f"ties: {error}") from error
    rows, notes = _rows(reader, config, corrections, effect or Effect())
    report = ties_report(tables, config, reader, rejected, notes, today or date.today())
    if progress is not None:
        progress(_STAGE, tables.total, tables.total)
    return rows, report


def _rows(
    reader: TieReader, config: Config, corrections: Corrections | None, effect: Effect
) -> tuple[TieRows, list[str]]:
    """All accepted rows as one, after corrections, without repeats, which are counted; and notes on them."""
    parts = [*reader.parts, TieBatch.empty()]  # there may have been no batch
    if corrections is not None:
        parts = [corrected_ties(parts, reader, corrections, effect)]
    persons = joined([part.a for part in parts] + [part.b for part in parts], HOST, "person_id", as_integers=False)
    n = sum(map(len, parts))
    date_, until = (_together([getattr(part, name) for part in parts], np.int64) for name in ("date", "until"))
    recorded = _together([part.recorded for part in parts], np.int32)
    kind = _together([part.kind for part in parts], np.int32)
    a, b = np.minimum(persons.codes[:n], persons.codes[n:]), np.maximum(persons.codes[:n], persons.codes[n:])
    size = max(len(persons.values), 1)
    basis = joined([part.basis for part in parts], HOST, "basis", as_integers=False)
    grades = [_together([getattr(part, name) for part in parts], np.int8) for name in _GRADES]
    key, _ = pack(
        [
            (a, size),
            (b, size),
            (kind, len(config.ties) + 1),
            arrays.dense(date_),
            arrays.dense(until),
            *((grade, _GRADES[name]) for name, grade in zip(_GRADES, grades, strict=True)),
            (basis.codes.astype(np.int64) + 1, len(basis.values) + 1),
        ]
    )
    row, distinct = arrays.dense(key)
    first: Int64 = np.sort(arrays.least_by_code(row, np.arange(n), distinct, n))
    recorded = arrays.least_by_code(row, recorded, distinct, NEVER)[row[first]]  # the earliest of rows that are alike
    _count_repeats(reader, first)
    both = in_order(Column(persons.values, np.concatenate([persons.codes[:n][first], persons.codes[n:][first]])), HOST)
    x, y = both.codes[: len(first)].astype(np.int32), both.codes[len(first) :].astype(np.int32)
    used = [i for i, settings in enumerate(config.ties.values()) if settings.use]
    place = np.full(len(config.ties) + 1, -1, np.int32)
    place[used] = np.arange(len(used))
    ends = until[first]
    rows = Associations(
        a=x,
        b=y,
        kind=place[kind[first]],
        day=(date_[first] // DAY_US).astype(np.int32),
        until=np.where(ends == NO_TIMESTAMP, NEVER, ends // DAY_US).astype(np.int32),
        recorded=recorded.astype(np.int32),
        kinds=tuple(
            Kind(name, settings.half_life_days, settings.limit_days)
            for name, settings in config.ties.items()
            if settings.use
        ),
    )
    restricted = grades[-1][first] == 2
    return TieRows(make_series("person_id", both.values.to_arrow()), rows), tie_notes(rows, restricted)


def _together(parts: list[Any], kind: Any) -> Any:
    return np.concatenate(parts).astype(kind, copy=False)


def _count_repeats(reader: TieReader, first: Int64) -> None:
    """Count the rows of each input that are not `first` among those that are alike."""
    pieces = [piece for part in reader.pieces for piece in part]
    stops = np.cumsum([count for _, count in pieces])
    kept = np.diff(np.searchsorted(first, stops), prepend=0).tolist() if pieces else []
    for (piece, count), of_piece in zip(pieces, kept, strict=True):
        piece.record.duplicate += count - of_piece
