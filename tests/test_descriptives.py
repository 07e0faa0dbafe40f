"""Descriptives of tables small enough to count by hand."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import gpunet
from gpunet.arrests.arrests import Arrests
from gpunet.evaluate.descriptives import descriptives, exponential_fit

ROWS = [
    # a, b and c are tied; a and b are violent there. d is tied to c. e is violent alone, f was never with anybody.
    ("a", 1, "2012-12-31", "robbery"),
    ("b", 1, "2012-12-31", "robbery"),
    ("c", 1, "2012-12-31", "theft"),
    ("a", 2, "2013-02-01", "theft"),
    ("c", 3, "2013-02-10", "theft"),
    ("d", 3, "2013-02-10", "homicide"),
    ("e", 4, "2013-12-05", "robbery"),
    ("f", 5, None, "theft"),
]


def arrests_of(rows: list[tuple[str, int, str | None, str]]) -> Arrests:
    frame = pl.DataFrame(rows, schema=["person_id", "incident_id", "date", "offence"], orient="row")
    return gpunet.read_arrests(frame.with_columns(pl.col("date").cast(pl.String)))


@pytest.fixture(scope="module")
def found() -> dict:
    arrests = arrests_of(ROWS)
    described = descriptives(arrests)
    assert described == descriptives(arrests, gpunet.build_network(arrests), threads=1)
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    return described


def test_tables_1_and_2(found: dict) -> None:
    assert found["records"] == 8
    of = found["arrests"]
    assert (of["arrests"], of["persons"], of["persons_arrested_once"], of["undated_arrests"]) == (8, 6, 4, 1)
    assert (of["violent_arrests"]["violent"], of["violent_arrests"]["robbery"]) == (4, 3)
    of = found["network"]
    assert (of["persons"], of["ties"], of["mean_degree"], of["components"]) == (4, 4, 2.0, 1)
    # a, b, c each at distance 1 of each other, d at 1 of c and at 2 of a and b: 8 over 6 pairs.
    assert of["largest_component"] == {"persons": 4, "ties": 4, "diameter": 2, "mean_path": 8 / 6}
    assert of["average_clustering"] == pytest.approx((1 + 1 + 1 / 3 + 0) / 4)
    assert of["members"]["violent"] == 3


def test_degrees_and_repeat_arrests(found: dict) -> None:
    assert found["degrees"]["distribution"] == [
        {"degree": 1, "persons": 1},
        {"degree": 2, "persons": 2},
        {"degree": 3, "persons": 1},
    ]
    fit = found["degrees"]["exponential_fit"]
    assert fit["degrees"] == 3
    assert (fit["rate"], fit["r_squared"]) == (pytest.approx(0.0), pytest.approx(0.0))
    assert found["repeat_arrests"] == [
        {"arrests": 1, "persons": 4, "violent": 3, "share_violent": 0.75},
        {"arrests": 2, "persons": 2, "violent": 1, "share_violent": 0.5},
    ]


def test_seasonality_and_who_was_violent_with_whom(found: dict) -> None:
    of_year = found["seasonality"]["by_month_of_year"]
    assert [one["month"] for one in of_year] == list(range(1, 13))
    assert [(one["arrests"], one["violent_arrests"]) for one in (of_year[1], of_year[11])] == [(3, 1), (4, 3)]
    by_month = found["seasonality"]["by_month"]
    assert [one["month"] for one in by_month][:3] == ["2012-12", "2013-01", "2013-02"]
    assert len(by_month) == 13
    assert by_month[0] == {"month": "2012-12", "arrests": 3, "violent_arrests": 2}
    assert by_month[1] == {"month": "2013-01", "arrests": 0, "violent_arrests": 0}
    # a and b; not d, whose companion was not violent there; not e.
    assert found["violent_together"] == {
        "all": {"violent_persons": 4, "with_another": 2, "share": 0.5},
        "network": {"violent_persons": 3, "with_another": 2, "share": 2 / 3},
    }


def test_somebody_else_violent_in_the_same_incident_counts_though_one_was_not_violent_there() -> None:
    rows = [("a", 1, "2013-01-01", "theft"), ("b", 1, "2013-01-01", "robbery"), ("a", 2, "2013-01-02", "robbery")]
    found = descriptives(arrests_of(rows))["violent_together"]["all"]
    assert found == {"violent_persons": 2, "with_another": 1, "share": 0.5}


def test_without_a_tie_a_date_or_violence() -> None:
    found = descriptives(arrests_of([("a", 1, None, "theft")]))
    assert found["network"]["persons"] == 0
    assert found["network"]["mean_degree"] is None
    assert found["degrees"]["distribution"] == []
    assert found["degrees"]["exponential_fit"]["rate"] is None
    assert found["seasonality"]["by_month"] == []
    assert found["violent_together"]["network"] == {"violent_persons": 0, "with_another": 0, "share": None}
    json.dumps(found, allow_nan=False)


def test_exponential_fit_is_a_line_through_logarithms() -> None:
    counts = np.array([0, 900, 0, 310, 120, 33, 20, 1])
    degree = np.flatnonzero(counts)
    slope, intercept = np.polyfit(degree, np.log(counts[degree]), 1)
    fit = exponential_fit(counts)
    assert fit["rate"] == pytest.approx(-slope)
    assert fit["scale"] == pytest.approx(np.exp(intercept))
    assert fit["r_squared"] == pytest.approx(np.corrcoef(degree, np.log(counts[degree]))[0, 1] ** 2)
    assert exponential_fit(np.array([0, 5, 3]))["rate"] is None
    flat = exponential_fit(np.array([0, 5, 5, 5]))
    assert (flat["rate"], flat["r_squared"]) == (pytest.approx(0.0), None)
