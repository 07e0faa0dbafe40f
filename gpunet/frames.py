"""The one file that knows Polars, pandas and PyArrow by name; everything else handles tables through Narwhals.

The libraries are imported where they are used, so that ``import gpunet`` stays light.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals as nw
import numpy as np
from narwhals.exceptions import DuplicateError
from numpy.typing import NDArray

from gpunet.arrests import NO_DAY
from gpunet.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "BACKENDS",
    "Column",
    "as_eager",
    "as_wide_text",
    "backend_of",
    "from_arrow",
    "is_frame",
    "make_frame",
    "make_series",
    "plain_array",
    "read_parquet",
    "read_parquet_metadata",
    "to_arrow",
    "without_repeated",
    "write_parquet",
]

#: The kinds of frame that results are given back in.
BACKENDS = ("polars", "pandas", "pyarrow")

#: One column to be made: values, values with a mask that is True where null, or a ready series of any kind of frame.
Column: TypeAlias = "NDArray[Any] | tuple[NDArray[Any], NDArray[np.bool_]] | nw.Series[Any]"

_METADATA_KEY = b"gpunet"

#: Fixed, so that the bytes of a file do not depend on how its table was chunked in memory.
_ROW_GROUP_ROWS = 1 << 20


def is_frame(value: object) -> bool:
    """Whether Narwhals takes `value` as an eager or lazy frame, or would but for columns that occur twice."""
    try:
        return isinstance(nw.from_native(value, pass_through=True), nw.DataFrame | nw.LazyFrame)
    except DuplicateError:
        return True


def as_eager(frame: Any) -> nw.DataFrame[Any]:
    """`frame` (native or Narwhals, eager or lazy) as an eager Narwhals frame; a lazy one is collected.

    Raises
    ------
    InputError
        If Narwhals does not take it, or a column occurs more than once.
    """
    try:
        wrapped = nw.from_native(frame)
    except DuplicateError as error:
        names = ", ".join(f'"{name}"' for name in without_repeated(frame)[1])
        raise InputError(f"columns of the data frame that occur more than once: {names}") from error
    except TypeError as error:
        raise InputError(f"expected a path or a data frame that Narwhals takes, not {type(frame).__name__}") from error
    return wrapped.collect() if isinstance(wrapped, nw.LazyFrame) else wrapped


def without_repeated(frame: Any) -> tuple[Any, tuple[Any, ...]]:
    """`frame` (native or Narwhals) without the columns whose names occur more than once, and those names."""
    try:
        nw.from_native(frame, pass_through=True)
    except DuplicateError:
        names = list(frame.column_names if hasattr(frame, "column_names") else frame.columns)
        single = [i for i, name in enumerate(names) if names.count(name) == 1]
        kept = frame.select(single) if hasattr(frame, "column_names") else frame.iloc[:, single]
        return kept, tuple(dict.fromkeys(name for name in names if names.count(name) > 1))
    return frame, ()


def backend_of(frame: nw.DataFrame[Any] | nw.Series[Any]) -> str:
    """Name the kind of frame that a caller uses: one of :data:`BACKENDS`, "polars" for any other kind."""
    name = frame.implementation.name.lower()
    return name if name in BACKENDS else "polars"


def from_arrow(table: pa.Table | pa.RecordBatch) -> nw.DataFrame[Any]:
    """Wrap a PyArrow table or batch as a Narwhals frame over Polars, without a copy where that is possible."""
    import polars as pl

    return nw.from_native(pl.DataFrame(pl.from_arrow(table)), eager_only=True)


def to_arrow(frame: Any) -> pa.Table:
    """Any frame (native or Narwhals) as a PyArrow table whose text columns are all ``large_string``."""
    import pyarrow as pa

    if isinstance(frame, pa.RecordBatch):
        return as_wide_text(pa.Table.from_batches([frame]))
    table = frame if isinstance(frame, pa.Table) else as_eager(frame).to_arrow()
    return as_wide_text(table)


def as_wide_text(table: pa.Table) -> pa.Table:
    """`table` with every text column as ``large_string``, so that equal tables of different makers are one schema."""
    import pyarrow as pa

    narrow = _narrow_text()
    schema = pa.schema(
        [field.with_type(pa.large_string()) if field.type in narrow else field for field in table.schema],
        metadata=table.schema.metadata,
    )
    return table if schema == table.schema else table.cast(schema)


def plain_array(array: Any) -> Any:
    """A PyArrow array, chunked or not, without encodings that save space; text, bytes and nulls as ``large_string``.

    Raises
    ------
    pyarrow.ArrowException
        If there are bytes that are not UTF-8.
    """
    import pyarrow as pa

    if isinstance(array.type, pa.BaseExtensionType):
        array = array.cast(array.type.storage_type)
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    views = [pa.binary_view()] if hasattr(pa, "binary_view") else []
    if array.type in (*_narrow_text(), pa.binary(), pa.large_binary(), pa.null(), *views):
        return array.cast(pa.large_string())
    return array


def _narrow_text() -> tuple[Any, ...]:
    """The types of text that are not ``large_string``; the newest versions of PyArrow alone have views."""
    import pyarrow as pa

    return (pa.string(), *([pa.string_view()] if hasattr(pa, "string_view") else []))


def make_series(name: str, values: Any) -> nw.Series[Any]:
    """Make a Narwhals series over Polars of a NumPy array, a list, or a PyArrow array."""
    import polars as pl
    import pyarrow as pa

    if isinstance(values, pa.Array | pa.ChunkedArray):
        native = pl.DataFrame(pl.from_arrow(pa.table({name: values})))[name]
    elif isinstance(values, list) and not values:
        native = pl.Series(name, values, dtype=pl.String)
    else:
        native = pl.Series(name, values)
    return nw.from_native(native, series_only=True)


def make_frame(columns: Mapping[str, Column], backend: str = "polars", *, dates: Collection[str] = ()) -> Any:
    """Make a native frame of the given columns.

    Parameters
    ----------
    columns
        ``{name: values}``, all of one length. Values are an array, a pair (array, mask) where the mask is True for a
        null, or a Narwhals series of any kind of frame. int64, float64 and bool are kept; NaN stays NaN.
    backend
        One of :data:`BACKENDS`.
    dates
        Names of columns that hold days since 1970-01-01 and become dates, ``NO_DAY`` becoming null.

    Returns
    -------
    native frame
        In pandas a column with nulls has a nullable type (Int64, Float64, boolean); dates are datetime64[s] there.
    """
    if backend not in BACKENDS:
        raise ValueError(f"unknown backend {backend!r}; there are {', '.join(BACKENDS)}")
    if backend == "pandas":
        import pandas as pd

        return pd.DataFrame({name: _pandas_column(value, name in dates) for name, value in columns.items()})
    import pyarrow as pa

    table = pa.table({name: _arrow_column(value, name in dates) for name, value in columns.items()})
    return as_wide_text(table) if backend == "pyarrow" else from_arrow(table).to_native()


def _arrow_column(value: Column, is_date: bool) -> Any:
    import pyarrow as pa

    if isinstance(value, nw.Series):
        return value.to_arrow()
    values, mask = value if isinstance(value, tuple) else (value, None)
    if is_date:
        values, missing = _days(values)
        mask = missing if mask is None else mask | missing
    array = pa.array(np.ascontiguousarray(values), mask=mask)
    return array.cast(pa.date32()) if is_date else array


def _pandas_column(value: Column, is_date: bool) -> Any:
    import pandas as pd

    if isinstance(value, nw.Series):
        if value.null_count() and value.dtype.is_integer():  # PyArrow would turn these into floats
            return pd.arrays.IntegerArray(value.fill_null(0).to_numpy().copy(), value.is_null().to_numpy().copy())
        return value.to_arrow().to_pandas()
    values, mask = value if isinstance(value, tuple) else (value, None)
    if is_date:
        values, missing = _days(values)
        stamps = values.astype("datetime64[D]")
        stamps[missing if mask is None else mask | missing] = np.datetime64("NaT")
        return stamps.astype("datetime64[s]")
    if mask is None or not mask.any():
        return values
    if values.dtype.kind == "b":
        return pd.arrays.BooleanArray(values.copy(), mask.copy())
    if values.dtype.kind in "iu":
        return pd.arrays.IntegerArray(values.copy(), mask.copy())
    if values.dtype.kind == "f":
        return pd.arrays.FloatingArray(values.copy(), mask.copy())
    texts = values.astype(object)
    texts[mask] = None
    return texts


def _days(values: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    missing = values == NO_DAY
    return np.where(missing, 0, values).astype(np.int32), missing


def write_parquet(path: str | Path, frame: Any, metadata: Mapping[str, Any] | None = None) -> None:
    """Write any frame as Parquet (zstd); equal tables and metadata give equal bytes, whatever their chunks in memory.

    Parameters
    ----------
    path
        The file to write. It is written in place: the caller decides on temporary names.
    frame
        A Polars, pandas, PyArrow or Narwhals frame.
    metadata
        Values that JSON can hold; they are kept, sorted by key, under the schema's key ``gpunet``.
    """
    import pyarrow.parquet as pq

    table = to_arrow(frame)
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
