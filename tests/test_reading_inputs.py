"""What may come in: types, encodings, layouts, errors, and the report."""

from __future__ import annotations

import codecs
import datetime as dt
import gzip
import hashlib
import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from dirty_tables import COLUMNS, FILE_KINDS, FRAME_KINDS, as_frame, write_csv, write_table
from reading_at import read_everywhere as read_arrests
from reading_naive import decoded, rejections

import gpunet
from gpunet.base.days import NO_DAY, day_number
from gpunet.base.errors import ConfigError, InputError
from gpunet.reading import delimited, files, stream, unpacking
from gpunet.tables.frames import make_frame

ROW = {"person_id": "p1", "incident_id": "i1", "date": "2013-02-01", "offence": "robbery"}


def rows(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**ROW, **change} for change in changes]


def typed(person: Any, **columns: Any) -> pa.Table:
    """A table of as many rows as `person` has."""
    n = len(person)
    base = {"incident_id": [f"i{k}" for k in range(n)], "date": ["2013-02-01"] * n, "offence": ["theft"] * n}
    return pa.table({"person_id": person, **base, **columns})


# Ids


def test_integers_in_one_file_and_texts_in_another_are_one_id(tmp_path: Path) -> None:
    pq.write_table(typed(pa.array([7, 8, None], pa.int32())), tmp_path / "a.parquet")
    write_csv(tmp_path / "b.csv", rows({"person_id": "7", "incident_id": "x"}, {"person_id": "07"}))
    feather.write_feather(typed(pa.array([8.0, float("nan"), 9.5])), tmp_path / "c.feather")
    arrests = read_arrests(tmp_path)
    assert arrests.person_ids.to_list() == ["07", "7", "8", "9.5"]
    assert [f.rejected for f in arrests.report.files] == [1, 0, 1]
    assert [f.accepted for f in arrests.report.files] == [2, 2, 2]


@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_integer_ids_stay_integers_in_numeric_order(kind: str) -> None:
    frame = make_frame(
        {name: _series(typed(pa.array([10, 9, -3])), name) for name in typed(pa.array([1, 2, 3])).column_names}, kind
    )
    arrests = read_arrests(frame)
    assert arrests.person_ids.to_list() == [-3, 9, 10]
    assert arrests.person_ids.dtype.is_integer()
    assert [arrests.incident_ids[int(i)] for i in arrests.incident] == ["i2", "i1", "i0"]


def _series(table: pa.Table, name: str) -> Any:
    import narwhals as nw

    return nw.from_native(table, eager_only=True).get_column(name)


def test_ids_past_int64_and_an_empty_column_beside_integers() -> None:
    large = read_arrests(typed(pa.array([2**63 + 5, 12], pa.uint64())))
    assert large.person_ids.to_list() == ["12", str(2**63 + 5)]
    nulls = read_arrests([typed(pa.array([5])), typed(pa.nulls(1))])
    assert nulls.person_ids.to_list() == [5]
    assert nulls.report.files[1].rejected == 1


def test_whole_floats_are_text_in_the_order_of_its_characters() -> None:
    assert read_arrests(typed(pa.array([1.0, 2.0, 10.0, None]))).person_ids.to_list() == ["1", "10", "2"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array(["b", "a"]).dictionary_encode(), ["a", "b"]),
        (pa.array([True, False]), ["false", "true"]),
        (pa.array([Decimal("7.00"), Decimal("7.50")]), ["7", "7.5"]),
        (pa.array([b"z\xc3\xa9", b"a"], pa.binary()), ["a", "zé"]),
        (pa.array([3, 3], pa.int8()).dictionary_encode(), [3]),
        (pa.array([1e3, 2.0**53 - 1, 2.0**53, 2.0**70]), ["1000", "9007199254740991"]),  # the others are bad_id
    ],
    ids=["dictionary", "bool", "decimal", "binary", "integer dictionary", "float"],
)
def test_types_of_ids(values: Any, expected: list[Any], tmp_path: Path) -> None:
    pq.write_table(typed(values), tmp_path / "a.parquet")
    assert read_arrests(tmp_path / "a.parquet").person_ids.to_list() == expected
    frame = read_arrests(typed(values)).person_ids.to_list()
    assert [str(p) for p in frame] == [str(p) for p in expected]


