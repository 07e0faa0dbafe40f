"""Snapshots, their labels, series and splits against slow references; and what panels of any unit have in common."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from comparison import assert_columns, columns_of, differs, frame_of, row
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_reference import dated_tables, name_of, reference_series, reference_units, unit_of, violent_in
from reference import reference_arrests
from strategies import SETS

import gpunet
from gpunet import Config, InputError, compute_features, read_arrests
from gpunet.config.evaluate_config import UNITS, PanelConfig
from gpunet.config.registry import columns
from gpunet.panels.days import day_at, days_between, days_that_do, following_day, snapshot_days
from gpunet.panels.roles import roles
from gpunet.panels.series import series_columns, series_table
from gpunet.panels.snapshots import snapshot_table
from gpunet.panels.splits import splits_table
from gpunet.panels.units import AREAS, require_unit

#: Families that take no time; whatever the family, its columns are summed up alike.
FEW = ("neighbourhood", "community", "temporal", "history")

_TYPES = {"int64": pl.Int64, "float64": pl.Float64, "bool": pl.Boolean}


def snapshot(arrests, day, unit, horizon, families=FEW):
    cut = arrests.before(day)
    return snapshot_table(arrests, cut, unit, horizon, compute_features(cut, families))


def made_up(arrests, day, unit, horizon):
    """A snapshot with every column, of features that take no time: the person's number, or null for every other one."""
    cut = arrests.before(day)
    person = pl.Series("person_id", cut.person_ids.to_list())
    number = pl.int_range(len(person), eager=True)
    holes = number.set(number % 2 == 1, None)
    columns_ = columns(cut.config.sets).items()
    features = {name: (holes if of.null else number).cast(_TYPES[of.dtype]) for name, of in columns_}
    return snapshot_table(arrests, cut, unit, horizon, pl.DataFrame({"person_id": person, **features}))


def by_name(table: pl.DataFrame, unit: str) -> dict[str, dict]:
    """``{name: row}`` of a table of units, without the columns that make the name."""
    of = {"beat": ["force", "beat"], "district": ["force", "district"]}.get(unit, [unit])
    return {
        name_of(tuple(line[name] for name in of)): {name: value for name, value in line.items() if name not in of}
        for line in table.iter_rows(named=True)
    }


@settings(max_examples=12)
@given(drawn=dated_tables(), unit=st.sampled_from(["beat", "district", "gang", "force"]))
def test_units_equal_the_reference(drawn, unit):
    case, day, horizon = drawn
    arrests = read_arrests(frame_of(case.rows), case.config)
    known = reference_arrests(case.rows, SETS, day)
    features = columns_of(compute_features(arrests.before(day), FEW))
    expected = reference_units(known, unit, features, list(SETS))
    happened = violent_in(reference_arrests(case.rows, SETS), day, day + dt.timedelta(days=horizon))
    last = max(a.date for a in reference_arrests(case.rows, SETS) if a.date is not None)
    names = {name_of(of) for a in happened if (of := unit_of(a, unit)) is not None}
    for name, line in expected.items():
        line["label"] = name in names
        line["label_complete"] = (day - last).days + horizon <= 1
    found = by_name(snapshot(arrests, day, unit, horizon), unit)
    assert list(found) == sorted(expected)
    for name, line in expected.items():
        assert list(found[name]) == list(line)
        assert not [column for column, value in line.items() if differs(found[name][column], value)]


@settings(max_examples=12)
@given(drawn=dated_tables())
def test_persons_have_the_features_of_the_day_and_what_happened_after(drawn):
    case, day, horizon = drawn
    arrests = read_arrests(frame_of(case.rows), case.config)
    table = snapshot(arrests, day, "person", horizon)
    as_of = compute_features(read_arrests(frame_of(case.rows), case.config, as_of=day), FEW)
    assert table.drop("label", "label_complete").equals(as_of)
    happened = violent_in(reference_arrests(case.rows, SETS), day, day + dt.timedelta(days=horizon))
    violent = {a.person for a in happened}
    assert table["label"].to_list() == [person in violent for person in table["person_id"]]


