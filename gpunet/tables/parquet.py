"""Parquet files: equal tables give equal bytes, and a table can say of itself what it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import check_regular, named_path
from gpunet.base.stopping import raise_if_stopped
from gpunet.tables.arrow_paths import for_arrow
from gpunet.tables.frames import from_arrow, to_arrow

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "not_parquet",
    "read_parquet",
    "read_parquet_metadata",
    "read_parquet_names",
    "write_parquet",
    "write_parquet_parts",
]

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
    write_parquet_parts(path, [frame], metadata, dates=dates)


def write_parquet_parts(
    path: str | Path, frames: Iterable[Any], metadata: Mapping[str, Any] | None = None, *, dates: Collection[str] = ()
) -> None:
    """:func:`write_parquet` of a table that comes in parts: the bytes are those of the whole, however it is cut.

    Parameters
    ----------
    path, metadata, dates
        As above.
    frames
        One at least, all of the same columns. Each is taken when whole row groups of those before are written, so that
        no more than a part and a row group are held.

    Raises
    ------
    ValueError
        If there is no part.
    """
    import pyarrow.parquet as pq

    kept = None if metadata is None else {_METADATA_KEY: json.dumps(metadata, sort_keys=True).encode()}
    groups = _row_groups(_dated(to_arrow(frame), dates).replace_schema_metadata(kept) for frame in frames)
    first = next(groups, None)
    if first is None:
        raise ValueError(f"{path}: a table without a part has no columns")
    sink = for_arrow(path, "wb")
    with (
        nullcontext() if isinstance(sink, str) else sink,
        pq.ParquetWriter(sink, first.schema, compression="zstd") as writer,
    ):
        for group in chain([first], groups):
            raise_if_stopped()
            writer.write_table(group, row_group_size=_ROW_GROUP_ROWS)


def _row_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows of the tables, so many a time; an empty table if there is no row but a table."""
    import pyarrow as pa

    held: list[pa.Table] = []
    rows, some = 0, False
    for table in tables:
        held.append(table)
        rows += len(table)
        while rows >= _ROW_GROUP_ROWS:
            whole = pa.concat_tables(held)
            yield whole.slice(0, _ROW_GROUP_ROWS).combine_chunks()
            held, rows, some = [whole.slice(_ROW_GROUP_ROWS)], rows - _ROW_GROUP_ROWS, True
    if rows or (held and not some):
        yield pa.concat_tables(held).combine_chunks()


def _dated(table: Any, dates: Collection[str]) -> Any:
    """The table with these columns as dates."""
    import pyarrow as pa

    schema = [field.with_type(pa.date32()) if field.name in dates else field for field in table.schema]
    return table.cast(pa.schema(schema)) if dates else table


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
        check_regular(named_path(path, "the Parquet file"))
        with pq.ParquetFile(for_arrow(path)) as file:
            return from_arrow(file.read(columns=None if columns is None else list(columns)))
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot read {path} as Parquet: {in_words(error)}") from error


def read_parquet_names(path: str | Path) -> list[str] | None:
    """The names of the columns of a Parquet file; None if it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        check_regular(path)
        names: list[str] = pq.read_schema(for_arrow(path)).names
    except (OSError, pa.ArrowException, ValueError):
        return None
    return names


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
        check_regular(named_path(path, "the Parquet file"))
        found = (pq.read_schema(for_arrow(path)).metadata or {}).get(_METADATA_KEY)
        value = None if found is None else json.loads(found)
    except (OSError, pa.ArrowException, ValueError, RecursionError) as error:  # RecursionError: nested JSON
        raise InputError(f"cannot read {path} as Parquet: {in_words(error)}") from error
    return value if isinstance(value, dict) else None


def not_parquet(path: Path, error: Exception) -> InputError:
    """What to raise where a table of a run cannot be read."""
    return InputError(f"{path}: not readable as Parquet: {in_words(error)}")
