"""Making frames of every kind, and Parquet files with equal bytes for equal tables."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from gpunet.base.days import NO_DAY
from gpunet.base.errors import InputError
from gpunet.tables.frames import (
    BACKENDS,
    as_eager,
    backend_of,
    is_frame,
    make_frame,
    make_series,
    plain_array,
    to_arrow,
    without_repeated,
)
from gpunet.tables.parquet import read_parquet, read_parquet_metadata, write_parquet

MASK = np.array([False, True, False])
COLUMNS: dict[str, Any] = {
    "text": make_series("text", ["a", None, "ç"]),
    "count": np.array([1, 2, 3]),
    "missing_count": (np.array([1, 2, 2**60 + 1]), MASK),
    "series_count": make_series("s", [1, None, 2**60 + 1]),
    "ratio": np.array([0.5, np.nan, 2.0]),
    "missing_ratio": (np.array([0.5, 1.0, 2.0]), MASK),
    "flag": np.array([True, False, True]),
    "missing_flag": (np.array([True, False, True]), MASK),
    "day": np.array([0, NO_DAY, 15_737], dtype=np.int32),
}


@pytest.mark.parametrize("backend", [b for b in BACKENDS if b != "cudf"])
def test_columns_keep_types_and_nulls(backend: str) -> None:
    native = make_frame(COLUMNS, backend, dates=["day"])
    frame = nw.from_native(native, eager_only=True)
    assert backend_of(frame) == backend
    assert list(frame.columns) == list(COLUMNS)
    types = {name: frame.schema[name] for name in frame.columns}
    assert all(types[c] == nw.Int64 for c in ("count", "missing_count", "series_count"))
    assert all(types[c] == nw.Float64 for c in ("ratio", "missing_ratio"))
    assert all(types[c] == nw.Boolean for c in ("flag", "missing_flag"))
    nulls = {name: frame.get_column(name).is_null().to_list() for name in frame.columns}
    for name in ("text", "missing_count", "series_count", "missing_ratio", "missing_flag", "day"):
        assert nulls[name] == MASK.tolist(), name
    assert frame.get_column("missing_count").to_list()[2] == 2**60 + 1
    assert frame.get_column("series_count").to_list()[2] == 2**60 + 1
    assert str(frame.get_column("day").to_list()[2])[:10] == "2013-02-01"


def test_a_column_without_nulls_is_a_plain_numpy_column_in_pandas() -> None:
    native = make_frame(
        {"a": (np.array([1, 2]), np.array([False, False])), "b": (np.array([1, 2]), np.array([False, True]))}, "pandas"
    )
    assert [str(t) for t in native.dtypes] == ["int64", "Int64"]


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown backend 'duckdb'"):
        make_frame({}, "duckdb")


def test_what_is_a_frame() -> None:
    native = {"a": [1]}
    assert all(
        is_frame(f) for f in (pl.DataFrame(native), pl.LazyFrame(native), pd.DataFrame(native), pa.table(native))
    )
    assert not any(is_frame(f) for f in ("a.csv", Path("a"), [1], None))
    assert as_eager(pl.LazyFrame(native)).to_dict(as_series=False) == native
    with pytest.raises(InputError, match="not dict"):
        as_eager(native)


@pytest.mark.parametrize("kind", ["pandas", "pyarrow"])
def test_columns_that_occur_twice_are_named(kind: str) -> None:
    table: Any = pa.table([[1], [2], [3], [4], [5]], names=["x", "a", "x", "y", "y"])
    frame = table.to_pandas() if kind == "pandas" else table
    assert is_frame(frame)
    with pytest.raises(InputError, match=r'more than once: "x", "y"$'):
        as_eager(frame)
    kept, repeated = without_repeated(frame)
    assert (as_eager(kept).to_dict(as_series=False), repeated) == ({"a": [2]}, ("x", "y"))
    assert without_repeated(kept)[1] == ()


@pytest.mark.parametrize(
    "array",
    [
        pa.array(["é", None]),
        pa.array(["é", None]).dictionary_encode(),
        pa.array(["é".encode(), None]),
        pa.array(["é".encode(), None], pa.large_binary()),
        pa.chunked_array([["é"], [None]]),
        pa.array(["é", None], pa.large_string()),
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0123456789abcdef"], pa.binary(16))),
        pa.nulls(2),
        pa.array([1, 2]),
    ],
    ids=lambda array: str(array.type),
)
def test_plain_arrays(array: Any) -> None:
    plain = plain_array(array)
    if array.type == pa.uuid():
        assert plain.to_pylist() == ["30313233-3435-3637-3839-616263646566"]
        return
    assert plain.type == (pa.int64() if array.type == pa.int64() else pa.large_string())
    assert [v.decode() if isinstance(v, bytes) else v for v in array.to_pylist()] == plain.to_pylist()
    with pytest.raises(pa.ArrowException):
        plain_array(pa.array([b"\xff"]))


def test_equal_tables_are_equal_bytes(tmp_path: Path) -> None:
    table = pa.table({"t": ["a", "b", "c"], "n": [1, None, 3], "d": [dt.date(2013, 2, 1)] * 3})
    chunked = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    kinds = {"arrow": table, "chunked": chunked, "polars": pl.from_arrow(chunked), "wide": to_arrow(table)}
    written = set()
    for name, frame in kinds.items():
        write_parquet(tmp_path / name, frame, {"b": 1, "a": [2]})
        written.add((tmp_path / name).read_bytes())
    assert len(written) == 1
    assert read_parquet_metadata(tmp_path / "arrow") == {"a": [2], "b": 1}
    assert read_parquet(tmp_path / "arrow").to_dict(as_series=False) == table.to_pydict()
    assert read_parquet(tmp_path / "arrow", ["n"]).columns == ["n"]


def test_pandas_leaves_no_metadata_and_an_empty_table_can_be_written(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a", pd.DataFrame({"x": pd.Series([], dtype="int64")}))
    assert read_parquet_metadata(tmp_path / "a") is None
    assert read_parquet(tmp_path / "a").schema == {"x": nw.Int64}


def test_what_is_not_parquet_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("no")
    for read in (read_parquet, read_parquet_metadata):
        with pytest.raises(InputError, match=r"a\.parquet as Parquet"):
            read(tmp_path / "a.parquet")
        with pytest.raises(InputError, match=r"b\.parquet as Parquet"):
            read(tmp_path / "b.parquet")
