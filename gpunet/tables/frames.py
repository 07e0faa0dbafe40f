"""The one file that knows Polars, pandas, PyArrow and cuDF by name; all others handle tables through Narwhals.

The libraries are imported where they are used, so that ``import gpunet`` stays light. What is peculiar to cuDF, whose
frames lie on a GPU, is in :mod:`gpunet.tables.frames_cudf`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import narwhals as nw
import numpy as np
from narwhals.exceptions import DuplicateError
from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Int32
from gpunet.base.days import NO_DAY
from gpunet.base.errors import InputError
from gpunet.base.words import quoted
from gpunet.tables import frames_cudf
from gpunet.tables.arrays import to_host
from gpunet.tables.arrow_text import as_wide_text, one_array, plain_array

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "BACKENDS",
    "Column",
    "as_eager",
    "as_wide_text",
    "backend_of",
    "dense",
    "from_arrow",
    "hashes_of",
    "is_frame",
    "make_frame",
    "make_series",
    "numbers_of",
    "on_host",
    "plain_array",
    "read_parquet_on_device",
    "rows_of",
    "series_to_arrow",
    "text_layout",
    "to_array",
    "to_arrow",
    "without_repeated",
]

#: The kinds of frame that results are given back in.
BACKENDS = ("polars", "pandas", "pyarrow", "cudf")

#: One column to be made: values, values with a mask that is True where null, or a ready series of any kind of frame.
Column: TypeAlias = "NDArray[Any] | tuple[NDArray[Any], Bool] | nw.Series[Any]"

Table = TypeVar("Table", nw.DataFrame[Any], nw.Series[Any])


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
        names = quoted(without_repeated(frame)[1])
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
        times = Counter(names)
        single = [i for i, name in enumerate(names) if times[name] == 1]
        kept = frame.select(single) if hasattr(frame, "column_names") else frame.iloc[:, single]
        return kept, tuple(name for name, n in times.items() if n > 1)
    return frame, ()


def dense(frame: nw.DataFrame[Any]) -> nw.DataFrame[Any]:
    """`frame` with its sparse columns (pandas), or those of runs (PyArrow), as plain ones."""
    native = frame.to_native()
    if frame.implementation.is_pandas():
        import pandas as pd

        sparse = [name for name, kind in native.dtypes.items() if isinstance(kind, pd.SparseDtype)]
        native = native.assign(**{name: native[name].sparse.to_dense() for name in sparse}) if sparse else native
    elif frame.implementation.is_pyarrow():
        import pyarrow as pa
        import pyarrow.compute as pc

        for i, kind in enumerate(native.schema.types):
            if pa.types.is_run_end_encoded(kind):
                native = native.set_column(i, native.column_names[i], pc.run_end_decode(native.column(i)))
    return nw.from_native(native, eager_only=True)


def backend_of(frame: nw.DataFrame[Any] | nw.Series[Any]) -> str:
    """Name the kind of frame that a caller uses: one of :data:`BACKENDS`, "polars" for any other kind."""
    name = frame.implementation.name.lower()
    return name if name in BACKENDS else "polars"


def from_arrow(table: pa.Table, backend: str = "polars") -> nw.DataFrame[Any]:
    """Wrap a PyArrow table as a Narwhals frame of the given kind, without a copy where that is possible."""
    import polars as pl

    if backend == "polars":
        return nw.from_native(pl.DataFrame(pl.from_arrow(table)), eager_only=True)
    if backend == "cudf":
        return nw.from_native(frames_cudf.from_arrow(table), eager_only=True)
    frame: nw.DataFrame[Any] = nw.from_native(as_wide_text(table), eager_only=True)
    if backend == "pyarrow":
        return frame
    columns = {name: frame.get_column(name) for name in frame.columns}
    return nw.from_native(make_frame(columns, backend), eager_only=True)


def to_arrow(frame: Any) -> pa.Table:
    """Any frame (native or Narwhals) as a PyArrow table whose text columns are all ``large_string``."""
    eager = as_eager(frame)
    if not eager.implementation.is_cudf():
        return as_wide_text(eager.to_arrow())
    return as_wide_text(frames_cudf.to_arrow(eager.to_native()))


def series_to_arrow(series: nw.Series[Any]) -> pa.Array:
    """A series of any kind of frame as one PyArrow array, which is not in chunks."""
    if series.implementation.is_cudf():
        return frames_cudf.to_arrow(series.to_native())
    return one_array(series.to_arrow())


def on_host(table: Table) -> Table:
    """A frame or series itself, or a copy of it over PyArrow if it is cuDF's."""
    if not table.implementation.is_cudf():
        return table
    if isinstance(table, nw.Series):
        return on_host(table.to_frame()).get_column(table.name)
    return nw.from_native(to_arrow(table), eager_only=True)


def to_array(series: nw.Series[Any]) -> Any:
    """The values of a series of numbers or flags without nulls: a CuPy array of a cuDF series, NumPy's of any other."""
    if series.implementation.is_cudf():
        return frames_cudf.array_of(series.to_native())
    return series.to_numpy()


def numbers_of(series: nw.Series[Any]) -> Any:
    """float64[n], the values of a series of numbers or flags, NaN where null; CuPy's for a series of cuDF."""
    numbers = series.cast(nw.Float64)
    if series.implementation.is_cudf():
        return frames_cudf.numbers_of(numbers.to_native())
    return numbers.to_numpy()


