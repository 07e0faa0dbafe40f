"""Victims of tables without a force, beside arrests of several: the date tells which incident an id means."""

from __future__ import annotations

import datetime as dt
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
from comparison import frame_of, row
from hypothesis import given
from hypothesis import strategies as st
from test_layer_rules import DAY, case_of, days, pair, ties_table
from test_layer_victims import victim

from gpunet import read_arrests
from gpunet.arrests.arrests import Arrests
from gpunet.arrests.joined import with_tables
from gpunet.flags.records import records_of
from gpunet.reading.beside import read_beside

#: Two forces have an incident 1, some days apart, and a third has one of its own.
ROWS = [*pair("a", "b", force="North"), *[{**r, "date": DAY + days(9)} for r in pair("c", "d", force="South")],
        *pair("e", "f", 2, force="East")]  # fmt: skip


def ends(victims: list[Any], rows: Any = ROWS) -> set[tuple[str, str]]:
    """Who is tied to whom in the layer of victims."""
    return {(r[0], r[1]) for r in ties_table(case_of(list(rows), None, victims))}


@pytest.mark.parametrize(
    ("day", "of"), [(DAY, "ab"), (DAY + days(9), "cd"), (DAY + days(1), ""), (DAY + days(10), ""), (None, "")]
)
def test_the_day_tells_which_of_two_incidents(day: dt.date | None, of: str) -> None:
    assert ends([victim("v", 1, day)]) == {(other, "v") for other in of}
    assert ends([victim("v", 2, day)]) == {("e", "v"), ("f", "v")}  # an id of one force alone needs no day


def test_victims_of_one_id_may_be_of_different_incidents() -> None:
    victims = [victim("v"), victim("w", 1, DAY + days(9)), victim("x", 1, DAY + days(5)), victim("y")]
    tied = {*product("ab", "vy"), *product("cd", "w")}
    assert ends(victims) == tied
    case = case_of(list(ROWS), None, victims)
    found = case.uncut().victims
    assert found is not None
    assert found.unsettled == 1
    assert sorted(found.incident.tolist())[0] == -1
    assert len(set(found.incident.tolist())) == 3
    cut = case.uncut().before(DAY + days(6))
    assert cut.victims is not None
    assert cut.victims.unsettled == 1  # of whole tables
    records = records_of(case.uncut())
    assert records.incidents(np.arange(len(ROWS), len(records))) == ["1"] * 4


def test_the_first_arrest_of_an_incident_counts_and_days_of_two_tell_nothing() -> None:
    later = [row("g", 1, DAY + days(9), "theft", force="North"), *ROWS]
    assert ends([victim("v", 1, DAY)], later) == {("a", "v"), ("b", "v"), ("g", "v")}
    assert ends([victim("v", 1, DAY + days(9))], later) == {("c", "v"), ("d", "v")}
    same = [*ROWS, *pair("g", "h", force="West")]
    assert ends([victim("v")], same) == set()
    undated = [*ROWS, *[{**r, "date": None} for r in pair("g", "h", force="West")]]
    assert ends([victim("v")], undated) == {("a", "v"), ("b", "v")}
    assert ends([victim("v", 1, None)], undated) == set()


def test_a_force_that_is_told_goes_before_the_day() -> None:
    assert ends([victim("v", 1, DAY, force="South")]) == {("c", "v"), ("d", "v")}


def test_reading_warns_of_events_that_may_be_of_several_incidents() -> None:
    arrests = read_arrests(frame_of(ROWS))
    named = ("person_id", "incident_id", "date", "offence")
    victims = [victim("v"), victim("w", 1, DAY + days(5)), victim("x", 1, DAY + days(6)), victim("y", 2)]

    def warnings(of: list[Any]) -> list[str]:
        table = pl.DataFrame([{name: r[name] for name in named} for r in of])
        _, reports = read_beside(arrests, arrests.config, victims=table)
        return [text for text in reports["victims"].warnings if "several forces" in text]

    (text,) = warnings(victims)
    assert text.startswith("victims: 2 times somebody became a victim in an incident whose id several forces have")
    assert warnings([victims[0], victims[3]]) == []


_DAYS = st.one_of(st.none(), st.integers(0, 3).map(lambda n: DAY + days(n)))


@given(
    arrests=st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from("NSE"), st.integers(1, 2), _DAYS), min_size=1, max_size=10
    ),
    hurt=st.lists(st.tuples(st.sampled_from("avwx"), st.integers(1, 3), _DAYS), min_size=1, max_size=6),
    cut=st.integers(1, 5).map(lambda n: DAY + days(n)),
)
def test_ties_are_those_of_a_slow_search(arrests: list[Any], hurt: list[Any], cut: dt.date) -> None:
    first: dict[Any, Any] = {}
    members: dict[Any, set[str]] = {}
    for person, force, incident, day in arrests:
        members.setdefault((force, incident), set()).add(person)
        if day is not None:
            first[force, incident] = min(day, first.get((force, incident), day))
    when: dict[Any, Any] = {}
    for person, incident, day in hurt:
        known = when.get((person, incident))
        when[person, incident] = min(filter(None, [known, day]), default=None)
    chosen, unsettled = {}, 0
    for (person, incident), day in when.items():
        like = [key for key in members if key[1] == incident]
        if len(like) > 1:
            like = [key for key in like if day is not None and first.get(key) == day]
            unsettled += len(like) != 1
        chosen[person, incident] = like[0] if len(like) == 1 else None
    rows = [row(person, incident, day, "theft", force=force) for person, force, incident, day in arrests]
    whole = _joined(rows, [row(person, incident, day, "theft") for person, incident, day in hurt])
    assert whole.victims is not None
    assert whole.victims.unsettled == unsettled
    named = _named(whole)
    assert _incidents(whole, named) == chosen
    assert _incidents(whole.before(cut), named) == {
        key: chosen[key] for key, day in when.items() if day is not None and day < cut
    }


def _joined(rows: list[Any], hurt: list[Any]) -> Arrests:
    return with_tables(read_arrests(frame_of(rows)), None, read_arrests(frame_of(hurt)))


def _named(arrests: Arrests) -> dict[int, Any]:
    """The force and id of each incident by its code."""
    forces, ids = arrests.force_names.to_list(), arrests.incident_ids.to_list()
    return {
        code: (forces[force], int(ids[code]))
        for code, force in zip(arrests.incident.tolist(), arrests.force.tolist(), strict=True)
    }


def _incidents(arrests: Arrests, named: dict[int, Any]) -> dict[Any, Any]:
    """The arrests' incident by person and id of each event."""
    victims = arrests.victims
    assert victims is not None
    persons, ids = arrests.person_ids.to_list(), victims.events.incident_ids.to_list()
    events = zip(victims.person.tolist(), victims.events.incident.tolist(), victims.incident.tolist(), strict=True)
    return {(persons[person], int(ids[own])): named.get(incident) for person, own, incident in events}
