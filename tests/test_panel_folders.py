"""Panels in files: read by other libraries, computed again from tables that end before a day, and forecast from."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import runpy
import sys
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pytest
from comparison import frame_of, row
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_folders import part_of, write_panel
from panel_reference import dated_tables

import gpunet
from gpunet.base.days import day_to_date
from gpunet.base.errors import VerificationError
from gpunet.panels.days import days_between, days_that_do
from gpunet.panels.recut import input_rows
from gpunet.panels.verify import days_to_verify, verify
from gpunet.synthetic import write_tables

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
DAY = dt.date(2013, 1, 5)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "arrests"
    write_tables(path, persons=150, seed=3)
    return path


@pytest.fixture(scope="module")
def arrests(tables):
    return gpunet.read_arrests(tables)


def days_of(arrests, step: int, count: int) -> list[dt.date]:
    """The first day as of which there is a snapshot, and others."""
    first = days_that_do(arrests)[0]
    return [first + dt.timedelta(days=step * i) for i in range(count)]


def test_a_folder_is_one_table_to_other_libraries(arrests, tmp_path):
    days = days_of(arrests, 150, 3)
    write_panel(tmp_path, arrests, days, "person", 90, "150d")
    whole = gpunet.panel(arrests, days, horizon=90)
    assert whole["label"].any()
    order = ["as_of", "person_id"]
    found = pl.read_parquet(tmp_path / "panel", hive_partitioning=True)
    assert found.select(whole.columns).sort(order).equals(whole)
    of_arrow = ds.dataset(tmp_path / "panel", partitioning="hive").to_table()
    assert (
        pl.DataFrame(of_arrow)
        .with_columns(pl.col("as_of").str.to_date())
        .select(whole.columns)
        .sort(order)
        .equals(whole)
    )
    of_pandas = pd.read_parquet(tmp_path / "panel", dtype_backend="numpy_nullable")
    assert of_pandas["as_of"].astype(str).to_list() == [str(day) for day in whole["as_of"].to_list()]
    assert of_pandas["own_arrests"].to_list() == whole["own_arrests"].to_list()
    assert of_pandas["label"].to_list() == whole["label"].to_list()


def verified(inputs, arrests, days, unit, horizon, folder) -> list[dict]:
    write_panel(folder, arrests, days, unit, horizon, "1mo")
    return verify(inputs, arrests, days, unit, horizon, lambda day: part_of(folder, day))


@pytest.mark.parametrize("unit", ["person", "beat"])
def test_snapshots_are_the_same_from_tables_that_end_before_their_day(unit, tables, arrests, tmp_path):
    days = days_of(arrests, 300, 3)
    found = verified(tables, arrests, days, unit, 90, tmp_path)
    sha256 = [hashlib.sha256(part_of(tmp_path, day).read_bytes()).hexdigest() for day in days]
    assert found == [{"day": str(day), "equal": True, "sha256": of} for day, of in zip(days, sha256, strict=True)]


#: Tables in which ids, dates and incidents are what the configuration makes of them, and some rows are rejected.
CSV = """Nominal,CaseRef,When,offence,gang,Beat
007:1,A-1,05/01/2013,Robbery,Kings,1
7,a1,06/01/2013,theft,,2
12,A1,05/01/2013,theft,n/a,1
12,A1,05/01/2013,theft,n/a,1
,A1,05/01/2013,theft,,1
15,B2,32/01/2013,theft,,1
15,B2,,theft,,1
15,C3,20/01/2013,burglary,Lords,
12,C3,20/01/2013,homicide,Kings,3
7,D4,03/03/2013,Robbery,Lords,2
"""
CONFIG = {
    "input": {
        "columns": {"person_id": ["Nominal", "other"], "incident_id": "CaseRef", "date": "When", "district": ""},
        "date_format": "dayfirst",
        "id_rules": {"strip_zeros": True, "casefold": True, "strip_hyphens": True, "before": ":"},
        "null_values": ["B9"],
    }
}


@pytest.mark.parametrize("more", [{}, {"incident_key": ["incident_id", "date"]}, {"person_scope": "force"}])
def test_tables_are_cut_by_the_readers_own_rules(more, tmp_path):
    tables = tmp_path / "tables"
    for force in ("met", "kent"):
        (tables / f"force={force}").mkdir(parents=True)
        (tables / f"force={force}" / "a.csv").write_text(CSV if force == "met" else CSV.replace("2013", "2012"))
    config = {"input": {**CONFIG["input"], **more}}
    arrests = gpunet.read_arrests(tables, config)
    days = [dt.date(2012, 1, 6), dt.date(2013, 1, 6), dt.date(2013, 3, 4)]
    assert len(verified(tables, arrests, days, "person", 30, tmp_path / "out")) == 3
    rows = input_rows(tables, arrests.config)
    assert len(rows.accepted) == sum(file.accepted + file.duplicate for file in arrests.report.files)
    cut = rows.read_before(dt.date(2013, 1, 6))
    assert cut.report.files[0].read == sum(rows.known_before(dt.date(2013, 1, 6)))
    assert day_to_date(cut.last_day) == dt.date(2013, 1, 5)


def test_frames_are_cut_row_by_row():
    """An arrest counts with all of its rows if one of them is dated before the day."""
    rows = [
        row(1, 1, DAY + dt.timedelta(days=5), "robbery"),
        row(1, 1, DAY, "theft"),
        row(2, 1, DAY + dt.timedelta(days=1), "theft"),
        row(2, 2, None, "theft"),
    ]
    for kind in ("polars", "pandas", "pyarrow"):
        frame = frame_of(rows, kind)
        found = input_rows([frame, frame], gpunet.Config()).read_before(DAY + dt.timedelta(days=1))
        assert (found.person_ids.to_list(), len(found), found.report.files[0].read) == ([1], 1, 2)
        assert found.offences.tolist() != [0]


#: Rows that came to be known late: an arrest whose first row, with beat and earlier day, is the later one; one of which
#: nothing is known for long; and one that nobody knows the recording of.
LATE = [
    ("ann", 1, 0, "robbery", "3", "Kings", 40),
    ("ann", 1, 2, "theft", "4", "Lords", 3),
    ("bob", 1, 2, "theft", "4", None, 3),
    ("bob", 2, 10, "robbery", "3", "Kings", 60),
    ("cyd", 2, 10, "theft", "3", None, 11),
    ("cyd", 3, 20, "theft", "5", None, None),
    ("dan", 3, 20, "robbery", "5", "Lords", 21),
    ("dan", 4, 70, "theft", "5", "Lords", 70),
]


@pytest.mark.parametrize("unit", ["person", "beat"])
def test_what_was_recorded_late_was_not_known(unit, tmp_path):
    rows = [
        {**row(person, incident, DAY + dt.timedelta(days=day), offence, beat=beat, gang=gang), "recorded": recorded}
        for person, incident, day, offence, beat, gang, recorded in LATE
    ]
    late = [None if line["recorded"] is None else DAY + dt.timedelta(days=line.pop("recorded")) for line in rows]
    frame = frame_of(rows).with_columns(pl.Series("recorded_at", late, pl.Date))
    frame.write_csv(tmp_path / "a.csv")
    arrests = gpunet.read_arrests(tmp_path / "a.csv")
    days = [DAY + dt.timedelta(days=n) for n in (4, 12, 22, 41)]
    assert (
        len(verified(tmp_path / "a.csv" if unit == "person" else frame, arrests, days, unit, 20, tmp_path / "out")) == 4
    )
    found = pl.concat([pl.read_parquet(part_of(tmp_path / "out", day)).with_columns(as_of=day) for day in days])
    if unit == "person":
        own = found.filter(person_id="ann").select("own_violent_arrests", "days_since_last_arrest").rows()
        assert own == [(0, 2.0), (0, 10.0), (0, 20.0), (1, 41.0)]
        # What happens is told as it is known in the end: bob's robbery was recorded 50 days later.
        assert found.filter(pl.col("label")).select("as_of", "person_id").rows() == [(days[0], "bob")]
    else:
        assert found.filter(pl.col("as_of") <= days[1])["beat"].to_list() == ["4", "3", "4"]


@settings(max_examples=8)
@given(drawn=dated_tables(), late=st.lists(st.sampled_from([0, 1, 5, 12, 40, None]), min_size=1, max_size=9))
def test_rows_that_are_cut_make_the_arrests_that_were_known(drawn, late):
    case, day, _ = drawn
    days = [None if of["date"] is None else late[i % len(late)] for i, of in enumerate(case.rows)]
    recorded = [None if n is None else of["date"] + dt.timedelta(n) for n, of in zip(days, case.rows, strict=True)]
    frame = frame_of(case.rows).with_columns(pl.Series("recorded_at", recorded, pl.Date))
    arrests = gpunet.read_arrests(frame, case.config)
    known, read = arrests.before(day), input_rows(frame, arrests.config).read_before(day)
    for name in ("person_ids", "force_names", "district_names", "beat_names", "gang_names"):
        codes = {"person_ids": "person"}.get(name, name.removesuffix("_names"))
        assert texts(known, name, codes) == texts(read, name, codes)
    for name in ("day", "offences"):
        assert getattr(known, name).tolist() == getattr(read, name).tolist()
    assert texts(known, "incident_ids", "incident") == texts(read, "incident_ids", "incident")


def texts(arrests, names: str, codes: str) -> list:
    of_code = getattr(arrests, names).to_list()
    return [of_code[code] if code >= 0 else None for code in getattr(arrests, codes).tolist()]


def test_a_snapshot_that_knows_the_future_is_found_out(tables, arrests, tmp_path):
    days = days_of(arrests, 300, 2)[1:]
    write_panel(tmp_path, arrests, days, "person", 90, "300d")
    part = part_of(tmp_path, days[0])
    table = pl.read_parquet(part)

    def error() -> str:
        with pytest.raises(VerificationError) as raised:
            verify(tables, arrests, days, "person", 90, lambda day: part_of(tmp_path, day))
        return str(raised.value)

    table.with_columns(pl.col("degree__violent") + pl.col("label").cast(pl.Int64)).write_parquet(part)
    assert re.search(f'snapshot of {days[0]}.*: column "degree__violent" differs;', error())
    table[1:].write_parquet(part)
    assert f'column "person_id" has {len(table):,} values and not {len(table) - 1:,}' in error()
    table.write_parquet(part, compression="lz4")
    assert "the bytes of the files differ" in error()


def test_days_to_verify_are_spread_evenly():
    days = days_between(DAY, dt.date(2014, 1, 5), "1mo")
    assert days_to_verify(days, 1) == days[-1:]
    assert days_to_verify(days, 4) == (days[0], days[4], days[8], days[12])
    assert days_to_verify(days, 100) == days


@pytest.mark.parametrize(
    ("script", "unit", "start", "said"),
    [
        ("persons_scikit_learn.py", "person", dt.date(2014, 1, 1), "average precision of history and network: 0."),
        (
            "beats_mlforecast.py",
            "beat",
            dt.date(2013, 6, 1),
            "mean absolute error of lags and network, 2 months ahead: 0.",
        ),
    ],
)
def test_examples_run(script, unit, start, said, tables, arrests, tmp_path, monkeypatch, capsys):
    days = days_between(start, dt.date(2014, 6, 1), "1mo")
    write_panel(tmp_path, arrests, days, unit, 90, "1mo")
    monkeypatch.setattr(sys, "argv", [script, str(tmp_path)])
    runpy.run_path(str(EXAMPLES / script))
    printed = capsys.readouterr().out
    assert said in printed
    without = said.replace("history and network", "history alone").replace("lags and network", "lags alone")
    assert without in printed
