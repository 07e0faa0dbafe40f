"""Layers of the network beside co-arrest, and the union of all: who is tied to whom otherwise, and features of that.

Layers are put together on the host, whatever computes: their rows are few beside those of arrests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.beside import end_of
from gpunet.arrests.incidents import incident_members
from gpunet.arrests.network import Network, Ties, in_file_order, table_of_ties, vertex_sets
from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.base.days import NO_DAY
from gpunet.base.progress import ProgressCallback, labelled
from gpunet.config.config import PathConfig
from gpunet.config.layers import ANY, CO_ARREST, VICTIM
from gpunet.config.registry import columns
from gpunet.engines.choice import resolve_engine
from gpunet.engines.cpu import CpuEngine
from gpunet.engines.protocol import Engine
from gpunet.features.column import Columns, spread
from gpunet.features.known import KnownPaths
from gpunet.features.neighbourhood import neighbourhood_features
from gpunet.features.path import compute_path
from gpunet.search.path_report import PathReport
from gpunet.tables.arrays import begins_run, distinct, put_at, row_numbers, running_sum, sort_order, to_host
from gpunet.tables.frames import as_eager, make_series

__all__ = ["Layer", "layer_features", "layers_of", "ties_with_kinds"]

_PATHS = ("betweenness", "closeness", "shell")

_OF_TIES = ("incidents", "strength", "first_day", "last_day")

#: The two persons, a < b, the strength, and the first and last day of each of some rows.
Pairs: TypeAlias = tuple[Int32, Int32, Float64, Int32, Int32]


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer: its network, whose vertices are the persons with a tie in it, and its ties, None of the union."""

    network: Network
    ties: Ties | None


def layers_of(arrests: Arrests, network: Network) -> dict[str, Layer]:
    """Every layer beside co-arrest, in the order of their columns, the union of all last; none if there is no other.

    `network` is that of co-arrest. Networks and ties lie on the host.
    """
    layers = arrests.layers
    if not layers:
        return {}
    offences, n, first_rows = to_host(arrests.person_offences), arrests.n_persons, to_host(arrests.first_rows)
    pairs = {kind: _pairs_of_kind(arrests, i) for i, kind in enumerate(layers.kinds)}
    if layers.victims:
        pairs[VICTIM] = _pairs_of_victims(arrests)
    merged = {name: _merged(n, found) for name, found in pairs.items()}
    names = arrests.config.violent_offences
    found = {name: _layer(ties.a, ties.b, ties, offences, names, first_rows) for name, ties in merged.items()}
    keys = [_key(*_co_arrested(network), n), *(_key(ties.a, ties.b, n) for ties in merged.values())]
    return {**found, ANY: _layer(*_ends(distinct(np.concatenate(keys)), n), None, offences, names, first_rows)}


def _co_arrested(network: Network) -> tuple[Int32, Int32]:
    """The two persons of each tie of co-arrest."""
    assert network.person is not None  # it was made of arrests
    person, on_host = to_host(network.person), network.on_host()
    a, b = person[row_numbers(on_host.indptr, len(on_host.indices))], person[on_host.indices]
    return a[a < b], b[a < b]


def _pairs_of_kind(arrests: Arrests, kind: int) -> Pairs:
    """Each row of a kind that counts."""
    rows = arrests.associations
    assert rows is not None  # there is such a kind
    end = end_of(arrests)
    counts = rows.held(end) if arrests.as_of is None else rows.known_before(end)
    rows = rows.at((rows.kind == kind) & counts)
    return np.minimum(rows.a, rows.b), np.maximum(rows.a, rows.b), rows.strength(end), rows.day, rows.day


