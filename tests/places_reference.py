"""What is known of places, counted in plain Python: a row is one arrest with one charge."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import NamedTuple

import networkx as nx
import polars as pl
from hypothesis import strategies as st

FIRST = date(2013, 1, 1)
SPANS = (7, 28, 365)
CAP = 4  # of persons in an incident that ties them


class Row(NamedTuple):
    person: str
    incident: int
    date: date
    recorded: date
    violent: bool
    beat: str | None
    force: str


@st.composite
def tables(draw: st.DrawFn, most: int = 40) -> list[Row]:
    """Rows of which no two are of one person and incident; incidents have one force, persons several days of them."""
    rows = []
    pairs = st.tuples(st.integers(0, 9), st.integers(0, 7))
    for person, incident in draw(st.lists(pairs, min_size=1, max_size=most, unique=True)):
        day = FIRST + timedelta(days=draw(st.integers(0, 450)))
        rows.append(
            Row(
                f"p{person}", incident, day, day + timedelta(days=draw(st.sampled_from([0, 0, 0, 3, 40]))),
                draw(st.booleans()), draw(st.sampled_from(["1", "2", "3", None])),
                draw(st.sampled_from(["north", "south"])),
            )
        )  # fmt: skip
    return rows


def frame(rows: Sequence[Row], recorded: bool = True) -> pl.DataFrame:
    columns = {
        "person_id": [row.person for row in rows],
        "incident_id": [row.incident for row in rows],
        "date": [row.date for row in rows],
        "offence": ["robbery" if row.violent else "theft" for row in rows],
        "beat": [row.beat for row in rows],
        "force": [row.force for row in rows],
    }
    if recorded:
        columns["recorded_at"] = [row.recorded for row in rows]
    return pl.DataFrame(columns, schema_overrides={"beat": pl.String})


def network(rows: Iterable[Row]) -> nx.Graph:
    """Who was arrested with whom; an incident is one of its force."""
    persons = defaultdict(set)
    for row in rows:
        persons[row.force, row.incident].add(row.person)
    graph = nx.Graph()
    for together in persons.values():
        if 2 <= len(together) <= CAP:
            graph.add_edges_from(combinations(sorted(together), 2))
    return graph


def two_steps_from(graph: nx.Graph, violent: set[str]) -> set[str]:
    """Everybody who has somebody else of the violent at a distance of 1 or 2."""
    return {
        person
        for person in graph
        if (set(nx.single_source_shortest_path_length(graph, person, cutoff=2)) - {person}) & violent
    }


def counts(rows: Sequence[Row], day: date, recorded: bool = True) -> dict[tuple[str, str], dict[str, int]]:
    """Every column of numbers of every place that was known before the day."""
    known = [row for row in rows if row.date < day and (row.recorded < day or not recorded)]
    residents: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in known:
        if row.beat is not None:
            residents[row.force, row.beat].add(row.person)
    near = two_steps_from(network(known), {row.person for row in known if row.violent})
    found = {}
    for place, persons in residents.items():
        told = {"residents": len(persons), "two_step_residents": len(persons & near)}
        for span in SPANS:
            recent = [row for row in known if row.date >= day - timedelta(days=span)]
            for kind, chosen in (
                ("arrests", recent), ("violent_arrests", [row for row in recent if row.violent])
            ):  # fmt: skip
                told[f"{kind}_{span}d"] = sum((row.force, row.beat) == place for row in chosen)
                told[f"resident_{kind}_{span}d"] = sum(row.person in persons for row in chosen)
                told[f"two_step_{kind}_{span}d"] = sum(row.person in persons & near for row in chosen)
        found[place] = told
    return found


def violent_within(rows: Iterable[Row], start: date, stop: date) -> Counter[tuple[str, str | None]]:
    """How many violent arrests each place had on a day in [start, stop)."""
    return Counter((row.force, row.beat) for row in rows if row.violent and start <= row.date < stop)
