"""A slow, literal reference of every feature, written from the definitions alone.

It shares no code with the package and uses no library: row dicts in, ``{column: {person: value}}`` out. Sections are
those of the feature contract (1 input, 2 sets, 3 network, 4 own-label rule, 5 features, 6 history). Arithmetic is in
integers and fractions; only results become floats. Nulls are None.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from typing import Any

Person = Any
Graph = dict[Any, set[Any]]
Columns = dict[str, dict[Person, Any]]


# --- 1 Input and 2 Sets ----------------------------------------------------------------------------------------------


@dataclass
class Arrest:
    """A distinct (person, force, incident): offences by union, earliest date, first non-null place and gang."""

    person: Person
    force: str
    incident_id: Any
    date: dt.date | None = None
    offences: set[str] = field(default_factory=set)
    district: str | None = None
    beat: str | None = None
    gang: str | None = None

    @property
    def incident(self) -> tuple[str, Any]:
        return (self.force, self.incident_id)

    def is_in(self, name: str) -> bool:
        """Is it an arrest for an offence in the set `name`?"""
        if name == "all":
            return True
        return bool(self.offences) if name == "violent" else name in self.offences

    def places(self, kind: str) -> tuple[str, str] | None:
        """The pair (force, district) or (force, beat), None where there is no place."""
        name = getattr(self, kind)
        return None if name is None else (self.force, name)


def offence_sets(text: str | None, sets: Mapping[str, Sequence[str]]) -> set[str]:
    """Case-insensitive globs over the offence; a null offence is in no set."""
    if text is None:
        return set()
    folded = text.strip().casefold()
    return {n for n, patterns in sets.items() if any(fnmatch.fnmatchcase(folded, p.casefold()) for p in patterns)}


def reference_arrests(
    rows: Iterable[Mapping[str, Any]], sets: Mapping[str, Sequence[str]], as_of: dt.date | None = None
) -> list[Arrest]:
    """The arrests in file order (of their first row); with `as_of` only rows recorded, and arrests dated, before it."""
    found: dict[tuple[Any, ...], Arrest] = {}
    for row in rows:
        if as_of is not None and not was_recorded(row, as_of):
            continue
        force = row.get("force") or ""
        key = (row["person_id"], force, row["incident_id"])
        arrest = found.setdefault(key, Arrest(row["person_id"], force, row["incident_id"]))
        arrest.offences |= offence_sets(row["offence"], sets)
        if row["date"] is not None:
            arrest.date = row["date"] if arrest.date is None else min(arrest.date, row["date"])
        for name in ("district", "beat", "gang"):
            if getattr(arrest, name) is None:
                setattr(arrest, name, row.get(name))
    return [a for a in found.values() if as_of is None or (a.date is not None and a.date < as_of)]


def was_recorded(row: Mapping[str, Any], as_of: dt.date) -> bool:
    """Had the row come to be known before the day? Where there is no column recorded_at, the date alone counts."""
    return "recorded_at" not in row or (row["recorded_at"] is not None and row["recorded_at"] < as_of)


def set_names(sets: Iterable[str]) -> list[str]:
    return ["all", "violent", *sets]


# --- 3 Network -------------------------------------------------------------------------------------------------------


def tie_incidents(arrests: Iterable[Arrest], max_incident_size: int = 50) -> dict[Any, list[Arrest]]:
    """The incidents with 2..max distinct persons, each with its arrests."""
    incidents: dict[Any, list[Arrest]] = {}
    for arrest in arrests:
        incidents.setdefault(arrest.incident, []).append(arrest)
    return {i: members for i, members in incidents.items() if 2 <= len(members) <= max_incident_size}


def reference_ties(
    arrests: Iterable[Arrest], max_incident_size: int = 50
) -> dict[tuple[Person, Person], tuple[Any, ...]]:
    """``{(a, b): (incidents, strength, first_date, last_date)}`` with a < b."""
    shared: dict[tuple[Person, Person], list[tuple[int, list[dt.date]]]] = {}
    for members in tie_incidents(arrests, max_incident_size).values():
        for x, y in combinations(members, 2):
            pair = (min(x.person, y.person), max(x.person, y.person))
            shared.setdefault(pair, []).append((len(members), [a.date for a in (x, y) if a.date is not None]))
    ties = {}
    for pair, incidents in shared.items():
        dates = [d for _, both in incidents for d in both]
        strength = float(sum(Fraction(1, k - 1) for k, _ in incidents))
        ties[pair] = (len(incidents), strength, min(dates, default=None), max(dates, default=None))
    return ties


def reference_gang(arrests: Iterable[Arrest]) -> str | None:
    """The most recent gang of one person, from that person's arrests in file order."""
    with_gang = [a for a in arrests if a.gang is not None]
    dated = [a for a in with_gang if a.date is not None]
    if dated:
        return max(dated, key=lambda a: (a.date, str(a.incident_id), a.force)).gang
    return with_gang[0].gang if with_gang else None


