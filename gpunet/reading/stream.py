"""Files and frames as one stream of tables with our column names, small files put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from gpunet.arrests.arrests import SkippedFile
from gpunet.base.errors import UnreadableFile
from gpunet.base.stopping import raise_if_stopped
from gpunet.config.config import InputConfig
from gpunet.reading.columns import Layout, check_types, layout_of
from gpunet.reading.files import BATCH_ROWS, InputFile, open_file
from gpunet.reading.skipped import skip_file
from gpunet.reading.sources import Source

__all__ = [
    "Batch",
    "InputRecord",
    "Piece",
    "Withdrawal",
    "frame_batches",
    "record_of",
    "source_batches",
]


@dataclass(eq=False)
class InputRecord:
    """One input, a file or a frame, and what becomes of its rows.

    ``integers``: whether its person_id is an integer column, None where the column has no type (all null). ``done``:
    whether it was read to its end. ``first_row``: how many rows there are before those that are read.
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
    first_row: int = 0


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

    @property
    def begins(self) -> bool:
        """Whether it is the first of an input's batches, and has nothing else in it."""
        return len(self.pieces) == 1 and self.pieces[0].first == self.pieces[0].record.first_row


class Withdrawal:
    """Comes after batches of one input, the latest of which one :attr:`~Batch.begins`: it is damaged, they are void."""


def source_batches(
    sources: Iterable[Source | InputFile],
    config: InputConfig,
    records: list[InputRecord],
    warnings: list[str],
    at_most: int | None = None,
    skipped: list[SkippedFile] | None = None,
) -> Iterator[Batch | Withdrawal]:
    """Read files one after the other; `records` and `warnings` grow with each that was read to its end.

    Tables of the same columns and types are put together until they have `at_most` rows (``BATCH_ROWS`` by default),
    so that thousands of small files cost little more than one large one. A file that is not over yet is never put
    together with others, so a file that cannot be read can be left out whole: it is entered into `skipped`, and if
    it has given batches, a :class:`Withdrawal` follows them.

    Raises
    ------
    UnreadableFile
        If a file cannot be read and `skipped` is None.
    """
    at_most = at_most or BATCH_ROWS
    whole, own = _Pile(), _Pile()  # of files that are over, and of the one that is not
    for source in sources:
        raise_if_stopped()
        file = None
        given = False
        try:
            file = source if isinstance(source, InputFile) else open_file(source)
            record = record_of(file, config)
            for table in file.batches(record.layout.columns):
                if not len(table):
                    continue
                if whole.rows and (whole.rows + own.rows + len(table) > at_most or not whole.takes(table)):
                    yield whole.together()
                if own.rows and own.rows + len(table) > at_most:
                    yield own.together()
                    given = True
                own.add(record, table)
        except UnreadableFile as error:
            skip_file(file or source, error, skipped)
            own.clear()
            if given:
                yield Withdrawal()
            continue
        whole.move(own)
        records.append(record)
        warnings.extend(file.warnings)
        record.done = True
    if whole.rows:
        yield whole.together()


class _Pile:
    """Tables that wait to become one batch."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.rows = 0
        self._tables: list[tuple[InputRecord, Any]] = []

    def takes(self, table: Any) -> bool:
        """Whether a table has the columns and types of those that are there."""
        return bool(self._tables[-1][1].schema == table.schema)

    def add(self, record: InputRecord, table: Any) -> None:
        self._tables.append((record, table))
        self.rows += len(table)

    def move(self, other: _Pile) -> None:
        """Add all tables of the `other`, which is empty then."""
        self._tables += other._tables
        self.rows += other.rows
        other.clear()

    def together(self) -> Batch:
        """The batch; the pile is empty then."""
        batch = _together(self._tables)
        self.clear()
        return batch


def record_of(file: InputFile, config: InputConfig) -> InputRecord:
    """The record of a file of which nothing has been read.

    Raises
    ------
    UnreadableFile
        If a required column is missing, or a column that is read has a type that cannot be.
    """
    import pyarrow as pa

    source = file.source
    if not file.types:  # an empty file has no header that could lack a column
        layout, integers = Layout({}, (), ()), None
    else:
        layout = layout_of(source.name, file.types, file.repeated, config)
        check_types(source.name, layout, file.types)
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
        rows=source.first_row,
        first_row=source.first_row,
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
