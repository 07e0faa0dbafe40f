"""Files and frames as one stream of tables with our column names, small files put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from gpunet.config import InputConfig
from gpunet.reading.columns import Layout, layout_of
from gpunet.reading.files import BATCH_ROWS, InputFile, open_file
from gpunet.reading.sources import Source

__all__ = ["Batch", "InputRecord", "Piece", "frame_batches", "record_of", "source_batches"]


@dataclass(eq=False)
class InputRecord:
    """One input, a file or a frame, and what becomes of its rows.

    ``integers``: whether its person_id is an integer column, None where the column has no type (all null). ``done``:
    whether it was read to its end.
    """

    name: str
    layout: Layout
    integers: bool | None
    sha256: str | None = None
    size_bytes: int | None = None
    encoding: str | None = None
    malformed: list[tuple[int, str]] = field(default_factory=list)
    rows: int = 0
    rejected: int = 0
    duplicate: int = 0
    done: bool = False


@dataclass(frozen=True, eq=False)
class Piece:
    """Consecutive rows of one input within a batch: `count` of them from `start`, the input's rows from `first` on."""

    record: InputRecord
    start: int
    count: int
    first: int

    def row_numbers(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
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


def source_batches(
    sources: Iterable[Source | InputFile],
    config: InputConfig,
    records: list[InputRecord],
    warnings: list[str],
    at_most: int | None = None,
) -> Iterator[Batch]:
    """Read files one after the other; `records` grows as they are opened.

    Tables of the same columns and types are put together until they have `at_most` rows (``BATCH_ROWS`` by default),
    so that thousands of small files cost little more than one large one.
    """
    at_most = at_most or BATCH_ROWS
    waiting: list[tuple[InputRecord, Any]] = []
    rows = 0
    for source in sources:
        file = source if isinstance(source, InputFile) else open_file(source)
        record = record_of(file, config)
        records.append(record)
        for table in file.batches(record.layout.columns):
            if not len(table):
                continue
            if waiting and (rows + len(table) > at_most or waiting[-1][1].schema != table.schema):
                yield _together(waiting)
                waiting, rows = [], 0
            waiting.append((record, table))
            rows += len(table)
        warnings.extend(file.warnings)
        record.done = True
    if waiting:
        yield _together(waiting)


def record_of(file: InputFile, config: InputConfig) -> InputRecord:
    """The record of a file of which nothing has been read; InputError if a required column is missing."""
    import pyarrow as pa

    source = file.source
    if not file.types:  # an empty file has no header that could lack a column
        layout, integers = Layout({}, (), ()), None
    else:
        layout = layout_of(source.name, file.types, file.repeated, config)
        kind = file.types[layout.columns["person_id"]]
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        integers = None if pa.types.is_null(kind) else pa.types.is_integer(kind)
    return InputRecord(
        source.name,
        layout,
        integers,
        file.sha256,
        source.size_bytes,
        file.encoding,
        malformed=file.malformed,
        rows=file.first_row,
    )


def _together(waiting: list[tuple[InputRecord, Any]]) -> Batch:
    import pyarrow as pa

    pieces: list[Piece] = []
    start = 0
    for record, table in waiting:
        last = pieces[-1] if pieces else None
        if last is not None and last.record is record:
            pieces[-1] = Piece(record, last.start, last.count + len(table), last.first)
        else:
            pieces.append(Piece(record, start, len(table), record.rows))
        record.rows += len(table)
        start += len(table)
    table = pa.concat_tables([table for _, table in waiting]).combine_chunks()
    return Batch(nw.from_native(table, eager_only=True), tuple(pieces))


def frame_batches(
    frame: nw.DataFrame[Any],
    repeated: Iterable[str],
    name: str,
    config: InputConfig,
    records: list[InputRecord],
    at_most: int | None = None,
) -> Iterator[Batch]:
    """Cut a frame that was passed from Python, and had the `repeated` columns more than once, into batches."""
    at_most = at_most or BATCH_ROWS
    layout = layout_of(name, [*frame.columns, *repeated], repeated, config)
    kind = frame.schema[layout.columns["person_id"]]
    integers = None if kind == nw.Unknown else kind.is_integer()
    record = InputRecord(name, layout, integers)
    records.append(record)
    for start in range(0, len(frame), at_most):
        part = frame[start : start + at_most]
        record.rows += len(part)
        named = part.select(**{ours: nw.col(theirs) for ours, theirs in layout.columns.items()})
        yield Batch(named, (Piece(record, 0, len(part), start),))
    record.done = True