def graph_of(vertices: Iterable[Any], edges: Iterable[tuple[Any, Any]]) -> Graph:
    """Undirected and simple: duplicates and self-loops dropped."""
    graph: Graph = {v: set() for v in vertices}
    for a, b in edges:
        if a != b:
            graph[a].add(b)
            graph[b].add(a)
    return graph


# --- 5 Features: path and removal ------------------------------------------------------------------------------------


def induced(graph: Graph, vertices: Iterable[Any]) -> Graph:
    kept = set(vertices)
    return {v: graph[v] & kept for v in graph if v in kept}


def shortest_paths(graph: Graph, source: Any) -> tuple[dict[Any, int], dict[Any, int]]:
    """Distances from `source` and numbers of shortest paths, for the vertices that it reaches."""
    distance, paths = {source: 0}, {source: 1}
    queue = deque([source])
    while queue:
        v = queue.popleft()
        for w in graph[v]:
            if w not in distance:
                distance[w], paths[w] = distance[v] + 1, 0
                queue.append(w)
            if distance[w] == distance[v] + 1:
                paths[w] += paths[v]
    return distance, paths


def components(graph: Graph) -> list[set[Any]]:
    left, found = set(graph), []
    while left:
        reached = set(shortest_paths(graph, next(iter(left)))[0])
        found.append(reached)
        left -= reached
    return found


def betweenness(search: Mapping[Any, Any], members: Iterable[Any], v: Any) -> float:
    """Sum over unordered pairs {u, w} of V_C, u, w != v, of sigma_v(u, w) / sigma(u, w)."""
    total = Fraction(0)
    for u, w in combinations([x for x in members if x != v], 2):
        distance, paths = search[u]
        if w not in distance or v not in distance or w not in search[v][0]:
            continue
        if distance[v] + search[v][0][w] == distance[w]:
            total += Fraction(paths[v] * search[v][1][w], paths[w])
    return float(total)


def closeness(distance: Mapping[Any, int], members: Iterable[Any], v: Any) -> float:
    """S = V_C without v, R = those that v reaches: (|R|/|S|) (|R| / sum of d(v, R)); 0 if R is empty."""
    others = [u for u in members if u != v]
    reached = [u for u in others if u in distance]
    if not reached:
        return 0.0
    return float(Fraction(len(reached), len(others)) * Fraction(len(reached), sum(distance[u] for u in reached)))


def core_number(graph: Graph, v: Any) -> int:
    """The greatest k such that v is left when vertices of degree below k are removed again and again."""
    k = 0
    while True:
        kept = dict(graph)
        while weak := [u for u in kept if len(kept[u]) < k + 1]:
            kept = induced(kept, set(kept) - set(weak))
        if v not in kept:
            return k
        k += 1


def tipped(graph: Graph, seeds: Iterable[Any], k: int) -> set[Any]:
    """The fixed point of "active, or at least k active neighbours"."""
    active = set(seeds)
    while more := {u for u in graph if u not in active and len(graph[u] & active) >= k}:
        active |= more
    return active