def test_a_pandas_column_of_mixed_types() -> None:
    frame = typed(pa.array(["x"] * 8)).to_pandas()
    frame["person_id"] = pd.Series([7, "7", 7.0, None, float("nan"), "é", True, np.int64(8)], dtype=object)
    frame["date"] = pd.Series(
        [dt.date(2013, 1, 2), dt.datetime(2013, 1, 3, 4), "2013-01-04", None, None, 41306, float("nan"), pd.NaT],
        dtype=object,
    )
    arrests = read_arrests(frame)
    assert arrests.person_ids.to_list() == ["7", "8", "true"]
    assert rejections(arrests) == [
        ("frame", 4, "missing_person"),
        ("frame", 5, "missing_person"),
        ("frame", 6, "bad_date"),
    ]
    assert arrests.day.tolist() == [15707, 15708, 15709, NO_DAY, NO_DAY]
    with pytest.raises(InputError, match=r'frame: column "person_id": values of type dict'):
        read_arrests(frame.assign(person_id=pd.Series([{}] * 8, dtype=object)))


def test_person_scope_force() -> None:
    table = rows({"force": "n"}, {"force": "s"}, {"force": None}, {"force": "n", "incident_id": "i2"})
    arrests = read_arrests(as_frame(table, "polars"), {"input": {"person_scope": "force"}})
    assert arrests.person_ids.to_list() == [":p1", "n:p1", "s:p1"]
    numbers = typed(pa.array([1, 2])).append_column("force", pa.array(["n", "n"]))
    assert read_arrests(numbers, {"input": {"person_scope": "force"}}).person_ids.to_list() == ["n:1", "n:2"]


# Dates


@pytest.mark.parametrize("kind", FRAME_KINDS)
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([dt.date(2013, 2, 1), None]), ["2013-02-01", None]),
        (pa.array([dt.datetime(2013, 2, 1, 23, 59), None], pa.timestamp("ms")), ["2013-02-01", None]),
        (pa.array([dt.datetime(1969, 2, 1, 23), None], pa.timestamp("ns")), ["1969-02-01", None]),
        # 23:30 UTC is the next day in Berlin; the local date counts.
        (pa.array([dt.datetime(2013, 1, 31, 23, 30), None], pa.timestamp("us", "Europe/Berlin")), ["2013-02-01", None]),
    ],
    ids=["date", "datetime", "nanoseconds", "zone"],
)
def test_types_of_dates(values: Any, expected: list[str | None], kind: str) -> None:
    table = typed(pa.array(["a", "b"]), date=values)
    frame = {"polars": pl.from_arrow, "pandas": pa.Table.to_pandas, "pyarrow": lambda t: t}[kind](table)
    arrests = read_arrests(frame)
    assert arrests.day.tolist() == [NO_DAY if e is None else day_number(dt.date.fromisoformat(e)) for e in expected]


@pytest.mark.parametrize("values", [pa.array([41306, None]), pa.array([1.5, None]), pa.array([True, None])])
def test_numbers_and_flags_that_are_no_dates_are_bad_where_they_are_not_null(values: Any) -> None:
    arrests = read_arrests(typed(pa.array(["a", "b"]), date=values))
    assert rejections(arrests) == [("frame", 1, "bad_date")]
    assert arrests.day.tolist() == [NO_DAY]


def test_dates_far_outside_every_range_are_bad() -> None:
    far = pa.array([2**62, -(2**62), 0], pa.int64())
    for unit in ("s", "ms", "us", "ns"):
        arrests = read_arrests(typed(pa.array(["a", "b", "c"]), date=far.cast(pa.timestamp(unit))))
        assert [r[1:] for r in rejections(arrests)] == [(1, "bad_date"), (2, "bad_date")]


def test_today_is_a_date_and_tomorrow_is_not() -> None:
    today = dt.date.today()
    table = rows({"date": today.isoformat()}, {"date": (today + dt.timedelta(days=2)).isoformat(), "incident_id": "i2"})
    arrests = read_arrests(as_frame(table, "polars"))
    assert [r[1:] for r in rejections(arrests)] == [(2, "bad_date")]


