"""Whole-network algorithms over arrays on the device, by cuGraph.

Every function takes the adjacency as CSR: int64 `indptr` [n + 1] and int32 `indices`, symmetric, rows ascending, no
loops, no repeats; vertices may be isolated. Results are arrays of the same kind, on the same device. How cuGraph is
called stands in :mod:`gpunet.engines.gpu.cugraph`; here is what it is asked, and what is made of its answers.

cuGraph's Louvain uses no random numbers, but adds floats in no fixed order: near ties fall one way or the other, and
two runs can give different communities. Everything else here is in whole numbers, but for betweenness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol, TypeAlias

from gpunet.base.errors import EngineError
from gpunet.engines.gpu.cugraph import MOST_EDGES, Array, Graph
from gpunet.tables import arrays

__all__ = [
    "CALLS",
    "Call",
    "Make",
    "betweenness",
    "bytes_needed",
    "component_labels",
    "core_numbers",
    "louvain",
    "triangles",
]

_INT32_MAX = 2**31 - 1

#: Runs of Louvain, in as many orders of the vertices, of which every field takes its best.
_ORDERS = 4
_SHUFFLES = (2_654_435_761, 2_246_822_519)  # odd, so that products differ modulo 2^32


#: What memory can be asked for.
Call: TypeAlias = Literal["core_numbers", "louvain", "triangles", "component_labels", "betweenness"]

#: Methods of an engine that are such a call.
CALLS: dict[str, Call] = {
    "core_numbers": "core_numbers",
    "louvain": "louvain",
    "triangles": "triangles",
    "component_labels": "component_labels",
    "betweenness_by_library": "betweenness",
}


class AnyGraph(Protocol):
    """What a graph has to know: :class:`gpunet.engines.gpu.cugraph.Graph` does, and one that is divided over GPUs."""

    def core_number(self) -> Array:
        """Core numbers."""

    def louvain(self, fields: int) -> Array:
        """Clusters, by any numbers, at the resolution `fields`."""

    def triangle_count(self) -> Array:
        """Triangles that the vertex is a corner of."""

    def weakly_connected_components(self) -> Array:
        """Connected components, by any numbers."""

    def betweenness_centrality(self) -> Array:
        """Betweenness from all sources, not normalised, each unordered pair once."""


#: Makes a graph of ``(n, source, target, weight)``, as :class:`gpunet.engines.gpu.cugraph.Graph` does.
Make: TypeAlias = Callable[..., AnyGraph]


def core_numbers(indptr: Array, indices: Array, inside: Array, make: Make = Graph) -> Array:
    """int32[n], the core number in the subgraph induced by the vertices in `inside` (bool[n]); -1 for the others."""
    xp = arrays.namespace(indptr)
    n = inside.shape[0]
    source, target = _ties_within(indptr, indices, xp.astype(inside, xp.int32) - 1, make)
    core = xp.zeros(n, dtype=xp.int32)
    if source.shape[0]:
        core = xp.astype(make(n, source, target).core_number(), xp.int32, copy=False)
    return xp.where(inside, core, xp.full_like(core, -1))


def louvain(indptr: Array, indices: Array, field: Array, make: Make = Graph) -> Array:
    """int32[n], the community of each vertex in a Louvain partition of every field by its own modularity.

    A field (int32[n]) is a gang, or 0 everywhere for the whole network; -1 is none. Ties between fields do not count. A
    vertex that has no field, or no tie inside it, is a community of its own. Every community is connected, for
    disconnected ones are split, which never lowers modularity; communities are numbered 0, 1, ... by their smallest
    vertex.

    All fields are partitioned in one call. A tie inside field f, of m_f ties, weighs 1/m_f, and the resolution is the
    number F of fields with ties. All weights then add up to F, and cuGraph's modularity with that resolution is

        sum over communities c of [ in_c / (m_f F) - F (degrees_c / (2 m_f F))^2 ] = 1/F sum over f of modularity(f),

    so that a move gains 1/F of what it gains in its own field. The gain at which cuGraph stops is divided by F as well.
    The resolution is a float32 in cuGraph: exact up to 2^24 fields, and off by less than 6e-8 of itself above, which
    is as if each field's modularity had the resolution 1 + 6e-8.

    cuGraph moves all vertices at once, in turn to communities of greater and of smaller numbers. In a field of few
    vertices that may end well below what moves one by one reach, depending on how vertices are numbered. So there are
    `_ORDERS` calls with vertices numbered in different orders, and each field keeps the first of its best partitions.
    """
    xp = arrays.namespace(indptr)
    n = field.shape[0]
    source, target = _ties_within(indptr, indices, field, make)
    if not source.shape[0]:
        return xp.arange(n, dtype=xp.int32)
    of_tie = xp.take(field, source, axis=0)
    fields = arrays.distinct(of_tie)
    count = fields.shape[0]
    code = xp.searchsorted(fields, of_tie)
    twice = arrays.count_by_code(code, count)  # directed ties, 2 m_f
    weight = xp.take(2.0 / xp.astype(twice, xp.float64), code, axis=0)
    best, most = xp.zeros(n, dtype=xp.int32), xp.full(count, -1, dtype=xp.int64) * twice**2
    of_vertex = xp.clip(xp.searchsorted(fields, field), max=count - 1)  # of no matter for vertices without inner ties
    for position in _orders(xp, n):
        graph = make(n, xp.take(position, source, axis=0), xp.take(position, target, axis=0), weight, renumber=False)
        cluster = xp.take(graph.louvain(count), position, axis=0)
        reached = _scores(source, target, cluster, code, twice)
        best = xp.where(xp.take(reached > most, of_vertex, axis=0), cluster, best)
        most = xp.where(reached > most, reached, most)
    together = xp.take(best, source, axis=0) == xp.take(best, target, axis=0)
    return _components(n, source[together], target[together], make)[0]


def _orders(xp: Any, n: int) -> Iterator[Array]:
    """Orders of the vertices as int32[n], the place of each: as they are, the other way round, and shuffled."""
    vertex = xp.arange(n, dtype=xp.int64)
    yield xp.astype(vertex, xp.int32)
    yield xp.astype(n - 1 - vertex, xp.int32)
    for factor in _SHUFFLES[: _ORDERS - 2]:
        shuffled = xp.argsort((vertex + 1) * factor % 2**32, stable=True)
        yield xp.astype(xp.argsort(shuffled), xp.int32)


def _scores(source: Array, target: Array, cluster: Array, code: Array, twice: Array) -> Array:
    """int64[fields], every field's modularity times (2 m_f)^2, a whole number: 2 m_f in_f - sum of degrees_c^2."""
    xp = arrays.namespace(source)
    own = xp.take(cluster, source, axis=0)
    inside = arrays.sum_by_code(code, own == xp.take(cluster, target, axis=0), twice.shape[0])
    order = arrays.sort_order([own, code])
    own, code = own[order], code[order]
    begins = xp.nonzero(arrays.begins_run(own, code))[0]
    degrees = xp.concat([begins[1:], xp.asarray([own.shape[0]], dtype=begins.dtype)]) - begins
    return twice * inside - arrays.sum_by_code(xp.take(code, begins, axis=0), degrees**2, twice.shape[0])