@settings(max_examples=10)
@given(drawn=dated_tables(), unit=st.sampled_from(AREAS), every=st.sampled_from(["5d", "1w", "12d"]))
def test_series_equal_the_reference(drawn, unit, every):
    case, start, horizon = drawn
    arrests = read_arrests(frame_of(case.rows), case.config)
    days = days_between(start, days_that_do(arrests)[1], every)
    tables = {day: made_up(arrests, day, unit, horizon) for day in days}
    after = following_day(days, every)
    parts = list(series_table(arrests, unit, horizon, days, after, tables.__getitem__))
    found = pl.concat(parts)
    known = {
        day: {
            name: {column: line[column] for column in series_columns(arrests.config)}
            for name, line in by_name(table, unit).items()
        }
        for day, table in tables.items()
    }
    expected = reference_series(reference_arrests(case.rows, SETS), unit, [*days, after], horizon, known)
    assert found.columns == ["unique_id", "ds", "y", *series_columns(arrests.config)]
    assert {(line.pop("unique_id"), line.pop("ds")): line for line in found.to_dicts()} == expected
    assert not any(found.null_count().row(0))
    assert (found.schema["ds"], found.schema["y"]) == (pl.Date, pl.Int64)
    of_unit = found.group_by("unique_id").agg(pl.col("ds"))
    of_grid = found["ds"].unique().sort().to_list()
    assert all(of == of_grid[-len(of) :] for of in of_unit["ds"].to_list())  # without a gap, to the end


@given(
    steps=st.lists(st.integers(1, 60), min_size=1, max_size=8),
    horizon=st.integers(1, 120),
    past=st.integers(-200, 200),
)
def test_splits_equal_the_reference(steps, horizon, past):
    days = [dt.date(2013, 1, 1) + dt.timedelta(days=sum(steps[:i])) for i in range(1, len(steps) + 1)]
    last = days[-1] + dt.timedelta(days=past)
    found = splits_table(days, horizon, (last - dt.date(1970, 1, 1)).days)
    expected = []
    for test in days:
        train = [(day, "train") for day in days if (test - day).days >= horizon]
        if train and (last - test).days + 1 >= horizon:
            expected.append([*train, (test, "test")])
    rows = [(i, *row) for i, split in enumerate(expected) for row in split]
    assert found.rows() == rows
    assert found.schema == {"split": pl.Int64, "as_of": pl.Date, "role": pl.String}


DAY = dt.date(2013, 1, 5)
ROWS = [
    row("ann", 1, DAY, "theft", beat="7", district="3", gang="Kings", force="met"),
    row("bob", 1, DAY, "theft", beat="7", district="3", force="met"),
    row("ann", 2, DAY + dt.timedelta(days=40), "robbery", beat="8", district="3", gang="Lords", force="met"),
    row("cyd", 3, DAY + dt.timedelta(days=60), "theft", beat="7", district="3", force="kent"),
]
DAYS = [DAY + dt.timedelta(days=n) for n in (1, 41, 61)]


@pytest.mark.parametrize("unit", UNITS)
def test_columns_and_types_do_not_depend_on_the_day(unit):
    arrests = read_arrests(frame_of(ROWS))
    tables = [snapshot(arrests, day, unit, 20, None) for day in DAYS]
    assert {tuple(table.schema.items()) for table in tables} == {tuple(tables[0].schema.items())}
    assert any(table[name].null_count() == len(table) for table in tables for name in table.columns)


