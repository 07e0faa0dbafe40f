"""Words for no value, ids that are written otherwise, and ids that have lost digits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading_at import read_everywhere as read_arrests
from reading_naive import decoded, rejections

from gpunet.base.days import NO_DAY
from gpunet.base.errors import ConfigError, InputError
from gpunet.base.shapes import shape_of, values_shown

HEADER = "person_id,incident_id,date,offence\n"
WORDS = ["NA", "N/A", "#N/A", "NULL", "null", "None", "nan", "NaN", "NaT", "<NA>", r"\N", "-", "unknown", "Unknown", ""]


def table(tmp_path: Path, text: str, name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_text(HEADER + text, encoding="utf-8")
    return path


@pytest.mark.parametrize("word", WORDS)
def test_a_word_for_no_value_is_none_in_every_column(word: str, tmp_path: Path) -> None:
    text = f"{word},i1,2013-01-05,ROBBERY\np2,i1,2013-01-05,THEFT\n{word},i2,{word},{word}\np3,i2,{word},THEFT\n"
    path = table(tmp_path, f"{text}p4,{word},2013-02-05,HOMICIDE\np5, {word} ,2013-02-06,THEFT\n")
    arrests = read_arrests(path)
    assert arrests.person_ids.to_list() == ["p2", "p3"]
    assert arrests.day[1] == NO_DAY
    assert arrests.report.by_reason == {"missing_incident": 2, "missing_person": 2}
    counted = {"person_id": {word: 2}, "incident_id": {word: 2}, "date": {word: 2}, "offence": {word: 1}}
    assert arrests.report.null_words == (counted if word else {})


def test_words_in_places_and_gangs_and_in_every_kind_of_table(tmp_path: Path) -> None:
    columns = {"person_id": ["q1", "q2", "q3"], "incident_id": ["i1", "i1", "i2"], "date": ["2013-01-05"] * 3,
               "offence": ["THEFT"] * 3, "district": ["D1", "NULL", "NULL"], "gang": ["NONE", "NONE", "N/A"],
               "force": ["n", "\\N", "n"]}  # fmt: skip
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    for source in (tmp_path / "a.parquet", pa.table(columns)):
        arrests = read_arrests(source)
        assert arrests.district_names.to_list() == ["n/D1"]
        assert arrests.gang.tolist() == [-1] * 3
        assert arrests.force_names.to_list() == ["", "n"]
        assert arrests.report.null_words["gang"] == {"NONE": 2, "N/A": 1}


def test_the_configuration_adds_words_or_takes_all_away(tmp_path: Path) -> None:
    path = table(tmp_path, "NA,i1,,\n99999,i1,,\nx,i1,NA,\nTBC ,i1,,\n")
    with_more = read_arrests(path, {"input": {"null_values": ["99999", "tbc"]}})
    assert with_more.person_ids.to_list() == ["x"]
    assert with_more.report.null_words == {"person_id": {"99999": 1, "NA": 1, "TBC": 1}, "date": {"NA": 1}}
    without = read_arrests(path, {"input": {"null_values": []}})
    assert without.person_ids.to_list() == ["99999", "NA", "TBC"]
    assert rejections(without) == [(path.as_posix(), 3, "bad_date")]
    numbers = pa.table({"person_id": [99999, 7], "incident_id": [1, 1], "date": [None, None], "offence": ["a", "b"]})
    assert read_arrests(numbers, {"input": {"null_values": ["99999"]}}).person_ids.to_list() == [7]


def test_blanks_and_forms_of_unicode_do_not_make_two_persons(tmp_path: Path) -> None:
    path = table(tmp_path, "a      ,i1,,\nb\u00a0,i1,,\n b,i2,,\nc,i2,,\nZoe\u0308,i3,,\nZo\u00eb,i4,,\n")
    assert read_arrests(path).person_ids.to_list() == ["Zo\u00eb", "a", "b", "c"]


def test_whole_numbers_with_a_point_throughout_are_the_numbers(tmp_path: Path) -> None:
    january = table(
        tmp_path, "101.0,7001.0,2013-01-05,a\n102.0,7001.0,2013-01-05,b\nNA,7001.0,,\n,7001.0,,\n", "jan.csv"
    )
    february = table(tmp_path, "101,7002,2013-02-05,a\n103,7002,2013-02-05,b\n103,7001,2013-01-05,b\n", "feb.csv")
    arrests = read_arrests([january, february])
    assert arrests.person_ids.to_list() == ["101", "102", "103"]
    assert arrests.incident_ids.to_list() == ["7001", "7002"]
    assert np.bincount(arrests.incident).tolist() == [3, 2]


def test_a_column_with_one_other_value_stays_as_it_is_written_and_is_told(tmp_path: Path) -> None:
    lines = "".join(f"{k}.0,i{k},2013-01-05,a\n" for k in range(300_000))
    path = table(tmp_path, f"{lines}x1,i0,2013-01-05,a\n1,i1,2013-01-05,b\n")  # other values come blocks later
    arrests = read_arrests(path)
    assert set(arrests.person_ids.to_list()) == {*(f"{k}.0" for k in range(300_000)), "x1", "1"}
    assert arrests.report.files[0].accepted == 300_002
    assert any('1 id (as "9" and "9.9")' in text for text in arrests.report.warnings)


@pytest.mark.parametrize(
    "bad", ["1.23457E+12", "1e+16", "1.5e10", "1,23457E+12", "9007199254740993.0", "-1.2E+20", " 1.23457e+12 "]
)
def test_an_id_that_has_lost_digits_is_refused(bad: str, tmp_path: Path) -> None:
    path = table(tmp_path, f'"{bad}",i1,2013-01-05,a\nx1,i1,2013-01-05,b\nx2,"{bad}",2013-01-05,b\n')
    arrests = read_arrests(path)
    assert rejections(arrests) == [(path.as_posix(), 1, "bad_id"), (path.as_posix(), 3, "bad_id")]
    assert arrests.person_ids.to_list() == ["x1"]
    (about,) = [text for text in arrests.report.warnings if "lost digits" in text]
    assert about.startswith("2 rows")
    assert f'(as in "{shape_of(bad)}")' in about
    with values_shown(True):  # which never shows an id
        assert read_arrests(path).report.warnings == arrests.report.warnings


@pytest.mark.parametrize("good", ["1E12", "12e5", "DE-1", "1e5a", "e+5", "1.0.0", "2e3.5"])
def test_an_id_with_an_e_is_an_id(good: str, tmp_path: Path) -> None:
    assert read_arrests(table(tmp_path, f"{good},i1,2013-01-05,a\n")).person_ids.to_list() == [good]


@pytest.mark.parametrize(("kind", "limit"), [(pa.float32(), 2**24), (pa.float16(), 2**11), (pa.float64(), 2**53)])
def test_floats_of_fewer_bits_lose_digits_earlier(kind: pa.DataType, limit: int) -> None:
    persons = pa.array(np.array([limit, limit - 1, 5], kind.to_pandas_dtype()), kind)
    rows = {"incident_id": ["i1"] * 3, "date": ["2013-01-05"] * 3, "offence": ["a"] * 3}
    arrests = read_arrests(pa.table({"person_id": persons, **rows}))
    assert sorted(arrests.person_ids.to_list(), key=int) == ["5", str(limit - 1)]
    assert arrests.report.by_reason == {"bad_id": 1}


def test_what_spreadsheets_put_around_an_id_is_no_part_of_it(tmp_path: Path) -> None:
    path = table(tmp_path, '="0101",i1,2013-01-05,a\n0101,i2,2013-01-05,a\n"=""0102""",i2,20130105.0,a\n')
    arrests = read_arrests(path)
    assert arrests.person_ids.to_list() == ["0101", "0102"]
    assert arrests.report.by_reason == {}


