"""Tables for the device reader: Parquet files straight onto the device, all others by way of the host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.arrests.arrests import SkippedFile
from gpunet.base.errors import InputError, UnreadableFile
from gpunet.config.config import InputConfig
from gpunet.reading.columns import Layout, as_text, as_timestamps
from gpunet.reading.dates import DAY_US, EARLIEST
from gpunet.reading.files import InputFile, open_file
from gpunet.reading.location import Location
from gpunet.reading.skipped import skip_file
from gpunet.reading.sources import Source
from gpunet.reading.stream import Batch, InputRecord, Piece, Withdrawal, record_of, source_batches
from gpunet.reading.utf8 import is_utf8
from gpunet.tables.frames import backend_of, on_host, text_layout

__all__ = ["HOST_ROWS", "columns_at", "device_batches"]

#: Rows of files that the host reads before they go to the device together.
HOST_ROWS = 1 << 24

#: Smaller Parquet files are read by the host, which puts them together: on a device each would cost as much as a large
#: one.
_DIRECT_BYTES = 1 << 22

#: What cuDF takes for a pattern, a chain of places, or a location folder, and not for a part of a file's name.
_NOT_PLAIN = ("*", "?", "[", "::", "~")

#: Stands for a date that is none: a day that is out of range, as every such date is rejected.
_NO_DATE = EARLIEST - DAY_US


def device_batches(
    sources: Iterable[Source],
    config: InputConfig,
    records: list[InputRecord],
    warnings: list[str],
    location: Location,
    skipped: list[SkippedFile] | None = None,
) -> Iterator[Batch | Withdrawal]:
    """Read files one after the other, as :func:`~gpunet.reading.stream.source_batches` does, and with its errors.

    A Parquet file whose columns are text, whole numbers and dates is read on the device, and is one batch.
    """
    for direct, group in groupby(sources, key=lambda s: s.kind == "parquet" and s.size_bytes >= _DIRECT_BYTES):
        if not direct:
            yield from source_batches(group, config, records, warnings, HOST_ROWS, skipped)
            continue
        for source in group:
            try:
                file = open_file(source)
                record = record_of(file, config)
            except UnreadableFile as error:
                skip_file(source, error, skipped)
                continue
            frame = _read_directly(file, record.layout, location)
            if frame is None:
                yield from source_batches([file], config, records, warnings, HOST_ROWS, skipped)
                continue
            records.append(record)
            record.rows = len(frame)
            record.done = True
            if record.rows:
                yield Batch(frame, (Piece(record, 0, record.rows, 0),))


def _read_directly(file: InputFile, layout: Layout, location: Location) -> nw.DataFrame[Any] | None:
    """The columns that are read, by our names, or None where the host must read them."""
    if any(text in str(file.source.path) for text in _NOT_PLAIN):
        return None
    if file.repeated or not all(_is_plain(ours, theirs, file.types[theirs]) for ours, theirs in layout.columns.items()):
        return None
    names = sorted(set(layout.columns.values()))
    location.expect(_decoded_bytes(file, names))
    try:
        frame = location.read_parquet(file.source.path, names)
    except (InputError, NotImplementedError, OSError, RuntimeError, TypeError, ValueError):
        return None  # an encoding that the device does not know, or a damaged file: the host reads it, or says why not
    for name in frame.columns:
        if frame.schema[name] == nw.String and not is_utf8(*map(location.array, text_layout(frame.get_column(name)))):
            return None
    return frame.select(**{ours: nw.col(theirs) for ours, theirs in layout.columns.items()})


def _decoded_bytes(file: InputFile, names: list[str]) -> int:
    """Bytes of these columns before compression, as the file tells; 0 if it cannot be read."""
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(str(file.source.path))
    except (OSError, pa.ArrowException):
        return 0
    groups = (metadata.row_group(i) for i in range(metadata.num_row_groups))
    chunks = (group.column(i) for group in groups for i in range(metadata.num_columns))
    return sum(chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema in names)


def _is_plain(ours: str, theirs: str, kind: pa.DataType) -> bool:
    if "." in theirs:  # a path into a structure, to some readers
        return False
    if ours == "date" and (pa.types.is_date32(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)):
        return True
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind))


def columns_at(location: Location, batch: Batch) -> nw.DataFrame[Any]:
    """The batch's columns at `location`: dates as text or timestamps, all others as text or whole numbers."""
    frame = batch.frame
    where = batch.pieces[0].record.name
    at_home = backend_of(frame) == location.backend
    stay = {c for c in frame.columns if at_home and _may_stay(c, frame.schema[c])}
    if len(stay) == len(frame.columns):
        return frame
    rest = [c for c in frame.columns if c not in stay]
    host = on_host(frame.select(rest))
    moved = location.moved(
        pa.table({c: _sendable(host.get_column(c), c == "date", f'{where}: column "{c}"') for c in rest})
    )
    return location.frame({c: (frame if c in stay else moved).get_column(c) for c in frame.columns})


def _may_stay(name: str, kind: nw.dtypes.DType) -> bool:
    if name == "date":
        return kind == nw.String or (isinstance(kind, nw.Datetime) and kind.time_zone is None)
    return kind == nw.String or kind.is_integer()


def _sendable(series: nw.Series[Any], is_date: bool, where: str) -> Any:
    """A PyArrow array of text, whole numbers or timestamps, of which each device has its kind."""
    if is_date and series.dtype != nw.String:
        timestamps, missing, bad = as_timestamps(series, where)
        return pa.array(np.where(bad, _NO_DATE, np.where(missing, 0, timestamps)), mask=missing).cast(
            pa.timestamp("us")
        )
    if not is_date and series.dtype.is_integer():
        array = series.to_arrow()
        return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return pc.cast(as_text(series, where), pa.large_string())