def path_columns(graph: Graph, sets: Mapping[str, set[Any]]) -> dict[str, dict[Any, Any]]:
    """Table 5 and the removal features of every vertex; `sets` holds ``violent``, and ``all`` for all of the graph."""
    columns: dict[str, dict[Any, Any]] = {}
    search = {v: shortest_paths(graph, v) for v in graph}
    for name, members in sets.items():
        columns[f"betweenness__{name}"] = {v: betweenness(search, members, v) for v in graph}
        columns[f"closeness__{name}"] = {v: closeness(search[v][0], members, v) for v in graph}
        columns[f"shell__{name}"] = {v: core_number(induced(graph, members | {v}), v) for v in graph}
    violent = sets["violent"]
    for k in range(2, 7):
        columns[f"tipping_{k}"] = {v: v in tipped(graph, violent - {v}, k) for v in graph}
    largest = columns["removal_largest_component"] = {}
    largest_violent = columns["removal_largest_violent_component"] = {}
    for v in graph:
        left = components(induced(graph, set(search[v][0]) - {v}))
        largest[v] = max((len(c) for c in left), default=0)
        largest_violent[v] = max((len(c) for c in left if c & violent), default=0)
    return columns


def reference_path(
    edges: Iterable[tuple[int, int]], n: int, sets: Mapping[str, Sequence[bool]]
) -> dict[str, list[Any]]:
    """The path and removal columns of a network given by its edges over 0..n-1."""
    members = {name: {v for v in range(n) if flags[v]} for name, flags in sets.items()}
    columns = path_columns(graph_of(range(n), edges), {"all": set(range(n)), **members})
    return {name: [values[v] for v in range(n)] for name, values in columns.items()}


# --- 5 Features: neighbourhood and community -------------------------------------------------------------------------


def ratio(a: int, b: int) -> float | None:
    return None if b == 0 else float(Fraction(a, b))


def neighbourhood_columns(graph: Graph, sets: Mapping[str, set[Any]], v: Any) -> dict[str, Any]:
    """Table 3. For v outside the network counts are 0, flags false, ratios null."""
    inside = v in graph
    distance = shortest_paths(graph, v)[0] if inside else {}
    near = {u for u, d in distance.items() if d == 1}
    second = {u for u, d in distance.items() if d == 2}
    out: dict[str, Any] = {}
    for name, everyone in sets.items():
        members = everyone - {v}
        out[f"degree__{name}"] = len(near & members)
        if name == "all":
            continue
        out[f"share_1hop__{name}"] = ratio(len(near & members), len(near))
        out[f"share_2hop__{name}"] = ratio(len(second & members), len(second))
        first = 2 * len(near & members) >= len(near)
        both = 2 * len((near | second) & members) >= len(near | second)
        out[f"majority_1_and_2hop__{name}"] = inside and first and both
        out[f"minority_1_majority_2hop__{name}"] = inside and not first and both
    return out