def test_a_header_that_comes_again_is_no_person(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Person ID,incident_id\nA,1\nB,1\nPerson ID,incident_id\nA,2\n")
    arrests = read_arrests(path, {"input": {"columns": {"date": "", "offence": ""}}})
    assert arrests.person_ids.to_list() == ["A", "B"]
    assert rejections(arrests) == [(path.as_posix(), 3, "missing_person")]


def test_a_zone_that_nobody_knows_is_an_error_and_no_traceback() -> None:
    dates = pa.array([0, 1], pa.timestamp("us", "Central Standard Time"))
    frame = pa.table({"person_id": [1, 2], "incident_id": [1, 1], "date": dates, "offence": ["x", "x"]})
    with pytest.raises(InputError, match='column "date"'):
        read_arrests(frame)


def test_floats_that_may_stand_for_several_numbers_are_refused() -> None:
    persons = pa.array([9007199254740993.0, 9007199254740991.0, 5.0, float("nan")])
    rows = {"incident_id": ["i1"] * 4, "date": ["2013-01-05"] * 4, "offence": ["a"] * 4}
    arrests = read_arrests(pa.table({"person_id": persons, **rows}))
    assert arrests.person_ids.to_list() == ["5", "9007199254740991"]
    assert rejections(arrests) == [("frame", 1, "bad_id"), ("frame", 4, "missing_person")]


@pytest.mark.parametrize(
    ("rules", "persons", "incidents"),
    [
        ({"strip_zeros": True}, ["0", "12-3", "7", "A:1", "a:2"], ["8"]),
        (["casefold"], ["000", "0007", "007", "12-3", "a:1", "a:2"], ["08", "8"]),
        (["strip_hyphens", "strip_zeros"], ["0", "123", "7", "A:1", "a:2"], ["8"]),
        ({"before": ":", "casefold": True}, ["000", "0007", "007", "12-3", "a"], ["08", "8"]),
        ({"person_id": {"strip_zeros": True}}, ["0", "12-3", "7", "A:1", "a:2"], ["08", "8"]),
    ],
)
def test_rules_for_ids(rules: Any, persons: list[str], incidents: list[str], tmp_path: Path) -> None:
    path = table(tmp_path, "".join(f"{p},{i},,a\n" for p, i in zip(
        ["000", "0007", "007", "12-3", "A:1", "a:2"], ["8", "08", "8", "8", "8", "8"], strict=True)))  # fmt: skip
    arrests = read_arrests(path, {"input": {"id_rules": rules}})
    assert arrests.person_ids.to_list() == persons
    assert arrests.incident_ids.to_list() == incidents


def test_ids_that_a_rule_leaves_nothing_of_are_missing(tmp_path: Path) -> None:
    path = table(tmp_path, ":x,i1,,\n--,i1,,\nok,i1,,\n")
    arrests = read_arrests(path, {"input": {"id_rules": ["strip_hyphens", {"before": ":"}]}})
    assert arrests.person_ids.to_list() == ["ok"]
    assert arrests.report.by_reason == {"missing_person": 2}


def test_what_rules_leave_of_an_id_may_be_a_word_for_no_value(tmp_path: Path) -> None:
    rows = "UNKNOWN PERSON,1,2013-01-05,x\nunknown:2,1,2013-01-05,x\nNA,1,2013-01-05,x\np-1,1,2013-01-05,x\n"
    path = tmp_path / "a.csv"
    path.write_text("person_id,incident_id,date,offence\n" + rows)
    rules = ["strip_hyphens", {"before": ":"}]
    arrests = read_arrests(path, {"input": {"id_rules": rules, "null_values": ["UNKNOWNPERSON"]}})
    assert arrests.person_ids.to_list() == ["p1"]
    assert arrests.report is not None
    assert arrests.report.null_words["person_id"] == {"NA": 1, "UNKNOWN PERSON": 1, "unknown:2": 1}


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [("0008", "8", "strip_zeros"), ("AB1", "ab1", "casefold"), ("12-34", "1234", "strip_hyphens"),
     ("12 34", "1234", "strip_hyphens"),
     ("0A-1", "a1", "strip_zeros = true, casefold = true, strip_hyphens")],
)  # fmt: skip
def test_ids_that_may_be_one_are_told_with_the_line_to_write(one: str, other: str, rule: str, tmp_path: Path) -> None:
    paths = [table(tmp_path, f"{one},i1,,a\nx9,i1,,a\n"), table(tmp_path, f"{other},i2,,a\nx9,i1,,b\n", "b.csv")]
    (warning,) = read_arrests(paths).report.warnings
    assert warning.startswith("1 id (as ")
    assert {f'"{shape_of(one)}"', f'"{shape_of(other)}"'} <= set(re.findall('"[^"]*"', warning))
    with values_shown(True):  # which never shows an id
        assert read_arrests(paths).report.warnings == (warning,)
    assert f"[input] id_rules = {{person_id = {{{rule} = true}}}}" in warning
    wanted = dict.fromkeys((part.split(" ")[0] for part in f"{rule} = true".split(", ")), True)
    assert read_arrests(paths, {"input": {"id_rules": {"person_id": wanted}}}).report.warnings == ()


