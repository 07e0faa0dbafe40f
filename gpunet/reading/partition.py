"""Files cut into partitions, of which each is read and checked by itself, on any machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gpunet.arrests.arrests import SkippedFile
from gpunet.base.errors import InputError
from gpunet.config.config import Config
from gpunet.reading.location import HOST
from gpunet.reading.names import NAMED, PLACES, place_pairs
from gpunet.reading.reader import CodedRows, Reader
from gpunet.reading.sources import Source
from gpunet.reading.stream import InputRecord, source_batches
from gpunet.tables.frames import rows_of

__all__ = [
    "FILE",
    "ORDER",
    "STAMP",
    "PartNote",
    "ReadPart",
    "Slice",
    "plan_partitions",
    "read_partition",
]

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
    ``no_force``: whether there are rows without a force. ``places``: of each of ``PLACES`` int64[k, 2], distinct pairs
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
    places: dict[str, NDArray[np.int64]]
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
    """The accepted rows of a partition without repeats, and the rejected ones.

    ``files``: int32[n], the place of each row's file. ``first``: the place of the first row among those of all
    partitions. ``rejected``: rows as the report has them, with ``FILE``.
    """

    rows: CodedRows
    files: NDArray[np.int32]
    first: int
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
    number_of = {piece.source.name: piece.number for piece in pieces}  # no two slices of a file are in one partition
    reader = Reader(config, HOST, today)
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
    rows = reader.finish(integer_ids=False)
    numbers = [number_of[piece.record.name] for piece, _ in reader.pieces]
    files = np.repeat(np.array(numbers, np.int32), [kept for _, kept in reader.pieces])
    rejected = _rejections(reader, number_of)
    first_bad = pc.index(rejected.column("reason"), "bad_date").as_py()
    reasons = rejected.column("reason").value_counts().to_pylist()
    person, force = rows.columns["person_id"], rows.columns["force"]
    examples = np.linspace(0, max(len(rows) - 1, 0), min(len(rows), _SAMPLE)).astype(np.int64)
    note = PartNote(
        records=tuple((number_of[record.name], record) for record in records),
        warnings=tuple(warnings),
        rows=len(rows),
        names={name: rows.columns[name].texts() for name in NAMED},
        no_force=bool((force.codes < 0).any()),
        places={name: place_pairs(force.codes, rows.columns[name]) for name in PLACES},
        ids=rows_of(person.values, person.codes[examples]).to_list(),
        whole=_are_whole(person.values.to_arrow()),
        reasons={found["values"]: found["counts"] for found in reasons},
        bad_date=None if first_bad < 0 else rejected.column("date")[first_bad].as_py(),
        skipped=tuple(skipped),
        seen=seen,
    )
    return ReadPart(rows, files, number << _ROW_BITS, rejected, note)


def _seen(source: Source) -> tuple[str, int, int]:
    """By what a file is known again: its name, its size, and when it was written."""
    try:
        status = source.path.stat()
    except OSError:
        return source.name, -1, -1
    return source.name, status.st_size, status.st_mtime_ns


def _rejections(reader: Reader, number_of: Mapping[str, int]) -> pa.Table:
    """All rejected rows by file and row; a column that a file lacks is null there."""
    names = {"source_file": pa.large_string(), "row_number": pa.int64(), "reason": pa.large_string(),
             "date": pa.large_string(), FILE: pa.int32()}  # fmt: skip
    tables = [
        table.append_column(FILE, pa.array(np.full(len(table), number_of[record.name], np.int32)))
        for record, table in reader.rejected
    ]
    together = pa.concat_tables([pa.schema(names).empty_table(), *tables], promote_options="default")
    return together.sort_by([(FILE, "ascending"), ("row_number", "ascending")])


def _are_whole(ids: pa.Array) -> bool:
    try:
        ids.cast(pa.int64())
    except pa.ArrowInvalid:
        return False
    return True
