"""Hypothesis strategies: small networks of awkward shapes, and small clean arrest tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

Edge = tuple[int, int]
Row = dict[str, Any]

#: Set names and patterns of the tables' configuration; the last set matches nothing that the tables hold.
SETS = {"homicide": ["murder*", "homicide"], "robbery": ["robbery*"], "arson": ["arson*"]}
OFFENCES = ["MURDER 1st degree", " homicide ", "Robbery - armed", "robbery", "theft", "attempted murder", "NARCOTICS"]

_FIRST_DAY = dt.date(2012, 2, 25)

#: The as-of date of some tables: one on which arrests happen, so that it matters that they do not count.
CUT = _FIRST_DAY + dt.timedelta(days=16)


@dataclass(frozen=True)
class NetworkCase:
    """A network by its edges over 0..n-1 (loops and repeats may be among them) and its sets as flags."""

    edges: tuple[Edge, ...]
    n: int
    sets: dict[str, list[bool]]


@dataclass(frozen=True)
class TableCase:
    """Rows, and the configuration and cut that they are read with."""

    rows: list[Row]
    max_incident_size: int
    as_of: dt.date | None

    @property
    def config(self) -> dict[str, Any]:
        return {"network": {"max_incident_size": self.max_incident_size}, "violent_offences": SETS}


def _clique(k: int) -> list[Edge]:
    return list(combinations(range(k), 2))


def _path(k: int) -> list[Edge]:
    return [(i, i + 1) for i in range(k - 1)]


def _cycle(k: int) -> list[Edge]:
    return [*_path(k), (k - 1, 0)]


def _star(k: int) -> list[Edge]:
    return [(0, i) for i in range(1, k)]


def _open_twins(k: int) -> list[Edge]:
    """Two hubs joined to the same k - 2 others: these are open twins, and paths multiply."""
    return [(hub, i) for hub in (0, 1) for i in range(2, k)]


def _closed_twins(k: int) -> list[Edge]:
    """As :func:`_open_twins`, with the others tied among themselves: these are closed twins."""
    return [*_open_twins(k), *combinations(range(2, k), 2)]


def _ladder(k: int) -> list[Edge]:
    """Diamonds in a row: every third vertex is a cut vertex and doubles the paths."""
    return [e for i in range(0, k - 3, 3) for e in ((i, i + 1), (i, i + 2), (i + 1, i + 3), (i + 2, i + 3))]


def _grid(k: int) -> list[Edge]:
    return [(i, i + 1) for i in range(k - 1) if i % 3 != 2] + [(i, i + 3) for i in range(k - 3)]


_SHAPES = (_clique, _path, _cycle, _star, _open_twins, _closed_twins, _ladder, _grid)


@st.composite
def flags(draw: st.DrawFn, n: int) -> list[bool]:
    """A set over n vertices: empty, everyone, one vertex, or any."""
    kind = draw(st.sampled_from(["any", "any", "empty", "everyone", "one"]))
    if kind == "any":
        return draw(st.lists(st.booleans(), min_size=n, max_size=n))
    one = draw(st.integers(0, max(n - 1, 0)))
    return [{"empty": False, "everyone": True, "one": v == one}[kind] for v in range(n)]


@st.composite
def networks(draw: st.DrawFn, max_pieces: int = 3, max_piece: int = 7) -> NetworkCase:
    """Pieces of known shapes side by side, some joined by bridges, some random ties, and isolated vertices."""
    edges: list[Edge] = []
    n = 0
    for _ in range(draw(st.integers(0, max_pieces))):
        size = draw(st.integers(2, max_piece))
        shape = draw(st.sampled_from(_SHAPES))
        piece = [(n + a, n + b) for a, b in shape(size)]
        if n and draw(st.booleans()):
            piece.append((draw(st.integers(0, n - 1)), n + draw(st.integers(0, size - 1))))
        edges += piece
        n += size
    n += draw(st.integers(0 if n else 1, 2))
    vertex = st.integers(0, n - 1)
    edges += draw(st.lists(st.tuples(vertex, vertex), max_size=6))
    name = draw(st.permutations(range(n)))
    edges = [(name[a], name[b]) for a, b in draw(st.permutations(edges))]
    return NetworkCase(tuple(edges), n, {s: draw(flags(n)) for s in ("violent", "homicide", "robbery")})


def _ids(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """Person and incident ids: integers, or text whose order is not that of the numbers in it."""
    if draw(st.booleans()):
        return list(range(1, 13)), [2, 9, 10, 11, 100, 101, 102, 103]
    return [f"P{i}" for i in range(1, 13)], [f"i{i}" for i in (2, 9, 10, 11, 100, 101, 102, 103)]


def recording_days(day: dt.date | None) -> st.SearchStrategy[dt.date | None]:
    """When a row of this date came to be known: at once, later, or it is not known when."""
    first = _FIRST_DAY if day is None else day
    return st.sampled_from([*(first + dt.timedelta(days=days) for days in (0, 0, 1, 9, 30)), None])


@st.composite
def arrest_tables(draw: st.DrawFn, max_incidents: int = 8) -> TableCase:
    """Incidents of 1..6 persons, a row or more for each, in any order, with nulls, repeats and clashing ids.

    Two forces may use the same incident id. The cap on an incident's size is often below that of the greatest, which
    then ties nobody. Gangs: none at all, one, or three; dates: sometimes none; violence: common, one case, or none.
    Some tables tell when rows were recorded.
    """
    persons, incident_ids = _ids(draw)
    forces = draw(st.sampled_from([[None], ["North", "South"], ["North", None]]))
    gangs = draw(st.sampled_from([[None], ["Kings"], ["Kings", None, "Lords", "Saints", "Kings"]]))
    days = draw(st.sampled_from([[None], list(range(0, 40, 8)), [*range(0, 40, 8), None]]))
    offences = draw(st.sampled_from([[*OFFENCES, None], [*OFFENCES, None], ["theft", None]]))
    places = [None, "1", "2", "3"]
    rows: list[Row] = []
    for _ in range(draw(st.sampled_from(range(1, max_incidents + 1)))):
        force, incident = draw(st.sampled_from(forces)), draw(st.sampled_from(incident_ids))
        day = draw(st.sampled_from(days))
        size = draw(st.sampled_from([2, 3, 4, 1, 6]))  # fixed first: lists of any length would be short, and tie few
        for person in draw(st.lists(st.sampled_from(persons), min_size=size, max_size=size, unique=True)):
            for _ in range(draw(st.sampled_from([1, 1, 1, 2]))):
                late = draw(st.sampled_from([0, 0, 0, 1]))
                rows.append(
                    {
                        "person_id": person,
                        "incident_id": incident,
                        "date": None if day is None else _FIRST_DAY + dt.timedelta(days=day + late),
                        "offence": draw(st.sampled_from(offences)),
                        "district": draw(st.sampled_from(places)),
                        "beat": draw(st.sampled_from(places)),
                        "gang": draw(st.sampled_from(gangs)),
                        "force": force,
                    }
                )
    if draw(st.sampled_from([True, False])):
        rows[draw(st.integers(0, len(rows) - 1))]["offence"] = "robbery"
    rows = draw(st.permutations(rows)) if draw(st.booleans()) else rows
    as_of = draw(st.sampled_from([None, None, None, CUT]))
    if draw(st.sampled_from([False, False, True])):
        rows = [{**row, "recorded_at": draw(recording_days(row["date"]))} for row in rows]
    return TableCase(list(rows), draw(st.sampled_from([50, 50, 4, 3, 2])), as_of)