def test_the_year_of_the_date_may_be_part_of_the_key(tmp_path: Path) -> None:
    path = table(tmp_path, "a,1,2012-12-31,x\nb,1,2013-01-01,x\nc,1,2013-12-31T10:00,x\nd,1,,x\n")
    arrests = read_arrests(path, {"input": {"incident_key": ["force", "incident_id", "year"]}})
    assert arrests.incident.tolist() == [0, 1, 1]
    assert arrests.incident_ids.to_list() == ["1", "1"]
    assert rejections(arrests) == [(path.as_posix(), 4, "missing_incident")]


def test_days_that_stand_for_no_date(tmp_path: Path) -> None:
    path = table(tmp_path, "a,1,1900-01-01,x\nb,1,2013-01-05,x\nc,1,9999-12-31,x\n")
    arrests = read_arrests(path)
    assert [text[:22] for text in arrests.report.warnings if "null_dates" in text] == [
        "1 row dated 1900-01-01", "1 row dated 9999-12-31",
    ]  # fmt: skip
    assert arrests.report.by_reason == {"bad_date": 1}
    told = read_arrests(path, {"input": {"null_dates": ["1900-01-01", "9999-12-31"]}})
    assert told.report.warnings == ()
    assert [day == NO_DAY for day in told.day.tolist()] == [True, False, True]
    assert told.report.null_words == {"date": {"1900-01-01": 1, "9999-12-31": 1}}