def test_units_by_hand():
    arrests = read_arrests(frame_of(ROWS))
    assert by_name(snapshot(arrests, DAYS[1], "gang", 20), "gang").keys() == {"Kings", "Lords"}
    kings = by_name(snapshot(arrests, DAYS[1], "gang", 20), "gang")["Kings"]
    # Ann is with the Lords now, and the arrest on which the Kings are recorded stays one of theirs.
    assert (kings["persons"], kings["arrests__all"], kings["degree__all__sum"], kings["degree__all__mean"]) == (
        0,
        1,
        0,
        None,
    )
    first = snapshot(arrests, DAYS[0], "beat", 40)
    assert first.select("force", "beat", "persons", "arrests__all", "label", "label_complete").rows() == [
        ("met", "7", 2, 2, False, True)
    ]
    assert snapshot(arrests, DAYS[0], "district", 40)["label"].to_list() == [True]
    assert snapshot(arrests, DAYS[2], "force", 1)["label_complete"].to_list() == [False, False]


def test_a_place_that_later_snapshots_do_not_know_goes_on():
    arrests = read_arrests(frame_of(ROWS))
    tables = {day: snapshot(arrests, day, "force", 20, None) for day in DAYS[:2]}
    tables[DAYS[1]] = tables[DAYS[1]].with_columns(force=pl.lit("kent"))
    found = pl.concat(series_table(arrests, "force", 1, DAYS[:2], DAYS[2], tables.__getitem__))
    assert found.select("unique_id", "ds").rows() == [("met", DAYS[1])]
    days = [*DAYS[:2], DAYS[1] + dt.timedelta(days=5)]
    found = pl.concat(series_table(arrests, "force", 1, days, days[2] + dt.timedelta(days=1), tables.__getitem__))
    assert found.select("unique_id", "ds", "persons").rows() == [
        ("met", days[1], 2),
        ("kent", days[2], 2),
        ("met", days[2], 2),
    ]


def test_days_are_counted_from_the_first():
    start = dt.date(2012, 1, 31)
    assert [day_at(start, "1mo", n).isoformat() for n in (1, 2, 3, 13)] == [
        "2012-02-29", "2012-03-31", "2012-04-30", "2013-02-28",
    ]  # fmt: skip
    assert day_at(start, "1q", 1) == dt.date(2012, 4, 30)
    assert day_at(dt.date(2012, 2, 29), "1y", 1) == dt.date(2013, 2, 28)
    assert day_at(dt.date(2012, 2, 29), "1y", 4) == dt.date(2016, 2, 29)
    assert days_between(start, start + dt.timedelta(days=28), "2w") == (
        start, start + dt.timedelta(days=14), start + dt.timedelta(days=28),
    )  # fmt: skip
    assert days_between(start, start - dt.timedelta(days=1), "1d") == ()
    assert days_between(dt.date(9999, 11, 30), dt.date.max, "1mo") == (dt.date(9999, 11, 30), dt.date(9999, 12, 30))
    assert following_day(days_between(start, dt.date(2012, 3, 1), "1mo"), "1mo") == dt.date(2012, 3, 31)
    with pytest.raises(gpunet.ConfigError, match='"fortnightly"'):
        day_at(start, "fortnightly", 1)


def test_days_that_do_not_do_are_refused_in_a_sentence():
    arrests = read_arrests(frame_of(ROWS))
    would_do = "days from 2013-01-06 to 2013-03-07 would do"
    for start, end, said in [
        (DAY, DAYS[1], f"no snapshot can be made as of 2013-01-05, as no arrest was known before it: {would_do}"),
        (
            DAYS[0],
            dt.date(2013, 4, 6),
            "no snapshot can be made as of 2013-04-06, as it is more than a day after the last",
        ),
        (DAYS[1], DAYS[0], f"a panel from 2013-02-15 to 2013-01-06 has no day: {would_do}"),
        (None, DAYS[0], f"give --from and --to; {would_do}"),
    ]:
        with pytest.raises(InputError, match=said):
            snapshot_days(PanelConfig(start=start, end=end), arrests)
    assert snapshot_days(PanelConfig(start=DAYS[0], end=dt.date(2013, 3, 7)), arrests) == (
        DAYS[0],
        dt.date(2013, 2, 6),
        dt.date(2013, 3, 6),
    )
    late = frame_of(ROWS).with_columns(recorded_at=pl.Series([None, DAY + dt.timedelta(days=9), None, DAYS[2]]))
    assert days_that_do(read_arrests(late)) == (DAY + dt.timedelta(days=10), dt.date(2013, 3, 7))
    undated = read_arrests(frame_of([row("ann", 1, None, "theft")]))
    with pytest.raises(InputError, match="no arrest has a date"):
        snapshot_days(PanelConfig(start=DAYS[0], end=DAYS[1]), undated)


