"""Batches of rows, which of them are of which input, and what becomes of each input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from gpunet.arrests.read_report import SkippedFile
from gpunet.base.array_types import Int64
from gpunet.base.errors import UnreadableFile
from gpunet.reading.columns import Layout
from gpunet.reading.pseudonymised import check_alike
from gpunet.reading.sources import Source
from gpunet.tables.files import sha256_of

__all__ = ["Batch", "InputRecord", "Inputs", "Piece", "Pile", "Withdrawal"]


@dataclass(eq=False)
class InputRecord:
    """One input, a file or a frame, and what becomes of its rows; ``number`` is its place among all inputs.

    ``integers``: whether its person_id is an integer column, None where the column has no type (all null). ``done``:
    whether it was read to its end. ``first_row``: how many rows there are before those that are read. ``pseudonyms``:
    what it says of its pseudonyms, None where it holds plain ids.
    """

    name: str
    number: int
    layout: Layout
    integers: bool | None
    sha256: str | None = None
    size_bytes: int | None = None
    encoding: str | None = None
    malformed: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: int = 0
    rejected: int = 0
    duplicate: int = 0
    done: bool = False
    first_row: int = 0
    pseudonyms: Mapping[str, str] | None = None


@dataclass(eq=False)
class Inputs:
    """What is known of all inputs so far.

    ``records``: of each one that was read to its end, and of the frame that is being read. ``warnings``: sentences for
    the user. ``skipped``: files that could not be read, None where there may be no such file. ``open_bytes``: how much
    is read of the file that is not over.
    """

    records: list[InputRecord] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    skipped: list[SkippedFile] | None = None
    open_bytes: float = 0.0

    def complete(self, record: InputRecord, warnings: Iterable[str]) -> None:
        """Enter an input that was read to its end; InputError if it cannot be joined with those before."""
        if self.records:
            check_alike(self.records[0], record)
        record.done, self.open_bytes = True, 0.0
        self.records.append(record)
        self.warnings.extend(warnings)

    def skip(self, source: Source, sha256: str | None, error: UnreadableFile) -> None:
        """Enter a file that cannot be read; raise `error` if there may be no such file."""
        if self.skipped is None:
            raise error
        self.open_bytes = 0.0
        with suppress(OSError):
            sha256 = sha256 or sha256_of(source.path)
        self.skipped.append(SkippedFile(source.name, error.reason, source.size_bytes, sha256))


@dataclass(frozen=True, eq=False)
class Piece:
    """Consecutive rows of one input within a batch: `count` of them from `start`, the input's rows from `first` on."""

    record: InputRecord
    start: int
    count: int
    first: int

    def row_numbers(self, rows: Int64) -> Int64:
        """Numbers in the input, 1 for the first data row, of the batch's `rows`; malformed rows are counted too."""
        index = rows - self.start + self.first
        before = [number - 1 - i for i, (number, _) in enumerate(self.record.malformed)]
        skipped = np.searchsorted(np.array(before, dtype=np.int64), index, side="right")
        return index + 1 + skipped


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows of one or more inputs in a frame with our column names."""

    frame: nw.DataFrame[Any]
    pieces: tuple[Piece, ...]

    @property
    def begins(self) -> bool:
        """Whether it is the first of an input's batches, and has nothing else in it."""
        return len(self.pieces) == 1 and self.pieces[0].first == self.pieces[0].record.first_row

    @property
    def where(self) -> str:
        """Where its rows come from, in messages."""
        first, *others = dict.fromkeys(piece.record.name for piece in self.pieces)
        if len(others) > 1:
            return f"{first}, or one of {len(others):,} files after it"
        return " or ".join([first, *others])

    def by_piece(self, rows: Int64) -> list[int]:
        """How many of the batch's `rows`, ascending positions, are in each piece."""
        stops = [piece.start + piece.count for piece in self.pieces]
        found: list[int] = np.diff(np.searchsorted(rows, stops), prepend=0).tolist()
        return found


class Withdrawal:
    """Comes after batches of one input, the latest of which one :attr:`~Batch.begins`: it is damaged, they are void."""


class Pile:
    """Tables that wait to become one batch."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Leave nothing in it."""
        self.rows = 0
        self._tables: list[tuple[InputRecord, Any]] = []

    def takes(self, table: Any) -> bool:
        """Whether a table has the columns and types of those that are there."""
        return not self._tables or bool(self._tables[-1][1].schema == table.schema)

    def add(self, record: InputRecord, table: Any) -> None:
        """Put a table of an input on top."""
        self._tables.append((record, table))
        self.rows += len(table)

    def move(self, other: Pile) -> None:
        """Add all tables of the `other`, which is empty then."""
        self._tables += other._tables
        self.rows += other.rows
        other.clear()

    def batches(self) -> Iterator[Batch]:
        """One batch of all tables, none if there is no table; the pile is empty then."""
        if not self._tables:
            return
        pieces: list[Piece] = []
        start = 0
        for record, table in self._tables:
            last = pieces[-1] if pieces else None
            if last is not None and last.record is record:
                pieces[-1] = replace(last, count=last.count + len(table))
            else:
                pieces.append(Piece(record, start, len(table), record.rows))
            record.rows += len(table)
            start += len(table)
        together = pa.concat_tables([table for _, table in self._tables]).combine_chunks()
        self.clear()
        yield Batch(nw.from_native(together, eager_only=True), tuple(pieces))
