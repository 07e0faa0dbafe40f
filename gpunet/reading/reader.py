"""Rows are checked and coded table by table, where the tables lie; kept are a code a column and row, and distinct ids.

One reader serves the host, where tables are slices of files, a device, where they are whole files, and the workers of a
cluster, which read partitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pyarrow as pa

from gpunet.arrests.charges import NEVER
from gpunet.base.array_types import Int8, Int64
from gpunet.config.config import Config
from gpunet.config.input_config import DATE_COLUMNS, DATE_PARTS
from gpunet.reading.batches import Batch, InputRecord, Piece, Withdrawal
from gpunet.reading.coded_rows import CodedRows, Repeats, date_part, repeats_of
from gpunet.reading.columns import coded_columns, key_columns
from gpunet.reading.corrections import Corrections, Effect, all_rejected, correct_rows
from gpunet.reading.date_columns import DateColumns
from gpunet.reading.dates import DAY_US, NO_TIMESTAMP
from gpunet.reading.dialects import column_at
from gpunet.reading.findings import Findings, findings_of_rejected
from gpunet.reading.location import Column, Location, code_series, in_order, joined
from gpunet.reading.rejections import REASONS, rejected_rows
from gpunet.reading.state import ReadState
from gpunet.reading.values import Values, meaning_of, values_of
from gpunet.tables import arrays
from gpunet.tables.frames import rows_of, series_to_arrow

__all__ = ["Reader", "of_type", "with_force"]

_MISSING_PERSON, _MISSING_INCIDENT, _BAD_ID, _BAD_DATE, _BAD_RECORDED_AT, _RECORDED_BEFORE_DATE = map(
    REASONS.index,
    ("missing_person", "missing_incident", "bad_id", "bad_date", "bad_recorded_at", "recorded_before_date"),
)

#: Tables are put together, and repeats taken out, when they have so many rows, and twice as many as were put together
#: before: so what is held follows what is kept, and a row is moved twice at most, near enough.
_ROWS = 1 << 22

# What coding all rows alike, and putting arrests together, needs at its height, counted on arrays in the host's memory.
_BYTES_A_ROW = 216


class _Before(NamedTuple):
    """How many rows, pieces and tables of rejected rows there were before the last input, and what had been found."""

    rows: int
    pieces: int
    rejected: int
    found: Findings


class Reader:
    """Everything that has been read so far, coded, without repeats.

    A row is held in 8 bytes for the timestamp and 1 to 4 for each column, and in 5 more where a table tells when rows
    were recorded. Beside these, a table lies in memory whole
    while it is coded.

    Attributes
    ----------
    pieces
        The pieces of inputs that the rows come from, in their order, and how many rows of each are kept.
    found
        What was found beside rows; why rows are rejected only after :meth:`rejections`.
    """

    def __init__(self, config: Config, location: Location, today: date | None = None) -> None:
        self.pieces: list[tuple[Piece, int]] = []
        self.found = Findings()
        self._config, self._location = config, location
        self._dates = DateColumns(config.input, location, today)
        self._keys = key_columns(config.input)
        self._names = tuple(name for name in coded_columns(config.input) if name not in DATE_PARTS)
        self._meanings = {name: meaning_of(config.input, name) for name in self._names}
        self._parts: list[CodedRows] = []
        self._rejected: list[pa.Table] = []
        self._merged = 0
        self._before = _Before(0, 0, 0, Findings())

    def add_all(self, batches: Iterable[Batch | Withdrawal]) -> None:
        """Check and code batch by batch, and count rows that are rejected; less those that are withdrawn."""
        for batch in batches:
            if isinstance(batch, Withdrawal):
                self._undo()
            else:
                self._add(batch)

    def go_on_from(self, state: ReadState) -> None:
        """Begin with what was read before, on the host."""
        self._parts, self.pieces = [state.rows], state.pieces()
        self._rejected, self.found = [state.rejected], state.found.copy()
        self._merged = len(state.rows)

    def _add(self, batch: Batch) -> None:
        if batch.begins:
            held = sum(map(len, self._parts))
            self._before = _Before(held, len(self.pieces), len(self._rejected), self.found.copy())
        rows, rejected, reasons = self._checked(batch)
        repeats = repeats_of(rows)
        counts = []
        for piece, of_piece in zip(batch.pieces, batch.by_piece(rejected), strict=True):
            counts.append((piece, piece.count - of_piece))
            piece.record.rejected += of_piece
        if len(rejected):
            self._rejected.append(rejected_rows(batch, rejected, reasons))
        self.pieces += _counted(counts, rows, repeats)
        self._parts.append(rows.without(repeats))
        held = sum(map(len, self._parts))
        if held - self._merged > max(_ROWS, 2 * self._merged):
            self._merge(held)

    def _undo(self) -> None:
        """Forget the rows of the last input; they are the last, also where they were put together with those before."""
        rows, pieces, rejected, self.found = self._before
        self._before = self._before._replace(found=self.found.copy())
        del self.pieces[pieces:], self._rejected[rejected:]
        parts, self._parts = self._parts, []
        for part in parts:
            self._parts.append(part if len(part) <= rows else part.at(slice(0, rows)))
            rows -= len(self._parts[-1])

    def _checked(self, batch: Batch) -> tuple[CodedRows, Int64, Int8]:
        """The accepted rows, the positions of all others, ascending, and why these are rejected."""
        location, where = self._location, batch.where
        columns = {
            c: column_at(
                location, batch.frame.get_column(c), f'{where}: column "{c}"', self._dates.formats, self._dates.meaning
            )
            for c in batch.frame.columns
        }
        coded = {
            c: values_of(code_series(columns[c], location), self._meanings[c], location)
            for c in self._names
            if c in columns
        }
        n = len(batch.frame)
        timestamps, recorded = (
            self._dates.timestamps(c, columns.get(c), n, f'{where}: column "{c}"', self.found) for c in DATE_COLUMNS
        )
        self._note_words(coded)
        xp = arrays.namespace(timestamps)
        undated = timestamps == NO_TIMESTAMP
        reason = xp.full(n, -1, dtype=xp.int8)
        if "recorded_at" in columns:
            told = recorded != NO_TIMESTAMP
            too_early = told & ~undated & (recorded // DAY_US < timestamps // DAY_US)
            reason = xp.where(too_early, _RECORDED_BEFORE_DATE, reason)
            reason = xp.where(told & self._dates.is_out_of_range(recorded), _BAD_RECORDED_AT, reason)
        reason = xp.where(~undated & self._dates.is_out_of_range(timestamps), _BAD_DATE, reason)
        for name in dict.fromkeys(("person_id", *self._keys)):
            if name in coded and coded[name].bad is not None:
                reason = xp.where(coded[name].bad, _BAD_ID, reason)
        for name in self._keys:
            missing = undated if name in DATE_PARTS else _missing(coded[name])
            reason = xp.where(missing, _MISSING_INCIDENT, reason)
        reason = xp.where(_missing(coded["person_id"]), _MISSING_PERSON, reason)
        none = Column(location.series("none", []), xp.full(n, -1, dtype=xp.int8))
        kept = {c: coded[c].column if c in coded else none for c in self._names}
        rows = CodedRows({c: column.narrowed() for c, column in kept.items()}, timestamps)
        (accepted,) = xp.nonzero(reason < 0)
        (rejected,) = xp.nonzero(reason >= 0)
        if "recorded_at" in columns:
            days = xp.where(recorded == NO_TIMESTAMP, NEVER, recorded // DAY_US)
            rows = replace(rows, recorded=xp.astype(days, xp.int32), again=xp.zeros(n, dtype=xp.bool))
            self.found.unrecorded += int(xp.count_nonzero(recorded[accepted] == NO_TIMESTAMP))
        return rows.at(accepted), arrays.to_host(rejected), arrays.to_host(reason[rejected])

    def _note_words(self, coded: Mapping[str, Values]) -> None:
        for name, values in coded.items():
            self.found.words.update({(name, word): rows for word, rows in values.words.items()})

    def _merge(self, held: int) -> None:
        """Put all rows together, and take out repeats."""
        location = self._location
        location.expect(_BYTES_A_ROW * held)
        parts, self._parts = self._parts, []
        columns = {}
        for name in self._names:
            of_parts = [part.columns.pop(name) for part in parts]
            columns[name] = joined(of_parts, location, name, name == "person_id" and _fit(of_parts))
        xp = arrays.namespace(parts[0].timestamps)
        rows = CodedRows(columns, xp.concat([part.timestamps for part in parts]), *_told(parts))
        del parts
        repeats = repeats_of(rows)
        before = self._before.rows
        self._before = self._before._replace(
            rows=before - int(np.searchsorted(arrays.to_host(repeats.needless), before))
        )
        self.pieces = _counted(self.pieces, rows, repeats)
        self._parts = [rows.without(repeats)]
        self._merged = len(self._parts[0])

    def finish(self, integer_ids: bool) -> CodedRows:
        """All rows, coded alike, with the columns' values ascending and "date" too where it is in the incident key.

        With `integer_ids`, which are said to have come as whole numbers, person ids are such if all fit an int64.
        """
        location = self._location
        empty = {name: Column(location.series(name, []), location.array(np.empty(0, np.int8))) for name in self._names}
        self._parts.append(CodedRows(empty, location.array(np.empty(0, np.int64))))  # there may have been no batch
        self._merge(sum(map(len, self._parts)))
        (rows,) = self._parts
        self._parts = []
        columns = rows.columns
        if self._config.input.person_scope == "force":
            person = of_type(columns["person_id"], False, location)
            columns["person_id"] = with_force(columns["force"], person, location)
        else:
            columns["person_id"] = of_type(columns["person_id"], integer_ids, location)
        for name in self._names:
            columns[name] = in_order(columns.pop(name), location)
        for name in DATE_PARTS.intersection(self._keys):
            columns[name] = date_part(name, rows.timestamps, location)
        return rows

    def corrected(self, rows: CodedRows, corrections: Corrections, effect: Effect) -> CodedRows:
        """All rows, as :meth:`finish` gives them, after `corrections`, whose `effect` is entered."""
        rows, self.pieces = correct_rows(rows, self.pieces, corrections, self._config, self._location, effect)
        repeats = repeats_of(rows)  # two rows of persons who are one
        self.pieces = _counted(self.pieces, rows, repeats)
        return rows.without(repeats)

    def rejections(
        self, records: Sequence[InputRecord], corrections: Corrections | None = None, effect: Effect | None = None
    ) -> pa.Table:
        """All rejected rows, also those of CSV files that have a wrong number of fields; these are counted now.

        Less those of persons whom `corrections` erase.
        """
        tables, self._rejected = self._rejected, []
        rejected = all_rejected(tables, records, corrections, effect)
        self.found += findings_of_rejected(rejected, ("person_id", *self._keys))
        return rejected


def _told(parts: Sequence[CodedRows]) -> tuple[Any, Any]:
    """When the rows of all parts were recorded, and which are counted as repeats; None where no part tells."""
    if all(part.recorded is None for part in parts):
        return None, None
    xp = arrays.namespace(parts[0].timestamps)
    recorded, again = zip(*(part.told() for part in parts), strict=True)
    return xp.concat(recorded), xp.concat(again)


def _counted(counts: list[tuple[Piece, int]], rows: CodedRows, repeats: Repeats) -> list[tuple[Piece, int]]:
    """How many of the rows of each piece are kept; repeats that are none yet are entered."""
    if not repeats.every.shape[0]:
        return counts
    stops = np.cumsum([count for _, count in counts])

    def by_piece(positions: Any) -> list[int]:
        found: list[int] = np.diff(np.searchsorted(arrays.to_host(positions), stops), prepend=0).tolist()
        return found

    gone = by_piece(repeats.needless)
    new = gone if rows.again is None else by_piece(repeats.every[~rows.again[repeats.every]])
    for (piece, _), of_piece in zip(counts, new, strict=True):
        piece.record.duplicate += of_piece
    return [(piece, count - of_piece) for (piece, count), of_piece in zip(counts, gone, strict=True)]


def _missing(values: Values) -> Any:
    """Which rows have no value, not even one that is no id."""
    none = values.column.codes < 0
    return none if values.bad is None else none & ~values.bad


def _fit(parts: list[Column]) -> bool:
    """Whether all values are whole numbers that fit an int64, apart from columns without any."""
    filled = [part.values for part in parts if len(part.values)]
    if not all(values.dtype.is_integer() for values in filled):
        return False
    return not any(values.dtype == nw.UInt64 and int(values.max()) > np.iinfo(np.int64).max for values in filled)


def of_type(column: Column, as_integers: bool, location: Location) -> Column:
    """The column with its values as int64 if they are to be and all fit one, else as texts."""
    if column.values.dtype == (nw.Int64 if as_integers else nw.String):
        return column
    values = series_to_arrow(column.values)
    try:
        values = values.cast(pa.int64() if as_integers else pa.large_string())
    except pa.ArrowInvalid:  # unsigned ids past 2^63 stay text
        return column
    return Column(location.series("person_id", values), column.codes)


def with_force(force: Column, person: Column, location: Location) -> Column:
    """Person ids within their force: the text ``force:person_id``."""
    xp = arrays.namespace(person.codes)
    size = max(len(person.values), 1)
    packed = (xp.astype(force.codes, xp.int64) + 1) * size + xp.astype(person.codes, xp.int64)
    pairs = arrays.distinct(packed)
    if not pairs.shape[0]:
        return person
    parts = {
        "force": rows_of(location.series("force", ["", *force.texts()]), pairs // size),
        "person": rows_of(person.values, pairs % size),
    }
    texts = location.frame(parts).select(nw.concat_str("force", "person", separator=":").alias("person_id"))
    every = code_series(texts.get_column("person_id"), location)
    return Column(every.values, every.codes[xp.searchsorted(pairs, packed)])
