"""Whole-network algorithms of cuGraph over arrays on the device; the one file that knows cuGraph.

Every function takes the adjacency as CSR: int64 `indptr` [n + 1] and int32 `indices`, symmetric, rows ascending, no
loops, no repeats; vertices may be isolated. Results are arrays of the same kind, on the same device. Only the small
class :class:`_Graph` calls the library, by way of pylibcugraph: it takes CuPy arrays as they are, where the package
cugraph wants cuDF frames. Read in RAPIDS 26.10:

* A graph is made from pairs (both directions of each tie) and not from CSR: with CSR, offsets and indices must be of
  one type or a warning is given, and 64-bit indices are refused (libcugraph takes the indices' type for that of edge
  types, which must be 32-bit).
* Isolated vertices are part of a graph only by ``vertices_array``. A graph without any edge is never given to cuGraph.
* Counts (paths, triangles) are of the vertices' type. So ids are int64 where int32 could overflow, and always for
  betweenness. Scores are of the weights' type, float32 without weights: hence weights of 1.0 in float64.
* Renumbering, which cuGraph's documentation recommends, sorts vertices by degree inside the graph. Results name their
  vertices and come in the order of the renumbered ones.
* The calls run on the calling thread's default stream. It and the legacy default stream, on which CuPy and Numba
  work, wait for each other, so no call here has to.

cuGraph's Louvain uses no random numbers, but adds floats in no fixed order: near ties fall one way or the other, and
two runs can give different cells. Everything else here is in whole numbers, but for betweenness.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

from gpunet.errors import EngineError
from gpunet.gpu.check import import_library

__all__ = ["betweenness", "bytes_needed", "component_labels", "core_numbers", "louvain", "triangles"]

#: An array of any library of the array API standard; CuPy's in use.
Array: TypeAlias = Any

#: A single-GPU graph of int32 ids takes fewer directed edges than this; cuGraph's own frames stop there as well.
_MOST_EDGES = 2_147_483_100
_INT32_MAX = 2**31 - 1

#: A level of Louvain goes on while it gains more. cuGraph's default, to be divided by the number of fields.
_LEAST_GAIN = 1e-7
_MOST_LEVELS = 100


def core_numbers(indptr: Array, indices: Array, inside: Array) -> Array:
    """int32[n], the core number in the subgraph induced by the vertices in `inside` (bool[n]); -1 for the others."""
    xp = _namespace(indptr)
    n = inside.shape[0]
    source, target = _ties_within(indptr, indices, xp.astype(inside, xp.int32) - 1)
    core = xp.zeros(n, dtype=xp.int32)
    if source.shape[0]:
        core = xp.astype(_Graph(n, source, target).core_number(), xp.int32, copy=False)
    return xp.where(inside, core, xp.full_like(core, -1))


def louvain(indptr: Array, indices: Array, field: Array) -> Array:
    """int32[n], the cell of each vertex in a Louvain partition of every field by its own modularity.

    A field (int32[n]) is a gang, or 0 everywhere for the whole network; -1 is none. Ties between fields do not count. A
    vertex that has no field, or no tie inside it, is a cell of its own. Every cell is connected, for disconnected
    ones are split, which never lowers modularity; cells are numbered 0, 1, ... by their smallest vertex.

    All fields are partitioned in one call. A tie inside field f, of m_f ties, weighs 1/m_f, and the resolution is the
    number F of fields with ties. All weights then add up to F, and cuGraph's modularity with that resolution is

        sum over cells c of [ in_c / (m_f F) - F (degrees_c / (2 m_f F))^2 ] = 1/F sum over f of modularity(f),

    so that a move gains 1/F of what it gains in its own field. The gain at which cuGraph stops is divided by F as well.
    The resolution is a float32 in cuGraph: exact up to 2^24 fields, and off by less than 6e-8 of itself above, which
    is as if each field's modularity had the resolution 1 + 6e-8.
    """
    xp = _namespace(indptr)
    n = field.shape[0]
    source, target = _ties_within(indptr, indices, field)
    if not source.shape[0]:
        return xp.arange(n, dtype=xp.int32)
    fields = xp.unique_all(xp.take(field, source, axis=0))  # its counts are of directed ties, 2 m_f
    weight = xp.take(2.0 / xp.astype(fields.counts, xp.float64), fields.inverse_indices, axis=0)
    cluster = _Graph(n, source, target, weight).louvain(fields.values.shape[0])
    together = xp.take(cluster, source, axis=0) == xp.take(cluster, target, axis=0)
    return _components(n, source[together], target[together])[0]


def triangles(indptr: Array, indices: Array, cell: Array) -> Array:
    """int64[n], the triangles inside one's cell (int32[n], -1 for none) that one is a corner of."""
    xp = _namespace(indptr)
    n = cell.shape[0]
    source, target = _ties_within(indptr, indices, cell)
    if not source.shape[0]:
        return xp.zeros(n, dtype=xp.int64)
    most = int(xp.max(indptr[1:] - indptr[:-1]))
    wide = most * (most - 1) // 2 > _INT32_MAX
    return xp.astype(_Graph(n, source, target, wide=wide).triangle_count(), xp.int64, copy=False)


