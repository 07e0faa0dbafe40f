"""Where the device reader's tables and arrays lie, and the codes of a column there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    read_parquet_on_device,
    rows_of,
    to_array,
    to_arrow,
)
from gpunet.tables.parquet import read_parquet as read_parquet_on_host

__all__ = ["GPU", "Column", "Location", "code_series", "is_blank", "joined", "of_used", "to_codes"]

#: The characters that ``str.isspace`` knows.
_SPACE = "".join(map(chr, (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B),
                           0x2028, 0x2029, 0x202F, 0x205F, 0x3000)))  # fmt: skip


def _whatever(size: int) -> None:
    """The host's memory is not asked for beforehand."""


def _on_gpu(size: int) -> None:
    from gpunet.engines.gpu.memory import check_fits

    check_fits("read", size)


@dataclass(frozen=True)
class Location:
    """The kind of frame that holds the tables, and the function that brings an array to where the arrays lie.

    On a GPU these are cuDF and :func:`gpunet.tables.arrays.to_device`. Tests put other kinds in their place. `expect`
    is told how many bytes will be needed at least, and raises EngineError if there are not so many.
    """

    backend: str
    array: Callable[[Any], Any]
    expect: Callable[[int], None] = _whatever

    def frame(self, columns: Mapping[str, Any]) -> nw.DataFrame[Any]:
        """A frame of arrays and series of this location."""
        return nw.from_native(make_frame(columns, self.backend), eager_only=True)

    def series(self, name: str, values: Any) -> nw.Series[Any]:
        """A series of a NumPy array, a list of texts or a PyArrow array."""
        return make_series(name, values, self.backend)

    def moved(self, table: pa.Table) -> nw.DataFrame[Any]:
        """A PyArrow table as a frame of this location."""
        return from_arrow(table, self.backend)

    def values(self, series: nw.Series[Any]) -> Any:
        """The values of a series without nulls."""
        return self.array(to_array(series))

    def read_parquet(self, path: str | Path, columns: Iterable[str]) -> nw.DataFrame[Any]:
        """Columns of a Parquet file."""
        if self.backend == "cudf":
            return read_parquet_on_device(path, columns)
        return self.moved(to_arrow(read_parquet_on_host(path, columns)))


#: The tables lie in cuDF frames, the arrays are CuPy's.
GPU = Location("cudf", arrays.to_device, _on_gpu)


@dataclass(frozen=True)
class Column:
    """A coded column.

    ``values``: distinct values, ascending, texts or whole numbers; texts follow the byte order of UTF-8. ``codes``:
    int32[n], each row's position there, -1 where it has none.
    """

    values: nw.Series[Any]
    codes: Any

    def texts(self) -> list[str]:
        """The values as texts, on the host."""
        return list(map(str, to_arrow(self.values.to_frame()).column(0).to_pylist()))


def code_series(series: nw.Series[Any], location: Location) -> Column:
    """Code a column by its sorted distinct values: a join tells each row the position of its own."""
    values = series.drop_nulls().unique().sort()
    n, size = len(series), len(values)
    if not size:
        return Column(values, location.array(np.full(n, -1, np.int32)))
    xp = arrays.namespace(location.array(np.empty(0, np.int32)))
    rows = location.frame({"value": series, "row": xp.arange(n, dtype=xp.int64)})
    known = location.frame({"value": values, "code": xp.arange(size, dtype=xp.int32)})
    found = rows.join(known, on="value", how="left")
    order = arrays.sort_order([location.values(found.get_column("row"))])  # a join promises no order
    codes = location.values(found.get_column("code").fill_null(-1))
    return Column(values, xp.astype(codes[order], xp.int32))


def is_blank(values: nw.Series[Any], location: Location) -> Any:
    """bool[n], whether each value (none of them null) is an empty text or white space alone."""
    if not len(values) or values.dtype != nw.String:
        return location.array(np.zeros(len(values), np.bool_))
    return location.values(values.str.strip_chars(_SPACE) == "")


def to_codes(lookup: Any, codes: Any) -> Any:
    """``lookup[codes]``, and the last element of `lookup` where a code is -1."""
    xp = arrays.namespace(lookup, codes)
    return lookup[xp.where(codes < 0, lookup.shape[0] - 1, codes)]


def joined(parts: Sequence[Column], location: Location, name: str, as_integers: bool) -> Column:
    """The columns below each other as one, coded anew; the values become int64 or text."""
    xp = arrays.namespace(*(part.codes for part in parts))
    codes = xp.concat([part.codes for part in parts])
    filled = [part.values for part in parts if len(part.values)]
    if not filled:
        return Column(location.series(name, np.empty(0, np.int64) if as_integers else []), codes)
    kind = nw.Int64() if as_integers else nw.String()
    if len(filled) == 1 and filled[0].dtype == kind:
        return Column(filled[0].alias(name), codes)
    together = nw.concat([values.cast(kind).alias(name).to_frame() for values in filled]).get_column(name)
    every = code_series(together, location)
    start, new = 0, []
    for part in parts:
        size = len(part.values)
        lookup = xp.concat([every.codes[start : start + size], location.array(np.full(1, -1, np.int32))])
        new.append(to_codes(lookup, part.codes))
        start += size
    return Column(every.values, xp.concat(new))


def of_used(column: Column) -> Column:
    """The column without the values that no row has."""
    xp = arrays.namespace(column.codes)
    used = arrays.distinct(column.codes[column.codes >= 0])
    if used.shape[0] == len(column.values):
        return column
    if not used.shape[0]:
        return Column(column.values.head(0), column.codes)
    codes = xp.where(column.codes < 0, -1, xp.astype(xp.searchsorted(used, column.codes), xp.int32))
    return Column(rows_of(column.values, used), xp.astype(codes, xp.int32))
