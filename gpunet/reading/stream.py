"""Files and frames as one stream of tables with our column names, small files put together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import narwhals as nw
import pyarrow as pa

from gpunet.base.errors import UnreadableFile
from gpunet.base.stopping import raise_if_stopped
from gpunet.config.config import InputConfig
from gpunet.reading.batches import Batch, InputRecord, Inputs, Piece, Pile, Withdrawal
from gpunet.reading.columns import Layout, check_types, layout_of
from gpunet.reading.direct import read_directly
from gpunet.reading.files import BATCH_ROWS, InputFile, open_file
from gpunet.reading.location import Location
from gpunet.reading.periods import frame_with_starts
from gpunet.reading.pseudonymised import standard_names
from gpunet.reading.sources import Source
from gpunet.reading.values import meaning_of
from gpunet.reading.whole_numbers import NotThroughout, PointZero
from gpunet.tables.frames import dense, on_host

__all__ = ["LayoutOf", "frame_batches", "source_batches"]

#: Which columns of a table are read, as :func:`gpunet.reading.columns.layout_of` says it of tables of arrests.
LayoutOf: TypeAlias = Callable[[str, Iterable[str], Iterable[str], InputConfig], Layout]

#: Rows of files that the host reads before they go to a device together.
DEVICE_ROWS = 1 << 24


def source_batches(
    sources: Iterable[Source],
    config: InputConfig,
    inputs: Inputs,
    location: Location,
    at_most: int | None = None,
    of: LayoutOf = layout_of,
) -> Iterator[Batch | Withdrawal]:
    """Read files one after the other; `inputs` grows with each that was read to its end.

    `of` chooses the columns: that of tables of arrests never gives a protected one.

    Tables of the same columns and types are put together until they have `at_most` rows (``BATCH_ROWS`` by default on
    the host), so that thousands of small files cost little more than one large one. A file that is not over yet is
    never put together with others, so a file that cannot be read can be left out whole: it is entered as skipped, and
    if it has given batches, a :class:`Withdrawal` follows them. A file that a device reads by itself is one batch.

    Raises
    ------
    UnreadableFile
        If a file cannot be read, and none may be skipped.
    """
    at_most = at_most or (BATCH_ROWS if location.in_slices else DEVICE_ROWS)
    whole, own = Pile(), Pile()  # of files that are over, and of the one that is not
    layouts = Layouts(config, of)
    person, of_ids = meaning_of(config, "person_id"), config.id_columns
    waiting = deque((source, True) for source in sources)
    while waiting:
        source, look = waiting.popleft()
        raise_if_stopped()
        file = None
        given = False
        try:
            file = open_file(source, config)
            record = record_of(file, layouts)
            frame = None if location.in_slices else read_directly(file, record.layout, location)
            if frame is not None and len(frame):
                yield from whole.batches()
                record.rows = len(frame)
                inputs.complete(record, file.warnings)  # first, so that it counts as done when its rows are asked for
                yield Batch(frame, (Piece(record, 0, record.rows, 0),))
                continue
            ids = of_ids.intersection(record.layout.columns) if look and file.source.kind == "csv" else ()
            numbers = PointZero(sorted(ids), person)
            for table in map(numbers.without, file.batches(record.layout.columns)) if frame is None else ():
                inputs.open_bytes = min(1.0, file.share) * file.source.size_bytes
                if not len(table):
                    continue
                if whole.rows + own.rows + len(table) > at_most or not whole.takes(table):
                    yield from whole.batches()
                if own.rows + len(table) > at_most:
                    given = given or own.rows > 0
                    yield from own.batches()
                own.add(record, table)
        except (UnreadableFile, NotThroughout) as error:
            if isinstance(error, NotThroughout):
                waiting.appendleft((source, False))  # again, and as it is written
            else:
                inputs.skip(source, file.sha256 if file is not None else None, error)
            own.clear()
            if given:
                yield Withdrawal()
            continue
        whole.move(own)
        inputs.complete(record, file.warnings)
    yield from whole.batches()


class Layouts:
    """What is read of files, found once for all of the same columns and types; `of` chooses the columns."""

    def __init__(self, config: InputConfig, of: LayoutOf = layout_of) -> None:
        self._config, self._choose = config, of
        self._standard = standard_names(config)
        self._known: dict[tuple[str, ...], tuple[list[Any], frozenset[str], Layout, bool | None]] = {}

    def of(self, file: InputFile) -> tuple[Layout, bool | None]:
        """The layout of a file, and whether its person_id is an integer column.

        Raises
        ------
        UnreadableFile
            As :func:`record_of`.
        """
        if not file.types:  # an empty file has no header that could lack a column
            return Layout({}, (), ()), None
        names, types = tuple(file.types), list(file.types.values())
        known = self._known.get(names)  # by names alone: the user's own types have no hash
        if known is None or known[:2] != (types, file.repeated):
            config = self._config if file.pseudonyms is None else self._standard
            layout = self._choose(file.source.name, names, file.repeated, config)
            check_types(file.source.name, layout, file.types)
            known = self._known[names] = (types, file.repeated, layout, _are_integers(file, layout))
        return known[2:]


def _are_integers(file: InputFile, layout: Layout) -> bool | None:
    kind = file.types[layout.columns["person_id"]]
    kind = kind.value_type if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind) else kind
    return None if pa.types.is_null(kind) else pa.types.is_integer(kind)


def record_of(file: InputFile, layouts: Layouts) -> InputRecord:
    """The record of a file of which nothing has been read.

    Raises
    ------
    UnreadableFile
        If a required column is missing, or a column that is read has a type that cannot be.
    """
    source = file.source
    layout, integers = layouts.of(file)
    return InputRecord(
        source.name,
        source.number,
        layout,
        integers,
        file.sha256,
        source.size_bytes,
        file.encoding,
        malformed=file.malformed,
        notes=file.notes,
        rows=source.first_row,
        first_row=source.first_row,
        pseudonyms=file.pseudonyms,
    )


def frame_batches(
    frames: Sequence[tuple[nw.DataFrame[Any], Sequence[Any]]],
    config: InputConfig,
    inputs: Inputs,
    location: Location,
    of: LayoutOf = layout_of,
) -> Iterator[Batch]:
    """Cut frames that were passed from Python into batches; beside each are the columns that it had more than once."""
    for number, (frame, repeated) in enumerate(frames):
        name = f"frame {number + 1}" if len(frames) > 1 else "frame"
        frame = on_host(frame) if location.in_slices else frame
        layout = of(name, [*frame.columns, *repeated], repeated, config)
        frame = frame.select(**{ours: nw.col(theirs) for ours, theirs in layout.columns.items()})
        frame = frame_with_starts(dense(frame), name)
        kind = frame.schema["person_id"]
        record = InputRecord(name, number, layout, None if kind == nw.Unknown else kind.is_integer())
        inputs.records.append(record)
        at_most = BATCH_ROWS if location.in_slices else max(len(frame), 1)
        for start in range(0, len(frame), at_most):
            part = frame[start : start + at_most]
            record.rows += len(part)
            yield Batch(part, (Piece(record, 0, len(part), start),))
        record.done = True