def _pairs_of_victims(arrests: Arrests) -> Pairs:
    """Each victim with each other person who was arrested for the incident, once each incident.

    Incidents with more persons than ``max_incident_size``, victims among them, tie nobody.
    """
    victims = arrests.victims
    assert victims is not None  # there is such a layer
    members = incident_members(arrests)
    start, arrested = to_host(members.indptr), to_host(members.person)
    inside = (victims.incident >= 0) & (victims.person >= 0)
    days = victims.events.day[inside]
    incident, victim, first, last = _once(victims.incident[inside], victims.person[inside], days, days)
    forming = _persons_of_incidents(start, arrested, incident, victim) <= arrests.config.network.max_incident_size
    kept = forming[incident]
    incident, victim, first, last = incident[kept], victim[kept], first[kept], last[kept]
    count = np.diff(start)[incident]
    of = np.repeat(np.arange(len(incident)), count)
    other = arrested[np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count) + start[incident[of]]]
    of, other = of[victim[of] != other], other[victim[of] != other]
    low, high = np.minimum(victim[of], other), np.maximum(victim[of], other)
    # Who was arrested and became a victim in the same incident may be tied to another of whom that is true too.
    key, _, first, last = _once(_key(low, high, arrests.n_persons), incident[of], first[of], last[of])
    low, high = _ends(key, arrests.n_persons)
    return low, high, np.ones(len(low)), first, last


def _persons_of_incidents(start: Int64, arrested: Int32, incident: Int32, victim: Int32) -> Int64:
    """int64[incidents], how many were arrested for each or became a victim in it; `victim` holds each once."""
    size = np.diff(start)
    n = int(max(arrested.max(initial=0), victim.max(initial=0))) + 1
    of_arrests = np.repeat(np.arange(len(size)), size) * n + arrested  # ascending
    of_victims = incident.astype(np.int64) * n + victim
    place = np.searchsorted(of_arrests, of_victims)
    known = np.append(of_arrests, -1)[place] == of_victims
    return size + np.bincount(incident[~known], minlength=len(size))


def _once(one: Any, other: Any, first: Int32, last: Int32) -> tuple[Any, Any, Int32, Int32]:
    """Rows with the same two codes as one, with the earliest and latest of their days; ascending by both."""
    order = sort_order([other, one])
    one, other = one[order], other[order]
    new = begins_run(one, other)
    row = running_sum(new)[1:] - 1
    merged = resolve_engine("cpu").merge_pairs(row, np.ones(len(row)), first[order], last[order], NO_DAY)
    return one[new], other[new], merged[3], merged[4]


def _key(a: Int32, b: Int32, n: int) -> Int64:
    return a.astype(np.int64) * max(n, 1) + b


def _ends(key: Int64, n: int) -> tuple[Int32, Int32]:
    a = key // max(n, 1)
    return a.astype(np.int32), (key - a * max(n, 1)).astype(np.int32)


def _merged(n: int, pairs: Pairs) -> Ties:
    """Each pair once, ascending."""
    a, b, strength, first, last = pairs
    key, count, total, first, last = resolve_engine("cpu").merge_pairs(_key(a, b, n), strength, first, last, NO_DAY)
    return Ties(*_ends(key, n), count, total, first, last)


def _layer(a: Int32, b: Int32, ties: Ties | None, offences: Any, names: Mapping[str, Any], first_rows: Int64) -> Layer:
    """The layer of ties between persons, whose vertices are numbered as those of co-arrest."""
    person = in_file_order(distinct(np.concatenate([a, b])), first_rows)
    vertex = put_at(np.arange(len(person), dtype=np.int32), person, len(first_rows), -1)
    one, other = vertex[a], vertex[b]
    low, high = np.minimum(one, other), np.maximum(one, other)
    order = sort_order([high, low])
    low, high = low[order], high[order]
    rows, indices = resolve_engine("cpu").csr_from_ties(low, high, len(person))
    found = None if ties is None else Ties(low, high, **{name: getattr(ties, name)[order] for name in _OF_TIES})
    sets = vertex_sets(offences[person], names)
    return Layer(Network(len(person), rows, indices, sets, found, person), found)