def test_the_same_moment_in_text_and_timestamp_is_a_duplicate_and_another_time_of_day_is_not() -> None:
    text = as_frame(rows({}, {"date": "2013-02-01T00:00:00"}, {"date": "2013-02-01 10:00"}), "pyarrow").select(
        COLUMNS[:4]
    )
    timestamps = typed(pa.array(["p1", "p1"]), incident_id=["i1", "i1"], offence=["robbery"] * 2,
                   date=pa.array([dt.datetime(2013, 2, 1, 10), dt.datetime(2013, 2, 1, 11)]))  # fmt: skip
    arrests = read_arrests([text, timestamps])
    assert [(f.accepted, f.duplicate) for f in arrests.report.files] == [(2, 1), (1, 1)]
    assert len(arrests) == 1


def test_as_of_keeps_what_is_before() -> None:
    table = as_frame(rows({}, {"person_id": "p2", "date": "2013-02-02"}, {"person_id": "p3", "date": None}), "polars")
    for as_of in ("2013-02-02", dt.date(2013, 2, 2), dt.datetime(2013, 2, 2, 5)):
        cut = read_arrests(table, as_of=as_of)
        assert (cut.person_ids.to_list(), cut.as_of) == (["p1"], dt.date(2013, 2, 2))
    with pytest.raises(ConfigError, match='as-of: "soon" is not a date'):
        read_arrests(table, as_of="soon")


@pytest.mark.parametrize("as_of", [5, 20130201, 2.5, True, [], b"2013-02-01", np.datetime64("2013-02-01"), pd.NaT])
def test_an_as_of_that_is_no_date_is_refused_in_words(as_of: Any) -> None:
    with pytest.raises(ConfigError, match=rf"as-of: expected a date.*\({type(as_of).__name__}\)"):
        read_arrests(as_frame(rows({}), "polars"), as_of=as_of)


def test_in_the_incident_key_a_date_is_a_day() -> None:
    table = rows(
        {"person_id": "a", "date": "2013-02-01T10:00"},
        {"person_id": "b", "date": "20130201 23:59:59.5"},
        {"person_id": "c", "date": "2013-02-02"},
        {"person_id": "d", "date": "2013-02-01"},
        {"person_id": "d", "date": "2013-02-01T09:00"},
        {"person_id": "e", "date": "1969-12-31T23:00"},
        {"person_id": "f", "date": None},
    )
    arrests = read_arrests(as_frame(table, "polars"), {"input": {"incident_key": ["date"]}})
    assert arrests.incident_ids.to_list() == ["1969-12-31", "2013-02-01", "2013-02-02"]
    assert arrests.incident.tolist() == [1, 1, 2, 1, 0]
    assert arrests.report.files[0].duplicate == 0
    assert rejections(arrests) == [("frame", 7, "missing_incident")]


# Arrests


def test_an_arrest_joins_its_charges() -> None:
    table = rows(
        {"date": None, "offence": None, "gang": None, "district": None, "beat": "b1"},
        {"date": "2013-02-03", "offence": "theft", "gang": "Reds", "district": "9"},
        {"date": "2013-02-02", "offence": "murder", "gang": "Blues", "beat": "b2"},
    )
    arrests = read_arrests(as_frame(table, "polars"))
    assert decoded(arrests) == [("p1", "i1", "", dt.date(2013, 2, 2), ("homicide",), "9", "b1", "Reds")]


def test_an_incident_of_5000_persons() -> None:
    table = rows(*({"person_id": f"p{k:05}"} for k in range(5000)))
    arrests = read_arrests(as_frame(table * 2, "polars"))
    assert (len(arrests), arrests.n_persons, arrests.n_incidents) == (5000, 5000, 1)
    assert arrests.report.files[0].duplicate == 5000


def test_two_forces_share_an_incident_id_and_incidents_follow_its_text() -> None:
    table = rows(
        {"incident_id": "9", "force": "s"}, {"incident_id": "10", "force": "n"}, {"incident_id": "9", "force": "n"}
    )
    arrests = read_arrests(as_frame(table, "polars"))
    assert arrests.incident_ids.to_list() == ["10", "9", "9"]
    assert arrests.incident.tolist() == [2, 0, 1]
    assert arrests.force_names.to_list() == ["n", "s"]


