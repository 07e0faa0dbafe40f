"""Frames on a GPU, with stand-ins for cuDF and CuPy: kinds, nulls, dates, files, and what is counted as crossing."""

from __future__ import annotations

import datetime as dt
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import array_api_strict
import cudf_stand_in
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dirty_tables import COLUMNS, CONFIG, FILE_KINDS, as_frame, dirty_tables, split_tables, write_table
from hypothesis import HealthCheck, given, settings
from reading_at import assert_same
from test_frames import COLUMNS as EVERY_COLUMN
from test_frames import MASK

from gpunet.base.errors import EngineError, InputError
from gpunet.base.transfers import transfers_of_part
from gpunet.engines.gpu import memory
from gpunet.reading import direct
from gpunet.reading.location import GPU
from gpunet.reading.read import read_arrests, read_arrests_at
from gpunet.tables import arrays
from gpunet.tables.frames import (
    as_eager,
    backend_of,
    from_arrow,
    is_frame,
    make_frame,
    make_series,
    numbers_of,
    on_host,
    read_parquet_on_device,
    rows_of,
    to_array,
    to_arrow,
)
from gpunet.tables.gather import gather as gather_by_code
from gpunet.tables.parquet import read_parquet, write_parquet
from tests.examples import examples


@pytest.fixture(autouse=True)
def device() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "cudf", cudf_stand_in)
        patch.setattr(arrays, "_device_namespace", lambda: array_api_strict)
        patch.setattr(memory, "check_fits", lambda name, size: EXPECTED.append((name, size)))
        yield
        EXPECTED.clear()


#: What the device's memory was asked for.
EXPECTED: list[tuple[str, int]] = []

over_stand_ins = settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_columns_keep_types_and_nulls() -> None:
    frame = nw.from_native(make_frame(EVERY_COLUMN, "cudf", dates=["day"]), eager_only=True)
    assert (backend_of(frame), frame.implementation) == ("cudf", nw.Implementation.CUDF)
    assert frame.schema == {
        "text": nw.String, "count": nw.Int64, "missing_count": nw.Int64, "series_count": nw.Int64,
        "ratio": nw.Float64, "missing_ratio": nw.Float64, "flag": nw.Boolean, "missing_flag": nw.Boolean,
        "day": nw.Datetime("s"),
    }  # fmt: skip
    expected = to_arrow(make_frame(EVERY_COLUMN, "pyarrow", dates=["day"]))
    found = to_arrow(frame)
    for name in EVERY_COLUMN:
        column = found.column(name)
        assert column.null_count == expected.column(name).null_count, name
        if name == "day":
            column = column.cast(pa.date32())
        if name != "ratio":
            assert column.to_pylist() == expected.column(name).to_pylist(), name
    assert np.isnan(found.column("ratio").to_pylist()[1])


def test_device_arrays_become_every_kind_of_frame_and_back() -> None:
    values = array_api_strict.asarray(np.array([1, 2, 3]))
    for backend in ("polars", "pandas", "pyarrow", "cudf"):
        with transfers_of_part() as crossed:
            frame = as_eager(make_frame({"a": values, "b": (values, array_api_strict.asarray(MASK))}, backend))
        assert (crossed.to_device, crossed.to_host) == ((0, 0) if backend == "cudf" else (0, 24 + 24 + 3))
        assert frame.get_column("b").is_null().to_list() == MASK.tolist()
        taken = rows_of(frame, array_api_strict.asarray(np.array([2, 0])))
        assert to_arrow(taken).column("a").to_pylist() == [3, 1]
        array = to_array(taken.get_column("a"))
        assert isinstance(array, np.ndarray) == (backend != "cudf")
        assert np.asarray(array).tolist() == [3, 1]
    with pytest.raises(ValueError, match="'b' has nulls"):
        to_array(as_eager(make_frame({"b": (values, array_api_strict.asarray(MASK))}, "cudf")).get_column("b"))
    nothing = to_array(make_series("x", np.empty(0, np.int32), "cudf"))
    assert (nothing.shape, nothing.dtype) == ((0,), array_api_strict.int32)


def test_a_gpu_series_becomes_a_column_of_a_host_frame() -> None:
    series = make_series("x", pa.array([1, None, 2**60 + 1]), "cudf")
    for backend in ("polars", "pandas", "pyarrow"):
        column = as_eager(make_frame({"x": series}, backend)).get_column("x")
        assert (column.dtype, column.null_count(), column.to_list()[2]) == (nw.Int64, 1, 2**60 + 1)
    again = as_eager(make_frame({"x": make_series("x", ["a", None])}, "cudf"))
    assert on_host(again).get_column("x").to_list() == ["a", None]
    assert make_series("x", [], "cudf").dtype == nw.String


