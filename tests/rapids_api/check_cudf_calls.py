"""What frames on a GPU rest on, held against the real cuDF and the real Narwhals; no GPU is needed.

The stand-in of the ordinary tests has exactly the names that gpunet, and Narwhals for gpunet, use of cuDF. Each must be
there, take the same parameters, and have the type-level facts that the code counts on. The ordinary tests do not
collect this file: it needs the packages of gpunet[gpu], and ``RAPIDS_NO_INITIALIZE=1``.
"""

from __future__ import annotations

import inspect
import os
from typing import Any

os.environ.setdefault("RAPIDS_NO_INITIALIZE", "1")

import cudf
import cudf_stand_in
import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pylibcudf
import pytest
from narwhals._native import is_native_cudf
from narwhals._pandas_like.utils import narwhals_to_native_dtype, native_to_narwhals_dtype
from narwhals._utils import Version

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def members(kind: type) -> list[str]:
    return [name for name in vars(kind) if not name.startswith("_") or name in ("__init__", "__eq__", "__add__")]


CALLS = [
    *((cudf_stand_in.DataFrame, cudf.DataFrame, name) for name in members(cudf_stand_in.DataFrame)),
    *((cudf_stand_in.Series, cudf.Series, name) for name in members(cudf_stand_in.Series)),
    (cudf_stand_in._Text, cudf.core.accessors.string.StringMethods, "strip"),
    (cudf_stand_in._Text, cudf.core.accessors.string.StringMethods, "byte_count"),
    (cudf_stand_in._Bytes, pylibcudf.Column, "data"),
    (cudf_stand_in, cudf, "concat"),
    (cudf_stand_in, cudf, "read_parquet"),
]


@pytest.mark.parametrize(("ours", "real", "name"), CALLS, ids=lambda each: getattr(each, "__name__", each))
def test_the_stand_in_takes_what_cudf_takes(ours: Any, real: Any, name: str) -> None:
    """Parameters without names stand in the same places, and those with names are known."""
    there = inspect.getattr_static(real, name)
    if isinstance(inspect.getattr_static(ours, name), property):
        assert hasattr(real, name)
        return
    assert there is not None
    known = inspect.signature(getattr(real, name)).parameters
    places = [p.name for p in known.values() if p.kind in POSITIONAL]
    used = inspect.signature(getattr(ours, name)).parameters.values()
    if name not in ("__eq__", "__add__"):
        for place, parameter in enumerate(p for p in used if p.kind in POSITIONAL):
            assert places[place] == parameter.name
        assert {p.name for p in used} <= set(known)


def test_what_cudf_does_not_take_is_found() -> None:
    for name, parameter in (("where", "condition"), ("take", "rows"), ("to_cupy", "no_such_parameter")):
        with pytest.raises(TypeError):
            inspect.signature(getattr(cudf.Series, name)).bind(None, **{parameter: None})


def test_further_names() -> None:
    assert issubclass(cudf.Index, object)
    assert tuple(map(int, cudf.__version__.split(".")[:2])) >= (26, 10)
    assert not cudf.get_option("mode.pandas_compatible")  # distinct values are a series, not an array
    for operator in ("__invert__", "__or__", "__len__", "__getitem__"):
        assert hasattr(cudf.Series, operator)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.string(), nw.String()),
        (pa.large_string(), nw.String()),
        (pa.int64(), nw.Int64()),
        (pa.uint16(), nw.UInt16()),
        (pa.bool_(), nw.Boolean()),
        (pa.date32(), nw.Datetime("s")),
        (pa.timestamp("us"), nw.Datetime("us")),
    ],
    ids=str,
)
def test_columns_have_the_types_that_are_read_on_the_device(kind: Any, expected: Any) -> None:
    from cudf.utils.dtypes import cudf_dtype_from_pa_type

    dtype = cudf_dtype_from_pa_type(kind)
    assert native_to_narwhals_dtype(dtype, Version.MAIN, nw.Implementation.CUDF) == expected
    if kind != pa.string():
        assert cudf_stand_in._held(pa.array([], kind)) is not None
        held = cudf_stand_in.Series(cudf_stand_in._held(pa.array([], kind)))
        assert held.dtype == dtype


def test_narwhals_casts_and_recognises() -> None:
    assert narwhals_to_native_dtype(nw.String(), None, nw.Implementation.CUDF, Version.MAIN) is str
    assert narwhals_to_native_dtype(nw.Int64(), None, nw.Implementation.CUDF, Version.MAIN) == "int64"
    assert cudf.dtype(str) == pd.StringDtype(na_value=np.nan)
    assert not is_native_cudf(pd.Series([1]))


def test_a_parquet_file_in_a_folder_like_year_2013_gains_no_column() -> None:
    from cudf.io.parquet import _process_dataset

    paths = ["year=2013/a.parquet"]
    assert _process_dataset(paths, None, dataset_kwargs={"partitioning": None}) == (paths, None, [], {})