def component_labels(indptr: Array, indices: Array) -> tuple[Array, int]:
    """int32[n], the number of each vertex's connected component, in the order of their smallest vertices; how many."""
    n = indptr.shape[0] - 1
    return _components(n, *_ties(indptr, indices))


def betweenness(indptr: Array, indices: Array, *, total: int | None = None) -> Array:
    """float64[n], betweenness of every vertex in the whole network, by a search from every vertex.

    Not normalised, ends not counted, each unordered pair once (``normalized=False, include_endpoints=False``; on a
    symmetric graph cuGraph halves the sums). cuGraph counts paths in 64-bit integers, which wrap around beyond 9.2e18
    (a ladder of 64 diamonds is enough) and are not checked. Sums are made with atomics: last bits vary between runs.

    Parameters
    ----------
    total
        What all values must add up to: the sum over connected unordered pairs of their distance less one (every path of
        length d passes d - 1 vertices). With it, overflowed counts are found: fractions of a wrapped count do not add
        up to one.

    Raises
    ------
    EngineError
        If the values cannot be right, because counts overflowed.
    """
    xp = _namespace(indptr)
    n = indptr.shape[0] - 1
    source, target = _ties(indptr, indices)
    if not source.shape[0]:
        return xp.zeros(n, dtype=xp.float64)
    weight = xp.ones(source.shape[0], dtype=xp.float64)
    values = _Graph(n, source, target, weight, wide=True).betweenness_centrality()
    found = float(xp.sum(values))
    wrong = not math.isfinite(found) or float(xp.min(values)) < 0.0
    if wrong or (total is not None and abs(found - total) > 1e-9 * max(total, 1)):
        due = "" if total is None else f", and not to {total:,}"
        raise EngineError(
            f"cuGraph's betweenness of this network is wrong: its values add up to {found:,.6g}{due}, because the "
            "numbers of shortest paths passed what a 64-bit integer holds; gpunet's own betweenness has no such limit"
        )
    return values


def bytes_needed(
    n: int, edges: int, call: Literal["core_numbers", "louvain", "triangles", "component_labels", "betweenness"]
) -> int:
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


def _namespace(array: Array) -> Any:
    from array_api_compat import array_namespace

    return array_namespace(array)


def _ties(indptr: Array, indices: Array) -> tuple[Array, Array]:
    """Both ends of every tie in both directions, as int32."""
    xp = _namespace(indptr)
    edges = indices.shape[0]
    if edges >= _MOST_EDGES:
        raise EngineError(f"cuGraph takes fewer than {_MOST_EDGES // 2:,} ties on one GPU; there are {edges // 2:,}")
    source = xp.searchsorted(indptr[1:], xp.arange(edges, dtype=xp.int64), side="right")
    return xp.astype(source, xp.int32), indices


def _ties_within(indptr: Array, indices: Array, cell: Array) -> tuple[Array, Array]:
    """Those of them that have both ends in one cell; cells below 0 have none."""
    xp = _namespace(indptr)
    source, target = _ties(indptr, indices)
    of_source = xp.take(cell, source, axis=0)
    inside = (of_source >= 0) & (of_source == xp.take(cell, target, axis=0))
    return source[inside], target[inside]


