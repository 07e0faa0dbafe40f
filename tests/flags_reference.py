"""A slow, literal reference of flags: arrests as a list in, ``{person: (numbers, evidence)}`` out.

Evidence is a set of (other person, date, incident, offences, steps). Which community a person is in is given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from reference import Arrest, Graph, graph_of, reference_gang, reference_ties, shortest_paths, tie_incidents
from strategies import TableCase, recording_days

Piece = tuple[Any, str, str, tuple[str, ...], int]
Flagged = dict[Any, tuple[dict[str, int | None], set[Piece]]]


_FIRST = dt.date(2013, 1, 1)


@st.composite
def busy_tables(draw: st.DrawFn) -> tuple[TableCase, dt.date, int]:
    """As :func:`panel_reference.dated_tables`, of few persons who often meet, are violent and change gangs."""
    rows = []
    offences, gangs = st.sampled_from(["murder", "robbery", "theft", "theft"]), st.sampled_from([None, "K", "L", "S"])
    fixed = {person: draw(gangs) for person in range(10)}
    told = draw(st.sampled_from([False, False, True]))
    for incident in range(draw(st.sampled_from([12, 8, 10, 14, 4]))):
        day = _FIRST + dt.timedelta(days=draw(st.sampled_from(range(30))))
        size = draw(st.sampled_from([1, 2, 2, 3, 4]))
        for person in draw(st.lists(st.integers(0, 9), min_size=size, max_size=size, unique=True)):
            gang = draw(st.sampled_from([fixed[person], fixed[person], draw(gangs)]))
            row = {"person_id": person, "incident_id": incident, "date": day, "offence": draw(offences), "gang": gang}
            rows.append({**row, "force": None, **({"recorded_at": draw(recording_days(day))} if told else {})})
    as_of = max(row["date"] for row in rows) - dt.timedelta(days=draw(st.sampled_from([-1, -1, 2, 5])))
    as_of = max(as_of, min(row["date"] for row in rows) + dt.timedelta(days=1))
    return TableCase(rows, draw(st.sampled_from([50, 50, 3])), None), as_of, 8


class Past:
    """Arrests known as of a day, and what they come to."""

    def __init__(self, arrests: Sequence[Arrest], day: dt.date, days: int, cap: int) -> None:
        self.arrests, self.start, self.day, self.cap = arrests, day - dt.timedelta(days=days), day, cap
        self.persons = {a.person for a in arrests}
        self.ties = reference_ties(arrests, cap)
        self.incidents = tie_incidents(arrests, cap)
        self.new = {pair for pair in self.ties if self.tied_on(pair) >= self.start}

    def tied_on(self, pair: tuple[Any, Any]) -> dt.date:
        """The first day on which both had been arrested for the same incident."""
        of = [[a.date for a in members if a.person in pair] for members in self.incidents.values()]
        return min(max(days) for days in of if len(days) == 2)

    def graph(self, *, before: bool = False) -> Graph:
        return graph_of(self.persons, (pair for pair in self.ties if not before or pair not in self.new))

    def of(self, person: Any, *, before: bool = False) -> list[Arrest]:
        return [a for a in self.arrests if a.person == person and (not before or a.date < self.start)]

    def violent(self, person: Any, *, before: bool = False) -> bool:
        return any(a.offences for a in self.of(person, before=before))

    def recent(self, arrest: Arrest) -> bool:
        return arrest.date >= self.start

    def gang(self, person: Any, *, before: bool = False) -> str | None:
        return reference_gang(self.of(person, before=before))

    def together(self, v: Any) -> list[tuple[Arrest, Arrest]]:
        """Own arrest and another's in the same incident."""
        return [
            (own, other)
            for members in self.incidents.values()
            for own in members
            if own.person == v
            for other in members
            if other.person != v
        ]


def piece(arrest: Arrest, steps: int) -> Piece:
    offences = tuple(sorted(arrest.offences))
    return arrest.person, arrest.date.isoformat(), str(arrest.incident_id), offences, steps


def flagged(found: Mapping[Any, set[Piece]], numbers: Callable[[Any], dict[str, int | None]] | None = None) -> Flagged:
    return {v: (numbers(v) if numbers else {}, pieces) for v, pieces in found.items() if pieces}


