"""The co-arrest network: who was arrested together with whom."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpunet.arrests.arrests import CHECK_ARRESTS, Arrests
from gpunet.arrests.incidents import incident_members
from gpunet.base.arguments import checked, given, instance_of
from gpunet.base.array_types import Bool, Float64, Int32, Int64, UInt64
from gpunet.base.days import NO_DAY
from gpunet.base.errors import InputError
from gpunet.engines.choice import resolve_engine
from gpunet.engines.protocol import Engine
from gpunet.tables.arrays import distinct, is_on_host, namespace, put_at, running_sum, sort_order, to_host
from gpunet.tables.frames import make_frame
from gpunet.tables.gather import gather

__all__ = [
    "CHECK_NETWORK",
    "Network",
    "Ties",
    "build_network",
    "by_person",
    "in_file_order",
    "network_from_edges",
    "table_of_ties",
    "ties_table",
    "vertex_sets",
]

_MAX_VERTICES = int(np.iinfo(np.int32).max)


@dataclass(frozen=True, eq=False)
class Ties:
    """Ties as parallel arrays, sorted by (a, b) with a < b (vertices).

    ``incidents``: shared incidents; ``strength``: sum of 1/(k-1) over them (Newman 2001); ``first_day`` and
    ``last_day``: earliest and latest day on which either person was arrested in a shared incident, ``NO_DAY`` if no
    such arrest is dated.
    """

    a: Int32
    b: Int32
    incidents: Int64
    strength: Float64
    first_day: Int32
    last_day: Int32

    def __len__(self) -> int:
        return int(self.a.shape[0])


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
        int32[n], the person code of each vertex, None for a network from plain edges. Vertices are numbered as their
        persons first appear in the files, so that no result depends on how persons are called.
    oversize
        Codes of the incidents over the size cap, which tie nobody.
    """

    n: int
    indptr: Int64
    indices: Int32
    sets: Mapping[str, Bool]
    ties: Ties | None = None
    person: Int32 | None = None
    oversize: Int64 | None = None

    @property
    def n_ties(self) -> int:
        """Number of ties (undirected)."""
        return int(self.indices.shape[0]) // 2

    @cached_property
    def degree(self) -> Int64:
        """int64[n], number of neighbours."""
        return self.indptr[1:] - self.indptr[:-1]

    def members(self, names: tuple[str, ...]) -> UInt64:
        """uint64[n]: bit i is set where the vertex is in the set ``names[i]``."""
        xp = namespace(self.indptr)
        bits = xp.zeros(self.n, dtype=xp.uint64)
        for i, name in enumerate(names):
            bits = bits | (xp.astype(self.sets[name], xp.uint64) << i)
        return bits  # type: ignore[no-any-return]

    def on_host(self) -> Network:
        """The network as NumPy arrays, without its ties, which no loop needs: itself if it has such already."""
        return self if is_on_host(self.indptr) else self._host

    def to_engine(self, engine: Engine) -> Network:
        """The network in the engine's memory, without its ties: itself if it is there already."""
        if engine.to_engine(self.indptr) is self.indptr:
            return self
        moved = self._moved(engine.to_engine)
        if is_on_host(self.indptr):
            moved.__dict__["_host"] = self  # so that it need not come back
        return moved

    @cached_property
    def _host(self) -> Network:
        return self._moved(to_host)

    def _moved(self, move: Callable[[NDArray[Any]], NDArray[Any]]) -> Network:
        return dataclasses.replace(
            self,
            indptr=move(self.indptr),
            indices=move(self.indices),
            sets={name: move(mask) for name, mask in self.sets.items()},
            ties=None,
            person=None if self.person is None else move(self.person),
            oversize=None if self.oversize is None else move(self.oversize),
        )


#: A check of an argument of that name.
CHECK_NETWORK = instance_of(Network, "a network, as build_network and network_from_edges return it")


