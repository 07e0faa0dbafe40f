"""Exposure to violence: how near others are who became victims. And one's own record as a victim."""

from __future__ import annotations

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.beside import end_of
from gpunet.arrests.network import Network, vertex_sets
from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.base.days import NO_DAY
from gpunet.config.registry import columns
from gpunet.engines.protocol import Engine
from gpunet.features.column import Column, Columns, spread
from gpunet.tables.arrays import bits_by_code, count_by_code, greatest_by_code, to_host

__all__ = ["exposure_features", "nearest_other", "victim_history"]


def exposure_features(arrests: Arrests, network: Network, engine: Engine) -> Columns:
    """The columns of the family ``victims`` over persons: of others who became victims, in the co-arrest network."""
    victims = arrests.victims
    assert victims is not None  # there are such columns
    ever = _members(arrests, np.ones(len(victims), np.bool_))
    day = end_of(arrests)
    recent = _members(arrests, victims.events.day >= day - arrests.config.victims.recent_days)
    on_host, person = network.on_host(), to_host(network.person)
    among = {name: inside[person] for name, inside in ever.items()}
    there = network.to_engine(engine)
    bits = Network(network.n, on_host.indptr, on_host.indices, among).members(tuple(among))
    counts = to_host(engine.hop_counts(there.indptr, there.indices, engine.to_engine(bits), len(among)))
    found: Columns = {}
    for i, name in enumerate(among):
        found[f"victims_1hop__{name}"], found[f"victims_2hop__{name}"] = counts[0, i], counts[1, i]
        steps = nearest_other(on_host.indptr, on_host.indices, recent[name][person])
        found[f"victim_distance__{name}"] = np.where(steps < 0, 0, steps).astype(np.float64), steps < 0
    violent = tuple(among).index("violent")
    found["two_hop_heuristic"] = counts[0, violent] + counts[1, violent] > 0
    declared = columns(arrests.config.sets, ["victims"], layers=arrests.layers)
    return {c: spread(found[c], person, arrests.n_persons, feature) for c, feature in declared.items()}


def _members(arrests: Arrests, chosen: Bool) -> dict[str, Bool]:
    """By set bool[n_persons], who was a victim of an offence in it in one of the chosen events."""
    victims, n = arrests.victims, arrests.n_persons
    assert victims is not None
    chosen = chosen & (victims.person >= 0)
    person, offences = victims.person[chosen], victims.events.offences[chosen]
    bits = bits_by_code(person, offences, n, len(arrests.config.violent_offences))
    sets = vertex_sets(bits, arrests.config.violent_offences)
    return {**sets, "all": count_by_code(person, n) > 0}


def nearest_other(indptr: Int64, indices: Int32, seeds: Bool) -> Int64:
    """int64[n], steps from each vertex to the nearest seed other than itself; -1 where none can be reached.

    A search from all seeds at once gives each vertex its nearest seed. The nearest other seed of a seed lies across a
    tie whose ends belong to different seeds: the first such tie on the shortest way there is on a way as short.
    """
    n = len(indptr) - 1
    distance, seed = np.full(n, -1), np.full(n, n)
    front = np.flatnonzero(seeds)
    distance[front], seed[front] = 0, front
    step = 0
    while len(front):
        step += 1
        ends, start = _neighbours(indptr, indices, front)
        new = distance[ends] < 0
        ends, start = ends[new], start[new]
        np.minimum.at(seed, ends, seed[start])
        front = np.unique(ends)
        distance[front] = step
    found = np.where(seeds, np.iinfo(np.int64).max, distance)
    row = np.repeat(np.arange(n), np.diff(indptr))
    across = (distance[row] >= 0) & (seed[row] != seed[indices])
    row, column = row[across], indices[across]
    np.minimum.at(found, seed[row], distance[row] + 1 + distance[column])
    return np.where(seeds & (found == np.iinfo(np.int64).max), -1, found)


def _neighbours(indptr: Int64, indices: Int32, vertices: Int64) -> tuple[Int32, Int64]:
    """All neighbours of these vertices, and whose neighbour each one is."""
    count = indptr[vertices + 1] - indptr[vertices]
    of = np.repeat(vertices, count)
    first = np.repeat(np.cumsum(count) - count, count)
    return indices[np.arange(len(of)) - first + indptr[of]], of


def victim_history(arrests: Arrests) -> Columns:
    """The columns of the family ``victim_history``: what is on record of each person as a victim."""
    victims, n = arrests.victims, arrests.n_persons
    assert victims is not None
    known = victims.person >= 0
    person, events = victims.person[known], victims.events
    offences, day = events.offences[known], events.day[known]
    bits = {
        name: (offences >> np.uint64(i)) & np.uint64(1) != 0 for i, name in enumerate(events.config.violent_offences)
    }
    chosen = {"all": np.ones(len(person), np.bool_), "violent": offences != 0, **bits}
    out: Columns = {f"own_victimisations__{c}": count_by_code(person[of], n) for c, of in chosen.items()}
    out["days_since_last_victimisation"] = _days_since(person, day, n, arrests)
    return out


def _days_since(person: Int32, day: Int32, n: int, arrests: Arrests) -> Column:
    last = greatest_by_code(person, day, n, otherwise=NO_DAY).astype(np.int64)
    none = last == NO_DAY
    return np.where(none, 0, end_of(arrests) - last).astype(np.float64), none
