"""What flags were worth, against a slow reference; intervals, verdicts, and what no later day may change."""

from __future__ import annotations

import datetime as dt
from statistics import median

import numpy as np
import polars as pl
import pytest
from flags_reference import Past, busy_tables, nearby
from hypothesis import assume, given
from hypothesis import strategies as st
from reference import reference_arrests, reference_ties
from scipy.stats import binomtest
from strategies import SETS

import gpunet
from gpunet.config.flags_config import DEFAULT_FLAGS, GangTie, ViolenceNearby
from gpunet.evaluate.side_tables import read_custody
from gpunet.flags.worth import judged_days, verdict, wilson, worth_rows
from gpunet.synthetic import make_arrests


def read(case, every="3d", population="network", horizon=5, bootstrap=20, start=None):
    evaluate = {"every": every, "population": population, "horizon_days": horizon, "bootstrap": bootstrap}
    evaluate |= {} if start is None else {"start": start}
    config = {**case.config, "evaluate": evaluate}
    return gpunet.read_arrests(pl.DataFrame(case.rows, infer_schema_length=None), config)


def reference_worth(case, end, days, flag, population, horizon):
    """Alerts and what followed, day by day."""
    later = reference_arrests(case.rows, SETS, end)
    until: dict = {}
    leads, news, chances = [], [], []
    for day in days:
        arrests = reference_arrests(case.rows, SETS, day)
        past = Past(arrests, day, flag.days, case.max_incident_size)
        tied = {person for pair in reference_ties(arrests, case.max_incident_size) for person in pair}
        persons = tied if population == "network" else past.persons
        after = {
            v: min(
                (
                    (a.date - day).days
                    for a in later
                    if a.person == v and a.offences and day <= a.date < day + dt.timedelta(days=horizon)
                ),
                default=None,
            )
            for v in persons
        }
        chance = sum(lead is not None for lead in after.values()) / len(persons) if persons else 0.0
        chances.append((chance, 0))
        for v in nearby(past, flag.sets, flag.steps):
            if v in persons and until.get(v, day) <= day:
                until[v] = day + dt.timedelta(days=flag.expires_days)
                leads.append(after[v])
                news.append(not past.violent(v))
                chances[-1] = (chance, chances[-1][1] + 1)
    hits = [lead for lead in leads if lead is not None]
    alerts = len(leads)
    return {
        "days": len(days),
        "alerts": alerts,
        "hits": len(hits),
        "precision": len(hits) / alerts if alerts else None,
        "chance": sum(c * n for c, n in chances) / alerts if alerts else sum(c for c, _ in chances) / len(chances),
        "median_lead_days": median(hits) if hits else None,
        "new_persons": sum(news) / alerts if alerts else None,
    }


@given(
    drawn=busy_tables(),
    population=st.sampled_from(["network", "all"]),
    expires=st.sampled_from([1, 3, 7, 90]),
    within=st.sampled_from([8, 17]),
)
def test_worth_equals_the_reference(drawn, population, expires, within) -> None:
    case, end, _ = drawn
    start = min(row["date"] for row in case.rows) + dt.timedelta(days=2)
    arrests = read(case, population=population, start=start)
    cut = arrests.before(end)
    days = judged_days(cut, cut.config)
    assume(days)
    assert all(day + dt.timedelta(days=5) <= end for day in days)
    flag = ViolenceNearby(sets=("violent",), days=within, expires_days=expires)
    (row,) = worth_rows(cut, {"near": flag}, cut.config)
    expected = reference_worth(case, end, days, flag, population, 5)
    assert {name: row[name] for name in expected} == pytest.approx(expected, nan_ok=False)
    assert row["alerts_a_week"] == pytest.approx(row["alerts"] / (3 * len(days) / 7))
    if row["alerts"]:
        assert row["lift"] == (pytest.approx(row["precision"] / row["chance"]) if row["chance"] else None)
        assert row["precision_low"] <= row["precision"] <= row["precision_high"]


@pytest.fixture(scope="module")
def made():
    settings_ = {"evaluate": {"every": "2mo", "bootstrap": 50, "start": "2013-01-01", "horizon_days": 90}}
    return gpunet.read_arrests(make_arrests(600, seed=3), settings_)