# CSV


@pytest.mark.parametrize(
    ("encoding", "found", "warned"),
    [("utf-8", "utf-8", False), ("utf-8-sig", "utf-8", False), ("utf-16", "utf-16", False), ("cp1252", "cp1252", True)],
)
@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_encodings(encoding: str, found: str, warned: bool, suffix: str, tmp_path: Path) -> None:
    path = write_csv(tmp_path / f"a.{suffix}", rows({"person_id": "Zoë"}, {"gang": "Straße €"}), COLUMNS, encoding)
    arrests = read_arrests(path)
    assert arrests.person_ids.to_list() == ["Zoë", "p1"]
    assert arrests.gang_names.to_list() == ["Straße €"]
    file = arrests.report.files[0]
    assert (file.encoding, file.sha256) == (found, hashlib.sha256(path.read_bytes()).hexdigest())
    assert file.size_bytes == path.stat().st_size
    assert any("cp1252" in w and str(path) in w for w in arrests.report.warnings) == warned


def test_bytes_that_no_encoding_defines_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"person_id,incident_id,date,offence\n\x81\xe9,i,,\nx\x9d,i,,\n")
    arrests = read_arrests(path)
    assert sorted(arrests.person_ids.to_list()) == ["x\x9d", "\x81é"]
    assert arrests.report.files[0].encoding == "cp1252"