def test_text_crosses_and_is_counted() -> None:
    table = pa.table({"t": pa.array(["a", "bc", None], pa.large_string()), "n": [1, 2, 3]})
    with transfers_of_part() as there:
        frame = from_arrow(table, "cudf")
    with transfers_of_part() as back:
        assert to_arrow(frame).equals(table)
    assert (there.to_device, there.to_host) == (table.nbytes, 0)
    assert back.to_device == 0
    assert back.to_host == to_arrow(frame).nbytes
    assert is_frame(frame.to_native())
    with transfers_of_part() as none:
        assert on_host(nw.from_native(table)) is not None
    assert (none.to_device, none.to_host) == (0, 0)


def test_a_file_of_a_gpu_frame_has_the_same_bytes(tmp_path: Path) -> None:
    table = pa.table({"t": ["a", "b", None], "n": [1, None, 3]})
    write_parquet(tmp_path / "host", pl.from_arrow(table), {"a": 1})
    write_parquet(tmp_path / "device", from_arrow(table, "cudf"), {"a": 1})
    assert (tmp_path / "host").read_bytes() == (tmp_path / "device").read_bytes()
    found = read_parquet_on_device(tmp_path / "host", ["n"])
    assert to_arrow(found).equals(to_arrow(read_parquet(tmp_path / "host", ["n"])))