def _components(n: int, source: Array, target: Array) -> tuple[Array, int]:
    xp = _namespace(source)
    if not source.shape[0]:
        return xp.arange(n, dtype=xp.int32), n
    return _numbered_by_smallest(_Graph(n, source, target).weakly_connected_components())


def _numbered_by_smallest(label: Array) -> tuple[Array, int]:
    """Any labels as numbers 0, 1, ... in the order of the smallest vertices that have them; and how many there are."""
    xp = _namespace(label)
    order = xp.argsort(label, stable=True)
    ordered = xp.take(label, order, axis=0)
    is_first = xp.concat([xp.ones(1, dtype=xp.bool), ordered[1:] != ordered[:-1]])
    smallest = order[is_first]
    run = xp.cumulative_sum(xp.astype(is_first, xp.int64)) - 1
    number = xp.searchsorted(xp.sort(smallest), xp.take(smallest, run, axis=0))
    return xp.astype(xp.take(number, xp.argsort(order), axis=0), xp.int32), int(smallest.shape[0])


class _Graph:
    """A graph in cuGraph's form, and the algorithms on it: each gives one value a vertex, in the vertices' order.

    `source` and `target` hold every tie in both directions; at least one. `wide` asks for int64 ids and counts.
    """

    def __init__(self, n: int, source: Array, target: Array, weight: Array = None, *, wide: bool = False) -> None:
        xp = _namespace(source)
        ids = xp.int64 if wide else xp.int32
        pylibcugraph = self._library = import_library("pylibcugraph")
        self._handle = pylibcugraph.ResourceHandle()
        with _memory_errors():
            self._graph = pylibcugraph.SGGraph(
                self._handle,
                pylibcugraph.GraphProperties(is_symmetric=True, is_multigraph=False),
                xp.astype(source, ids, copy=False),
                xp.astype(target, ids, copy=False),
                weight_array=weight,
                store_transposed=False,
                renumber=True,
                do_expensive_check=False,
                vertices_array=xp.arange(n, dtype=ids),
            )

    def core_number(self) -> Array:
        pylibcugraph = self._library
        with _memory_errors():
            vertices, core = pylibcugraph.core_number(
                resource_handle=self._handle,
                graph=self._graph,
                degree_type="bidirectional",  # ignored: a symmetric graph has but one
                do_expensive_check=False,
            )
        return _in_order(vertices, core)

    def louvain(self, fields: int) -> Array:
        pylibcugraph = self._library
        with _memory_errors():
            vertices, cluster, _ = pylibcugraph.louvain(
                resource_handle=self._handle,
                graph=self._graph,
                max_level=_MOST_LEVELS,
                threshold=_LEAST_GAIN / fields,
                resolution=float(fields),
                do_expensive_check=False,
            )
        return _in_order(vertices, cluster)

    def triangle_count(self) -> Array:
        pylibcugraph = self._library
        with _memory_errors():
            vertices, count = pylibcugraph.triangle_count(
                resource_handle=self._handle, graph=self._graph, start_list=None, do_expensive_check=False
            )
        return _in_order(vertices, count)

    def weakly_connected_components(self) -> Array:
        pylibcugraph = self._library
        with _memory_errors():
            vertices, label = pylibcugraph.weakly_connected_components(
                resource_handle=self._handle,
                graph=self._graph,
                offsets=None,
                indices=None,
                weights=None,
                labels=None,
                do_expensive_check=False,
            )
        return _in_order(vertices, label)

    def betweenness_centrality(self) -> Array:
        pylibcugraph = self._library
        with _memory_errors():
            vertices, value = pylibcugraph.betweenness_centrality(
                resource_handle=self._handle,
                graph=self._graph,
                k=None,
                random_state=None,
                normalized=False,
                include_endpoints=False,
                do_expensive_check=False,
            )
        return _in_order(vertices, value)


def _in_order(vertices: Array, values: Array) -> Array:
    """The values in the order of the vertices, all of which are there, each once."""
    xp = _namespace(vertices)
    return xp.take(values, xp.argsort(vertices), axis=0)


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Raise MemoryError where the library ran out of device memory, which it tells in words alone."""
    try:
        yield
    except RuntimeError as error:
        if "bad_alloc" in str(error) or "out_of_memory" in str(error) or "out of memory" in str(error):
            raise MemoryError(str(error)) from error
        raise
