"""The column recorded_at: as of a day a row counts if it was recorded before it, as if the tables were read then."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from comparison import columns_of, frame_of, row
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_at import HOMES, assert_same, read_everywhere
from reading_naive import decoded, rejections
from reference import was_recorded
from strategies import OFFENCES, SETS, Row, recording_days
from typer.testing import CliRunner

from gpunet import compute_features, read_arrests
from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import cut_before, violent_between
from gpunet.base.errors import ConfigError, InputError
from gpunet.cli.app import app
from gpunet.cli.check import check_tables
from gpunet.cli.run import run_forecast
from gpunet.engines.cpu import CpuEngine
from gpunet.reading.read import read_arrests_at
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.kept_arrests import arrests_of, of_arrests
from gpunet.runs.read_back import Damaged
from gpunet.synthetic import write_tables
from gpunet.tables.frames import to_arrow

DAY = dt.date(2013, 3, 1)
CONFIG = {"violent_offences": SETS}


def day(number: int) -> dt.date:
    return DAY + dt.timedelta(days=number)


@st.composite
def late_rows(draw: st.DrawFn) -> list[Row]:
    """Rows of few arrests, so that an arrest has several, of which many are repeats of others but for recorded_at."""
    places = st.sampled_from([None, "1", "2"])
    rows = []
    for _ in range(draw(st.integers(1, 14))):
        dated = draw(st.sampled_from([day(0), day(0), day(3), day(12), None]))
        person, incident = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        more = {"district": draw(places), "beat": draw(places), "gang": draw(st.sampled_from([None, "Kings", "Lords"]))}
        more["force"] = draw(st.sampled_from(["North", "North", "South"]))
        offence = draw(st.sampled_from([*OFFENCES[-3:], None]))
        rows.append(row(person, incident, dated, offence, **more))
        for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
            rows.append(dict(draw(st.sampled_from(rows))))
    return [{**one, "recorded_at": draw(recording_days(one["date"] or DAY))} for one in draw(st.permutations(rows))]


def cut_rows(rows: list[Row], as_of: dt.date) -> list[Row]:
    """The rows recorded before the day, without the column."""
    return [{k: v for k, v in one.items() if k != "recorded_at"} for one in rows if was_recorded(one, as_of)]


def counts_of(arrests: Arrests) -> tuple[int, int, int, int]:
    assert arrests.report is not None
    (file,) = arrests.report.files
    return file.read, file.accepted, file.rejected, file.duplicate


AS_OF = st.sampled_from([day(n) for n in (0, 1, 2, 4, 10, 13, 40)])


@settings(max_examples=30)
@given(rows=late_rows(), as_of=AS_OF, earlier=AS_OF)
def test_a_cut_is_the_reading_of_the_rows_recorded_by_then(rows: list[Row], as_of: dt.date, earlier: dt.date) -> None:
    arrests = read_arrests(frame_of(rows), CONFIG)
    cut, expected = arrests.before(as_of), read_arrests(frame_of(cut_rows(rows, as_of)), CONFIG, as_of)
    assert decoded(cut) == decoded(expected)
    assert cut.person_ids.to_list() == expected.person_ids.to_list()
    assert decoded(read_arrests(frame_of(rows), CONFIG, as_of)) == decoded(cut)
    assert arrests.persons_before(as_of).size == cut.n_persons
    if earlier <= as_of:
        assert decoded(cut.before(earlier)) == decoded(arrests.before(earlier))
    else:
        with pytest.raises(InputError, match="cannot go forward"):
            cut.before(earlier)
    if len(cut) > 3:
        of_cut = read_arrests(frame_of(cut_rows(rows, as_of)), CONFIG, as_of)
        assert columns_of(compute_features(cut)) == columns_of(compute_features(of_cut))


@settings(max_examples=30)
@given(rows=late_rows())
def test_without_an_as_of_day_the_column_has_no_effect(rows: list[Row]) -> None:
    arrests = read_arrests(frame_of(rows), CONFIG)
    plain = read_arrests(frame_of(rows).drop("recorded_at"), CONFIG)
    assert decoded(arrests) == decoded(plain)
    assert counts_of(arrests) == counts_of(plain)
    assert arrests.report is not None
    assert plain.report is not None
    assert to_arrow(arrests.report.offences).equals(to_arrow(plain.report.offences))
    assert plain.charges is None


@settings(max_examples=30)
@given(rows=late_rows(), start=AS_OF, known=AS_OF, length=st.integers(1, 20))
def test_labels_are_those_known_on_a_day(rows: list[Row], start: dt.date, known: dt.date, length: int) -> None:
    arrests, end = read_arrests(frame_of(rows), CONFIG), start + dt.timedelta(days=length)
    persons = arrests.before(start).person_ids.to_list()

    def expected(seen: Arrests, end: dt.date) -> list[bool]:
        violent = {r[0] for r in decoded(seen) if r[3] is not None and start <= r[3] < end and r[4]}
        return [person in violent for person in persons]

    assert violent_between(arrests, start, end).tolist() == expected(arrests, end)
    labels = violent_between(arrests, start, end, known_before=known)
    assert labels.tolist() == expected(read_arrests(frame_of(cut_rows(rows, known)), CONFIG, known), end)


@settings(max_examples=6)
@given(rows=late_rows(), as_of=AS_OF, at=st.integers(0, 28))
def test_cuts_elsewhere_and_of_several_inputs(rows: list[Row], as_of: dt.date, at: int) -> None:
    frames = [frame_of(part) for part in (rows[:at], rows[at:])]
    whole, together = read_arrests(frames, CONFIG), read_arrests(frame_of(rows), CONFIG)
    assert decoded(whole.before(as_of)) == decoded(together.before(as_of))
    assert whole.report is not None
    assert sum(file.duplicate for file in whole.report.files) == counts_of(together)[3]
    for location in HOMES.values():
        found = read_arrests_at(location, frames, CONFIG)
        assert_same(found, whole)
        assert_same(found.before(as_of), whole.before(as_of))


def test_by_hand() -> None:
    rows = [
        {**row(1, 1, day(2), "theft", district="9"), "recorded_at": day(2)},
        {**row(1, 1, day(1), "robbery", gang="Kings"), "recorded_at": day(5)},
        {**row(2, 1, day(2), "theft"), "recorded_at": day(9)},
        {**row(3, 1, day(2), "theft"), "recorded_at": None},
    ]
    arrests = read_arrests(frame_of(rows), CONFIG)
    assert len(arrests) == 3
    assert not len(arrests.before(day(2)))
    early, middle = arrests.before(day(3)), arrests.before(day(6))
    assert decoded(early) == [(1, "1", "", day(2), (), "9", None, None)]
    assert decoded(middle) == [(1, "1", "", day(1), ("robbery",), "9", None, "Kings")]
    assert arrests.before(day(10)).person_ids.to_list() == [1, 2]
    assert arrests.late_charges(day(6)) == 2
    assert arrests.report is not None
    assert [text for text in arrests.report.warnings if "1 row without a value in recorded_at" in text]


def test_a_charge_recorded_twice_counts_from_the_earlier_recording() -> None:
    late, early = ({**row(1, 1, day(0), "theft"), "recorded_at": day(n)} for n in (9, 4))
    other = {**row(1, 1, day(0), "robbery"), "recorded_at": day(4)}
    for rows in ([late, other, early], [early, other, late], [late, late, other, early, early]):
        arrests = read_arrests(frame_of(rows), CONFIG)
        assert counts_of(arrests) == (len(rows), 2, 0, len(rows) - 2)
        assert len(arrests.before(day(4))) == 0
        assert len(arrests.before(day(5))) == 1
        assert arrests.report is not None
        assert arrests.report.offences["rows"].to_list() == [1, 1]  # type: ignore[index]


def test_what_is_hidden_stays_hidden() -> None:
    rows = [{**row(p, 1, day(0), "robbery"), "recorded_at": day(0)} for p in (1, 2)]
    arrests = read_arrests(frame_of(rows), CONFIG)
    hidden = arrests.without_offences(arrests.person == 0)
    for found in (hidden, hidden.before(day(2))):
        assert [r[4] for r in decoded(found)] == [(), ("robbery",)]


NO_DATE = "1 row rejected: their recorded_at is no date, or lies before 1900 or after today (as in row 1: "
BEFORE = "1 row rejected: their recorded_at lies before their own date (as in row 1)"
BAD = {
    "the day before": ("2013-02-28", "recorded_before_date", BEFORE),
    "no date": ("soon", "bad_recorded_at", NO_DATE + '"aaaa"); --show-values shows it'),
    "before 1900": ("1899-12-31", "bad_recorded_at", NO_DATE + '"9999-99-99"); --show-values shows it'),
    "after today": ("2990-01-01", "bad_recorded_at", NO_DATE + '"9999-99-99"); --show-values shows it'),
}


@pytest.mark.parametrize(("bad", "reason", "said"), BAD.values(), ids=BAD)
def test_a_bad_recorded_at_is_rejected_and_nothing_is_lost(bad: str, reason: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = ["person_id,incident_id,date,offence,recorded_at", f"1,1,2013-03-01,robbery,{bad}"]
    lines += ["2,1,2013-03-01,robbery,2013-03-01T09:30", "3,1,2013-03-01,robbery,NA", "4,1,,theft,2001-01-01"]
    path.write_text("\n".join(lines) + "\n")
    arrests = read_everywhere(str(path))
    assert rejections(arrests) == [(str(path), 1, reason)]
    assert counts_of(arrests) == (4, 3, 1, 0)
    assert arrests.report is not None
    assert arrests.report.rejected["recorded_at"].to_list() == [bad]
    assert [text for text in arrests.report.warnings if "rejected" in text] == [said]
    assert arrests.report.null_words == {"recorded_at": {"NA": 1}}
    assert arrests.before(day(1)).person_ids.to_list() == ["2"]


def test_rows_recorded_before_their_date_are_told_of_once(tmp_path: Path) -> None:
    header, early = "person_id,incident_id,date,offence,recorded_at\n", "1,1,2013-03-01,theft,2013-02-01\n"
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text(header + "1,1,2013-03-01,theft,2013-03-02\n" + early + ",1,2013-03-01,theft,\n")
    second.write_text(header + early + early)
    arrests = read_everywhere(tmp_path)
    assert arrests.report is not None
    assert arrests.report.by_reason == {"missing_person": 1, "recorded_before_date": 3}
    assert [text for text in arrests.report.warnings if "rejected" in text] == [
        f"1 of 3 rows (33.3 %) of {first} were rejected: missing_person (as in row 3)",
        f"3 rows rejected: their recorded_at lies before their own date (as in row 2 of {first})",
    ]


def test_a_column_that_is_another_is_named_in_the_error(tmp_path: Path) -> None:
    path, config = tmp_path / "a.csv", tmp_path / "config.toml"
    path.write_text("person_id,incident_id,date,offence,Known\n" + "1,1,2013-03-01,theft,1980-05-01\n" * 2)
    config.write_text('[input]\ncolumns.recorded_at = "Known"\n')
    done = CliRunner().invoke(app, ["features", str(path), "--out", str(tmp_path / "out"), "--config", str(config)])
    assert isinstance(done.exception, InputError)
    assert str(done.exception) == (
        "no arrest was accepted: all 2 rows were rejected: recorded_before_date (as in row 1): recorded_at, read from "
        '"Known", lies before the dates of the rows themselves; set [input] columns.recorded_at to the column that '
        'says when a row came to be known, or to "" to have none read'
    )


def test_earlier_reasons_come_first_and_the_format_is_that_of_dates(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Person ID;incident_id;date;offence;Recorded-At\n1;1;01/03/2013;theft;02/03/2013 09:15\n"
        "2;1;nodate;theft;01/01/2000\n;1;01/03/2013;theft;01/01/2000\n3;1;01/03/2013;theft;\n"
    )
    plain = read_arrests(path)
    assert plain.report is not None
    assert plain.report.by_reason == {"bad_date": 3, "missing_person": 1}
    arrests = read_arrests(path, {"input": {"date_format": "dayfirst"}})
    assert [reason for _, _, reason in rejections(arrests)] == ["bad_date", "missing_person"]
    assert arrests.before(day(2)).person_ids.to_list() == ["1"]
    assert not len(arrests.before(day(1)))
    iso = tmp_path / "b.csv"
    iso.write_text("person_id,incident_id,date,offence,recorded_at\n1,1,2013-03-01,theft,13/03/2013\n")
    found = read_arrests(iso).report
    assert found is not None
    assert found.bad_dates == ("13/03/2013",)
    assert [text for text in found.warnings if 'column "recorded_at"' in text and "dayfirst" in text]


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow"])
def test_kinds_of_frames_and_names(kind: str) -> None:
    rows = [{**row(p, 1, day(0), "robbery"), "recorded_at": day(p)} for p in (1, 2, 3)]
    frame = pl.DataFrame(frame_of(rows)).rename({"recorded_at": "Known since"})
    native = {"polars": lambda: frame, "pandas": frame.to_pandas, "pyarrow": frame.to_arrow}[kind]()
    arrests = read_arrests(native, {"input": {"columns": {"recorded_at": "known_since"}}})
    assert arrests.before(day(3)).person_ids.to_list() == [1, 2]
    assert arrests.backend == kind
    ignored = read_arrests(native)
    assert ignored.report is not None
    assert ignored.report.ignored_columns == ("Known since",)
    assert ignored.charges is None


def test_the_configuration_may_leave_the_column_out_and_no_more() -> None:
    rows = [{**row(1, 1, day(0), "robbery"), "recorded_at": day(7)}]
    arrests = read_arrests(frame_of(rows), {"input": {"columns": {"recorded_at": ""}}})
    assert len(arrests.before(day(1))) == 1
    with pytest.raises(InputError, match=r"no arrest before 2013-03-02: 1 row dated before it came to be known"):
        cut_before(read_arrests(frame_of(rows)), day(1))
    with pytest.raises(ConfigError, match="recorded_at"):
        read_arrests(frame_of(rows), {"input": {"incident_key": ["recorded_at"]}})
    for other in ("date", "gang", "force"):
        with pytest.raises(ConfigError, match=f'"{other}" cannot be both'):
            read_arrests(frame_of(rows), {"input": {"columns": {"recorded_at": other}}})


def test_a_file_without_the_column_counts_by_date_alone(tmp_path: Path) -> None:
    rows = [{**row(p, 1, day(0), "robbery"), "recorded_at": day(7)} for p in (1, 2)]
    frame = frame_of(rows)
    frame[:1].drop("recorded_at").write_parquet(tmp_path / "a.parquet")
    frame[1:].write_parquet(tmp_path / "b.parquet")
    arrests = read_arrests(tmp_path)
    assert arrests.before(day(1)).person_ids.to_list() == [1]
    assert arrests.before(day(8)).person_ids.to_list() == [1, 2]
    assert arrests.report is not None
    (said,) = (text for text in arrests.report.warnings if "recorded_at" in text)
    assert said.startswith("1 of 2 inputs have no column recorded_at")


@settings(max_examples=10)
@given(rows=late_rows())
def test_kept_arrests_come_back(rows: list[Row]) -> None:
    arrests = read_arrests(frame_of(rows), CONFIG)
    if not len(arrests):
        return
    stored, engine = of_arrests(arrests), CpuEngine(1)
    contents = Contents(stored.values, stored.arrays, {name: to_arrow(table) for name, table in stored.frames.items()})
    again = arrests_of(contents, arrests.config, engine)
    assert decoded(again.before(day(4))) == decoded(arrests.before(day(4)))
    assert again.nbytes() == arrests.nbytes()
    for name in (name for name in contents.arrays if name.startswith("charge_")):
        without = {other: array for other, array in contents.arrays.items() if other != name}
        for changed in (without, {**without, name: contents.arrays[name][:-1]}, {**without, name: np.zeros(1)}):
            with pytest.raises(Damaged):
                arrests_of(Contents(contents.values, changed, contents.frames), arrests.config, engine)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    folder = tmp_path_factory.mktemp("tables") / "arrests"
    write_tables(folder, persons=600, seed=5)
    frame = pl.read_parquet(folder / "*.parquet")
    # Of two in five rows the recording is late, of some by more than a horizon.
    days = pl.col("person_id").hash(7) % 400
    late = pl.when(pl.col("incident_id").hash(3) % 5 < 2).then(days).otherwise(0)
    return frame.with_columns(recorded_at=pl.col("date").cast(pl.Date) + pl.duration(days=late.cast(pl.Int64)))


def read_manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "run.json").read_text())  # type: ignore[no-any-return]


def test_check_asks_about_columns_that_may_say_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("person_id,incident_id,date,offence,Date Entered\n1,1,2013-03-01,theft,2013-03-02\n")
    found, toml = check_tables([str(path)])
    assert found["input"]["recorded_at"] == "absent: dates alone count"
    (line,) = (line for line in toml.splitlines() if "recorded_at" in line)
    assert line == '# columns.recorded_at = "Date Entered"'
    uncommented = toml.replace(line, line[2:])
    found, toml = check_tables([str(path)], tomllib.loads(uncommented))
    assert found["input"]["columns"]["recorded_at"] == ["Date Entered"]
    assert found["input"]["recorded_at"].startswith("present")
    assert "# columns" not in toml


def test_features_as_of_a_day_are_those_of_the_cut_tables(tables: pl.DataFrame, tmp_path: Path) -> None:
    as_of = dt.date(2013, 6, 1)
    late, cut = tmp_path / "late.parquet", tmp_path / "cut.parquet"
    tables.write_parquet(late)
    tables.filter(pl.col("recorded_at") < as_of).drop("recorded_at").write_parquet(cut)
    outs = {path: tmp_path / path.stem for path in (late, cut)}
    for path, out in outs.items():
        done = CliRunner().invoke(app, ["features", str(path), "--as-of", str(as_of), "--out", str(out)])
        assert done.exit_code == 0, done.output
    for name in ("features.parquet", "ties.parquet", "groups.parquet"):
        assert (outs[late] / name).read_bytes() == (outs[cut] / name).read_bytes(), name
    manifests = {path: read_manifest(out) for path, out in outs.items()}
    assert manifests[cut]["input"]["recorded_at"] == "absent: dates alone count"
    assert manifests[late]["input"]["recorded_at"].startswith("present")
    assert [text for text in manifests[late]["warnings"] if "came to be known on that day or later" in text]
    assert manifests[late]["arrests"] == manifests[cut]["arrests"]


def test_a_run_on_late_rows_is_that_on_what_was_known(tables: pl.DataFrame, tmp_path: Path) -> None:
    """Features of each of the three days, and the labels of each window, are those that tables cut then have."""
    horizon, end = 150, dt.date(2014, 1, 1)
    days = [end - dt.timedelta(days=n * horizon) for n in (2, 1, 0)]
    arrests = read_arrests(tables)
    known = {d: read_arrests(tables.filter(pl.col("recorded_at") < d).drop("recorded_at"), as_of=d) for d in days}
    for start, stop in pairwise(days):
        assert decoded(arrests.before(start)) == decoded(known[start])
        label = violent_between(arrests, start, stop, known_before=stop)
        positions = known[stop].person_ids.to_list()
        of_person = dict(zip(positions, _violent(known[stop], start, stop), strict=True))
        assert label.tolist() == [of_person[person] for person in known[start].person_ids.to_list()]
        assert label.any()
        assert (label != violent_between(arrests, start, stop)).any()
    config = {"model": {"horizon_days": horizon, "max_rounds": 5, "folds": 2}}
    manifest = run_forecast(tables, tmp_path / "run", config, end)
    test = manifest["model"]["test"]
    assert test["positives"] == int(violent_between(arrests, days[1], days[2], known_before=days[2]).sum())
    features = pl.read_parquet(tmp_path / "run" / "features.parquet")
    assert features["own_arrests"].sum() == len(known[end])


def _violent(arrests: Arrests, start: dt.date, stop: dt.date) -> list[bool]:
    found = {r[0] for r in decoded(arrests) if start <= r[3] < stop and r[4]}
    return [person in found for person in arrests.person_ids.to_list()]
