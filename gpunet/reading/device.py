"""Rows are checked and coded where the tables lie, table by table; kept are a code a column and row, and distinct ids.

It does what :mod:`gpunet.reading.accumulate` does for rows that the host streams, and to the same rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gpunet.config.config import Config
from gpunet.reading.check import coded_columns, key_columns, latest_timestamp
from gpunet.reading.columns import as_timestamps
from gpunet.reading.dates import DAY_US, EARLIEST, NO_TIMESTAMP, timestamp_text
from gpunet.reading.direct import columns_at
from gpunet.reading.location import Column, Location, code_series, is_blank, joined, of_used, to_codes
from gpunet.reading.packed import dense, pack
from gpunet.reading.rejections import Rejections
from gpunet.reading.stream import Batch, Piece
from gpunet.tables import arrays
from gpunet.tables.frames import rows_of, to_arrow

__all__ = ["CodedRows", "DeviceReader", "without_repeats"]


# What coding all rows alike, and putting arrests together, needs at its height, counted on arrays in the host's memory.
_BYTES_A_ROW = 216


@dataclass(frozen=True, eq=False)
class CodedRows:
    """The accepted rows without repeats, in file order.

    ``columns``: every coded column by name, "date" too where it is in the incident key. ``timestamps``: int64[n],
    ``NO_TIMESTAMP`` where there is no date.
    """

    columns: dict[str, Column]
    timestamps: Any


class DeviceReader(Rejections):
    """Everything that has been read so far, coded.

    A row is held in 8 bytes for the timestamp and 4 for each column. Beside these, a table lies in memory whole while
    it is coded.

    Attributes
    ----------
    location
        Where tables and arrays lie.
    key_columns
        The columns of the incident key, less the force.
    """

    def __init__(self, config: Config, location: Location, today: date | None = None) -> None:
        super().__init__(config)
        self.location = location
        self.latest = latest_timestamp(today)
        self.key_columns = key_columns(config.input)
        self._parts: dict[str, list[Column]] = {name: [] for name in coded_columns(config.input) if name != "date"}
        self._timestamps: list[Any] = []
        self._pieces: list[tuple[Piece, int]] = []
        self._tables = self._pieces_before = 0

    def begin(self) -> None:
        """Remember how many tables there are."""
        super().begin()
        self._tables, self._pieces_before = len(self._timestamps), len(self._pieces)

    def undo(self) -> None:
        """Forget the tables since then."""
        super().undo()
        for parts in (*self._parts.values(), self._timestamps):
            del parts[self._tables :]
        del self._pieces[self._pieces_before :]

    def add(self, batch: Batch) -> None:
        """Check and code the rows of `batch`, and count those that are rejected."""
        location, frame = self.location, columns_at(self.location, batch)
        where = batch.pieces[0].record.name
        timestamps, undated, bad = self._timestamps_of(frame.get_column("date"), f'{where}: column "date"')
        xp = arrays.namespace(timestamps)
        coded = {
            c: self._present(code_series(frame.get_column(c), location)) for c in self._parts if c in frame.columns
        }
        reason = xp.where(bad, 2, xp.full(len(frame), -1, dtype=xp.int8))
        for name in self.key_columns:
            reason = xp.where(undated if name == "date" else coded[name].codes < 0, 1, reason)
        reason = xp.where(coded["person_id"].codes < 0, 0, reason)
        (rejected,) = xp.nonzero(reason >= 0)
        rows = arrays.to_host(rejected)
        self.reject(batch, rows, arrays.to_host(reason[rejected]))
        (accepted,) = xp.nonzero(reason < 0)
        none = Column(location.series("none", []), xp.full(accepted.shape[0], -1, dtype=xp.int32))
        for name, parts in self._parts.items():
            found = coded.get(name)
            parts.append(none if found is None else Column(found.values, found.codes[accepted]))
        self._timestamps.append(timestamps[accepted])
        for piece in batch.pieces:
            first, stop = np.searchsorted(rows, [piece.start, piece.start + piece.count])
            self._pieces.append((piece, piece.count - int(stop - first)))

    def _present(self, column: Column) -> Column:
        """The column with -1 for blank texts too."""
        blank = is_blank(column.values, self.location)
        xp = arrays.namespace(blank)
        lookup = xp.where(blank, -1, xp.arange(blank.shape[0], dtype=xp.int32))
        lookup = xp.concat([xp.astype(lookup, xp.int32), xp.full(1, -1, dtype=xp.int32)])
        return Column(column.values, to_codes(lookup, column.codes))

    def _timestamps_of(self, series: nw.Series[Any], where: str) -> tuple[Any, Any, Any]:
        """Timestamps, which rows have no date, and which have a bad one; each distinct date is read on the host."""
        column = code_series(series, self.location)
        values = nw.from_native(to_arrow(column.values.to_frame()), eager_only=True).get_column(series.name)
        timestamps, missing, bad = as_timestamps(values, where)
        bad |= ~missing & ((timestamps < EARLIEST) | (timestamps > self.latest))
        found = (np.append(timestamps, NO_TIMESTAMP), np.append(missing, True), np.append(bad, False))
        first, second, third = (to_codes(self.location.array(a), column.codes) for a in found)
        return first, second, third

    def finish(self, integer_ids: bool) -> CodedRows:
        """Code the rows of all batches alike, take out repeats, and count these."""
        location = self.location
        for name, parts in self._parts.items():  # there may have been no batch
            parts.append(Column(location.series(name, []), location.array(np.empty(0, np.int32))))
        self._timestamps.append(location.array(np.empty(0, np.int64)))
        xp = arrays.namespace(*self._timestamps)
        location.expect(_BYTES_A_ROW * sum(int(part.shape[0]) for part in self._timestamps))
        timestamps = xp.concat(self._timestamps)
        columns = {}
        for name, parts in self._parts.items():
            as_integers = name == "person_id" and integer_ids and _fit(parts)
            columns[name] = of_used(joined(parts, location, name, as_integers))
            parts.clear()
        if self.config.input.person_scope == "force":
            columns["person_id"] = _with_force(columns["force"], columns["person_id"], location)
        elif integer_ids:
            columns["person_id"] = _as_integers(columns["person_id"], location)
        columns = self._with_dates(columns, timestamps)
        rows = without_repeats(columns, timestamps)
        self._count(arrays.to_host(rows))
        return CodedRows({name: Column(c.values, c.codes[rows]) for name, c in columns.items()}, timestamps[rows])

    def _with_dates(self, columns: dict[str, Column], timestamps: Any) -> dict[str, Column]:
        """The columns and, if the incident key has it, the day as one: equal days are equal, however written."""
        if "date" not in self.key_columns:
            return columns
        xp = arrays.namespace(timestamps)
        days = timestamps // DAY_US
        codes, _ = dense(days)
        texts = [timestamp_text(int(day) * DAY_US) for day in arrays.to_host(arrays.distinct(days))]
        return {**columns, "date": Column(self.location.series("date", texts), xp.astype(codes, xp.int32))}

    def _count(self, rows: NDArray[np.int64]) -> None:
        """Enter the repeats, given which accepted rows are none."""
        stops = np.cumsum([accepted for _, accepted in self._pieces])
        kept = np.diff(np.searchsorted(rows, stops), prepend=0)
        for (piece, accepted), new in zip(self._pieces, kept.tolist(), strict=True):
            piece.record.duplicate += accepted - new


def without_repeats(columns: dict[str, Column], timestamps: Any) -> Any:
    """Positions, ascending, of the rows that equal no earlier one in any column."""
    xp = arrays.namespace(timestamps)
    key, _ = pack([dense(timestamps), *((c.codes + 1, len(c.values) + 1) for c in columns.values())])
    order = arrays.sort_order([key])
    return xp.sort(order[arrays.begins_run(key[order])])


def _fit(parts: list[Column]) -> bool:
    """Whether all values are whole numbers that fit an int64, apart from columns without any."""
    filled = [part.values for part in parts if len(part.values)]
    if not all(values.dtype.is_integer() for values in filled):
        return False
    return not any(values.dtype == nw.UInt64 and int(values.max()) > np.iinfo(np.int64).max for values in filled)


def _as_integers(column: Column, location: Location) -> Column:
    """A column whose values came as integers in whole-number order, where they all fit an int64."""
    if column.values.dtype != nw.String:
        return column
    try:
        numbers = np.asarray(to_arrow(column.values.to_frame()).column(0).cast(pa.int64()))
    except pa.ArrowInvalid:  # unsigned ids past 2^63 stay text
        return column
    order = np.argsort(numbers)
    places = np.full(len(order) + 1, -1, np.int32)
    places[order] = np.arange(len(order))
    return Column(location.series("person_id", numbers[order]), to_codes(location.array(places), column.codes))


def _with_force(force: Column, person: Column, location: Location) -> Column:
    """Person ids within their force: the text ``force:person_id``."""
    xp = arrays.namespace(person.codes)
    size = max(len(person.values), 1)
    packed = xp.astype(force.codes + 1, xp.int64) * size + xp.astype(person.codes, xp.int64)
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
