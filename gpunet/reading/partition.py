"""Files cut into partitions, of which each is read and checked by itself, on any machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gpunet.arrests.arrests import SkippedFile
from gpunet.base.errors import InputError
from gpunet.config.config import Config
from gpunet.reading.check import DETAILS, check_rows, coded_columns, latest_timestamp
from gpunet.reading.coding import TextCoder, Texts
from gpunet.reading.rejections import Rejections
from gpunet.reading.sources import Source
from gpunet.reading.stream import Batch, InputRecord, source_batches

__all__ = [
    "FILE",
    "NAMED",
    "ORDER",
    "PLACES",
    "STAMP",
    "PartNote",
    "ReadPart",
    "Slice",
    "plan_partitions",
    "read_partition",
]

#: Columns of few distinct texts, which are sent about as codes.
NAMED = ("force", *DETAILS)

#: Columns whose texts mean a place only together with the force.
PLACES = ("district", "beat")

#: Columns of rows that no column of a table can be called: place among all rows, place of the file, timestamp.
ORDER, FILE, STAMP = ":order", ":file", ":timestamp"

# Rows put together before they are checked, and the bits of a row's place in the order of all that are its number in
# its partition.
_BATCH_ROWS, _ROW_BITS = 1 << 18, 40

# Ids of persons that a partition tells as examples.
_SAMPLE = 512


@dataclass(frozen=True)
class Slice:
    """A file, or some row groups of a Parquet file; `number` is the file's place."""

    number: int
    source: Source


def plan_partitions(sources: Sequence[Source], size: int) -> list[tuple[Slice, ...]]:
    """Cut the files, in their order, into partitions of about `size` bytes; what is read does not depend on it."""
    partitions: list[tuple[Slice, ...]] = []
    held: list[Slice] = []
    filled = 0
    for number, source in enumerate(sources):
        for piece, weight in _slices(number, source, size):
            if held and filled + weight > size:
                partitions.append(tuple(held))
                held, filled = [], 0
            held.append(piece)
            filled += weight
    return [*partitions, tuple(held)] if held else partitions


