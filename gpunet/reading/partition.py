"""Files cut into partitions, of which each is read and checked by itself, on any machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gpunet.arrests.read_report import SkippedFile
from gpunet.base.array_types import Int32, Int64
from gpunet.base.errors import InputError
from gpunet.config.config import Config
from gpunet.reading.batches import InputRecord, Inputs
from gpunet.reading.coded_rows import CodedRows
from gpunet.reading.findings import Findings
from gpunet.reading.location import HOST
from gpunet.reading.names import NAMED, PLACES, place_pairs
from gpunet.reading.reader import Reader
from gpunet.reading.sources import Source
from gpunet.reading.stream import source_batches
from gpunet.tables.arrow_paths import for_arrow
from gpunet.tables.frames import rows_of

__all__ = [
    "AGAIN",
    "ORDER",
    "RECORDED",
    "STAMP",
    "PartNote",
    "ReadPart",
    "plan_partitions",
    "read_partition",
]

#: Columns of rows that no column of a table can be called: place among all rows, timestamp, and the fields of
#: :class:`~gpunet.reading.coded_rows.CodedRows` of these names.
ORDER, STAMP, RECORDED, AGAIN = ":order", ":timestamp", ":recorded", ":again"

# Rows put together before they are checked, and the bits of a row's place in the order of all that are its number in
# its partition.
_BATCH_ROWS, _ROW_BITS = 1 << 18, 40

# Ids of persons that a partition tells as examples.
_SAMPLE = 512


def plan_partitions(sources: Sequence[Source], size: int) -> list[tuple[Source, ...]]:
    """Cut the files, in their order, into partitions of about `size` bytes; what is read does not depend on it."""
    partitions: list[tuple[Source, ...]] = []
    held: list[Source] = []
    filled = 0
    for source in sources:
        for piece, weight in _slices(source, size):
            if held and filled + weight > size:
                partitions.append(tuple(held))
                held, filled = [], 0
            held.append(piece)
            filled += weight
    return [*partitions, tuple(held)] if held else partitions


def _slices(source: Source, size: int) -> Iterator[tuple[Source, int]]:
    """The pieces of a file, each with its bytes. Only Parquet files can be cut: others have to be read from the top."""
    rows = _rows_of_groups(source) if source.kind == "parquet" and source.size_bytes > size else []
    if len(rows) < 2:
        yield source, source.size_bytes
        return
    before = np.concatenate([[0], np.cumsum(rows)]).tolist()
    places = [source.size_bytes * row // max(before[-1], 1) for row in before]
    begin = 0
    for stop in range(1, len(rows) + 1):
        if stop == len(rows) or places[stop + 1] - places[begin] > size:
            yield replace(source, groups=range(begin, stop), first_row=before[begin]), places[stop] - places[begin]
            begin = stop


def _rows_of_groups(source: Source) -> list[int]:
    try:
        metadata = pq.read_metadata(for_arrow(source.path))
    except (OSError, pa.ArrowException):
        return []  # whoever reads it says what is wrong
    return [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]


@dataclass(frozen=True, eq=False)
class PartNote:
    """What a partition tells of itself: nothing in it grows with the number of rows.

    ``records``: what became of its files. ``names``: the distinct texts of ``NAMED`` columns.
    ``no_force``: whether there are rows without a force. ``places``: of each of ``PLACES`` int64[k, 2], distinct pairs
    of codes of a force (-1 for none) and a text. ``ids``: examples of person ids. ``whole``: whether all ids are the
    text of an int64. ``recorded``: whether it is told when rows were recorded. ``found``: words, days and reasons of
    rejected rows. ``skipped``: files that could not be read. ``seen``: name, size and time of change of every file that
    was to be read.
    """

    records: tuple[InputRecord, ...]
    warnings: tuple[str, ...]
    rows: int
    names: dict[str, list[str]]
    no_force: bool
    places: dict[str, Int64]
    ids: list[str]
    whole: bool
    recorded: bool
    found: Findings
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
    files: Int32
    first: int
    rejected: pa.Table
    note: PartNote


def read_partition(
    number: int, sources: Sequence[Source], config: Config, today: date, keep_going: bool = False
) -> ReadPart:
    """Read and check partition `number`; with `keep_going` files that cannot be read are left out whole.

    Raises
    ------
    InputError
        As :func:`gpunet.read_arrests`; an UnreadableFile only without `keep_going`.
    """
    reader, inputs = Reader(config, HOST, today), Inputs(skipped=[] if keep_going else None)
    seen = tuple(map(_seen, sources))
    reader.add_all(source_batches(sources, config.input, inputs, HOST, _BATCH_ROWS))
    rejected = reader.rejections(inputs.records)
    for record in inputs.records:
        record.rows -= record.first_row
    rows = reader.finish(integer_ids=False)
    numbers = [piece.record.number for piece, _ in reader.pieces]
    files = np.repeat(np.array(numbers, np.int32), [kept for _, kept in reader.pieces])
    person, force = rows.columns["person_id"], rows.columns["force"]
    examples = np.linspace(0, max(len(rows) - 1, 0), min(len(rows), _SAMPLE)).astype(np.int64)
    note = PartNote(
        records=tuple(inputs.records),
        warnings=tuple(inputs.warnings),
        rows=len(rows),
        names={name: rows.columns[name].texts() for name in NAMED},
        no_force=bool((force.codes < 0).any()),
        places={name: place_pairs(force.codes, rows.columns[name]) for name in PLACES},
        ids=rows_of(person.values, person.codes[examples]).to_list(),
        whole=_are_whole(person.values.to_arrow()),
        recorded=rows.recorded is not None,
        found=reader.found,
        skipped=tuple(inputs.skipped or ()),
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


def _are_whole(ids: pa.Array) -> bool:
    try:
        ids.cast(pa.int64())
    except pa.ArrowInvalid:
        return False
    return True
