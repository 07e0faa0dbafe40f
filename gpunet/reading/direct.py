"""Tables that are read on a device: Parquet files straight onto the device, all others by way of the host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import narwhals as nw
import pyarrow as pa

from gpunet.arrests.arrests import SkippedFile
from gpunet.base.errors import InputError, UnreadableFile
from gpunet.config.config import InputConfig
from gpunet.reading.columns import Layout
from gpunet.reading.files import InputFile, open_file
from gpunet.reading.location import Location
from gpunet.reading.skipped import skip_file
from gpunet.reading.sources import Source
from gpunet.reading.stream import Batch, InputRecord, Piece, Withdrawal, record_of, source_batches
from gpunet.reading.utf8 import is_utf8
from gpunet.tables.frames import text_layout

__all__ = ["HOST_ROWS", "device_batches"]

#: Rows of files that the host reads before they go to the device together.
HOST_ROWS = 1 << 24

#: Smaller Parquet files are read by the host, which puts them together: on a device each would cost as much as a large
#: one.
_DIRECT_BYTES = 1 << 22

#: What cuDF takes for a pattern, a chain of places, or a location folder, and not for a part of a file's name.
_NOT_PLAIN = ("*", "?", "[", "::", "~")


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