def layer_features(
    arrests: Arrests,
    layers: Mapping[str, Layer],
    engine: Engine,
    path_config: PathConfig,
    *,
    progress: ProgressCallback | None = None,
    notice: Callable[[str], None] | None = None,
    known: Callable[[Network], KnownPaths | None] | None = None,
) -> tuple[Columns, PathReport | None]:
    """The columns of the family ``layers`` over persons, on the host; and how betweenness in the union was computed.

    They are those of the given `layers`, which may be some of all. `known` says what is known of paths in an earlier
    union.
    """
    declared = columns(arrests.config.sets, ["layers"], layers=arrests.layers)
    out: Columns = {}
    report = None
    if isinstance(engine, CpuEngine):
        engine = replace(engine, sums=None)  # which are those of co-arrest
    for name, layer in layers.items():
        network = layer.network
        found = {f"{column}__{name}": values for column, values in _neighbours(network, engine).items()}
        if layer.ties is not None:
            found |= {f"strength__{c}__{name}": values for c, values in _strength(layer.ties, network.sets).items()}
        if name == ANY:
            of_union = labelled(progress, "(any layer)")
            paths = compute_path(
                network,
                _PATHS,
                None,
                engine,
                config=path_config,
                progress=of_union,
                notice=notice,
                known=None if known is None else known(network),
            )
            found |= {f"{column}__{ANY}": values for column, values in paths.columns.items()}
            report = paths.report
        person = network.person
        assert person is not None  # it was made of persons
        out |= {c: spread(v, person, arrests.n_persons, declared[c]) for c, v in found.items() if c in declared}
    return {name: out[name] for name in declared if name in out}, report


def _neighbours(network: Network, engine: Engine) -> Columns:
    """Degree, shares and majorities of every vertex, on the host."""
    found = neighbourhood_features(network.to_engine(engine), engine)
    return {c: tuple(map(to_host, v)) if isinstance(v, tuple) else to_host(v) for c, v in found.items()}  # type: ignore[misc]


def _strength(ties: Ties, sets: Mapping[str, Bool]) -> dict[str, Float64]:
    """By set float64[n], the strengths of each vertex's ties to its members, added in the order of the ties."""
    ends, others = np.concatenate([ties.a, ties.b]), np.concatenate([ties.b, ties.a])
    both = np.concatenate([ties.strength, ties.strength])
    return {
        name: np.bincount(ends, np.where(inside[others], both, 0.0), len(inside)).astype(np.float64)
        for name, inside in sets.items()
    }


def ties_with_kinds(arrests: Arrests, network: Network, layers: Mapping[str, Layer]) -> Any:
    """The table of ties of all layers but the union: that of co-arrest with a column ``kind``, by persons and layer.

    ``incidents`` are the records of a tie of another kind, the incidents of one between victim and offender.
    """
    assert network.ties is not None  # networks of arrests have them
    assert network.person is not None
    parts = {CO_ARREST: (to_host(network.person), network.ties)}
    parts |= {name: (to_host(of.network.person), of.ties) for name, of in layers.items() if of.ties is not None}
    one, other = (np.concatenate([p[to_host(getattr(t, end))] for p, t in parts.values()]) for end in ("a", "b"))
    a, b = np.minimum(one, other), np.maximum(one, other)
    kind = np.repeat(np.arange(len(parts)), [len(ties) for _, ties in parts.values()])
    order = np.lexsort((kind, b, a))
    values = {n: np.concatenate([to_host(getattr(t, n)) for _, t in parts.values()])[order] for n in _OF_TIES}
    ties = Ties(a[order].astype(np.int32), b[order].astype(np.int32), **values)
    table = as_eager(table_of_ties(arrests.person_ids, ties, arrests.backend))
    texts = np.array(list(parts), dtype=object)[kind[order]].tolist()
    return table.with_columns(make_series("kind", texts, arrests.backend)).to_native()