@checked(arrests=CHECK_ARRESTS)
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
        Its vertices are the persons with a tie, in the order in which the files first name them; its sets are ``all``,
        ``violent`` and one for each configured violent offence, each holding the persons with any arrest for it.

    Examples
    --------
    >>> rows = {"person_id": ["ann", "bob", "cyd"], "incident_id": [1, 1, 2], "date": ["2013-05-04"] * 3,
    ...         "offence": ["robbery", "theft", "theft"]}
    >>> network = gpunet.build_network(gpunet.read_arrests(pl.DataFrame(rows)))
    >>> network.n, network.n_ties  # cyd was arrested alone
    (2, 1)
    """
    engine = resolve_engine("cpu" if engine is None else engine)
    members = incident_members(arrests)
    cap = arrests.config.network.max_incident_size
    members_of, size = members.smallest_first(cap)
    xp = namespace(arrests.person)
    person = in_file_order(distinct(members.person[members_of]), arrests.first_rows)
    n = int(person.shape[0])
    vertex = put_at(xp.arange(n, dtype=xp.int32), person, arrests.n_persons, -1)
    first, last = members.first_day[members_of], members.last_day[members_of]
    pairs = engine.incident_pairs(running_sum(size), vertex[members.person[members_of]], first, last, n, NO_DAY)
    key, count, strength, first_day, last_day = engine.merge_pairs(*pairs, NO_DAY)
    a = key // max(n, 1)
    b = key - a * n
    ties = Ties(xp.astype(a, xp.int32), xp.astype(b, xp.int32), count, strength, first_day, last_day)
    rows, columns = engine.csr_from_ties(ties.a, ties.b, n)
    sets = vertex_sets(arrests.person_offences[person], arrests.config.violent_offences)
    oversize = xp.nonzero(members.size > cap)[0]
    return Network(n, rows, columns, sets, ties, xp.astype(person, xp.int32, copy=False), oversize)


def in_file_order(persons: Int32 | Int64, first_rows: Int64) -> Any:
    """Persons by where they first appear in the files: `first_rows` (int64[all persons]) tells where."""
    return persons[sort_order([first_rows[persons]])]


def vertex_sets(offences: UInt64, names: Iterable[str]) -> dict[str, Bool]:
    """``all``, ``violent`` and the set of each violent offence, of vertices whose offences are these bits."""
    xp = namespace(offences)
    sets = {"all": xp.ones(offences.shape[0], dtype=xp.bool), "violent": offences != 0}
    return sets | {name: (offences >> i) & 1 != 0 for i, name in enumerate(names)}


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

    Examples
    --------
    >>> network = gpunet.network_from_edges([0, 1, 2], [1, 2, 3], 5, sets={"violent": [True] + [False] * 4})
    >>> network.n, network.n_ties, sorted(network.sets)
    (5, 3, ['all', 'violent'])
    """
    try:
        ends = [np.asarray(x) for x in (src, dst)]
    except ValueError as error:  # lists of different lengths
        raise InputError("src and dst must be flat and equally long") from error
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise InputError(f"n must be a whole number, not {given(n)}")
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
    return Network(n, indptr, indices, _check_sets({} if sets is None else sets, n))


def _check_sets(sets: Mapping[str, ArrayLike], n: int) -> dict[str, Bool]:
    if not isinstance(sets, Mapping):
        raise InputError(f"sets must be a mapping of names to bool arrays, not {type(sets).__name__}")
    checked = {"all": np.ones(n, np.bool_)}
    for name, values in sets.items():
        if not isinstance(name, str):
            raise InputError(f"sets: a name must be a text, not {given(name)}")
        try:
            mask = np.array(values, np.bool_) if n == 0 and len(np.shape(values)) == 1 else np.array(values)
        except ValueError as error:  # lists of different lengths
            raise InputError(f"set {name!r} must be a bool array of length {n}") from error
        if mask.shape != (n,) or mask.dtype != np.bool_:
            raise InputError(f"set {name!r} must be a bool array of length {n}, not {mask.dtype} of {mask.shape}")
        if name == "all" and not mask.all():
            raise InputError("the set 'all' holds every vertex: pass a restricted set under another name")
        checked[name] = mask
    if len(checked) > 64:
        raise InputError(f"{len(checked)} sets; at most 64 are possible, 'all' among them")
    return checked


@checked(arrests=CHECK_ARRESTS, network=CHECK_NETWORK)
def ties_table(arrests: Arrests, network: Network) -> Any:
    """The table ``person_a < person_b, incidents, strength, first_date, last_date``, sorted by both ids.

    A frame of the kind that `arrests` were read from; dates are null where no shared arrest is dated.

    Raises
    ------
    InputError
        If the network was made of plain edges, or an argument is something else.

    Examples
    --------
    >>> rows = {"person_id": ["ann", "bob"], "incident_id": [1, 1], "date": [None] * 2, "offence": ["theft"] * 2}
    >>> arrests = gpunet.read_arrests(pl.DataFrame(rows))
    >>> ties = gpunet.ties_table(arrests, gpunet.build_network(arrests))
    >>> ties.select("person_a", "person_b", "incidents", "strength").row(0)
    ('ann', 'bob', 1, 1.0)
    """
    if network.ties is None or network.person is None:
        raise InputError("this network was made of plain edges and has no table of ties")
    return table_of_ties(arrests.person_ids, by_person(network.person, network.ties), arrests.backend)


def by_person(person: Int32, ties: Ties) -> Ties:
    """The same ties between the codes of persons, of which `person` has that of each vertex; sorted by both, a < b."""
    xp = namespace(person)
    one, other = person[ties.a], person[ties.b]
    low, high = xp.where(one < other, one, other), xp.where(one < other, other, one)
    order = sort_order([high, low])
    others = {name: getattr(ties, name)[order] for name in ("incidents", "strength", "first_day", "last_day")}
    return Ties(low[order], high[order], **others)


def table_of_ties(ids: nw.Series[Any], ties: Ties, backend: str = "polars") -> Any:
    """The table of :func:`ties_table`, of ties whose persons stand at the positions `a` and `b` of `ids`."""
    columns: dict[str, Any] = {
        "person_a": gather(ids, ties.a, "person_a"),
        "person_b": gather(ids, ties.b, "person_b"),
        "incidents": ties.incidents,
        "strength": ties.strength,
        "first_date": ties.first_day,
        "last_date": ties.last_day,
    }
    return make_frame(columns, backend, dates=("first_date", "last_date"))
