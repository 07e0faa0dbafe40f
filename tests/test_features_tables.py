"""Every column of sections 5 and 6 against the slow reference, on arrest tables that Hypothesis makes."""

from __future__ import annotations

import datetime as dt

import pytest
from comparison import assert_columns, columns_of, frame_of, row
from hypothesis import given
from reference import reference_arrests, reference_features, reference_gang
from strategies import CUT, SETS, TableCase, arrest_tables

from gpunet import compute_features, read_arrests
from gpunet.features import compute_all

#: What the columns of each family begin with; a column of the reference that fits no family fails the first test.
FAMILIES = {
    "neighbourhood": ("degree__", "share_", "majority_", "minority_"),
    "community": ("group_", "gang_", "community_"),
    "removal": ("removal_",),
    "path": ("betweenness__", "closeness__", "shell__", "tipping_"),
    "geographic": ("district_", "beat_"),
    "temporal": ("interval_days", "violent_groups"),
    "history": ("own_", "days_since_"),
}


def both_sides(case: TableCase) -> tuple[dict, dict]:
    """The package's columns and the reference's, the latter from the package's partition."""
    arrests = read_arrests(frame_of(case.rows), config=case.config, as_of=case.as_of)
    result = compute_all(arrests)
    groups = columns_of(result.groups)
    partition = {p: (groups["group"][p], groups["community"][p]) for p in groups["group"]}
    expected = reference_features(case.rows, SETS, case.max_incident_size, case.as_of, partition)
    return columns_of(result.features), expected


@pytest.mark.parametrize("family", FAMILIES)
@given(case=arrest_tables())
def test_every_column_equals_the_reference(family: str, case: TableCase) -> None:
    actual, expected = both_sides(case)
    assert_columns(actual, {name: v for name, v in expected.items() if name.startswith(FAMILIES[family])})


@given(case=arrest_tables(max_incidents=14))
def test_there_is_no_other_column(case: TableCase) -> None:
    actual, expected = both_sides(case)
    if expected:
        assert sorted(actual) == sorted(expected)
    prefixes = tuple(p for of_family in FAMILIES.values() for p in of_family)
    assert [name for name in actual if not name.startswith(prefixes)] == []


@given(case=arrest_tables())
def test_an_as_of_cut_is_a_table_without_the_later_arrests(case: TableCase) -> None:
    counted = {(a.person, a.force, a.incident_id) for a in reference_arrests(case.rows, SETS, CUT)}
    before = [r for r in case.rows if (r["person_id"], r["force"] or "", r["incident_id"]) in counted]
    cut = read_arrests(frame_of(case.rows), config=case.config, as_of=CUT)
    if not before:
        assert columns_of(compute_features(cut))["own_arrests"] == {}
        return
    # The shorter table is cut too: days_since_* count to the as-of date.
    short = read_arrests(frame_of(before), config=case.config, as_of=CUT)
    assert_columns(columns_of(compute_features(cut)), columns_of(compute_features(short)), rel=0.0)
    assert_columns(
        columns_of(compute_features(read_arrests(frame_of(case.rows), case.config).before(CUT))),
        columns_of(compute_features(cut)),
        rel=0.0,
    )


@given(case=arrest_tables(max_incidents=5))
def test_most_recent_gang(case: TableCase) -> None:
    groups = columns_of(compute_all(read_arrests(frame_of(case.rows), case.config, as_of=case.as_of)).groups)
    arrests = reference_arrests(case.rows, SETS, case.as_of)
    people = sorted({a.person for a in arrests})
    expected = {p: reference_gang([a for a in arrests if a.person == p]) for p in people}
    assert_columns(groups, {"gang": expected} if people else {})


def test_incident_ids_are_compared_as_text() -> None:
    """Of two arrests on one day the greater incident_id as text counts: "9" is greater than "10"."""
    day = dt.date(2013, 5, 1)
    rows = [row(1, 9, day, gang="Kings"), row(1, 10, day, gang="Lords"), row(2, 9, day)]
    groups = columns_of(compute_all(read_arrests(frame_of(rows))).groups)
    assert groups["gang"] == {1: "Kings", 2: None}


def test_default_patterns_are_the_papers_five() -> None:
    day = dt.date(2013, 5, 1)
    texts = ["Homicide", "CRIMINAL SEXUAL ASSAULT", "robbery", " aggravated assault", "Aggravated Battery", "theft"]
    rows = [row(person, 1, day, text) for person, text in enumerate(texts)]
    columns = columns_of(compute_features(read_arrests(frame_of(rows))))
    names = ["homicide", "criminal_sexual_assault", "robbery", "aggravated_assault", "aggravated_battery"]
    for person, name in enumerate(names):
        assert columns[f"own_arrests__{name}"] == {p: int(p == person) for p in range(6)}
        assert columns[f"degree__{name}"] == {p: int(p != person) for p in range(6)}
    assert columns["degree__violent"] == {0: 4, 1: 4, 2: 4, 3: 4, 4: 4, 5: 5}


def test_persons_of_force_scope_are_other_persons_in_another_force() -> None:
    day = dt.date(2013, 5, 1)
    rows = [row(1, 1, day, "robbery", force="North"), row(2, 1, day, force="North"), row(1, 1, day, force="South")]
    scoped = read_arrests(frame_of(rows), {"input": {"person_scope": "force"}})
    assert columns_of(compute_features(scoped))["own_arrests"] == {"North:1": 1, "North:2": 1, "South:1": 1}
    assert columns_of(compute_features(read_arrests(frame_of(rows))))["own_arrests"] == {1: 2, 2: 1}


def test_an_incident_key_without_force_joins_forces() -> None:
    """With the key incident_id alone incident 1 has three persons, of whom one was arrested in it twice."""
    day = dt.date(2013, 5, 1)
    rows = [
        row(1, 1, day, force="North"),
        row(2, 1, day, force="North"),
        row(1, 1, day, "robbery", force="South"),
        row(3, 1, day, force="South"),
    ]
    joined = columns_of(compute_features(read_arrests(frame_of(rows), {"input": {"incident_key": ["incident_id"]}})))
    assert joined["degree__all"] == {1: 2, 2: 2, 3: 2}
    assert joined["violent_groups"] == {1: 0, 2: 1, 3: 1}
    apart = columns_of(compute_features(read_arrests(frame_of(rows))))
    assert apart["degree__all"] == {1: 2, 2: 1, 3: 1}
    assert apart["violent_groups"] == {1: 0, 2: 0, 3: 1}
