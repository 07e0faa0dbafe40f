"""Texts and ids by code, and columns for frames: on every kind of frame, from arrays of every kind."""

from __future__ import annotations

from typing import Any

import array_api_strict
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from gpunet.tables.frames import as_eager, backend_of, make_frame
from gpunet.tables.gather import gather

KINDS = {
    "polars": lambda values: pl.Series("names", values, dtype=pl.String),
    "pandas": lambda values: pd.Series(values, name="names", dtype="str"),
    "pyarrow": lambda values: pa.chunked_array([pa.array(values, pa.large_string())]),
}

each_kind = pytest.mark.parametrize("kind", KINDS)
each_module = pytest.mark.parametrize("xp", [np, array_api_strict], ids=lambda module: module.__name__)


def series_of(kind: str, values: list[str]) -> nw.Series[Any]:
    return nw.from_native(KINDS[kind](values), series_only=True)


def plain(series: nw.Series[Any]) -> list[str | None]:
    return [None if pd.isna(value) else value for value in series.to_list()]


@each_kind
@each_module
def test_texts_by_code(kind: str, xp: Any) -> None:
    names = series_of(kind, ["Kings", "Lords", "Saints"])
    found = gather(names, xp.asarray([2, 0, 0, 1], dtype=xp.int32), "gang")
    assert found.name == "gang"
    assert found.implementation == names.implementation
    assert plain(found) == ["Saints", "Kings", "Kings", "Lords"]


@each_kind
@each_module
def test_a_negative_code_is_null(kind: str, xp: Any) -> None:
    names = series_of(kind, ["Kings", "Lords"])
    found = gather(names, xp.asarray([-1, 1, -1, 0], dtype=xp.int32), "gang")
    assert found.name == "gang"
    assert plain(found) == [None, "Lords", None, "Kings"]
    assert gather(series_of(kind, []), xp.asarray([-1, -1], dtype=xp.int32), "gang").null_count() == 2


@each_kind
def test_nothing_of_nothing(kind: str) -> None:
    assert plain(gather(series_of(kind, []), np.zeros(0, np.int32))) == []
    assert plain(gather(series_of(kind, ["Kings"]), np.zeros(0, np.int32))) == []


def test_rows_of_pandas_are_numbered_anew() -> None:
    """Else columns would be put together by the index that they had before."""
    for codes in ([1, 0], [1, -1]):
        index = gather(series_of("pandas", ["Kings", "Lords"]), np.array(codes)).to_native().index
        assert index.tolist() == [0, 1]


def test_columns_go_to_where_a_kind_of_frame_has_its_own() -> None:
    strict = array_api_strict.asarray([1, 2])
    mask = array_api_strict.asarray([True, False])
    for backend in KINDS:
        frame = as_eager(make_frame({"a": strict, "b": (strict, mask), "c": np.arange(2)}, backend))
        assert backend_of(frame) == backend
        assert frame["a"].to_list() == [1, 2]
        assert frame["b"].is_null().to_list() == [True, False]
        assert frame["b"].to_list()[1] == 2
        assert frame["c"].to_list() == [0, 1]
