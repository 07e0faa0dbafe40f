"""A slow, literal reference of the layers beside co-arrest and of exposure to victims, from rows; see reference.py.

A row of ties has ``person_a, person_b, kind, date, until`` and perhaps ``recorded_at``, one of victims ``person_id,
incident_id, force, date, offence`` and perhaps ``recorded_at``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from reference import (
    Arrest,
    Columns,
    Graph,
    graph_of,
    neighbourhood_columns,
    path_columns,
    reference_arrests,
    reference_ties,
    set_names,
    shortest_paths,
    was_recorded,
)

Rows = Sequence[Mapping[str, Any]]
Pair = tuple[Any, Any]


@dataclass(frozen=True)
class Tie:
    """What there is between two persons in a layer."""

    records: int
    strength: float
    first: dt.date | None
    last: dt.date | None


@dataclass
class Picture:
    """What is known as of a day: `kinds` is ``{kind: (half-life, limit)}``, `sets` the patterns of offences."""

    rows: Rows
    ties: Rows | None
    victims: Rows | None
    sets: Mapping[str, Sequence[str]]
    kinds: Mapping[str, tuple[float, int]]
    max_incident_size: int = 50
    recent_days: int = 365
    as_of: dt.date | None = None

    def __post_init__(self) -> None:
        self.arrests = reference_arrests(self.rows, self.sets, self.as_of)
        self.events = reference_arrests(self.victims or [], self.sets, self.as_of)
        dated = [a.date for a in (*self.arrests, *self.events) if a.date] + [t["date"] for t in self.ties or []]
        self.day = self.as_of or (max(dated) + dt.timedelta(days=1) if dated else None)
        self.held = [row for row in self.ties or [] if self.counts(row)]
        self.own: dict[Any, list[Arrest]] = {}
        for arrest in self.arrests:
            self.own.setdefault(arrest.person, []).append(arrest)
        tied = {row[end] for row in self.held for end in ("person_a", "person_b")}
        self.persons = sorted({*self.own, *tied, *(e.person for e in self.events)})

    def counts(self, row: Mapping[str, Any]) -> bool:
        """Is a tie dated before the day, not over on it, young enough, and, as of a day, recorded before?"""
        assert self.day is not None  # there is a dated row
        if row["date"] >= self.day or (row["until"] is not None and row["until"] <= self.day):
            return False
        if (self.day - row["date"]).days > self.kinds[row["kind"]][1]:
            return False
        return self.as_of is None or was_recorded(row, self.as_of)

    def is_in(self, person: Any, name: str) -> bool:
        return name == "all" or any(arrest.is_in(name) for arrest in self.own.get(person, []))

    # --- Ties ---

    def layers(self) -> dict[str, dict[Pair, Tie]]:
        """The ties of each layer but the union, co-arrest first."""
        found = {"co_arrest": {p: Tie(*t) for p, t in reference_ties(self.arrests, self.max_incident_size).items()}}
        if self.ties is not None:
            found |= {kind: self.of_kind(kind) for kind in self.kinds}
        if self.victims is not None:
            found["victim"] = self.of_victims()
        return found

    def of_kind(self, kind: str) -> dict[Pair, Tie]:
        half_life = self.kinds[kind][0]
        between: dict[Pair, list[dt.date]] = {}
        for row in self.held:
            if row["kind"] == kind:
                pair = min(row["person_a"], row["person_b"]), max(row["person_a"], row["person_b"])
                between.setdefault(pair, []).append(row["date"])
        return {
            pair: Tie(len(days), sum(0.5 ** ((self.day - day).days / half_life) for day in days), min(days), max(days))
            for pair, days in between.items()
        }

    def incidents_of_victims(self) -> dict[Any, Any]:
        """The force and id of the arrests' incident by person, force and id of a victim, from whole tables."""
        whole, events = (reference_arrests(rows or [], self.sets) for rows in (self.rows, self.victims))
        told = all(any(a.force for a in of) for of in (whole, events))
        found = {}
        for event in events:
            like = [a for a in whole if a.incident_id == event.incident_id and (not told or a.force == event.force)]
            days: dict[Any, list[dt.date]] = {}
            for arrest in like:
                days.setdefault(arrest.force, []).extend([] if arrest.date is None else [arrest.date])
            if len(days) > 1:  # the date tells
                days = {force: of for force, of in days.items() if of and min(of) == event.date}
            found[event.person, event.force, event.incident_id] = (
                (next(iter(days)), event.incident_id) if len(days) == 1 else None
            )
        return found

    def of_victims(self) -> dict[Pair, Tie]:
        arrested: dict[Any, set[Any]] = {}
        for arrest in self.arrests:
            arrested.setdefault((arrest.force, arrest.incident_id), set()).add(arrest.person)
        which = self.incidents_of_victims()
        between: dict[Pair, list[set[dt.date]]] = {}
        hurt: dict[Any, list[Arrest]] = {}
        for event in self.events:
            hurt.setdefault(which[event.person, event.force, event.incident_id], []).append(event)
        for key, events in hurt.items():
            others = arrested.get(key, set())
            if len(others | {e.person for e in events}) > self.max_incident_size:
                continue
            days: dict[Pair, set[dt.date]] = {}
            for event, other in product(events, others):
                if other != event.person:
                    pair = min(event.person, other), max(event.person, other)
                    days.setdefault(pair, set()).update({event.date} - {None})
            for pair, of_pair in days.items():
                between.setdefault(pair, []).append(of_pair)
        return {
            pair: Tie(len(n), float(len(n)), min(set().union(*n), default=None), max(set().union(*n), default=None))
            for pair, n in between.items()
        }

    def table(self) -> list[tuple[Any, ...]]:
        """Rows of the table of ties."""
        layers = self.layers()
        order = list(layers)
        found = [(*pair, order.index(kind), tie) for kind, ties in layers.items() for pair, tie in ties.items()]
        return [
            (a, b, t.records, t.strength, t.first, t.last, order[k])
            for a, b, k, t in sorted(found, key=lambda x: x[:3])
        ]

    # --- Columns ---

    def columns(self) -> Columns:
        """Every column of the families layers, victims and victim_history."""
        layers = self.layers()
        co_arrest = layers.pop("co_arrest")
        found: Columns = {}
        for name, ties in layers.items():
            self._of_layer(found, name, ties)
            for c in set_names(self.sets):
                of_set = found[f"strength__{c}__{name}"] = dict.fromkeys(self.persons, 0.0)
                for (a, b), tie in ties.items():
                    of_set[a] += tie.strength * self.is_in(b, c)
                    of_set[b] += tie.strength * self.is_in(a, c)
        if layers:
            graph = self._of_layer(found, "any", [*co_arrest, *(p for ties in layers.values() for p in ties)])
            paths = path_columns(graph, {c: {p for p in graph if self.is_in(p, c)} for c in set_names(self.sets)})
            for column, values in paths.items():
                if column.startswith(("betweenness__", "closeness__", "shell__")):
                    none = 0 if column.startswith("shell__") else 0.0
                    found[f"{column}__any"] = {v: values.get(v, none) for v in self.persons}
        if self.victims is not None:
            self._of_victims(found, graph_of({p for pair in co_arrest for p in pair}, co_arrest))
        return found

    def _of_layer(self, found: Columns, name: str, pairs: Iterable[Pair]) -> Graph:
        pairs = list(pairs)
        graph = graph_of({p for pair in pairs for p in pair}, pairs)
        members = {c: {p for p in graph if self.is_in(p, c)} for c in set_names(self.sets)}
        for v in self.persons:
            for column, value in neighbourhood_columns(graph, members, v).items():
                if column.startswith(("degree__", "share_")):
                    found.setdefault(f"{column}__{name}", {})[v] = value
        return graph

    def _of_victims(self, found: Columns, graph: Graph) -> None:
        for v in self.persons:
            distance = shortest_paths(graph, v)[0] if v in graph else {}
            own = [e for e in self.events if e.person == v]
            values: dict[str, Any] = {}
            for c in set_names(self.sets):
                hurt = {e.person for e in self.events if e.is_in(c)} - {v}
                values[f"victims_1hop__{c}"] = sum(distance.get(u) == 1 for u in hurt)
                values[f"victims_2hop__{c}"] = sum(distance.get(u) == 2 for u in hurt)
                lately = {e.person for e in self.events if e.is_in(c) and self._is_recent(e)} - {v}
                values[f"victim_distance__{c}"] = min(
                    (float(distance[u]) for u in lately if u in distance), default=None
                )
                values[f"own_victimisations__{c}"] = sum(e.is_in(c) for e in own)
            values["two_hop_heuristic"] = values["victims_1hop__violent"] + values["victims_2hop__violent"] > 0
            days = [e.date for e in own if e.date is not None]
            values["days_since_last_victimisation"] = float((self.day - max(days)).days) if days else None
            for column, value in values.items():
                found.setdefault(column, {})[v] = value

    def _is_recent(self, event: Arrest) -> bool:
        return event.date is not None and (self.day - event.date).days <= self.recent_days