def test_a_character_across_two_chunks_is_no_wrong_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    head = b"person_id,incident_id,date,offence\n"
    body = b"p,i,,x\n" * ((1 << 20) // 7)
    filler = (1 << 20) - 1 - len(head) - (len(body) - 7 * 8) - len(b"q,i,,")
    path.write_bytes(head + body[7 * 8 :] + b"q,i,," + b"x" * filler + "é".encode() + b"\n")
    assert path.read_bytes()[(1 << 20) - 1 : (1 << 20) + 1] == "é".encode()
    assert read_arrests(path).report.files[0].encoding == "utf-8"


def test_rows_of_a_wrong_length_are_rejected_and_numbered(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "person_id,incident_id,date,offence\n"
        "p1,i1,2013-02-01,theft\n"  # 1
        "p2,i1\n"  # 2
        ",i1,,\n"  # 3
        "\n"  # not a row
        "p3,i1,nonsense,theft\n"  # 4
        "p4,i1,,theft,more,and more\n"  # 5
        "p5,,,theft\n"  # 6
    )
    arrests = read_arrests(path)
    name = path.as_posix()
    assert rejections(arrests) == [
        (name, 2, "malformed_row"), (name, 3, "missing_person"), (name, 4, "bad_date"), (name, 5, "malformed_row"),
        (name, 6, "missing_incident"),
    ]  # fmt: skip
    frame = arrests.report.rejected
    assert frame.columns == ["source_file", "row_number", "reason", *COLUMNS[:4], "line"]
    assert frame.get_column("line").to_list() == ["p2,i1", None, None, "p4,i1,,theft,more,and more", None]
    assert frame.get_column("date").to_list() == [None, None, "nonsense", None, None]
    file = arrests.report.files[0]
    assert (file.read, file.accepted, file.rejected, file.duplicate) == (6, 1, 5, 0)


def test_an_unclosed_quotation_mark_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('person_id,incident_id,date,offence\np1,i1,,theft\np2,i1,,"robbery\np3,i1,,theft\n')
    assert any("quotation mark" in w and "a.csv" in w for w in read_arrests(path).report.warnings)
    path.write_text('person_id,incident_id,date,offence\np1,i1,,"theft\n' + "p2,i1,,theft\n" * 200_000)
    with pytest.raises(InputError, match=r"a\.csv: not readable as CSV.*quotation mark"):
        read_arrests(path)


@pytest.mark.parametrize("text", ["person_id,incident_id,date,offence", "person_id,incident_id,date,offence\r\n\r\n"])
def test_a_header_without_rows(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    arrests = read_arrests(tmp_path)
    assert (len(arrests), arrests.n_persons, arrests.report.files[0].read) == (0, 0, 0)
    assert arrests.report.warnings == ("no row was accepted",)
    assert arrests.before(dt.date(2013, 1, 1)).n_persons == 0


def test_a_csv_of_no_bytes_is_a_table_of_no_rows_and_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    write_csv(tmp_path / "b.csv", rows({}))
    arrests = read_arrests(tmp_path)
    assert [f.read for f in arrests.report.files] == [0, 1]
    assert arrests.report.warnings == (f"{(tmp_path / 'a.csv').as_posix()}: the file is empty",)


# Errors


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_a_missing_column_is_named_with_its_file_and_key(kind: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, "a", rows({}), kind)
    with pytest.raises(InputError, match=rf'a\.{kind}.*"nominal".*person_id.*\[input\] columns\.person_id'):
        read_arrests(path, {"input": {"columns": {"person_id": "nominal"}}})
    with pytest.raises(InputError, match=r'"case_no".*\[input\] incident_key'):
        read_arrests(path, {"input": {"incident_key": ["case_no"]}})
    (tmp_path / "header.csv").write_text("person_id,date,offence\n")
    with pytest.raises(InputError, match=r'header\.csv.*"incident_id".*\[input\] columns\.incident_id'):
        read_arrests(tmp_path)


def test_incident_id_is_not_needed_where_it_is_not_in_the_key() -> None:
    table = as_frame(
        rows({"case": "c1"}, {"case": "c1"}, {"case": None}), "polars", ("person_id", "date", "offence", "case")
    )
    arrests = read_arrests(table, {"input": {"incident_key": ["case"]}})
    assert arrests.incident_ids.to_list() == ["c1"]
    assert rejections(arrests) == [("frame", 3, "missing_incident")]


@pytest.mark.parametrize("suffix", ["parquet", "feather", "csv.gz"])
@pytest.mark.parametrize("content", [b"", b"PAR1 not really", b"\x1f\x8b\x08 nor this"])
def test_a_damaged_file_is_named(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    if suffix == "csv.gz" and not content:
        assert len(read_arrests(path)) == 0
        return
    with pytest.raises(InputError, match=rf"a\.{suffix}: .*not readable"):
        read_arrests(path)


@pytest.mark.parametrize("kind", ["csv.gz", "parquet"])
def test_a_file_that_is_cut_short_is_named(kind: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, "a", rows(*({"person_id": f"p{k * k}"} for k in range(3000))), kind)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match=rf"a\.{kind}: not readable"):
        read_arrests(path)


def test_text_in_parquet_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    bad = pa.array([b"\xff"], pa.binary()).view(pa.string())
    pq.write_table(typed(bad), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"a\.parquet"):
        read_arrests(tmp_path)


def test_nested_columns_are_an_error() -> None:
    for values in (pa.array([[1]]), pa.array([{"a": 1}])):
        for column in ("person_id", "date"):
            with pytest.raises(InputError, match=f'"{column}".*lists and structures'):
                read_arrests(typed(pa.array(["x"])).drop_columns([column]).append_column(column, values))


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.csv: there is no such file"):
        read_arrests(tmp_path / "absent.csv")
    with pytest.raises(InputError, match=r"\*\.parquet: no file"):
        read_arrests(str(tmp_path / "*.parquet"))
    with pytest.raises(InputError, match="holds no file of a known kind"):
        read_arrests(tmp_path)
    with pytest.raises(InputError, match="list of paths is empty"):
        read_arrests([])
    with pytest.raises(InputError, match="not int"):
        read_arrests(5)
    (tmp_path / "a.docx").touch()
    with pytest.raises(InputError, match=r"a\.docx: not a kind of table"):
        read_arrests(tmp_path / "a.docx")


def test_a_column_that_occurs_twice(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("person_id,incident_id,date,offence,date,x,x\n1,2,,,,,\n")
    with pytest.raises(InputError, match=r'a\.csv: the column "date" occurs more than once'):
        read_arrests(tmp_path)
    (tmp_path / "a.csv").write_text("person_id,incident_id,date,offence,x,x\n1,2,,,,\n")
    assert len(read_arrests(tmp_path)) == 1


@pytest.mark.parametrize("kind", ["pandas", "pyarrow"])
def test_a_column_of_a_frame_that_occurs_twice(kind: str) -> None:
    names = ["person_id", "incident_id", "date", "offence", "x", "x", "sex", "sex"]
    table = pa.table([["p1"], ["i1"], ["2013-02-01"], ["theft"], [1], [2], ["?"], ["?"]], names=names)
    frame = table.to_pandas() if kind == "pandas" else table
    for given in (frame, [frame, frame.rename(columns={"x": "y"}) if kind == "pandas" else frame.select([0, 1, 2, 3])]):
        arrests = read_arrests(given)
        assert (arrests.person_ids.to_list(), arrests.backend) == (["p1"], kind)
        assert arrests.report.protected_columns == ("sex",)
        assert "x" in arrests.report.ignored_columns
    twice = table.rename_columns(["person_id", "incident_id", "date", "offence", "offence", "x", "y", "z"])
    with pytest.raises(InputError, match='frame: the column "offence" occurs more than once'):
        read_arrests(twice.to_pandas() if kind == "pandas" else twice)


# Which files


def test_results_of_a_run_below_a_folder_are_skipped_and_told(tmp_path: Path) -> None:
    write_table(tmp_path, "a", rows({"person_id": "a"}), "csv")
    for deep, name in (("run", "b"), ("run/more", "c"), ("other", "d"), (".cache", "e")):
        (tmp_path / deep).mkdir()
        write_table(tmp_path / deep, name, rows({"person_id": name}), "parquet")
    for deep in ("run", ".cache"):
        (tmp_path / deep / "run.json").write_text("{}")
    run = (tmp_path / "run").as_posix()
    arrests = read_arrests(tmp_path)
    assert arrests.person_ids.to_list() == ["a", "d"]
    assert [w.split(": this folder holds a run.json")[0] for w in arrests.report.warnings] == [run]
    assert read_arrests([tmp_path / "other", run]).person_ids.to_list() == ["b", "c", "d"]
    (tmp_path / "a.csv").unlink()
    (tmp_path / "other" / "d.parquet").unlink()
    with pytest.raises(InputError, match=r"no file of a known kind.*folders with a run\.json"):
        read_arrests(tmp_path)


def test_files_are_read_once_in_order_and_hidden_ones_left_out(tmp_path: Path) -> None:
    for name in ("b", "a", ".hidden", "_tmp"):
        write_table(tmp_path, name, rows({"person_id": name}), "csv")
    (tmp_path / "deep").mkdir()
    write_table(tmp_path / "deep", "c", rows({"person_id": "c"}), "parquet")
    (tmp_path / "notes.txt").write_text("not read")
    (tmp_path / "README.md").write_text("nothing to say of this one")
    arrests = read_arrests(tmp_path)
    assert [Path(f.name).name for f in arrests.report.files] == ["a.csv", "b.csv", "c.parquet"]
    assert [w for w in arrests.report.warnings if "notes.txt" in w and "README" not in w] == list(
        arrests.report.warnings
    )
    listed = read_arrests([tmp_path / "deep", str(tmp_path / "b.csv"), f"{tmp_path}/*.csv", f"{tmp_path}/**/*.parquet"])
    assert [Path(f.name).name for f in listed.report.files] == ["c.parquet", "b.csv", "a.csv"]
    assert listed.report.warnings == (
        "2 file(s) were given more than once (overlapping paths, or several names of one file) and read once",
    )


class Nominal(pa.ExtensionType):
    """A type of the user's own, which Python cannot hash."""

    def __init__(self) -> None:
        super().__init__(pa.string(), "gpunet.tests.nominal")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type: pa.DataType, serialized: bytes) -> Nominal:
        return cls()


def test_a_column_of_a_type_of_the_users_own_is_read_as_what_it_is_stored_as(tmp_path: Path) -> None:
    pa.register_extension_type(Nominal())
    try:
        table = pa.table({"incident_id": ["i"], "date": ["2013-02-01"], "offence": ["arson"]})
        ids = pa.ExtensionArray.from_storage(Nominal(), pa.array(["p"]))
        pq.write_table(table.append_column("person_id", ids), tmp_path / "a.parquet")
        arrests = read_arrests(tmp_path)
    finally:
        pa.unregister_extension_type("gpunet.tests.nominal")
    assert arrests.person_ids.to_list() == ["p"]


def test_many_small_files_of_changing_columns(tmp_path: Path) -> None:
    for k in range(200):
        columns = COLUMNS[:4] if k % 10 == 0 else COLUMNS[:5]
        write_csv(tmp_path / f"{k:04}.csv", rows({"person_id": f"p{k % 10}", "incident_id": f"i{k}"}), columns)
    arrests = read_arrests(tmp_path)
    assert [f.accepted for f in arrests.report.files] == [1] * 200
    assert (len(arrests), arrests.n_persons) == (200, 10)


# Columns


def test_renamed_protected_and_ignored_columns(tmp_path: Path) -> None:
    table = pa.table({"Nominal": ["a"], "case": ["c"], "when": ["2013-02-01"], "offence": ["x"], "person_id": ["no"],
                      "suspect_race": ["?"], "Sex": ["?"], "postcode": ["?"]})  # fmt: skip
    names = {"person_id": "Nominal", "incident_id": "case", "date": "when", "gang": "affiliation"}
    arrests = read_arrests(table, {"input": {"columns": names}})
    assert arrests.person_ids.to_list() == ["a"]
    assert arrests.report.protected_columns == ("Sex", "suspect_race")
    assert arrests.report.ignored_columns == ("person_id", "postcode")
    assert arrests.report.warnings == ('[input] columns.gang: no input has a column "affiliation"',)


def test_a_configuration_that_reads_a_protected_column_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'columns\.gang: "suspect_ethnicity" is a protected column'):
        read_arrests(typed(pa.array(["x"])), {"input": {"columns": {"gang": "suspect_ethnicity"}}})
    with pytest.raises(ConfigError, match=r'incident_key: "Nationality" is a protected column'):
        read_arrests(typed(pa.array(["x"])), {"input": {"incident_key": ["incident_id", "Nationality"]}})


@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_the_rejected_rows_come_in_the_callers_kind_of_frame(kind: str) -> None:
    arrests = read_arrests(as_frame(rows({}, {"person_id": " "}), kind))
    assert arrests.report.rejected.implementation.name.lower() == kind
    assert arrests.report.rejected.get_column("person_id").to_list() == [" "]
    assert arrests.report.rejected.get_column("row_number").to_list() == [2]


def test_a_lazy_frame_is_collected_and_progress_is_told() -> None:
    told: list[tuple[str, float, float]] = []
    arrests = read_arrests(pl.LazyFrame(rows({})), progress=lambda *step: told.append(step))
    assert len(arrests) == 1
    assert told[-1] == ("reading", 1.0, 1.0)


def test_several_members_in_one_gzip_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"person_id,incident_id,date,offence\np,i,,\n") + gzip.compress(b"q,i,,\n"))
    assert read_arrests(path).person_ids.to_list() == ["p", "q"]


