"""Parquet files that are read straight onto a device; all others go there by way of the host."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq

from gpunet.base.errors import InputError
from gpunet.config.input_config import DATE_COLUMNS
from gpunet.reading.columns import Layout
from gpunet.reading.files import InputFile
from gpunet.reading.location import Location
from gpunet.reading.utf8 import is_utf8
from gpunet.tables.arrow_paths import for_arrow
from gpunet.tables.frames import text_layout

__all__ = ["read_directly"]

#: Smaller Parquet files are read by the host, which puts them together: on a device each would cost as much as a large
#: one.
_DIRECT_BYTES = 1 << 22

#: What cuDF takes for a pattern, a chain of places, or a location folder, and not for a part of a file's name.
_NOT_PLAIN = ("*", "?", "[", "::", "~")


def read_directly(file: InputFile, layout: Layout, location: Location) -> nw.DataFrame[Any] | None:
    """The columns of a Parquet file that are read, by our names, or None where the host must read them.

    A device reads files whose columns are text, whole numbers and dates, if they are not small.
    """
    if file.source.kind != "parquet" or file.source.packing or file.source.size_bytes < _DIRECT_BYTES:
        return None
    if {*file.keys.added, *file.keys.shared, *file.periods} & {*layout.columns.values()}:
        return None
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
    try:
        metadata = pq.read_metadata(for_arrow(file.source.path))
    except (OSError, pa.ArrowException):
        return 0
    groups = (metadata.row_group(i) for i in range(metadata.num_row_groups))
    chunks = (group.column(i) for group in groups for i in range(metadata.num_columns))
    return sum(chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema in names)


def _is_plain(ours: str, theirs: str, kind: pa.DataType) -> bool:
    if "." in theirs:  # a path into a structure, to some readers
        return False
    if ours in DATE_COLUMNS and (pa.types.is_date32(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)):
        return True
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind))
