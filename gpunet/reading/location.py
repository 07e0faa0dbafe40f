"""Where tables and arrays lie while they are read, and the codes of a column there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from gpunet.tables import arrays
from gpunet.tables.frames import (
    from_arrow,
    make_frame,
    make_series,
    plain_array,
    read_parquet_on_device,
    rows_of,
    series_to_arrow,
    to_array,
    to_arrow,
)
from gpunet.tables.parquet import read_parquet as read_parquet_on_host

__all__ = ["GPU", "HOST", "Column", "Location", "code_series", "in_order", "joined", "to_codes"]

#: Codes that are looked at at a time.
_STEP = 1 << 22


@dataclass(frozen=True)
class Location:
    """The kind of frame that holds the tables, and the function that brings an array to where the arrays lie.

    On the host these are PyArrow and NumPy's ``asarray``, on a GPU cuDF and :func:`gpunet.tables.arrays.to_device`.
    Tests put other kinds in their place. `in_slices`: tables come in slices of bounded size, not whole.
    """

    backend: str
    array: Callable[[Any], Any]
    in_slices: bool = False

    def expect(self, size: int) -> None:
        """Raise EngineError if so many bytes will be needed on a GPU and are not free; the host's are not asked for."""
        if self.backend == "cudf":
            from gpunet.engines.gpu.memory import check_fits

            check_fits("read", size)

    def frame(self, columns: Mapping[str, Any]) -> nw.DataFrame[Any]:
        """A frame of arrays and series of this location."""
        return nw.from_native(make_frame(columns, self.backend), eager_only=True)

    def series(self, name: str, values: Any) -> nw.Series[Any]:
        """A series of a NumPy array, a list of texts or a PyArrow array."""
        return make_series(name, values, self.backend)

    def values(self, series: nw.Series[Any]) -> Any:
        """The values of a series without nulls."""
        return self.array(to_array(series))

    def kept(self, series: nw.Series[Any], name: str) -> nw.Series[Any]:
        """A series as results hold it: of Polars on the host, where it is everywhere else."""
        return make_series(name, series.to_arrow()) if self.in_slices else series.alias(name)

    def read_parquet(self, path: str | Path, columns: Iterable[str]) -> nw.DataFrame[Any]:
        """Columns of a Parquet file."""
        if self.backend == "cudf":
            return read_parquet_on_device(path, columns)
        return from_arrow(to_arrow(read_parquet_on_host(path, columns)), self.backend)


#: Tables are slices in PyArrow's memory, which is how files come; the arrays are NumPy's.
HOST = Location("pyarrow", np.asarray, in_slices=True)

#: The tables lie in cuDF frames, the arrays are CuPy's.
GPU = Location("cudf", arrays.to_device)


@dataclass(frozen=True)
class Column:
    """A coded column.

    ``values``: distinct values, texts or whole numbers, in any order unless said otherwise. ``codes``: integers[n],
    each row's position there, -1 where it has none.
    """

    values: nw.Series[Any]
    codes: Any

    def texts(self) -> list[str]:
        """The values as texts, on the host."""
        return list(map(str, series_to_arrow(self.values).to_pylist()))

    def at(self, rows: Any) -> Column:
        """The same values with the codes of these rows."""
        return Column(self.values, self.codes[rows])

    def narrowed(self) -> Column:
        """The same with codes of the smallest type that holds the number of values too."""
        return Column(self.values, _narrow(self.codes, len(self.values)))


def _narrow(codes: Any, size: int) -> Any:
    xp = arrays.namespace(codes)
    kind = xp.int8 if size < 1 << 7 else xp.int16 if size < 1 << 15 else xp.int32
    return xp.astype(codes, kind, copy=False)