def hashes_of(texts: pa.Array) -> NDArray[np.uint64]:
    """Numbers of a PyArrow array of texts, on the host: equal for equal texts, also in other processes."""
    import polars as pl

    return pl.Series(pl.from_arrow(texts)).hash(seed=0).to_numpy()


def text_layout(series: nw.Series[Any]) -> tuple[Any, Any]:
    """The bytes of all texts of a series after each other, and of how many bytes each consists, 0 if it is null.

    Arrays are CuPy's for a series of cuDF, which must not be a part of another one, and NumPy's for any other.
    """
    if series.implementation.is_cudf():
        return frames_cudf.text_layout(series.to_native())
    array = plain_array(series_to_arrow(series))
    if not len(array):
        return np.empty(0, np.uint8), np.empty(0, np.int32)
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    found = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return found[bounds[0] : bounds[-1]], np.diff(bounds)


def rows_of(table: Any, rows: Any) -> Any:
    """The rows at the positions `rows` (an array) of a Narwhals series or frame; rows of cuDF's stay on the device."""
    if table.implementation.is_cudf():
        return nw.from_native(frames_cudf.rows_of(table.to_native(), rows), allow_series=True, eager_only=True)
    return table[to_host(rows)]


def read_parquet_on_device(path: str | Path, columns: Iterable[str]) -> nw.DataFrame[Any]:
    """Read columns of a Parquet file as a Narwhals frame over cuDF, without a table on the host."""
    return nw.from_native(frames_cudf.read_parquet(path, columns), eager_only=True)


def make_series(name: str, values: Any, backend: str = "polars") -> nw.Series[Any]:
    """Make a Narwhals series of an array, a list, or a PyArrow array; of an empty list one of texts."""
    import pyarrow as pa

    if isinstance(values, list):
        values = pa.array(values, None if values else pa.large_string())
    if backend == "cudf":
        return nw.from_native(frames_cudf.make_series(name, values), series_only=True)
    array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(to_host(values))
    return from_arrow(pa.table({name: array}), backend).get_column(name)


def make_frame(columns: Mapping[str, Column], backend: str = "polars", *, dates: Collection[str] = ()) -> Any:
    """Make a native frame of the given columns.

    Parameters
    ----------
    columns
        ``{name: values}``, all of one length. Values are an array, a pair (array, mask) where the mask is True for a
        null, or a Narwhals series of any kind of frame. int64, float64 and bool are kept; NaN stays NaN. Arrays may
        be NumPy's or CuPy's, whichever kind of frame they become.
    backend
        One of :data:`BACKENDS`.
    dates
        Names of columns that hold days since 1970-01-01 and become dates, ``NO_DAY`` becoming null.

    Returns
    -------
    native frame
        In pandas a column with nulls has a nullable type (Int64, Float64, boolean); dates are datetime64[s] there and
        in cuDF.
    """
    if backend not in BACKENDS:
        raise ValueError(f"unknown backend {backend!r}; there are {', '.join(BACKENDS)}")
    if backend == "cudf":
        return frames_cudf.make_frame(columns, dates)
    if backend == "pandas":
        import pandas as pd

        return pd.DataFrame({name: _pandas_column(value, name in dates) for name, value in columns.items()})
    import pyarrow as pa

    table = pa.table({name: _arrow_column(value, name in dates) for name, value in columns.items()})
    return as_wide_text(table) if backend == "pyarrow" else from_arrow(table).to_native()


def _host_values(value: Any) -> tuple[NDArray[Any], Bool | None]:
    """The values and the mask, if there is one, as NumPy arrays."""
    return (to_host(value[0]), to_host(value[1])) if isinstance(value, tuple) else (to_host(value), None)


def _arrow_column(value: Column, is_date: bool) -> Any:
    import pyarrow as pa

    if isinstance(value, nw.Series):
        return series_to_arrow(value)
    values, mask = _host_values(value)
    if is_date:
        values, missing = _days(values)
        mask = missing if mask is None else mask | missing
    array = pa.array(np.ascontiguousarray(values), mask=mask)
    return array.cast(pa.date32()) if is_date else array


def _pandas_column(value: Column, is_date: bool) -> Any:
    import pandas as pd
    import pyarrow as pa

    if isinstance(value, nw.Series):
        array = series_to_arrow(value)
        if array.null_count and pa.types.is_integer(array.type):  # PyArrow would turn these into floats
            return pd.arrays.IntegerArray(np.array(array.fill_null(0)), np.array(array.is_null()))
        return array.to_pandas()
    values, mask = _host_values(value)
    if is_date:
        values, missing = _days(values)
        stamps = values.astype("datetime64[D]")
        stamps[missing if mask is None else mask | missing] = np.datetime64("NaT")
        return stamps.astype("datetime64[s]")
    if mask is None or not mask.any():
        return values
    whole, numbers = pd.arrays.IntegerArray, pd.arrays.FloatingArray
    nullable = {"b": pd.arrays.BooleanArray, "i": whole, "u": whole, "f": numbers}.get(values.dtype.kind)
    if nullable is not None:
        return nullable(values.copy(), mask.copy())
    texts = values.astype(object)
    texts[mask] = None
    return texts


def _days(values: NDArray[Any]) -> tuple[Int32, Bool]:
    missing = values == NO_DAY
    return np.where(missing, 0, values).astype(np.int32), missing