def nearby(past: Past, sets: Sequence[str], steps: int) -> Flagged:
    graph, asked = past.graph(), set(sets)
    found = {}
    for v in past.persons:
        away = shortest_paths(graph, v)[0]
        found[v] = {
            piece(a, away[a.person])
            for a in past.arrests
            if a.person != v and away.get(a.person, 99) <= steps and past.recent(a)
            and (asked & a.offences or ("violent" in asked and a.offences))
        }  # fmt: skip
    return flagged(found)


def group_tie(past: Past, group: Mapping[Any, Any], least: int) -> Flagged:
    def count(of: Any) -> int:
        return sum(bool(a.offences) and past.recent(a) and group[a.person] == of for a in past.arrests)

    found: dict[Any, set[Piece]] = {}
    most: dict[Any, int] = {}
    for v in past.persons:
        for _, a in past.together(v):
            pair = (min(v, a.person), max(v, a.person))
            to = group[a.person]
            if pair in past.new and to is not None and to != group[v] and count(to) >= least:
                found.setdefault(v, set()).add(piece(a, 1))
                most[v] = max(most.get(v, 0), count(to))
    return flagged(found, lambda v: {"group_violent_arrests": most[v]})


def gang_to_gang(past: Past) -> Flagged:
    gang = {v: past.gang(v) for v in past.persons}
    joined = {frozenset((gang[a], gang[b])) for a, b in past.ties if (a, b) not in past.new}
    found: dict[Any, set[Piece]] = {}
    for v in past.persons:
        for _, a in past.together(v):
            pair, gangs = (min(v, a.person), max(v, a.person)), frozenset((gang[v], gang[a.person]))
            if pair in past.new and None not in gangs and len(gangs) == 2 and gangs not in joined:
                found.setdefault(v, set()).add(piece(a, 1))
    return flagged(found)


def first_arrest(past: Past, least: int) -> Flagged:
    found: dict[Any, set[Piece]] = {}
    for v in past.persons:
        first = min(a.date for a in past.of(v))
        if first < past.start:
            continue
        for incident, members in past.incidents.items():
            if not any(a.person == v and a.date == first for a in members):
                continue
            violent = [a for a in members if a.person != v and past.violent(a.person)]
            if len(violent) >= least:
                assert incident
                found.setdefault(v, set()).update(piece(a, 1) for a in violent)
    return flagged(found)


def rising(past: Past, group: Mapping[Any, Any], least: int, factor: float, days: int) -> Flagged:
    found, numbers = {}, {}
    for v in past.persons:
        if group[v] is None:
            continue
        of_others = [a for a in past.arrests if a.offences and a.person != v and group[a.person] == group[v]]
        now = [a for a in of_others if past.recent(a)]
        before = [a for a in of_others if past.start - dt.timedelta(days=days) <= a.date < past.start]
        if len(now) >= least and len(now) > factor * len(before):
            found[v] = {piece(a, 0) for a in now}
            size = sum(of == group[v] for of in group.values())
            numbers[v] = {"violent_arrests_before": len(before), "group_persons": size}
    return flagged(found, lambda v: numbers[v])


def shrank(past: Past, least: int, within: int) -> Flagged:
    """The evidence are all persons who are as near as the nearest, with their latest violent arrests."""

    def distance(v: Any, *, before: bool) -> tuple[int | None, set[Any]]:
        away = shortest_paths(past.graph(before=before), v)[0]
        near = {u: d for u, d in away.items() if u != v and past.violent(u, before=before)}
        least = min(near.values(), default=None)
        return least, {u for u, d in near.items() if d == least}

    found, numbers = {}, {}
    for v in past.persons:
        (then, _), (now, nearest) = distance(v, before=True), distance(v, before=False)
        if not past.of(v, before=True) or now is None or now > within or (then is not None and then - now < least):
            continue
        latest = {u: max(a.date for a in past.of(u) if a.offences) for u in nearest}
        found[v] = {piece(a, now) for u in nearest for a in past.of(u) if a.offences and a.date == latest[u]}
        numbers[v] = {"steps_before": then, "steps": now}
    return flagged(found, lambda v: numbers[v])