def code_series(series: nw.Series[Any], location: Location) -> Column:
    """Code a column by its distinct values."""
    if location.in_slices:
        return _encoded(series)
    values = series.drop_nulls().unique().sort()
    n, size = len(series), len(values)
    if not size:
        return Column(values, location.array(np.full(n, -1, np.int32)))
    xp = arrays.namespace(location.array(np.empty(0, np.int32)))
    rows = location.frame({"value": series, "row": xp.arange(n, dtype=xp.int64)})
    known = location.frame({"value": values, "code": xp.arange(size, dtype=xp.int32)})
    found = rows.join(known, on="value", how="left")  # a join tells each row the position of its own
    order = arrays.sort_order([location.values(found.get_column("row"))])  # and promises no order
    codes = location.values(found.get_column("code").fill_null(-1))
    return Column(values, xp.astype(codes[order], xp.int32))


def _encoded(series: nw.Series[Any]) -> Column:
    """Arrow's hash table: a third of the time of a join, and texts are not copied before."""
    encoded = plain_array(series_to_arrow(series)).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    values = nw.from_native(pa.chunked_array([encoded.dictionary]), series_only=True)
    return Column(values.alias(series.name), codes)


def in_order(column: Column, location: Location) -> Column:
    """The column with its values ascending, texts in the byte order of UTF-8, and without those that no row has."""
    values, codes = column.values, column.codes
    xp, size = arrays.namespace(codes), len(column.values)
    if not size:
        return column
    used = xp.zeros(size + 1, dtype=xp.bool)
    for start in range(0, codes.shape[0], _STEP):
        some = xp.astype(codes[start : min(start + _STEP, codes.shape[0])], xp.int64)
        used = used | (arrays.count_by_code(some + 1, size + 1) > 0)
    places = xp.nonzero(used[1:])[0]
    known = rows_of(values, places) if places.shape[0] < size else values
    ordered = location.frame({"value": known, "place": places}).sort("value")
    rank = arrays.inverse_order(location.values(ordered.get_column("place")), size)
    lookup = _narrow(xp.concat([rank, xp.full(1, -1, dtype=rank.dtype)]), places.shape[0])
    return Column(ordered.get_column("value").alias(values.name), to_codes(lookup, codes))


def to_codes(lookup: Any, codes: Any) -> Any:
    """``lookup[codes]``, and the last element of `lookup` where a code is -1."""
    if isinstance(lookup, np.ndarray):
        return lookup[codes]
    xp = arrays.namespace(lookup, codes)
    codes = xp.astype(codes, xp.int64)
    return lookup[xp.where(codes < 0, lookup.shape[0] - 1, codes)]


def joined(parts: list[Column], location: Location, name: str, as_integers: bool) -> Column:
    """The columns below each other as one, coded anew and narrow; the values become int64 or text.

    `parts` is empty then: each column is let go of when its codes are in their place.
    """
    xp = arrays.namespace(parts[0].codes)
    kind: Any = nw.Int64() if as_integers else nw.String()
    filled = [_of_kind(part.values, kind, location).alias(name) for part in parts if len(part.values)]
    if len(filled) > 1:
        every = code_series(nw.concat([values.to_frame() for values in filled]).get_column(name), location)
    else:
        values = filled[0] if filled else location.series(name, np.empty(0, np.int64) if as_integers else [])
        every = Column(values, xp.arange(len(values), dtype=xp.int32))
    del filled
    new = _narrow(every.codes, len(every.values))
    none = xp.full(1, -1, dtype=new.dtype)
    codes = xp.empty(sum(part.codes.shape[0] for part in parts), dtype=new.dtype)
    start, row = new.shape[0], codes.shape[0]
    while parts:
        part = parts.pop()
        start, stop, row, end = start - len(part.values), start, row - part.codes.shape[0], row
        codes[row:end] = to_codes(xp.concat([new[start:stop], none]), part.codes)
    return Column(every.values, codes)


def _of_kind(values: nw.Series[Any], kind: Any, location: Location) -> nw.Series[Any]:
    if not location.in_slices:
        return values.cast(kind)  # also where it has the kind: texts of PyArrow are of two widths
    return values if values.dtype == kind else location.series(values.name, values.cast(kind).to_arrow())
