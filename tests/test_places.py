"""Counts, windows and forecasts of places against plain Python, NetworkX and XGBoost called directly."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
import xgboost as xgb
from hypothesis import assume, given
from hypothesis import strategies as st
from places_reference import CAP, FIRST, counts, frame, network, tables, two_steps_from, violent_within

import gpunet
from gpunet.arrests.as_of import first_day
from gpunet.base.days import day_number, day_to_date
from gpunet.base.errors import ConfigError, InputError
from gpunet.config.places_config import PlacesConfig
from gpunet.places import boosted, simple
from gpunet.places.counts import COUNT_COLUMNS, events_of, known_places, labels_of
from gpunet.places.tables import PlaceNames, forecast_frames, places_frame, ranks
from gpunet.places.two_steps import near_violence
from gpunet.places.windows import Window, training_days, windows_of

CONFIG = {"network": {"max_incident_size": CAP}}


def read(rows, recorded=True):
    return gpunet.read_arrests(frame(rows, recorded), CONFIG)


@given(tables(), st.integers(1, 460), st.booleans(), st.sampled_from([1, 30]))
def test_every_column_is_what_counting_gives(rows, after, recorded, days):
    day, arrests = FIRST + timedelta(days=after), read(rows, recorded)
    expected = counts(rows, day, recorded)
    assume(expected)
    window = Window(day, day + timedelta(days=days), True)
    known, names = known_places(arrests.before(day), "beat"), PlaceNames(arrests, "beat")
    label = labels_of(events_of(arrests, "beat"), known.code, window.first, window.stop, len(names))
    table = places_frame(names, window, known, label)
    assert table.columns == ["force", "place", "as_of", *COUNT_COLUMNS, "label", "label_complete"]
    found = {(row["force"], row["place"]): row for row in table.rows(named=True)}
    assert len(found) == len(table)
    assert {place: {name: row[name] for name in COUNT_COLUMNS} for place, row in found.items()} == expected
    came = violent_within(rows, day, window.until)  # as all the data know it
    assert {place: row["label"] for place, row in found.items()} == {place: came[place] for place in expected}
    assert set(table["as_of"]) == {day}
    assert list(found) == sorted(found)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=14), st.sets(st.integers(0, 7)))
def test_two_steps_from_violence_are_networkx_s(pairs, violent):
    pairs = [pair for pair in pairs if pair[0] != pair[1]]
    assume(pairs)
    flags = [vertex in violent for vertex in range(8)]
    a, b = zip(*pairs, strict=True)
    found = near_violence(gpunet.network_from_edges(a, b, 8, {"violent": flags}))
    import networkx as nx

    graph = nx.Graph(pairs)
    assert set(np.flatnonzero(found).tolist()) == two_steps_from(graph, violent)


def test_the_violent_are_near_others_and_not_themselves():
    """A pair of which one is violent; and three in a row whose ends are."""
    found = near_violence(
        gpunet.network_from_edges([0, 2, 3], [1, 3, 4], 5, {"violent": [True, False, True, False, True]})
    )
    assert found.tolist() == [False, True, True, True, True]
    assert network([]).number_of_nodes() == 0


@given(tables(), st.integers(1, 460), st.integers(1, 60), st.sampled_from([7, 28]))
def test_simple_forecasts_are_sums_over_events(rows, after, days, half_life):
    day, arrests = FIRST + timedelta(days=after), read(rows)
    expected = counts(rows, day)
    assume(expected)
    window, names = Window(day, day + timedelta(days=days), True), PlaceNames(arrests, "beat")
    known, first = known_places(arrests.before(day), "beat"), first_day(arrests)
    seen = min(365, (day - min(row.date for row in rows)).days)
    year = simple.last_year(known, window, first)
    of_kernel = simple.kernel(known, window, half_life, len(names))
    table = places_frame(names, window, known, np.zeros(len(known.code), np.int64))
    for place, name, value, weight in zip(table["force"], table["place"], year, of_kernel, strict=True):
        assert value == pytest.approx(expected[place, name]["violent_arrests_365d"] * days / seen)
        ages = [
            (day - row.date).days
            for row in rows
            if row.violent and (row.force, row.beat) == (place, name) and row.date < day and row.recorded < day
        ]
        assert weight == pytest.approx(sum(0.5 ** (age / half_life) for age in ages) * np.log(2) / half_life * days)


def weekly(arrests, **asked):
    return windows_of(PlacesConfig(**asked), arrests)


def test_windows_without_days_are_a_year_of_them_up_to_the_data_s_end(big):
    arrests, _ = big
    windows = weekly(arrests)
    end = day_to_date(arrests.last_day + 1)
    assert windows[-1].as_of == end
    assert not windows[-1].complete
    assert all(window.complete for window in windows[:-1])
    assert len(windows) == 53
    assert {window.days for window in windows} == {7}
    assert all(one.until == other.as_of for one, other in pairwise(windows))
    months = weekly(arrests, every="1mo", start=date(2013, 1, 31), end=date(2013, 4, 30), horizon_days=10)
    assert [(window.as_of.day, window.days) for window in months] == [(31, 10), (28, 10), (31, 10), (30, 10)]
    assert len(weekly(arrests, end=date(2013, 1, 10), every="10y")) == 1


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"start": date(2013, 5, 1), "end": date(2013, 4, 1)}, InputError, "no day from 2013-05-01 to 2013-04-01"),
        ({"start": date(2003, 5, 1), "end": date(2013, 4, 1)}, InputError, "no arrest was known before it"),
        ({"end": date(2033, 4, 1)}, InputError, "more than a day after the last arrest"),
        ({"start": date(2013, 5, 1), "end": date(2013, 6, 1), "every": "9999y"}, ConfigError, "out of the calendar"),
    ],
)
def test_days_that_cannot_be_are_refused(big, asked, error, said):
    with pytest.raises(error, match=said):
        weekly(big[0], **asked)


@pytest.fixture(scope="module")
def big():
    """Three beats for a year and a half, one of which is violent most of the time."""
    rng = np.random.default_rng(5)
    n = 1500
    beat = rng.integers(0, 12, n)
    day = np.sort(rng.integers(0, 540, n))
    violent = rng.random(n) < np.where(beat < 3, 0.7, 0.1)
    table = pl.DataFrame(
        {
            "person_id": [f"p{i}" for i in rng.integers(0, 300, n)],
            "incident_id": np.arange(n) // 2,
            "date": [date(2012, 6, 1) + timedelta(days=int(i)) for i in day],
            "offence": np.where(violent, "robbery", "theft"),
            "beat": [f"b{i:02}" for i in beat],
        }
    )
    return gpunet.read_arrests(table), table


def made(arrests, windows, asked, threads=1):
    known = [known_places(arrests.before(window.as_of), "beat") for window in windows]
    n = len(arrests.beat_names)
    return known, boosted.forecasts(windows, known, training_days(windows, asked), n, asked, threads)


def test_forecasts_are_xgboost_s_from_windows_that_have_passed(big):
    arrests, _ = big
    asked = PlacesConfig(every="2w", rounds=20, training_windows=3, retrain_windows=5)
    windows = windows_of(asked, arrests)
    known, found = made(arrests, windows, asked)
    trained = training_days(windows, asked)
    assert [found[i] is None for i in range(5)] == [True, True, True, False, False]
    assert trained[:9] == [None, None, None, 3, 3, 3, 3, 3, 8]
    at = 8
    matrix = np.concatenate([known[i].counts for i in range(8)])
    events = [
        (int(code), int(day))
        for code, day, bits in zip(arrests.beat, arrests.day, arrests.offences, strict=True)
        if bits
    ]
    label = [
        sum(code == place and windows[i].first <= day < windows[i].stop for code, day in events)
        for i in range(8)
        for place in known[i].code.tolist()
    ]
    data = xgb.QuantileDMatrix(matrix, label, base_margin=np.full(len(label), np.log(np.mean(label)), np.float32))
    booster = xgb.train({**boosted.PARAMETERS, "seed": 1}, data, 20)
    of_window = known[at].counts
    margin = np.full(len(of_window), np.log(np.mean(label)), np.float32)
    expected = booster.predict(xgb.DMatrix(of_window, base_margin=margin))
    np.testing.assert_allclose(found[at], expected, rtol=1e-5)
    hot = np.argsort(-found[-1])[:3]
    assert sorted(known[-1].code[hot].tolist()) == [0, 1, 2]


def test_threads_have_no_bearing_on_forecasts(big):
    arrests, _ = big
    asked = PlacesConfig(every="1mo", rounds=10)
    windows = windows_of(asked, arrests)
    one, three = (made(arrests, windows, asked, threads)[1] for threads in (1, 3))
    for a, b in zip(one, three, strict=True):
        assert (a is None) == (b is None)
        assert a is None or a.tobytes() == b.tobytes()


def test_nothing_that_came_later_is_in_a_forecast(big):
    """The same table without what came on a day or later, or came to be known then."""
    _, table = big
    late = pl.Series([timedelta(days=int(i)) for i in np.random.default_rng(1).integers(0, 30, len(table))])
    table = table.with_columns((pl.col("date") + late).alias("recorded_at"))
    asked = PlacesConfig(every="2w", rounds=10, start=date(2013, 1, 1), end=date(2013, 6, 15))
    day = date(2013, 6, 4)
    cut = table.filter((pl.col("date") < day) & (pl.col("recorded_at") < day))
    everything, before = (gpunet.read_arrests(each) for each in (table, cut))
    windows = windows_of(asked, everything)
    at = [window.as_of for window in windows].index(day)
    tables = []
    for arrests in (everything, before):
        known, found = made(arrests, windows[: at + 1], asked)
        names = PlaceNames(arrests, "beat")
        told = {"xgboost": found[at], "kernel": simple.kernel(known[at], windows[at], 28, len(names))}
        tables.append(pl.concat(forecast_frames(names, windows[at], known[at], known[at].code * 0, told)))
    assert tables[0].equals(tables[1])
    assert len(tables[0]) == 24
    assert tables[0]["as_of"].unique().to_list() == [day]


def test_without_violence_nothing_is_forecast(big):
    table = big[1].with_columns(offence=pl.lit("theft"))
    arrests, asked = gpunet.read_arrests(table), PlacesConfig(every="1mo")
    _, found = made(arrests, windows_of(asked, arrests), asked)
    assert all(values is None or not values.any() for values in found)
    assert found[-1] is not None


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.5]), min_size=1, max_size=12))
def test_ranks_count_who_is_above(values):
    assert ranks(np.array(values)).tolist() == [1 + sum(other > value for other in values) for value in values]


def test_days_are_numbers_of_days():
    window = Window(date(2013, 1, 1), date(2013, 1, 8), True)
    assert (window.days, window.first, window.stop) == (7, day_number(date(2013, 1, 1)), day_number(date(2013, 1, 8)))
