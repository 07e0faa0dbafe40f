"""As much of cuDF as gpunet, and Narwhals for gpunet, call of it: pandas over Arrow types behind cuDF's names.

Narwhals takes these frames for cuDF's, and goes the ways that it goes for cuDF. What cuDF promises nothing about comes
out differently here than in pandas: joins and distinct values come in reverse order. As in cuDF 26.10, whole numbers
that a join puts nulls among become floats.
"""

from __future__ import annotations

from typing import Any

import array_api_strict
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

__version__ = "26.10.2"

Index, RangeIndex = pd.Index, pd.RangeIndex


def _dtype(kind: pa.DataType) -> Any:
    """What cuDF calls a column of this type."""
    if pa.types.is_large_string(kind):
        return pd.StringDtype(na_value=np.nan)
    if pa.types.is_boolean(kind):
        return np.dtype("bool")
    if pa.types.is_timestamp(kind):
        return np.dtype(f"datetime64[{kind.unit}]")
    return np.dtype(str(kind).replace("double", "float64"))


def _kind(dtype: Any) -> pa.DataType:
    return pa.large_string() if dtype is str else pa.from_numpy_dtype(np.dtype(dtype))


def _held(array: Any) -> pd.Series:
    """An Arrow array as pandas holds it here, dates as the timestamps that cuDF makes of them."""
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if pa.types.is_string(array.type) or pa.types.is_null(array.type):
        array = array.cast(pa.large_string())
    if pa.types.is_date(array.type):
        array = array.cast(pa.date32()).cast(pa.timestamp("s"))
    assert pa.types.is_primitive(array.type) or pa.types.is_large_string(array.type)
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([array])))


class Series:
    """``held`` is a pandas series of an Arrow type."""

    def __init__(self, data: Any = None, *, name: Any = None, nan_as_null: bool = True) -> None:
        if isinstance(data, Series):
            self.held = data.held.rename(data.name if name is None else name)
        elif isinstance(data, pd.Series):
            self.held = data.rename(data.name if name is None else name)
        else:
            assert not isinstance(data, np.ndarray), "an array that is not on the device"
            values = np.asarray(data)
            assert not nan_as_null or values.dtype.kind in "biu"
            self.held = _held(pa.array(values)).rename(name)

    @property
    def name(self) -> Any:
        return self.held.name

    @property
    def dtype(self) -> Any:
        return _dtype(self._arrow().type)

    @property
    def index(self) -> Any:
        return self.held.index

    @index.setter
    def index(self, value: Any) -> None:
        self.held = self.held.set_axis(value)

    @property
    def iloc(self) -> Any:
        return _Rows(self.held.iloc)

    @property
    def str(self) -> Any:
        return _Text(self)

    def __len__(self) -> int:
        return len(self.held)

    def _arrow(self) -> pa.Array:
        return pa.array(self.held.array)

    def _binary(self, operation: Any, other: Any) -> Series:
        if isinstance(other, Series):
            assert self.held.index.equals(other.held.index)
        return Series(operation(self.held, other.held if isinstance(other, Series) else other))

    def __eq__(self, other: object) -> Series:  # type: ignore[override]
        return self._binary(lambda a, b: a == b, other)

    def __or__(self, other: Any) -> Series:
        return self._binary(lambda a, b: a | b, other)

    def __add__(self, other: Any) -> Series:
        return self._binary(lambda a, b: a + b, other)

    def __invert__(self) -> Series:
        return Series(~self.held)

    def any(self) -> bool:
        return bool(self.held.any())

    def max(self) -> Any:
        return self.held.max()

    def sum(self) -> Any:
        return self.held.sum()

    def isna(self) -> Series:
        return Series(self.held.isna().astype("bool[pyarrow]"))

    def fillna(self, value: Any = None) -> Series:
        return Series(self.held.fillna(value))

    def dropna(self) -> Series:
        return Series(self.held.dropna())

    def unique(self) -> Series:
        return Series(_held(self._arrow().unique()).iloc[::-1].reset_index(drop=True))

    def sort_values(self, *, ascending: bool = True, na_position: Any = "last") -> Series:
        return Series(self.held.sort_values(ascending=ascending, na_position=na_position))

    def astype(self, dtype: Any) -> Series:
        return Series(self.held.astype(pd.ArrowDtype(_kind(dtype))))

    def where(self, cond: Any, other: Any = None) -> Series:
        assert other is None
        return Series(self.held.where(np.asarray(cond.held, dtype=np.bool_), pd.NA))

    def rename(self, index: Any = None) -> Series:
        return Series(self.held.rename(index))

    def copy(self, deep: bool = True) -> Series:
        return Series(self.held.copy(deep=deep))

    def head(self, n: int = 5) -> Series:
        return Series(self.held.head(n))

    def take(self, indices: Any) -> Series:
        assert not isinstance(indices, np.ndarray)
        return Series(self.held.iloc[np.asarray(indices)])

    def reset_index(self, *, drop: bool = False) -> Series:
        return Series(self.held.reset_index(drop=drop))

    def to_frame(self) -> DataFrame:
        return DataFrame({self.name: self})

    def to_arrow(self) -> pa.Array:
        return self._arrow()

    def to_pylibcudf(self) -> Any:
        """A column whose bytes are another array's memory, as ``cupy.asarray`` takes it, and the metadata."""
        data = self._arrow().buffers()[2]
        return _Bytes(None if data is None else array_api_strict.asarray(np.frombuffer(data, np.uint8))), {}

    def to_cupy(self, *, na_value: Any = None) -> Any:
        assert len(self)
        assert na_value is not None or not self.held.isna().any()
        given = {} if na_value is None else {"na_value": na_value}
        return array_api_strict.asarray(self.held.to_numpy(self.dtype, **given))


