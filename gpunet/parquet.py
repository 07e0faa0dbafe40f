"""Parquet files: equal tables give equal bytes, and a table can say of itself what it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import narwhals as nw

from gpunet.errors import InputError
from gpunet.frames import from_arrow, to_arrow

__all__ = ["read_parquet", "read_parquet_metadata", "write_parquet"]

_METADATA_KEY = b"gpunet"

#: Fixed, so that the bytes of a file do not depend on how its table was chunked in memory.
_ROW_GROUP_ROWS = 1 << 20


def write_parquet(
    path: str | Path, frame: Any, metadata: Mapping[str, Any] | None = None, *, dates: Collection[str] = ()
) -> None:
    """Write any frame as Parquet (zstd); equal tables and metadata give equal bytes, whatever their chunks in memory.

    Parameters
    ----------
    path
        The file to write. It is written in place: the caller decides on temporary names.
    frame
        A Polars, pandas, PyArrow, cuDF or Narwhals frame.
    metadata
        Values that JSON can hold; they are kept, sorted by key, under the schema's key ``gpunet``.
    dates
        Names of columns that hold dates, which pandas and cuDF know as timestamps alone.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = to_arrow(frame)
    schema = [field.with_type(pa.date32()) if field.name in dates else field for field in table.schema]
    table = table.cast(pa.schema(schema)) if dates else table
    kept = None if metadata is None else {_METADATA_KEY: json.dumps(metadata, sort_keys=True).encode()}
    table = table.replace_schema_metadata(kept)
    with pq.ParquetWriter(str(path), table.schema, compression="zstd") as writer:
        for start in range(0, max(len(table), 1), _ROW_GROUP_ROWS):
            writer.write_table(table.slice(start, _ROW_GROUP_ROWS).combine_chunks(), row_group_size=_ROW_GROUP_ROWS)


def read_parquet(path: str | Path, columns: Iterable[str] | None = None) -> nw.DataFrame[Any]:
    """Read a Parquet file as a Narwhals frame over Polars.

    Raises
    ------
    InputError
        If it cannot be read as Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(str(path)) as file:
            return from_arrow(file.read(columns=None if columns is None else list(columns)))
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot read {path} as Parquet: {error}") from error


def read_parquet_metadata(path: str | Path) -> dict[str, Any] | None:
    """Give back what :func:`write_parquet` was given as `metadata`, or None if the file carries none.

    Raises
    ------
    InputError
        If it cannot be read as Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = (pq.read_schema(str(path)).metadata or {}).get(_METADATA_KEY)
        value = None if found is None else json.loads(found)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise InputError(f"cannot read {path} as Parquet: {error}") from error
    return value if isinstance(value, dict) else None