def test_what_cannot_be_configured() -> None:
    for bad, about in [
        ({"id_rules": {"zeros": True}}, "id_rules"),
        ({"columns": {"person_id": ""}}, "person_id cannot be absent"),
        ({"columns": {"date": []}}, "must be a name, or a list of names"),
        ({"columns": {"date": ""}, "incident_key": ["incident_id", "year"]}, "the date is a part of it"),
    ]:
        with pytest.raises(ConfigError, match=about):
            read_arrests(pa.table({"person_id": ["a"]}), {"input": bad})


def test_offences_are_counted_by_text_with_their_sets() -> None:
    offences = ["theft", "ROBBERY - ARMED", "theft", None, "theft", " robbery"]
    columns = {
        "person_id": list("abcdef"),
        "incident_id": list("abcdef"),
        "date": ["2013-01-05"] * 6,
        "offence": offences,
    }
    table = read_arrests(pa.table(columns)).report.offences
    assert table.rows() == [
        ("theft", 3, []), (None, 1, []), ("ROBBERY - ARMED", 1, ["robbery"]), ("robbery", 1, ["robbery"])
    ]  # fmt: skip


def test_decoded_arrests_of_the_same_person_written_twice() -> None:
    columns = {"person_id": ["p", " p"], "incident_id": ["i", "i "], "date": ["2013-01-05"] * 2, "offence": ["x", "x "]}
    arrests = read_arrests(pa.table(columns))
    assert len(decoded(arrests)) == 1
    assert arrests.report.files[0].duplicate == 1