class _Bytes:
    def __init__(self, memory: Any) -> None:
        self._memory = memory

    def data(self) -> Any:
        return self._memory


class _Text:
    def __init__(self, series: Series) -> None:
        self._series = series

    def byte_count(self) -> Series:
        return Series(_held(pc.binary_length(self._series.to_arrow())))

    def strip(self, to_strip: Any = None) -> Series:
        return Series(self._series.held.str.strip(to_strip))


class DataFrame:
    """``held`` is a pandas frame of Arrow types."""

    def __init__(self, data: Any = None) -> None:
        if isinstance(data, pd.DataFrame):
            self.held = data
            return
        indexes = [series.held.index for series in data.values()]
        assert all(index.equals(indexes[0]) for index in indexes)
        self.held = pd.DataFrame({name: series.held for name, series in data.items()})

    @classmethod
    def from_arrow(cls, table: pa.Table) -> DataFrame:
        assert table.schema.metadata is None
        return cls(pd.DataFrame({name: _held(table.column(name)) for name in table.column_names}))

    @property
    def columns(self) -> Any:
        return self.held.columns

    @columns.setter
    def columns(self, value: Any) -> None:
        self.held.columns = value

    @property
    def dtypes(self) -> Any:
        return pd.Series({name: self[name].dtype for name in self.held.columns}, dtype=object)

    @property
    def index(self) -> Any:
        return self.held.index

    @property
    def shape(self) -> Any:
        return self.held.shape

    @property
    def loc(self) -> Any:
        return _Rows(self.held.loc)

    @property
    def iloc(self) -> Any:
        return _Rows(self.held.iloc)

    def memory_usage(self, index: bool = True, deep: bool = False) -> Any:
        return self.held.memory_usage(index=index, deep=deep)

    def __len__(self) -> int:
        return len(self.held)

    def __getitem__(self, key: Any) -> Any:
        return DataFrame(self.held[key]) if isinstance(key, list) else Series(self.held[key])

    def items(self) -> Any:
        return [(name, self[name]) for name in self.held.columns]

    def dropna(self, *, subset: Any = None, how: Any = "any") -> DataFrame:
        return DataFrame(self.held.dropna(subset=subset, how=how))

    def drop(self, *, columns: Any = None, inplace: bool = False) -> DataFrame:
        assert not inplace
        return DataFrame(self.held.drop(columns=columns))

    def rename(self, *, columns: Any = None) -> DataFrame:
        return DataFrame(self.held.rename(columns=columns))

    def merge(
        self,
        right: Any,
        how: Any = "inner",
        *,
        left_on: Any = None,
        right_on: Any = None,
        suffixes: Any = ("_x", "_y"),
    ) -> DataFrame:
        found = self.held.merge(right.held, how=how, left_on=left_on, right_on=right_on, suffixes=suffixes)
        assert not right.held.isna().any(axis=None)  # so that all nulls on its side are the join's
        for name in found.columns.difference(self.held.columns):
            if pa.types.is_integer(found[name].dtype.pyarrow_dtype) and found[name].isna().any():
                found[name] = found[name].astype(pd.ArrowDtype(pa.float64()))
        return DataFrame(found.iloc[::-1].reset_index(drop=True))

    def sort_values(self, by: Any, *, ascending: Any = True, na_position: Any = "last") -> DataFrame:
        return DataFrame(self.held.sort_values(by, ascending=ascending, na_position=na_position))

    def take(self, indices: Any) -> DataFrame:
        assert not isinstance(indices, np.ndarray)
        return DataFrame(self.held.iloc[np.asarray(indices)])

    def reset_index(self, *, drop: bool = False) -> DataFrame:
        return DataFrame(self.held.reset_index(drop=drop))

    def to_arrow(self, preserve_index: Any = None) -> pa.Table:
        assert preserve_index is False
        return pa.table({name: self[name].to_arrow() for name in self.held.columns})


class _Rows:
    """``loc`` or ``iloc`` of pandas, for the slices, masks and positions that Narwhals passes."""

    def __init__(self, of: Any) -> None:
        self._of = of

    def __getitem__(self, key: Any) -> Any:
        found = self._of[np.asarray(key.held.to_numpy(key.dtype)) if isinstance(key, Series) else key]
        return Series(found) if isinstance(found, pd.Series) else DataFrame(found)


def concat(objs: Any, axis: Any = 0) -> Any:
    """Frames below each other, or series and frames beside each other."""
    if axis in (0, "vertical"):
        return DataFrame(pd.concat([each.held for each in objs], axis=0))
    return DataFrame(pd.concat([each.held for each in objs], axis=1))


def read_parquet(
    filepath_or_buffer: Any, *, columns: Any = None, use_pandas_metadata: bool = True, dataset_kwargs: Any = None
) -> DataFrame:
    """The columns as cuDF reads them: no columns of folders' names, but pandas' index, whatever it is told of that."""
    assert not use_pandas_metadata
    assert dataset_kwargs == {"partitioning": None}
    assert not any(text in filepath_or_buffer for text in ("*", "?", "[", "::")), "it would look for files like this"
    table = pq.ParquetFile(filepath_or_buffer).read(columns=columns)
    frame = DataFrame.from_arrow(table.replace_schema_metadata(None)).held
    noted = (table.schema.pandas_metadata or {}).get("index_columns", [])
    if noted and isinstance(noted[0], dict):
        frame.index = pd.RangeIndex(noted[0]["start"], noted[0]["stop"], noted[0]["step"], name=noted[0]["name"])
    elif noted and set(noted) <= set(frame.columns):
        names = {each["field_name"]: each["name"] for each in table.schema.pandas_metadata["columns"]}
        frame = frame.set_index(noted).rename_axis([names[name] for name in noted])
    return DataFrame(frame)
