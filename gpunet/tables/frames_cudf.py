"""cuDF's side of :mod:`gpunet.tables.frames`: frames that lie on a GPU. cuDF is imported where it is used.

What crosses between the host and the device is counted, by the bytes of its Arrow table. Every frame and series that is
made here has cuDF's plain index 0, 1, 2, ..., so that nothing is ever aligned by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from gpunet.base.days import NO_DAY
from gpunet.base.errors import EngineError
from gpunet.base.transfers import count_to_device, count_to_host
from gpunet.tables import arrays

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "array_of",
    "from_arrow",
    "gather",
    "make_frame",
    "make_series",
    "numbers_of",
    "read_parquet",
    "rows_of",
    "text_layout",
    "to_arrow",
]

_SECONDS_A_DAY = 86_400


def _cudf() -> Any:
    try:
        import cudf
    except ImportError as error:
        raise EngineError('the GPU engine needs cuDF, which is not installed: pip install "gpunet[gpu]"') from error
    return cudf


def from_arrow(table: pa.Table) -> Any:
    """The PyArrow table as a cuDF frame; what pandas noted in its schema is not looked at."""
    count_to_device(table.nbytes)
    return _cudf().DataFrame.from_arrow(table.replace_schema_metadata(None))


def to_arrow(native: Any) -> Any:
    """The cuDF frame as a PyArrow table, or the series as an array; the index is left behind."""
    found = native.to_arrow(preserve_index=False) if hasattr(native, "columns") else native.to_arrow()
    count_to_host(found.nbytes)
    return found


def read_parquet(path: str | Path, columns: Iterable[str]) -> Any:
    """Read columns of a Parquet file straight onto the device.

    Folders named like ``year=2013`` add no columns, and an index that pandas noted stays an ordinary column.

    Raises
    ------
    ValueError
        If a column is an index without a name, which cuDF does not give back.
    """
    wanted = list(columns)
    frame = _cudf().read_parquet(
        str(path), columns=wanted, use_pandas_metadata=False, dataset_kwargs={"partitioning": None}
    )
    if set(wanted) <= set(frame.columns):
        return frame.reset_index(drop=True)
    # Columns that pandas noted as an index become one all the same, if they are read.
    frame = frame.reset_index()
    if not set(wanted) <= set(frame.columns):
        raise ValueError(f"{path}: an index has no name")
    return frame[wanted]


def array_of(native: Any) -> Any:
    """The values of a series of numbers or flags as a CuPy array, which shares its memory.

    Raises
    ------
    ValueError
        If there are nulls.
    """
    if native.isna().any():
        raise ValueError(f"the column {native.name!r} has nulls")
    if not len(native):  # cuDF has no memory that it could share
        return arrays.to_device(np.empty(0, native.dtype))
    return native.to_cupy()


def numbers_of(native: Any) -> Any:
    """The values of a series of floats as a CuPy array, NaN where null."""
    if not len(native):
        return arrays.to_device(np.empty(0))
    return native.to_cupy(na_value=np.nan)


def rows_of(native: Any, rows: Any) -> Any:
    """The rows at these positions (a CuPy or NumPy array) of a series or frame."""
    return native.take(arrays.to_device(rows)).reset_index(drop=True)


def text_layout(native: Any) -> tuple[Any, Any]:
    """The bytes of all texts of a column that is no part of another, and of how many bytes each consists, 0 if null.

    Returns
    -------
    data
        uint8 CuPy array, which shares the column's memory.
    sizes
        int32 CuPy array.
    """
    memory = native.to_pylibcudf()[0].data()
    sizes = array_of(native.str.byte_count().fillna(0))
    if memory is None:
        return arrays.to_device(np.empty(0, np.uint8)), sizes
    xp = arrays.namespace(sizes)
    return arrays.wrapped(memory)[: int(xp.sum(sizes, dtype=xp.int64))], sizes  # the memory may be larger


def gather(native: Any, codes: Any, name: str) -> Any:
    """The elements of a series at these positions (a CuPy or NumPy array), null where one is negative."""
    codes = arrays.to_device(codes)
    if arrays.least(codes, 0) >= 0:
        return rows_of(native, codes).rename(name)
    if not len(native):  # a position is needed even where nothing is to be had
        native = make_series(name, np.array([""]))
    xp = arrays.namespace(codes)
    found = rows_of(native, xp.where(codes < 0, 0, codes))
    return found.where(make_series("known", codes >= 0)).rename(name)


def make_series(name: str, values: Any) -> Any:
    """A cuDF series of a NumPy or CuPy array of numbers or flags; NaN stays NaN. Texts come as a PyArrow array."""
    import pyarrow as pa

    if isinstance(values, np.ndarray) and values.dtype.kind not in "biuf":
        values = pa.array(values)
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return from_arrow(pa.table({name: values}))[name]
    return _cudf().Series(arrays.to_device(values), name=name, nan_as_null=False)


def make_frame(columns: Mapping[str, Any], dates: Collection[str]) -> Any:
    """A cuDF frame of what :func:`gpunet.tables.frames.make_frame` takes; dates are datetime64[s]."""
    return _cudf().DataFrame({name: _column(name, value, name in dates) for name, value in columns.items()})


def _column(name: str, value: Any, is_date: bool) -> Any:
    if isinstance(value, nw.Series):
        native = value.to_native()
        if value.implementation.is_cudf():
            return native.reset_index(drop=True)
        return make_series(name, value.to_arrow())
    values, mask = value if isinstance(value, tuple) else (value, None)
    if not is_date:
        series = make_series(name, values)
    else:
        days = arrays.to_device(values)
        xp = arrays.namespace(days)
        missing = days == NO_DAY
        mask = missing if mask is None else arrays.to_device(mask) | missing
        seconds = xp.where(missing, 0, xp.astype(days, xp.int64)) * _SECONDS_A_DAY
        series = make_series(name, seconds).astype("datetime64[s]")
    if mask is None:
        return series
    return series.where(make_series(name, ~arrays.to_device(mask)))
