"""A Parquet file that is written from parts has the bytes of the whole table's, however the parts are cut."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.base.errors import InputError
from gpunet.runs.folder import RunFolder
from gpunet.tables import parquet
from gpunet.tables.parquet import read_parquet_metadata, write_parquet, write_parquet_parts

ROWS = 5


@pytest.fixture(autouse=True, scope="module")
def small_row_groups():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "_ROW_GROUP_ROWS", ROWS)
        yield


def table(n: int) -> pl.DataFrame:
    """Columns of every type that a run writes; nulls are in some parts and not in others."""
    return pl.DataFrame(
        {
            "person_id": [f"Zoë {i}" for i in range(n)],
            "count": range(n),
            "ratio": [None if 6 <= i < 9 else i / 3 for i in range(n)],
            "flag": [i % 3 == 0 for i in range(n)],
            "gang": [None if i < 8 else "Reds" for i in range(n)],
            "date": [None if i % 4 == 0 else dt.date(2013, 1, 1) + dt.timedelta(days=i) for i in range(n)],
        },
        schema={
            "person_id": pl.String, "count": pl.Int64, "ratio": pl.Float64, "flag": pl.Boolean, "gang": pl.String,
            "date": pl.Date,
        },
    )  # fmt: skip


@given(n=st.integers(0, 4 * ROWS), cuts=st.lists(st.integers(0, 4 * ROWS), max_size=9))
def test_parts_of_any_size(tmp_path_factory, n, cuts):
    folder, whole = tmp_path_factory.getbasetemp(), table(n)
    write_parquet(folder / "whole", whole, {"b": 1, "a": "é"})
    bounds = [0, *sorted(min(cut, n) for cut in cuts), n]
    write_parquet_parts(folder / "parts", (whole[a:b] for a, b in pairwise(bounds)), {"a": "é", "b": 1})
    assert (folder / "parts").read_bytes() == (folder / "whole").read_bytes()
    assert pl.read_parquet(folder / "parts").equals(whole)
    assert read_parquet_metadata(folder / "parts") == {"a": "é", "b": 1}
    found = pq.ParquetFile(folder / "parts").metadata
    assert [found.row_group(i).num_rows for i in range(found.num_row_groups)] == (
        [ROWS] * (n // ROWS) + [n % ROWS] * bool(n % ROWS) or [0]
    )


def test_no_part_at_all(tmp_path):
    with pytest.raises(ValueError, match="without a part"):
        write_parquet_parts(tmp_path / "none", [])


def test_no_more_than_a_part_and_a_row_group_is_held(tmp_path, monkeypatch):
    """When a part is asked for, all whole row groups of those before it are written."""
    written, seen = [], []
    write = pq.ParquetWriter.write_table
    monkeypatch.setattr(
        pq.ParquetWriter, "write_table", lambda self, rows, **how: (written.append(len(rows)), write(self, rows, **how))
    )

    def parts():
        for i in range(6):
            seen.append(sum(written))
            yield table(3 + i)

    write_parquet_parts(tmp_path / "parts", parts())
    given_before = [sum(3 + j for j in range(i)) for i in range(6)]
    # The first of them is begun when it is known what the columns are: the writer is one row group behind.
    assert all(before - wrote < 2 * ROWS for before, wrote in zip(given_before, seen, strict=True))


def test_a_run_folder_writes_parts(tmp_path):
    days = pl.Series([dt.datetime(2013, 1, 1)] * 7)
    frame = table(7).to_pandas().assign(date=days.to_pandas())
    with RunFolder(tmp_path / "run", ("a.parquet", "b.parquet")) as folder:
        folder.write_table("a.parquet", [frame], {"x": 1}, dates=("date",))
        folder.write_table("b.parquet", iter([frame[:4], frame[4:]]), {"x": 1}, dates=("date",))
        outputs = folder.finish({})["outputs"]
    assert outputs["a.parquet"] == outputs["b.parquet"]
    assert pl.read_parquet(tmp_path / "run" / "b.parquet").schema["date"] == pl.Date


def test_metadata_that_are_nested_without_end_are_told(tmp_path):
    deep = pa.table({"a": [1]}).replace_schema_metadata({"gpunet": "[" * 100_000})
    pq.write_table(deep, tmp_path / "deep.parquet")
    with pytest.raises(InputError, match=r"cannot read .*deep\.parquet as Parquet"):
        read_parquet_metadata(tmp_path / "deep.parquet")
