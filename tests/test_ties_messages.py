"""What is told of tables of ties: why rows are rejected, kinds that nobody named, authority, and what is amiss."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gpunet.arrests.read_report import ReadReport
from gpunet.base.errors import ConfigError, InputError
from gpunet.base.shapes import values_shown
from gpunet.config.config import load_config
from gpunet.reading.ties_rows import TIE_REASONS
from gpunet.reading.ties_table import read_ties
from tests.tie_tables import COLUMNS, GOOD, TIES, TODAY, Row


def read(rows: list[Row], config: dict[str, Any] | None = None, **options: Any) -> ReadReport:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(rows[0] if rows else COLUMNS, pl.String))
    return read_ties(frame, load_config({"ties": TIES} if config is None else config), today=TODAY, **options)[1]


#: A row that also tells when it was recorded.
TOLD: Row = {**GOOD, "recorded_at": "2013-02-02"}

BAD: dict[str, Row] = {
    "missing_person": {"person_a": None},
    "bad_id": {"person_b": "1.23457E+12"},
    "same_person": {"person_b": " 1"},
    "missing_kind": {"kind": "n/a"},
    "missing_date": {"date": ""},
    "bad_date": {"date": "2020-01-02"},
    "bad_until": {"until": "soon"},
    "until_before_date": {"until": "2013-01-31"},
    "bad_recorded_at": {"recorded_at": "2020-01-02"},
    "recorded_before_date": {"recorded_at": "2013-01-31"},
    "bad_source_grade": {"source_grade": "4"},
    "bad_information_grade": {"information_grade": "F"},
    "bad_handling": {"handling": "secret"},
    "kind_not_used": {"kind": "chat"},
    "missing_source_grade": {"source_grade": None},
    "source_too_low": {"source_grade": "3"},
    "missing_information_grade": {"information_grade": "n/a"},
    "information_too_low": {"information_grade": "D"},
}


@pytest.mark.parametrize("reason", BAD)
def test_a_row_is_rejected_for_the_first_reason_that_applies(reason: str) -> None:
    later = list(BAD)[list(BAD).index(reason) :]
    together: Row = {**GOOD}
    for other in reversed(later):
        if not set(BAD[other]) & set(BAD[reason]):
            together |= BAD[other]
    if reason in ("missing_date", "bad_date"):
        together |= {"until": None, "recorded_at": None}
    for row in ({**GOOD, **BAD[reason]}, {**together, **BAD[reason]}):
        report = read([GOOD, row])
        assert report.by_reason == {reason: 1}
        (rejected,) = report.rejected.iter_rows(named=True)
        assert rejected == {"source_file": "frame", "row_number": 2, "reason": reason, **row, "line": None}


def test_every_reason_is_tested() -> None:
    assert (*BAD, "malformed_row") == TIE_REASONS


def test_a_malformed_row_is_kept_as_its_line(tmp_path: Path) -> None:
    path = tmp_path / "ties.csv"
    path.write_text("person_a,person_b,kind,date\n1,2,calls,2013-02-01\n1,2,calls\n3,4,calls,2013-02-01\n")
    config = {"ties": {"calls": {"use": True, "min_source": 3, "min_information": "E"}}}
    _, report = read_ties(path, load_config(config), today=TODAY)
    (rejected,) = report.rejected.iter_rows(named=True)
    assert (rejected["row_number"], rejected["reason"], rejected["line"]) == (2, "malformed_row", "1,2,calls")
    assert [(f.read, f.accepted, f.rejected) for f in report.files] == [(3, 2, 1)]


def test_grades_of_none_are_the_lowest() -> None:
    ungraded: Row = {**GOOD, "source_grade": None, "information_grade": None}
    assert read([ungraded]).by_reason == {"missing_source_grade": 1}
    assert read([{**ungraded, "kind": "intelligence"}]).by_reason == {}
    without: Row = {name: GOOD[name] for name in COLUMNS[:4]}
    for row in (without, ungraded):  # no column, or no value in it
        report = read([row])
        assert report.by_reason == {"missing_source_grade": 1}
        assert [text for text in report.warnings if "without a grade" in text] == [
            "ties: no row of calls has a value in source_grade or information_grade, and rows without a grade count "
            'only with min_source = 3 and min_information = "E": write both below [ties.calls] if they are to count, '
            "or have the grades written"
        ]
    written = {"ties": {"calls": {**TIES["calls"], "min_source": 3, "min_information": "E"}}}
    assert read([without], written).files[0].accepted == 1


def test_only_the_grade_that_no_row_of_the_kind_has_is_asked_for() -> None:
    half: Row = {**GOOD, "information_grade": None}
    kinds = {name: {**TIES["calls"]} for name in ("calls", "chat")}
    report = read([half, {**half, "kind": "chat"}], {"ties": kinds})
    assert report.by_reason == {"missing_information_grade": 2}
    (warning,) = [text for text in report.warnings if "without a grade" in text]
    assert warning.startswith("ties: no row of calls and chat has a value in information_grade, and rows")
    assert 'only with min_information = "E": write that below [ties.calls] and [ties.chat] if' in warning
    report = read([half, {**GOOD, "person_b": "3"}])  # one row of the kind has it
    assert report.by_reason == {"missing_information_grade": 1}
    assert not [text for text in report.warnings if "without a grade" in text]


def test_a_kind_that_is_not_named_is_refused_and_told_how_to_name_it() -> None:
    with pytest.raises(ConfigError) as error:
        read([{**GOOD, "kind": "Phone Taps"}, GOOD])
    assert '"phone_taps"' in str(error.value)
    assert str(error.value).endswith("\n[ties.phone_taps]\nuse = true")
    with pytest.raises(ConfigError, match='kinds "lunch", "phone_taps" of the table are'):
        read([{**GOOD, "kind": "Phone Taps"}, {**GOOD, "kind": "lunch"}])
    assert read([{**GOOD, "kind": "Phone Taps", "person_b": None}]).by_reason == {"missing_person": 1}
    named = {"ties": {"phone_taps": {"use": True}}}
    assert read([{**GOOD, "kind": kind} for kind in ("phone-taps", "Phone  Taps")], named).files[0].duplicate == 1


def test_what_is_no_kind_is_not_shown() -> None:
    rows: list[Row] = [{**GOOD, "kind": kind} for kind in ("+44 20 7946 0000", "O'Neill, Ann")]
    for some in (rows[:1], rows, [{**GOOD, "kind": f"name{chr(97 + i)}"} for i in range(21)]):
        with pytest.raises(ConfigError) as error:
            read(some)
        assert not any(text in str(error.value) for text in ("7946", "Ann", "namea"))
        assert "--show-values" in str(error.value)
    with values_shown(True), pytest.raises(ConfigError, match="7946"):
        read(rows[:1])
    with pytest.raises(ConfigError, match='"co_arrest" has a name that is reserved'):
        read([{**GOOD, "kind": "co-arrest"}])


def test_social_media_need_an_authority_that_has_not_ended() -> None:
    row: Row = {**GOOD, "kind": "Social Media"}
    kind: dict[str, Any] = {"use": True}
    with pytest.raises(ConfigError, match="task_ref, authority, expires"):
        read([row], {"ties": {"social_media": kind}})
    kind |= {"task_ref": "T1", "authority": "Act 2000, s. 28", "expires": date(2019, 12, 31)}
    with pytest.raises(ConfigError, match="ended on 2019-12-31"):
        read([row], {"ties": {"social_media": kind}})
    kind["expires"] = TODAY
    with pytest.raises(ConfigError, match="needs task_ref, authority:"):
        read([row], {"ties": {"social_media": {**kind, "task_ref": " ", "authority": "\t"}}})  # blanks name nobody
    assert read([row], {"ties": {"social_media": kind}}).files[0].accepted == 1
    assert read([row], {"ties": {"social_media": {"use": False}}}).by_reason == {"kind_not_used": 1}


def test_tables_of_which_nothing_counts_are_warned_of() -> None:
    assert "ties: no row was accepted: 1 same_person" in read([{**GOOD, "person_b": "1"}]).warnings
    assert "ties: no row was accepted" in read([]).warnings
    (warning,) = read([{**GOOD, "kind": "chat"}], {"ties": {"chat": {"use": False}}}).warnings
    assert warning.startswith("ties: no kind is in use: write use = true below the [ties.KIND]")
    report = read([TOLD, {**TOLD, "kind": "chat"}])
    assert not report.warnings  # it is as the configuration says
    assert report.notes == (
        "calls: 1 row of 2 persons, dated 2013-02-01 to 2013-02-01, 0 with handling C",
        "intelligence: no row was accepted",
    )


def test_rows_that_are_lost_are_told_with_their_shape() -> None:
    (warning,) = read([TOLD, {**TOLD, "until": "June"}]).warnings
    assert warning.startswith('ties: 1 of 2 rows (50 %) of frame were rejected: bad_until (as in row 2: "Aaaa")')
    report = read([GOOD, {**GOOD, "date": "13/02/2013"}])
    assert any("date_format" in text for text in report.warnings)
    assert report.bad_dates == ("13/02/2013",)


def test_ends_far_off_are_no_matter_and_rows_without_a_recording_are() -> None:
    rows: list[Row] = [{**GOOD, "until": "9999-12-31", "recorded_at": day} for day in ("2013-02-02", None)]
    (warning,) = read([rows[0], {**rows[1], "person_b": "3"}]).warnings
    assert "1 row without a value in recorded_at" in warning
    without: Row = {name: value for name, value in GOOD.items() if name != "recorded_at"}
    frames = [pl.DataFrame([rows[0]], schema=dict.fromkeys(COLUMNS, pl.String)), pl.DataFrame([without])]
    _, report = read_ties(frames, load_config({"ties": TIES}), today=TODAY)
    assert any("1 of 2 inputs have no column recorded_at" in text for text in report.warnings)


def test_columns_are_asked_for_by_name_and_protected_ones_dropped() -> None:
    with pytest.raises(
        InputError, match=r'ties: frame: there is no column "person_b": a table of ties has the columns'
    ):
        read([{name: value for name, value in GOOD.items() if name != "person_b"}])
    with pytest.raises(InputError, match='more than one column could be kind: "kind" and "Kind"'):
        read([{**GOOD, "Kind": "calls"}])
    report = read([{**GOOD, "race": "x", "officer": "y"}])
    assert (report.protected_columns, report.ignored_columns) == (("race",), ("officer",))


def test_files_that_cannot_be_read_are_left_out_if_asked(tmp_path: Path) -> None:
    pl.DataFrame([GOOD], schema=dict.fromkeys(COLUMNS, pl.String)).write_csv(tmp_path / "a.csv")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 and nothing else")
    config = load_config({"ties": TIES})
    with pytest.raises(InputError, match=r"ties: .*b\.parquet"):
        read_ties(str(tmp_path), config, today=TODAY)
    _, report = read_ties(str(tmp_path), config, today=TODAY, keep_going=True)
    assert [file.name.endswith("b.parquet") for file in report.skipped] == [True]
    assert report.files[0].accepted == 1
    with pytest.raises(InputError, match="ties: "):
        read_ties(str(tmp_path / "b.parquet"), config, today=TODAY, keep_going=True)
    with pytest.raises(InputError, match=r"ties: .*no such file"):
        read_ties(str(tmp_path / "c.csv"), config, today=TODAY)
    (tmp_path / "d.csv").write_text("1,2,calls,2013-02-01\n1,3,calls,2013-02-01\n")
    with pytest.raises(InputError, match=r"there seems to be no header.*person_a,date,person_b,kind"):
        read_ties(str(tmp_path / "d.csv"), config, today=TODAY)


def test_progress_is_told() -> None:
    told: list[tuple[str, float, float]] = []
    read([GOOD], progress=lambda *step: told.append(step))
    assert told[0] == ("reading ties", 0.0, 1.0)
    assert told[-1] == ("reading ties", 1.0, 1.0)