def test_units_that_the_tables_have_not_are_refused():
    arrests = read_arrests(frame_of([row("ann", 1, DAY, "theft")]), {"input": {"columns": {"beat": "zone"}}})
    with pytest.raises(InputError, match=r'no arrest has a beat.*"zone"'):
        require_unit(arrests, "beat")
    with pytest.raises(InputError, match="so there is no panel of beats: name"):
        require_unit(arrests, "beat")
    require_unit(arrests, "force")  # the one that there is where none is named
    no_offences = read_arrests(frame_of([row("ann", 1, DAY)]).drop("offence"), {"input": {"columns": {"offence": ""}}})
    with pytest.raises(InputError, match="no offences"):
        require_unit(no_offences, "person")


def test_every_column_has_a_role():
    arrests = read_arrests(frame_of(ROWS))
    tables = {day: snapshot(arrests, day, "beat", 20, None) for day in DAYS}
    series = pl.concat(series_table(arrests, "beat", 20, DAYS, DAYS[2], tables.__getitem__))
    found = roles("beat", DAYS, DAYS[2], "40d", 20, arrests.last_day, tables[DAYS[0]].columns, series.columns)
    assert [of["column"] for of in found["columns"]] == ["as_of", *tables[DAYS[0]].columns]
    assert [of["column"] for of in found["series"]["columns"]] == series.columns
    role = {of["column"]: of["role"] for of in found["columns"]}
    assert {name for name, of in role.items() if of != "past"} == {"as_of", "force", "beat", "label", "label_complete"}
    assert (found["id_columns"], found["days"][0]) == (["force", "beat"], "2013-01-06")
    assert found["series"]["first_ds"] == series["ds"].min().isoformat() == "2013-02-15"
    family = {of["column"]: of.get("family") for of in found["columns"]}
    assert family["betweenness__violent__mean"] == "betweenness"
    assert family["own_arrests__sum"] == "history"
    assert family["arrests__all"] is family["persons"] is None
    assert roles("person", DAYS, DAYS[2], "40d", 20, arrests.last_day, ["person_id", "label"]).keys() >= {"label"}


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow"])
def test_a_panel_in_python_is_of_the_callers_kind(kind):
    expected = gpunet.panel(read_arrests(frame_of(ROWS)), DAYS, "district", 20)
    stamps = [DAYS[2].isoformat(), dt.datetime(2013, 1, 6, 12), DAYS[1], DAYS[1]]
    found = gpunet.panel(read_arrests(frame_of(ROWS, kind)), stamps, "district", 20)
    assert type(found).__module__.split(".")[0] == kind
    table = pl.DataFrame(found) if kind != "pandas" else pl.from_pandas(found).cast({"as_of": pl.Date})
    assert table.equals(expected)
    assert expected["as_of"].unique().to_list() == DAYS
    day = expected.filter(pl.col("as_of") == DAYS[1]).drop("as_of")
    assert day.equals(snapshot(read_arrests(frame_of(ROWS)), DAYS[1], "district", 20, None))


def test_progress_and_families_of_a_panel():
    said = []
    arrests = read_arrests(frame_of(ROWS))
    table = gpunet.panel(arrests, DAYS[:1], families="path", progress=lambda *of: said.append(of[0]))
    assert said
    assert all(name.endswith("as of 2013-01-06") for name in said)
    assert_columns(columns_of(table), columns_of(compute_features(arrests.before(DAYS[0]), "path")))
    assert Config().panel == PanelConfig()
