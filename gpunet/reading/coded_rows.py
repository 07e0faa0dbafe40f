"""Rows of tables as codes, and what is told from these alone: which rows repeat others, days and years, offences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np

from gpunet.arrests.charges import ALWAYS
from gpunet.reading.dates import DAY_US
from gpunet.reading.location import Column, Location, to_codes
from gpunet.reading.packed import pack
from gpunet.tables import arrays

__all__ = ["CodedRows", "Repeats", "date_part", "offence_rows", "repeats_of"]

#: Rows that are compared, or put together to arrests, at a time, where these are rows of several persons.
_BLOCK_ROWS = 1 << 19


@dataclass(frozen=True, eq=False)
class CodedRows:
    """Accepted rows, in file order.

    ``columns``: every coded column by name. ``timestamps``: int64[n], ``NO_TIMESTAMP`` where there is no date.
    ``recorded``: int32[n], the day on which each row came to be known, as :class:`gpunet.arrests.charges.Charges` has
    it; None where no table tells. ``again``: bool[n], rows that equal an earlier one that came to be known later, and
    are counted as repeats; None with ``recorded``.
    """

    columns: dict[str, Column]
    timestamps: Any
    recorded: Any = None
    again: Any = None

    def __len__(self) -> int:
        return int(self.timestamps.shape[0])

    def at(self, rows: Any) -> CodedRows:
        """The rows at these positions, an array or a slice."""
        if not isinstance(rows, slice) and rows.shape[0] == len(self):  # positions are distinct and ascend
            return self
        columns = {name: column.at(rows) for name, column in self.columns.items()}
        arrays_ = (self.timestamps, self.recorded, self.again)
        return CodedRows(columns, *(None if values is None else values[rows] for values in arrays_))

    def told(self) -> tuple[Any, Any]:
        """``recorded`` and ``again``, also where no table tells of these rows."""
        if self.recorded is not None:
            return self.recorded, self.again
        xp, n = arrays.namespace(self.timestamps), len(self)
        return xp.full(n, ALWAYS, dtype=xp.int32), xp.zeros(n, dtype=xp.bool)

    def without(self, repeats: Repeats) -> CodedRows:
        """The rows less those that are needless."""
        n = len(self)
        if not repeats.every.shape[0]:
            return self
        rows = self
        if self.recorded is not None:
            rows = replace(self, again=self.again | _marked(repeats.every, n))
        xp = arrays.namespace(self.timestamps)
        return rows.at(xp.nonzero(~_marked(repeats.needless, n))[0])

    def positions(self) -> Iterator[Any]:
        """The positions, ascending, of the rows of each block: all of some persons, who ascend by code."""
        person, n = self.columns["person_id"], len(self)
        xp, count = arrays.namespace(person.codes), min(-(-n // _BLOCK_ROWS), 1 << 14)
        if count < 2:
            yield xp.arange(n, dtype=xp.int64)
            return
        persons = -(-len(person.values) // count)
        block = xp.astype(xp.astype(person.codes, xp.int32, copy=False) // persons, xp.int16)
        order = arrays.sort_order([block])
        bounds = arrays.to_host(arrays.running_sum(arrays.count_by_code(block, count))).tolist()
        for lo, hi in pairwise(bounds):
            yield order[lo:hi]


class Repeats(NamedTuple):
    """Positions, ascending, of rows that equal an earlier one in every column but for when they were recorded.

    ``every``: all of them. ``needless``: those recorded no earlier than a row before that they equal.
    """

    every: Any
    needless: Any


def repeats_of(rows: CodedRows) -> Repeats:
    """The rows that repeat others."""
    xp = arrays.namespace(rows.timestamps)
    every, needless = [], []
    for positions in rows.positions():
        found = _repeats(rows.at(positions))
        every.append(positions[found.every])
        needless.append(positions[found.needless])
    if rows.recorded is None:
        return Repeats(*[xp.sort(xp.concat(every))] * 2)
    return Repeats(xp.sort(xp.concat(every)), xp.sort(xp.concat(needless)))


def _marked(positions: Any, n: int) -> Any:
    """bool[n], true at these positions."""
    xp = arrays.namespace(positions)
    return arrays.spread_over(xp.ones(positions.shape[0], dtype=xp.bool), positions, n, False)


def _repeats(rows: CodedRows) -> Repeats:
    xp, n = arrays.namespace(rows.timestamps), len(rows)
    if n < 2:
        return Repeats(*[xp.arange(0, dtype=xp.int64)] * 2)

    def part(name: str) -> tuple[Any, int]:
        column = rows.columns[name]
        return xp.astype(column.codes, xp.int64) + 1, len(column.values) + 1

    first = ("person_id", "incident_id")  # few rows of most tables have both of them in common with another
    key, size = pack(map(part, first))
    ordered = xp.sort(key, stable=False)  # three times as fast as the order of the rows
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    if not again.shape[0]:
        return Repeats(again, again)
    at = xp.clip(xp.searchsorted(again, key), max=again.shape[0] - 1)
    (alike,) = xp.nonzero(again[at] == key)
    rows = rows.at(alike)
    rest = (name for name in rows.columns if name not in first)
    key, _ = pack(chain([(key[alike], size), arrays.dense(rows.timestamps)], map(part, rest)))
    order = arrays.sort_order([key])
    begins = arrays.begins_run(key[order])
    every = alike[order[~begins]]
    if rows.recorded is None:
        return Repeats(every, every)
    # Each run of equal rows lies below the one before, so the least so far is the least of the run.
    run = arrays.running_sum(xp.astype(begins, xp.int64))[1:]
    recorded = xp.astype(rows.recorded[order], xp.int64) - (run << 33)
    later = recorded[1:] >= arrays.least_so_far(recorded)[:-1]
    no_earlier = xp.concat([xp.zeros(1, dtype=xp.bool), later])
    return Repeats(every, alike[order[no_earlier]])


def offence_rows(rows: CodedRows) -> dict[str | None, int]:
    """How many rows have each offence, None for no offence; without those that repeat others."""
    column = rows.columns["offence"]
    codes = column.codes if rows.again is None else column.codes[~rows.again]
    xp, n = arrays.namespace(codes), len(column.values)
    counts = arrays.to_host(arrays.count_by_code(xp.astype(codes, xp.int64) + 1, n + 1)).tolist()
    return dict(zip([None, *column.texts()], counts, strict=True))


def date_part(name: str, timestamps: Any, location: Location) -> Column:
    """The days ("date") or years ("year") of timestamps as a column of texts, however they were written."""
    days = timestamps // DAY_US
    codes, _ = arrays.dense(days)
    distinct = arrays.to_host(arrays.distinct(days)).astype("datetime64[D]")
    if name == "year":
        years, of_day = np.unique(distinct.astype("datetime64[Y]"), return_inverse=True)
        lookup = np.append(of_day, -1).astype(np.int32)
        return Column(location.series(name, list(map(str, years))), to_codes(location.array(lookup), codes))
    xp = arrays.namespace(codes)
    return Column(location.series(name, list(map(str, distinct))), xp.astype(codes, xp.int32))