def cell_columns(graph: Graph, cell: set[Any], violent: set[Any], v: Any, name: str) -> dict[str, Any]:
    """Table 4 for one cell of a partition; an empty cell gives zeros and a null ratio."""
    inner = induced(graph, cell)
    triangles = sum(b in inner[a] and c in inner[a] and c in inner[b] for a, b, c in combinations(sorted(cell), 3))
    triples = sum(len(around) * (len(around) - 1) // 2 for around in inner.values())
    return {
        f"{name}_size": len(cell),
        f"{name}_ties": sum(len(around) for around in inner.values()) // 2,
        f"{name}_violent": len((cell & violent) - {v}),
        f"{name}_triangles": triangles,
        f"{name}_transitivity": ratio(3 * triangles, triples),
        f"{name}_out_members": sum(bool(graph[u] - cell) for u in cell),
    }


def community_columns(
    graph: Graph, violent: set[Any], gangs: Mapping[Any, Any], partition: Mapping[Any, tuple[Any, Any]], v: Any
) -> dict[str, Any]:
    """Table 4 for v; `partition` holds (group, community) of every person of the network."""
    gang = {u for u in graph if gangs[u] is not None and gangs[u] == gangs[v]}
    group = {u for u in gang if v in graph and partition[u][0] == partition[v][0]}
    community = {u for u in graph if v in graph and partition[u][1] == partition[v][1]}
    out = cell_columns(graph, group, violent, v, "group")
    out["gang_out_members"] = sum(bool(graph[u] - gang) for u in gang) if v in graph else 0
    if gangs[v] is None:
        out = dict.fromkeys(out)
    return out | cell_columns(graph, community, violent, v, "community")


# --- 5 Features: geographic and temporal; 6 History ------------------------------------------------------------------


def geographic_columns(arrests: Sequence[Arrest], v: Person) -> dict[str, Any]:
    """Table 6: arrests in the places where v was ever arrested."""
    out = {}
    for kind in ("district", "beat"):
        mine = {a.places(kind) for a in arrests if a.person == v} - {None}
        there = [a for a in arrests if a.places(kind) in mine]
        out[f"{kind}_arrests"] = len(there)
        out[f"{kind}_violent_arrests"] = sum(a.is_in("violent") and a.person != v for a in there)
    return out


def interval(arrests: Iterable[Arrest]) -> float | None:
    """(last - first arrest date) in days / number of dated arrests."""
    dates = [a.date for a in arrests if a.date is not None]
    return float(Fraction((max(dates) - min(dates)).days, len(dates))) if dates else None


def temporal_columns(own: Sequence[Arrest], incidents: Mapping[Any, Sequence[Arrest]], v: Person) -> dict[str, Any]:
    """Table 7."""
    joint = [incidents[a.incident] for a in own if a.incident in incidents]
    violent = sum(any(a.person != v and a.is_in("violent") for a in members) for members in joint)
    return {"interval_days": interval(own), "violent_groups": violent}


def history_columns(own: Sequence[Arrest], sets: Iterable[str], today: dt.date | None) -> dict[str, Any]:
    """Section 6: the own record. `today` is the as-of date, else the day after the last date."""
    violent = [a for a in own if a.is_in("violent")]
    out: dict[str, Any] = {"own_arrests": len(own), "own_violent_arrests": len(violent)}
    out |= {f"own_arrests__{name}": sum(a.is_in(name) for a in own) for name in sets}
    out["own_interval_days__violent"] = interval(violent)
    for column, some in (("days_since_last_arrest", own), ("days_since_last_violent", violent)):
        dates = [a.date for a in some if a.date is not None]
        out[column] = float((today - max(dates)).days) if dates and today is not None else None
    return out


# --- Everything ------------------------------------------------------------------------------------------------------


def reference_features(
    rows: Iterable[Mapping[str, Any]],
    sets: Mapping[str, Sequence[str]],
    max_incident_size: int = 50,
    as_of: dt.date | None = None,
    partition: Mapping[Person, tuple[Any, Any]] | None = None,
) -> Columns:
    """Every column of sections 5 and 6 for every person with an accepted arrest.

    `partition` gives (group, community) of every person of the network, since the partition is the engine's own choice;
    without it the group and community columns are left out.
    """
    arrests = reference_arrests(rows, sets, as_of)
    own: dict[Person, list[Arrest]] = {}
    for arrest in arrests:
        own.setdefault(arrest.person, []).append(arrest)
    incidents = tie_incidents(arrests, max_incident_size)
    pairs = list(reference_ties(arrests, max_incident_size))
    graph = graph_of(sorted({p for pair in pairs for p in pair}), pairs)
    members = {n: {p for p in graph if any(a.is_in(n) for a in own[p])} for n in set_names(sets)}
    path = path_columns(graph, members)
    gangs = {p: reference_gang(of_p) for p, of_p in own.items()}
    last = max((a.date for a in arrests if a.date is not None), default=None)
    today = as_of or (None if last is None else last + dt.timedelta(days=1))

    columns: Columns = {}
    for v in sorted(own):
        values = neighbourhood_columns(graph, members, v)
        if partition is not None:
            values |= community_columns(graph, members["violent"], gangs, partition, v)
        for name, of_vertex in path.items():
            values[name] = of_vertex[v] if v in graph else outside(name)
        values |= geographic_columns(arrests, v)
        values |= temporal_columns(own[v], incidents, v)
        values |= history_columns(own[v], sets, today)
        for name, value in values.items():
            columns.setdefault(name, {})[v] = value
    return columns


def outside(path_column: str) -> Any:
    """A path column of a person outside the network: paths 0, flags false."""
    if path_column.startswith("tipping_"):
        return False
    return 0.0 if path_column.startswith(("betweenness__", "closeness__")) else 0
