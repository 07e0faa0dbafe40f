"""Worked examples: numbers found with pencil and paper, one family at a time."""

from __future__ import annotations

import datetime as dt

import pytest
from comparison import columns_of, frame_of, row
from reference import reference_features
from strategies import SETS

from gpunet import compute_features, read_arrests

CONFIG = {"violent_offences": SETS, "network": {"max_incident_size": 4}}


def day(number: int) -> dt.date:
    return dt.date(2013, 1, 1) + dt.timedelta(days=number)


#: A chain a-b-c-d with a second tie a-e; f was arrested alone; g..k together in a mass arrest; m and n undated.
ROWS = [
    row("a", "1", day(0), "theft", district="1", gang="Kings"),
    row("b", "1", day(1), "robbery", district="1", gang="Kings"),
    row("b", "2", day(10), "theft", district="2"),
    row("c", "2", day(10), "MURDER", district="2", gang="Kings"),
    row("c", "3", day(25), "theft", district=None),
    row("d", "3", day(24), "robbery", district="3", gang="Lords"),
    row("a", "4", day(30), "theft", district="3"),
    row("e", "4", day(30), "theft", district="3", gang="Kings"),
    row("f", "5", day(40), "robbery", district="1", gang="Lords"),
    *[row(p, "6", day(50), "robbery") for p in "ghijk"],
    row("m", "7", None, "theft"),
    row("n", "7", None, "theft"),
]
PEOPLE = list("abcdefghijkmn")


@pytest.fixture(scope="module")
def columns() -> dict[str, dict[str, object]]:
    return columns_of(compute_features(read_arrests(frame_of(ROWS), CONFIG)))


def of(values: dict[str, object], people: str) -> list[object]:
    return [values[p] for p in people]


def test_the_reference_gives_the_same_numbers(columns: dict) -> None:
    expected = reference_features(ROWS, SETS, 4)
    for name in ("degree__violent", "share_2hop__violent", "closeness__violent", "own_violent_arrests"):
        assert columns[name] == expected[name], name


def test_persons_are_all_there_and_sorted(columns: dict) -> None:
    for name, values in columns.items():
        assert list(values) == PEOPLE, name


def test_neighbourhood(columns: dict) -> None:
    assert of(columns["degree__all"], "abcdefgmn") == [2, 2, 2, 1, 1, 0, 0, 1, 1]
    assert of(columns["degree__violent"], "abcdefg") == [1, 1, 2, 1, 0, 0, 0]
    assert of(columns["degree__homicide"], "abcdefg") == [0, 1, 0, 1, 0, 0, 0]
    assert of(columns["share_1hop__violent"], "abcdefg") == [0.5, 0.5, 1.0, 1.0, 0.0, None, None]
    # Two steps away: a: c; b: d, e; c: a; d: b; e: b; m: nobody.
    assert of(columns["share_2hop__violent"], "abcdem") == [1.0, 0.5, 0.0, 1.0, 1.0, None]
    assert of(columns["majority_1_and_2hop__violent"], "abcdefm") == [True, True, True, True, False, False, False]
    assert of(columns["minority_1_majority_2hop__violent"], "abcdefm") == [False] * 4 + [True, False, False]


def test_group(columns: dict) -> None:
    """The Kings' subgraph is e-a-b-c, and d is the only Lord of the network; f is a Lord outside it."""
    assert of(columns["gang_out_members"], "abcedfgm") == [1, 1, 1, 1, 1, 0, None, None]
    assert of(columns["group_size"], "dfgm") == [1, 0, None, None]
    assert of(columns["group_ties"], "dfgm") == [0, 0, None, None]
    assert of(columns["group_violent"], "dfgm") == [0, 0, None, None]
    assert of(columns["group_out_members"], "dfgm") == [1, 0, None, None]
    assert of(columns["group_transitivity"], "dfgm") == [None] * 4
    assert of(columns["community_size"], "mnfg") == [2, 2, 0, 0]
    assert of(columns["community_ties"], "mnfg") == [1, 1, 0, 0]
    assert of(columns["community_transitivity"], "mnfg") == [None] * 4


def test_path(columns: dict) -> None:
    """The chain e-a-b-c-d, with b, c and d violent."""
    assert of(columns["betweenness__all"], "eabcdfm") == [0, 3, 4, 3, 0, 0, 0]
    assert of(columns["betweenness__violent"], "eabcd") == [0, 0, 0, 1, 0]
    # Seven persons are in the network; c reaches four of the six others, in 1 + 1 + 2 + 3 steps.
    assert columns["closeness__all"]["c"] == pytest.approx(4 / 6 * 4 / 7, rel=1e-12)
    assert of(columns["closeness__violent"], "eabcdm") == pytest.approx([3 / 9, 3 / 6, 2 / 3, 1, 2 / 3, 0])
    assert of(columns["shell__all"], "eabcdfm") == [1, 1, 1, 1, 1, 0, 1]
    assert of(columns["shell__violent"], "eabcd") == [0, 1, 1, 1, 1]
    # Two violent neighbours only c has; then b has none but c, and a has b alone.
    assert of(columns["tipping_2"], "eabcd") == [False, False, False, True, False]
    assert of(columns["removal_largest_component"], "eabcdfm") == [4, 3, 2, 3, 4, 0, 1]
    assert of(columns["removal_largest_violent_component"], "eabcdfm") == [4, 3, 2, 3, 4, 0, 0]


def test_geographic(columns: dict) -> None:
    """Arrests: district 1: a, b, f; district 2: b, c; district 3: d, a, e. No beats at all."""
    assert of(columns["district_arrests"], "abcdefg") == [6, 5, 2, 3, 3, 3, 0]
    assert of(columns["district_violent_arrests"], "abcdefg") == [3, 2, 0, 0, 1, 1, 0]
    assert set(columns["beat_arrests"].values()) == {0}


def test_temporal(columns: dict) -> None:
    assert of(columns["interval_days"], "abcdm") == [15.0, 4.5, 7.5, 0.0, None]
    # a with b's robbery, b with c's murder (not with its own robbery), c with d's; the mass arrest forms no tie.
    assert of(columns["violent_groups"], "abcdeg") == [1, 1, 1, 0, 0, 0]


def test_history(columns: dict) -> None:
    assert of(columns["own_arrests"], "abcfg") == [2, 2, 2, 1, 1]
    assert of(columns["own_violent_arrests"], "abcfg") == [0, 1, 1, 1, 1]
    assert of(columns["own_arrests__homicide"], "abcfg") == [0, 0, 1, 0, 0]
    assert of(columns["own_interval_days__violent"], "abm") == [None, 0.0, None]
    # The last date in the data is day 50.
    assert of(columns["days_since_last_arrest"], "abcfgm") == [21, 41, 26, 11, 1, None]
    assert of(columns["days_since_last_violent"], "abcfgm") == [None, 50, 41, 11, 1, None]


def test_as_of_cuts_before_the_day() -> None:
    """As of day 24 only incidents 1 and 2 are known, and the undated arrests are not."""
    cut = columns_of(compute_features(read_arrests(frame_of(ROWS), CONFIG, as_of=day(24))))
    assert cut["degree__all"] == {"a": 1, "b": 2, "c": 1}
    assert cut["days_since_last_arrest"] == {"a": 24, "b": 14, "c": 14}
    later = columns_of(compute_features(read_arrests(frame_of(ROWS), CONFIG, as_of=day(25))))
    assert later["degree__all"] == {"a": 1, "b": 2, "c": 1, "d": 0}