def triangles(indptr: Array, indices: Array, community: Array, make: Make = Graph) -> Array:
    """int64[n], the triangles inside one's community (int32[n], -1 for none) that one is a corner of."""
    xp = arrays.namespace(indptr)
    n = community.shape[0]
    source, target = _ties_within(indptr, indices, community, make)
    if not source.shape[0]:
        return xp.zeros(n, dtype=xp.int64)
    most = int(xp.max(indptr[1:] - indptr[:-1]))
    wide = most * (most - 1) // 2 > _INT32_MAX
    return xp.astype(make(n, source, target, wide=wide).triangle_count(), xp.int64, copy=False)


def component_labels(indptr: Array, indices: Array, make: Make = Graph) -> tuple[Array, int]:
    """int32[n], the number of each vertex's connected component, in the order of their smallest vertices; how many."""
    n = indptr.shape[0] - 1
    return _components(n, *_ties(indptr, indices, make), make)


def betweenness(indptr: Array, indices: Array, *, total: int, make: Make = Graph) -> Array:
    """float64[n], betweenness of every vertex in the whole network, by a search from every vertex.

    Not normalised, ends not counted, each unordered pair once (``normalized=False, include_endpoints=False``; on a
    symmetric graph cuGraph halves the sums). cuGraph counts paths in 64-bit integers, which wrap around beyond 9.2e18
    (a ladder of 64 diamonds is enough) and are not checked. Sums are made with atomics: last bits vary between runs.

    Parameters
    ----------
    total
        What all values must add up to: the sum over connected unordered pairs of their distance less one (every path of
        length d passes d - 1 vertices). So overflowed counts are found: fractions of a wrapped count do not add up to
        one.

    Raises
    ------
    EngineError
        If the values cannot be right, because counts overflowed.
    """
    xp = arrays.namespace(indptr)
    n = indptr.shape[0] - 1
    source, target = _ties(indptr, indices, make)
    if not source.shape[0]:
        return xp.zeros(n, dtype=xp.float64)
    weight = xp.ones(source.shape[0], dtype=xp.float64)
    values = make(n, source, target, weight, wide=True).betweenness_centrality()
    found = float(xp.sum(values))
    if not abs(found - total) <= 1e-9 * max(total, 1) or float(xp.min(values)) < 0.0:  # it may be no number
        raise EngineError(
            f"cuGraph's betweenness of this network is wrong: its values add up to {found:,.6g}, and not to {total:,}, "
            "because the numbers of shortest paths passed what a 64-bit integer holds; gpunet's own betweenness has no "
            "such limit"
        )
    return values