@pytest.mark.parametrize("index", ["person_id", None, "rows"])
def test_an_index_of_pandas_is_read_as_the_host_reads_it(
    index: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name; without a name, where the host reads it; and as numbers of rows that do not begin with 0."""
    monkeypatch.setattr(direct, "_DIRECT_BYTES", 0)
    rows = [{"person_id": f"p{i}", "incident_id": f"i{i // 2}", "date": "2013-02-01"} for i in range(5)]
    frame = pd.DataFrame(rows).assign(offence="arson").set_axis(range(7, 12))
    if index != "rows":
        frame = frame.set_index("person_id").rename_axis(index)
    frame.to_parquet(tmp_path / "a.parquet")
    person = "__index_level_0__" if index is None else "person_id"
    config = {"input": {"columns": {"person_id": person}}}
    assert_same(read_arrests_at(GPU, tmp_path, config), read_arrests(tmp_path, config))


def test_without_cudf_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cudf", None)
    with pytest.raises(EngineError, match=r'pip install "gpunet\[gpu\]"'):
        from_arrow(pa.table({"a": [1]}), "cudf")


@over_stand_ins
@given(rows=dirty_tables())
def test_a_dirty_gpu_frame_is_read_and_results_stay_there(rows: list[dict[str, Any]]) -> None:
    frame = as_frame(rows, "pyarrow")
    on_device = from_arrow(frame, "cudf").to_native()
    found, expected = read_arrests_at(GPU, on_device, CONFIG), read_arrests(frame, CONFIG)
    assert found.backend == backend_of(found.person_ids) == backend_of(found.incident_ids) == "cudf"
    assert found.report is not None
    assert backend_of(found.report.rejected) == "cudf"
    assert not any(isinstance(a, np.ndarray) for a in (found.person, found.incident, found.day, found.offences))
    assert_same(found, expected, but=("backend",))
    # The host's engine takes the frame too.
    assert_same(read_arrests(on_device, CONFIG), expected, but=("backend",))


@over_stand_ins
@given(tables=split_tables())
def test_dirty_files_are_read_onto_the_device(tables: list[list[dict[str, Any]]]) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(direct, "_DIRECT_BYTES", 0)
        for i, rows in enumerate(tables):
            write_table(Path(folder), f"t{i}", rows, FILE_KINDS[(i + 2) % 4])
        assert_same(read_arrests_at(GPU, folder, CONFIG), read_arrests(folder, CONFIG))


@pytest.mark.parametrize("scope", ["national", "force"])
@pytest.mark.parametrize("key", [("force", "incident_id"), ("incident_id", "gang"), ("district", "date", "beat")])
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=dirty_tables())
def test_incident_keys_and_person_scope(key: tuple[str, ...], scope: str, rows: list[dict[str, Any]]) -> None:
    config = {**CONFIG, "input": {"incident_key": list(key), "person_scope": scope}}
    frame = as_frame(rows, "polars")
    try:
        expected = read_arrests(frame, config)
    except InputError as error:  # of persons within forces there has to be a force
        with pytest.raises(InputError, match=re.escape(str(error))):
            read_arrests_at(GPU, frame, config)
        return
    assert_same(read_arrests_at(GPU, frame, config), expected)


def test_typed_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "_DIRECT_BYTES", 0)
    table = pa.table(
        {
            "person_id": pa.array([10, 9, None, 9, 2**62 + 1], pa.int64()),
            "incident_id": pa.array([1, 1, 2, 3, 3], pa.uint16()),
            "date": pa.array([dt.date(2013, 2, 1), None, None, dt.date(1899, 1, 1), dt.date(2000, 1, 1)]),
            "offence": pa.array(["murder", "", None, "arson", "x"]),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    with transfers_of_part() as without_host:
        assert_same(read_arrests_at(GPU, tmp_path), read_arrests(tmp_path))
    monkeypatch.setattr(direct, "_DIRECT_BYTES", 1 << 22)
    with transfers_of_part() as by_host:
        assert_same(read_arrests_at(GPU, tmp_path), read_arrests(tmp_path))
    assert without_host.to_device < by_host.to_device
    for kind in (pa.float64(), pa.decimal128(30, 2)):
        odd = table.set_column(0, "person_id", pa.array([1.5, 2.0, None, 2.0, 10.0]).cast(kind))
        assert_same(read_arrests_at(GPU, odd), read_arrests(odd))
    odd = table.set_column(0, "person_id", pa.array([1.5, 2.0, None, 2.0, 10.0]))
    odd = odd.append_column("gang", pa.array([True, False, None, None, None])).set_column(2, "date", pa.array([1] * 5))
    assert_same(read_arrests_at(GPU, from_arrow(odd, "cudf").to_native()), read_arrests(odd), but=("backend",))
    assert read_arrests_at(GPU, table.to_pandas(), as_of=None).n_persons == 2  # 2**62 + 1 has lost digits on its way
    with pytest.raises(InputError, match="frame: there is no column"):
        read_arrests_at(GPU, from_arrow(table.drop_columns(["date"]), "cudf").to_native())


def test_a_cut_stays_on_the_device() -> None:
    rows = [{"person_id": f"p{k}", "incident_id": "i", "date": f"2013-02-0{1 + k % 3}"} for k in range(7)]
    frame = as_frame(rows, "polars")
    found = read_arrests_at(GPU, frame, as_of="2013-02-03")
    assert backend_of(found.person_ids) == "cudf"
    assert_same(found, read_arrests(frame, as_of="2013-02-03"))


def test_a_frame_of_the_host_stays_the_callers_kind() -> None:
    rows = [{"person_id": " ", "incident_id": "i"}]
    found = read_arrests_at(GPU, pd.DataFrame(as_frame(rows, "pandas", COLUMNS)))
    assert found.report is not None
    assert (found.backend, backend_of(found.report.rejected)) == ("pandas", "pandas")


@pytest.mark.parametrize("codes", [[2, 0, 0, 1], [-1, 1, -1, 0], [-1], []])
def test_texts_and_numbers_by_code(codes: list[int]) -> None:
    for values in (["Kings", "Lords", "Saints"], [7, 8, 9]):
        series = make_series("names", pa.array(values), "cudf")
        with transfers_of_part() as crossed:
            found = gather_by_code(series, array_api_strict.asarray(codes, dtype=array_api_strict.int32), "gang")
        assert (found.name, found.implementation) == ("gang", nw.Implementation.CUDF)
        assert to_arrow(found.to_frame()).column(0).to_pylist() == [values[c] if c >= 0 else None for c in codes]
        assert (crossed.to_device, crossed.to_host) == (0, 0)


def test_nobody_has_a_name() -> None:
    found = gather_by_code(make_series("names", [], "cudf"), np.array([-1, -1], np.int32), "gang")
    assert to_arrow(found.to_frame()).column(0).to_pylist() == [None, None]


def test_numbers_with_nulls() -> None:
    series = make_series("x", pa.array([1.5, None, 3.0]), "cudf")
    np.testing.assert_array_equal(np.asarray(numbers_of(series)), [1.5, np.nan, 3.0])
    assert np.asarray(numbers_of(make_series("x", pa.array([], pa.float64()), "cudf"))).shape == (0,)


def test_a_gpu_frame_that_the_hosts_engine_reads_crosses_once_and_is_counted() -> None:
    rows = [{"person_id": "p", "incident_id": "i"}] * 9
    on_device = from_arrow(as_frame(rows, "pyarrow"), "cudf")
    with transfers_of_part() as crossed:
        read_arrests(on_device)
    assert crossed.to_host == to_arrow(on_device).nbytes


def test_a_gpu_frame_with_an_index_of_its_own_is_read() -> None:
    rows = [
        {"person_id": f"p{k % 3}", "incident_id": " " if k == 4 else f"i{k}", "date": "2013-02-01"} for k in range(7)
    ]
    native = from_arrow(as_frame(rows, "pyarrow"), "cudf").to_native()
    native.held.index = [5, 5, 1, 0, 9, 9, 2]
    assert_same(read_arrests_at(GPU, native), read_arrests(as_frame(rows, "pyarrow")), but=("backend",))


def test_reading_asks_for_memory_before_it_takes_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each file that the device reads, its columns as they are unpacked; then for all rows."""
    monkeypatch.setattr(direct, "_DIRECT_BYTES", 0)
    rows = pa.table({"person_id": ["a", "b"] * 50, "incident_id": list(range(100)), "date": ["2013-01-02"] * 100,
                     "offence": ["theft"] * 100, "more": ["x" * 1000] * 100})  # fmt: skip
    path = tmp_path / "t.parquet"
    pq.write_table(rows, path)
    read_arrests_at(GPU, str(path))
    told = pq.read_metadata(path).row_group(0)
    unpacked = sum(told.column(i).total_uncompressed_size for i in range(4))
    assert [("read", unpacked), ("read", 216 * 100)] == EXPECTED