def test_utf16_that_is_cut_short_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(
        codecs.BOM_UTF16_LE + "person_id,incident_id,date,offence\np,i,,\n".encode("utf-16-le")[:-1]
    )
    with pytest.raises(InputError, match=r"a\.csv"):
        read_arrests(tmp_path)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
def test_of_one_large_file_it_is_told_how_far_it_is(tmp_path: Path, name: str, monkeypatch: Any) -> None:
    for module in (files, stream):
        monkeypatch.setattr(module, "BATCH_ROWS", 10_000)
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", 1 << 14)
    monkeypatch.setattr(unpacking, "_CHUNK_BYTES", 1 << 14)
    n = 300_000
    frame = pl.DataFrame({"person_id": range(n), "incident_id": range(n)}).with_columns(
        date=pl.lit("2012-01-01"), offence=pl.lit("theft")
    )
    path = tmp_path / name
    if name == "a.parquet":
        frame.write_parquet(path)
    else:
        text = frame.write_csv().encode()
        path.write_bytes(gzip.compress(text, 1) if name.endswith("gz") else text)
    told: list[tuple[str, float, float]] = []
    assert len(gpunet.read_arrests(path, progress=lambda *step: told.append(step))) == n
    shares = [done / total for _, done, total in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert max(later - first for first, later in itertools.pairwise(shares)) < 0.4