def bytes_needed(n: int, edges: int, call: Call) -> int:
    """Estimate of the device memory that a call needs beside its arguments, for `edges` = ``len(indices)``.

    Counted from the arrays seen in the source: here 8 bytes an edge for rows before they are narrowed, and the pairs;
    in cuGraph a copy of the pairs and weights, as much again to sort them, and the adjacency. Louvain keeps two
    contracted graphs, triangles a second graph of oriented edges. What a search of betweenness needs is per vertex. It
    has not been compared with a device.
    """
    ids = 8 if call == "betweenness" else 4
    weights = 8 if call in ("betweenness", "louvain") else 0
    graph = (2 * (2 * ids + weights) + ids + weights) * edges + 8 * n * ids
    pairs = (8 + 2 * ids + weights) * edges
    own = {"louvain": graph, "triangles": graph, "betweenness": 64 * n}.get(call, 16 * n)
    return pairs + graph + own


def _ties(indptr: Array, indices: Array, make: Make) -> tuple[Array, Array]:
    """Both ends of every tie in both directions, as int32."""
    xp = arrays.namespace(indptr)
    edges = indices.shape[0]
    if make is Graph and edges >= MOST_EDGES:
        raise EngineError(f"cuGraph takes fewer than {MOST_EDGES // 2:,} ties on one GPU; there are {edges // 2:,}")
    return xp.astype(arrays.row_numbers(indptr, edges), xp.int32), indices


def _ties_within(indptr: Array, indices: Array, community: Array, make: Make) -> tuple[Array, Array]:
    """Those of them that have both ends in one community; communities below 0 have none."""
    xp = arrays.namespace(indptr)
    source, target = _ties(indptr, indices, make)
    of_source = xp.take(community, source, axis=0)
    inside = (of_source >= 0) & (of_source == xp.take(community, target, axis=0))
    return source[inside], target[inside]


def _components(n: int, source: Array, target: Array, make: Make) -> tuple[Array, int]:
    xp = arrays.namespace(source)
    if not source.shape[0]:
        return xp.arange(n, dtype=xp.int32), n
    return _numbered_by_smallest(make(n, source, target).weakly_connected_components())


def _numbered_by_smallest(label: Array) -> tuple[Array, int]:
    """Any labels as numbers 0, 1, ... in the order of the smallest vertices that have them; and how many there are."""
    xp = arrays.namespace(label)
    order = arrays.sort_order([label])
    is_first = arrays.begins_run(label[order])
    smallest = order[is_first]
    run = xp.cumulative_sum(xp.astype(is_first, xp.int64)) - 1
    number = xp.searchsorted(xp.sort(smallest), xp.take(smallest, run, axis=0))
    return xp.astype(xp.take(number, xp.argsort(order), axis=0), xp.int32), int(smallest.shape[0])
