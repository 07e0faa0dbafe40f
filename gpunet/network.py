"""The co-arrest network: who was arrested together with whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpunet.arrests import NO_DAY, Arrests
from gpunet.engine import Engine, resolve_engine
from gpunet.errors import InputError
from gpunet.frames import make_frame

__all__ = [
    "IncidentMembers",
    "Network",
    "Ties",
    "build_network",
    "incident_members",
    "network_from_edges",
    "ties_table",
]

_MAX_VERTICES = np.iinfo(np.int32).max


@dataclass(frozen=True, eq=False)
class Ties:
    """Ties as parallel arrays, sorted by (a, b) with a < b (vertices).

    ``incidents``: shared incidents; ``strength``: sum of 1/(k-1) over them (Newman 2001); ``first_day`` and
    ``last_day``: earliest and latest day on which either person was arrested in a shared incident, ``NO_DAY`` if no
    such arrest is dated.
    """

    a: NDArray[np.int32]
    b: NDArray[np.int32]
    incidents: NDArray[np.int64]
    strength: NDArray[np.float64]
    first_day: NDArray[np.int32]
    last_day: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.a)


@dataclass(frozen=True, eq=False)
class IncidentMembers:
    """The distinct persons of each incident: those of incident i are ``person[indptr[i]:indptr[i + 1]]``, ascending.

    ``first_day`` and ``last_day`` (``NO_DAY`` if undated) and ``violent`` (any violent offence of this person in this
    incident) run parallel to ``person``.
    """

    indptr: NDArray[np.int64]
    person: NDArray[np.int32]
    first_day: NDArray[np.int32]
    last_day: NDArray[np.int32]
    violent: NDArray[np.bool_]

    @cached_property
    def size(self) -> NDArray[np.int64]:
        """int64[number of incidents], distinct persons of each."""
        return np.diff(self.indptr)

    @cached_property
    def incident(self) -> NDArray[np.int64]:
        """The incident of each element of ``person``."""
        return np.repeat(np.arange(len(self.size)), self.size)


@dataclass(frozen=True, eq=False)
class Network:
    """An undirected simple network with named sets of vertices.

    Attributes
    ----------
    n
        Number of vertices.
    indptr, indices
        CSR adjacency, int64[n + 1] and int32[2 * ties]; symmetric, rows ascending, no loops.
    sets
        ``{set name: bool[n]}``; ``all`` is always there and always true.
    ties
        The ties with their attributes, None for a network from plain edges.
    person
        int32[n], the person code of each vertex (ascending), None for a network from plain edges.
    oversize
        Codes of the incidents over the size cap, which tie nobody.
    """

    n: int
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    sets: Mapping[str, NDArray[np.bool_]]
    ties: Ties | None = None
    person: NDArray[np.int32] | None = None
    oversize: NDArray[np.int64] | None = None

    @property
    def n_ties(self) -> int:
        """Number of ties (undirected)."""
        return len(self.indices) // 2

    @cached_property
    def degree(self) -> NDArray[np.int64]:
        """int64[n], number of neighbours."""
        return np.diff(self.indptr)

    def members(self, names: tuple[str, ...]) -> NDArray[np.uint64]:
        """uint64[n]: bit i is set where the vertex is in the set ``names[i]``."""
        bits = np.zeros(self.n, np.uint64)
        for i, name in enumerate(names):
            bits |= self.sets[name].astype(np.uint64) << np.uint64(i)
        return bits


def incident_members(arrests: Arrests) -> IncidentMembers:
    """Group arrests by incident. A person arrested twice in one (by two forces) counts once."""
    order = np.lexsort((arrests.person, arrests.incident))
    person, incident = arrests.person[order], arrests.incident[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (person[1:] != person[:-1]) | (incident[1:] != incident[:-1])
    starts = np.flatnonzero(new)
    indptr = np.searchsorted(incident[starts], np.arange(arrests.n_incidents + 1)).astype(np.int64)
    if not len(order):
        empty = np.empty(0, np.int32)
        return IncidentMembers(indptr, empty, empty, empty, np.empty(0, np.bool_))
    day = arrests.day[order]
    no_minimum = np.where(day == NO_DAY, np.iinfo(np.int32).max, day)
    first = np.minimum.reduceat(no_minimum, starts).astype(np.int32)
    first[first == np.iinfo(np.int32).max] = NO_DAY
    last = np.maximum.reduceat(day, starts)
    violent = np.bitwise_or.reduceat(arrests.offences[order], starts) != 0
    return IncidentMembers(indptr, person[starts], first, last, violent)


def build_network(arrests: Arrests, engine: Engine | None = None) -> Network:
    """Tie every two persons who share an incident of 2 to ``max_incident_size`` distinct persons.

    Parameters
    ----------
    arrests
        From :func:`gpunet.read_arrests`.
    engine
        For callers that have one; the CPU's if not given.

    Returns
    -------
    Network
        Its vertices are the persons with a tie, in the order of their ids; its sets are ``all``, ``violent`` and one
        for each configured violent offence, each holding the persons with any arrest for it.
    """
    engine = engine or resolve_engine("cpu")
    members = incident_members(arrests)
    cap = arrests.config.network.max_incident_size
    forming = (members.size >= 2) & (members.size <= cap)
    keep = forming[members.incident] if len(members.person) else np.zeros(0, np.bool_)
    person = np.unique(members.person[keep])
    vertex = np.full(arrests.n_persons, -1, np.int32)
    vertex[person] = np.arange(len(person), dtype=np.int32)
    indptr = np.concatenate([[0], np.cumsum(np.where(forming, members.size, 0))]).astype(np.int64)
    pairs = engine.incident_pairs(
        indptr, vertex[members.person[keep]], members.first_day[keep], members.last_day[keep], len(person), NO_DAY
    )
    key, count, strength, first_day, last_day = engine.merge_pairs(*pairs, NO_DAY)
    a, b = np.divmod(key, max(len(person), 1))
    ties = Ties(a.astype(np.int32), b.astype(np.int32), count, strength, first_day, last_day)
    rows, columns = engine.csr_from_ties(ties.a, ties.b, len(person))
    offences = arrests.person_offences[person]
    sets = {"all": np.ones(len(person), np.bool_), "violent": offences != 0}
    for i, name in enumerate(arrests.config.violent_offences):
        sets[name] = (offences >> np.uint64(i)) & np.uint64(1) != 0
    oversize = np.flatnonzero(members.size > cap)
    return Network(len(person), rows, columns, sets, ties, person.astype(np.int32), oversize)


def network_from_edges(src: ArrayLike, dst: ArrayLike, n: int, sets: Mapping[str, ArrayLike] | None = None) -> Network:
    """A network of the vertices 0..n-1 from plain edges, for users who have no arrest tables.

    Parameters
    ----------
    src, dst
        Integer arrays of equal length, the ends of each edge. Duplicates (either way round) and self-loops are
        dropped.
    n
        Number of vertices; some may be isolated.
    sets
        ``{name: bool array of n}``. ``all`` is added; ``violent`` is whatever is passed under that name.

    Raises
    ------
    InputError
        If lengths differ, an end is outside 0..n-1, a set is not of length n, or ``all`` is not all true.
    """
    ends = [np.asarray(x) for x in (src, dst)]
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise InputError(f"n must be a whole number, not {n!r}")
    n = int(n)
    if not 0 <= n <= _MAX_VERTICES:
        raise InputError(f"n = {n} is outside 0..{_MAX_VERTICES}")
    if ends[0].ndim != 1 or ends[0].shape != ends[1].shape:
        raise InputError(f"src and dst must be flat and equally long, not {ends[0].shape} and {ends[1].shape}")
    for name, x in zip(("src", "dst"), ends, strict=True):
        if x.size and (x.dtype.kind not in "iu" or int(x.min()) < 0 or int(x.max()) >= n):
            raise InputError(f"{name} must hold whole numbers from 0 to {n - 1}")
    a = np.minimum(*ends).astype(np.int64)
    b = np.maximum(*ends).astype(np.int64)
    key = np.unique((a * n + b)[a != b])
    low, high = np.divmod(key, max(n, 1))
    indptr, indices = resolve_engine("cpu").csr_from_ties(low.astype(np.int32), high.astype(np.int32), n)
    return Network(n, indptr, indices, _check_sets(sets or {}, n))


def _check_sets(sets: Mapping[str, ArrayLike], n: int) -> dict[str, NDArray[np.bool_]]:
    if not isinstance(sets, Mapping):
        raise InputError(f"sets must be a mapping of names to bool arrays, not {type(sets).__name__}")
    checked = {"all": np.ones(n, np.bool_)}
    for name, values in sets.items():
        mask = np.array(values, np.bool_) if n == 0 and len(np.shape(values)) == 1 else np.array(values)
        if mask.shape != (n,) or mask.dtype != np.bool_:
            raise InputError(f"set {name!r} must be a bool array of length {n}, not {mask.dtype} of {mask.shape}")
        if name == "all" and not mask.all():
            raise InputError("the set 'all' holds every vertex: pass a restricted set under another name")
        checked[name] = mask
    if len(checked) > 64:
        raise InputError(f"{len(checked)} sets; at most 64 are possible, 'all' among them")
    return checked


def ties_table(arrests: Arrests, network: Network) -> Any:
    """The table ``person_a < person_b, incidents, strength, first_date, last_date``, sorted by both ids.

    A frame of the kind that `arrests` were read from; dates are null where no shared arrest is dated.
    """
    if network.ties is None or network.person is None:
        raise InputError("this network was made of plain edges and has no table of ties")
    ties = network.ties
    ids = arrests.person_ids
    return make_frame(
        {
            "person_a": ids[network.person[ties.a].tolist()].alias("person_a"),
            "person_b": ids[network.person[ties.b].tolist()].alias("person_b"),
            "incidents": ties.incidents,
            "strength": ties.strength,
            "first_date": ties.first_day,
            "last_date": ties.last_day,
        },
        arrests.backend,
        dates=("first_date", "last_date"),
    )