def test_nothing_after_the_day_has_a_part_in_it(made) -> None:
    """Tables that end before the day give the same rows as tables that go on."""
    end = dt.date(2013, 10, 1)
    frame = make_arrests(600, seed=3)
    ended = gpunet.read_arrests(frame.filter(pl.col("date") < end), made.config).before(end)
    rows = [worth_rows(arrests, DEFAULT_FLAGS, made.config) for arrests in (made.before(end), ended)]
    assert rows[0] == rows[1]
    assert sum(row["alerts"] for row in rows[0]) > 50


def test_persons_in_custody_are_no_alerts(made) -> None:
    cut = made.before(dt.date(2014, 6, 1))
    flags = {"near": ViolenceNearby(sets=("violent",))}
    everybody = pl.DataFrame({"person_id": cut.person_ids.to_list(), "from": "2010-01-01", "until": "2020-01-01"})
    (row,) = worth_rows(cut, flags, made.config, read_custody(everybody, cut))
    assert (row["alerts"], row["days"] > 0, worth_rows(cut, flags, made.config)[0]["alerts"] > 0) == (0, True, True)


def test_the_wilson_interval_is_that_of_scipy() -> None:
    for n in (1, 2, 7, 300):
        for hits in {0, 1, n // 3, n}:
            interval = binomtest(hits, n).proportion_ci(method="wilson")
            assert wilson(hits, n) == pytest.approx((interval.low, interval.high), abs=1e-12)


def test_draws_of_communities_widen_the_interval(made) -> None:
    """Whoever is flagged together is not so many independent trials."""
    from gpunet.flags.worth import _interval

    community = np.repeat(np.arange(5), 100)
    hit = np.repeat([True, False, True, False, False], 100)
    low, high = _interval(hit, np.arange(500), community, made.config)
    alone = wilson(200, 500)
    assert low < alone[0] - 0.1 < alone[1] + 0.1 < high
    assert _interval(hit[:1], np.arange(1), community, made.config) == wilson(1, 1)


_ROW = {"days": 5, "alerts": 40, "precision": 0.2, "precision_low": 0.1, "precision_high": 0.3, "chance": 0.05,
        "lift": 4.0}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "side", "why", "begins"),
    [
        ({}, "offender", "", "4.0 times chance; a violent arrest within 180 days followed 20.0 % of 40 alerts (95 % "),
        ({"chance": 0.1}, "offender", "", "not shown to be better than chance (40 alerts are too few to tell); a viol"),
        ({"chance": 0.25}, "offender", "", "was worth little: at most 1.20 times chance; a violent arrest"),
        (
            {"alerts": 1, "precision": 0.0, "precision_low": 0.0, "precision_high": 0.8},
            "offender",
            "",
            "not shown to be better than chance (1 alert is too few to tell); a violent arrest",
        ),
        (
            {"chance": 0.0, "precision_low": 0.0, "lift": None},
            "offender",
            "",
            "not shown to be better than chance (40 alerts are too few to tell); a violent arrest",
        ),
        ({"chance": 0.4}, "offender", "", "was worth nothing: worse than chance; a violent arrest"),
        ({"chance": 0.0, "lift": None}, "offender", "", "better than chance; a violent arrest"),
        ({"alerts": 0}, "offender", "", "not known: never raised on 5 days of the past"),
        ({"days": 0, "alerts": 0}, "offender", "", "not known: no day of the past has all the 180 days"),
        ({"precision": None}, "victim", "", "not known: the input has no table of victims"),
        ({}, "offender", "no gangs", "cannot be raised: no gangs"),
    ],
)
def test_verdicts(row, side, why, begins) -> None:
    assert verdict({**_ROW, **row}, side, 180, why).startswith(begins)


def test_a_flag_for_victims_is_not_judged_by_arrests(made) -> None:
    cut = made.before(dt.date(2014, 6, 1))
    flags = {"near": ViolenceNearby(sets=("violent",), side="victim"), "gangs": GangTie(side="victim")}
    near, gangs = worth_rows(cut, flags, made.config)
    assert near["side"] == "victim"
    assert near["alerts"] > 0
    assert near["precision"] is near["chance"] is near["hits"] is None
    assert near["worth"] == "not known: the input has no table of victims"
    assert gangs["worth"].startswith(("not known", "cannot be raised"))