def _slices(number: int, source: Source, size: int) -> Iterator[tuple[Slice, int]]:
    """The pieces of a file, each with its bytes. Only Parquet files can be cut: others have to be read from the top."""
    rows = _rows_of_groups(source) if source.kind == "parquet" and source.size_bytes > size else []
    if len(rows) < 2:
        yield Slice(number, source), source.size_bytes
        return
    before = np.concatenate([[0], np.cumsum(rows)]).tolist()
    places = [source.size_bytes * row // max(before[-1], 1) for row in before]
    begin = 0
    for stop in range(1, len(rows) + 1):
        if stop == len(rows) or places[stop + 1] - places[begin] > size:
            piece = replace(source, groups=range(begin, stop), first_row=before[begin])
            yield Slice(number, piece), places[stop] - places[begin]
            begin = stop


def _rows_of_groups(source: Source) -> list[int]:
    try:
        metadata = pq.read_metadata(source.path)
    except (OSError, pa.ArrowException):
        return []  # whoever reads it says what is wrong
    return [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]


@dataclass(frozen=True, eq=False)
class PartNote:
    """What a partition tells of itself: nothing in it grows with the number of rows.

    ``records``: what became of its files, with each one's place. ``names``: the distinct texts of ``NAMED`` columns.
    ``no_force``: whether there are rows without a force. ``places``: of each of ``PLACES`` int32[k, 2], distinct pairs
    of codes of a force (-1 for none) and a text. ``ids``: examples of person ids. ``whole``: whether all ids are the
    text of an int64. ``reasons``: rejected rows by reason.
    ``bad_date``: the first date that is none. ``skipped``: files that could not be read. ``seen``:
    name, size and time of change of every file that was to be read.
    """

    records: tuple[tuple[int, InputRecord], ...]
    warnings: tuple[str, ...]
    rows: int
    names: dict[str, list[str]]
    no_force: bool
    places: dict[str, NDArray[np.int32]]
    ids: list[str]
    whole: bool
    reasons: dict[str, int]
    bad_date: str | None
    skipped: tuple[SkippedFile, ...]
    seen: tuple[tuple[str, int, int], ...]

    def check_again(self, again: PartNote) -> None:
        """Raise InputError if the partition was read `again`, its worker being lost, and is not what it was."""
        changed = sorted({name for name, *_ in {*self.seen} ^ {*again.seen}})
        if not changed and (self.rows, self.skipped) != (again.rows, again.skipped):
            changed = [name for name, *_ in self.seen]
        if changed:
            raise InputError(f"{changed[0]} has changed since it was read: start again")


@dataclass(frozen=True, eq=False)
class ReadPart:
    """The accepted rows of a partition, and the rejected ones.

    ``rows``: ``ORDER`` (int64, ascends over the rows of all files), ``FILE`` (int32), ``STAMP`` (int64), ``NAMED``
    columns as int32 codes of the note's names (-1 for null), all others as text. ``rejected``: rows as the report has
    them, with ``FILE``.
    """

    rows: pa.Table
    rejected: pa.Table
    note: PartNote


def read_partition(
    number: int, pieces: Sequence[Slice], config: Config, today: date, keep_going: bool = False
) -> ReadPart:
    """Read and check partition `number`; with `keep_going` files that cannot be read are left out whole.

    Raises
    ------
    InputError
        As :func:`gpunet.read_arrests`; an UnreadableFile only without `keep_going`.
    """
    piece_of = {piece.source.name: piece for piece in pieces}  # no two slices of a file are in one partition
    reader = _Reader(config, today, number << _ROW_BITS, {name: piece.number for name, piece in piece_of.items()})
    records: list[InputRecord] = []
    warnings: list[str] = []
    skipped: list[SkippedFile] = []
    seen = tuple(_seen(piece.source) for piece in pieces)
    sources = [piece.source for piece in pieces]
    gone = skipped if keep_going else None
    reader.add_all(source_batches(sources, config.input, records, warnings, _BATCH_ROWS, gone))
    for record in records:
        reader.reject_malformed(record)
        record.rows += len(record.malformed) - record.first_row
        record.rejected += len(record.malformed)
        record.malformed.clear()
    return reader.finish([(piece_of[r.name].number, r) for r in records], warnings, skipped, seen)


def _seen(source: Source) -> tuple[str, int, int]:
    """By what a file is known again: its name, its size, and when it was written."""
    try:
        status = source.path.stat()
    except OSError:
        return source.name, -1, -1
    return source.name, status.st_size, status.st_mtime_ns


class _Reader(Rejections):
    """What was accepted so far, batch by batch."""

    def __init__(self, config: Config, today: date, first: int, number_of: Mapping[str, int]) -> None:
        super().__init__(config)
        self._number_of = number_of
        self._latest = latest_timestamp(today)
        self._coded = coded_columns(config.input)
        self._coders = {name: TextCoder() for name in NAMED}
        self._next = first
        self._before: tuple[int, int, list[int]] = (first, 0, [])
        self._texts: dict[str, list[pa.Array]] = {name: [] for name in self._coded if name not in (*NAMED, "date")}
        self._numbers: dict[str, list[NDArray[Any]]] = {name: [] for name in (ORDER, FILE, STAMP, *NAMED)}

    def begin(self) -> None:
        """Remember how far everything goes."""
        super().begin()
        self._before = (self._next, len(self._numbers[ORDER]), [len(coder) for coder in self._coders.values()])

    def undo(self) -> None:
        """Cut everything there."""
        super().undo()
        self._next, kept, lengths = self._before
        for parts in (*self._texts.values(), *self._numbers.values()):
            del parts[kept:]
        for coder, length in zip(self._coders.values(), lengths, strict=True):
            coder.cut(length)

    def add(self, batch: Batch) -> None:
        """Check, code and count the rows of `batch`."""
        rows = check_rows(batch, self.config.input, self._coded, self._latest)
        rejected = np.flatnonzero(rows.reason >= 0)
        self.reject(batch, rejected, rows.reason[rejected])
        accepted = rows.reason < 0
        taken = np.flatnonzero(accepted)
        for name, parts in self._texts.items():
            known = name in rows.texts
            parts.append(_taken(rows.texts[name], accepted) if known else pa.nulls(len(taken), pa.large_string()))
        for name, coder in self._coders.items():
            known = name in rows.texts
            codes = coder.code(rows.texts[name], accepted)[taken] if known else np.full(len(taken), -1, np.int32)
            self._numbers[name].append(codes)
        files = [np.full(piece.count, self._number_of[piece.record.name], np.int32) for piece in batch.pieces]
        self._numbers[FILE].append(np.concatenate(files)[taken])
        self._numbers[STAMP].append(rows.timestamps[taken])
        self._numbers[ORDER].append(self._next + np.arange(len(taken), dtype=np.int64))
        self._next += len(taken)

    def finish(
        self,
        records: list[tuple[int, InputRecord]],
        warnings: list[str],
        skipped: Sequence[SkippedFile],
        seen: tuple[tuple[str, int, int], ...],
    ) -> ReadPart:
        """What has come, as one."""
        columns: dict[str, Any] = {
            name: np.concatenate([np.empty(0, np.int64 if name in (ORDER, STAMP) else np.int32), *parts])
            for name, parts in self._numbers.items()
        }
        places = {name: _pairs(columns["force"], columns[name]) for name in PLACES}
        no_force = bool((columns["force"] < 0).any())
        for name, parts in self._texts.items():
            columns[name] = pa.chunked_array(parts, pa.large_string()).combine_chunks()
        ids = columns["person_id"]
        examples = np.linspace(0, max(len(ids) - 1, 0), min(len(ids), _SAMPLE)).astype(np.int64)
        rejected = self._rejections()
        first_bad = pc.index(rejected.column("reason"), "bad_date").as_py()
        note = PartNote(
            records=tuple(records),
            warnings=tuple(warnings),
            rows=len(ids),
            names={name: coder.to_arrow().to_pylist() for name, coder in self._coders.items()},
            no_force=no_force,
            places=places,
            ids=ids.take(pa.array(examples)).to_pylist(),
            whole=_are_whole(ids),
            reasons={
                found["values"]: found["counts"] for found in rejected.column("reason").value_counts().to_pylist()
            },
            bad_date=None if first_bad < 0 else rejected.column("date")[first_bad].as_py(),
            skipped=tuple(skipped),
            seen=seen,
        )
        return ReadPart(pa.table(columns), rejected, note)

    def _rejections(self) -> pa.Table:
        """All rejected rows by file and row; a column that a file lacks is null there."""
        names = {"source_file": pa.large_string(), "row_number": pa.int64(), "reason": pa.large_string(),
                 "date": pa.large_string(), FILE: pa.int32()}  # fmt: skip
        tables = [
            table.append_column(FILE, pa.array(np.full(len(table), self._number_of[record.name], np.int32)))
            for record, table in self.rejected
        ]
        self.rejected.clear()
        together = pa.concat_tables([pa.schema(names).empty_table(), *tables], promote_options="default")
        return together.sort_by([(FILE, "ascending"), ("row_number", "ascending")])


def _taken(texts: Texts, accepted: NDArray[np.bool_]) -> pa.Array:
    """The texts of accepted rows as an array of its own; null where nothing is present."""
    there = np.packbits(texts.present, bitorder="little").tobytes()
    buffers = [pa.py_buffer(there), pa.py_buffer(texts.offsets), pa.py_buffer(texts.data)]
    return pa.Array.from_buffers(pa.large_string(), len(texts.present), buffers).filter(pa.array(accepted))


def _pairs(force: NDArray[np.int32], place: NDArray[np.int32]) -> NDArray[np.int32]:
    known = place >= 0
    packed = np.unique((force[known].astype(np.int64) << 32) | place[known])
    return np.column_stack([packed >> 32, packed & 0xFFFFFFFF]).astype(np.int32)


def _are_whole(ids: pa.Array) -> bool:
    try:
        ids.cast(pa.int64())
    except pa.ArrowInvalid:
        return False
    return True
