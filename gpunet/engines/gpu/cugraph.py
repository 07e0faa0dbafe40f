"""The one file that knows cuGraph: a graph in its form, and its algorithms, one value a vertex each.

The calls go to pylibcugraph, which takes CuPy arrays as they are; the package cugraph above it wants cuDF frames, and
makes copies of them. Read in RAPIDS 26.10, and nothing of it tried yet on a device:

* A graph is made from pairs (both directions of each tie) and not from CSR: with CSR, offsets and indices must be of
  one type or a warning is given, and 64-bit indices are refused (libcugraph takes the indices' type for that of edge
  types, which must be 32-bit).
* Isolated vertices are part of a graph only by ``vertices_array``. A graph without any edge is never given to cuGraph.
* Counts (paths, triangles) are of the vertices' type. So ids are int64 where int32 could overflow, and always for
  betweenness. Scores are of the weights' type, float32 without weights: hence weights of 1.0 in float64.
* Renumbering, which cuGraph's documentation recommends, sorts vertices by degree inside the graph. Results name their
  vertices and come in the order of the renumbered ones. Louvain goes by numbers, so it gets ours as they are.
* The calls run on the calling thread's default stream (raft's handle says so). It and the legacy default stream, on
  which CuPy and Numba work, wait for each other, so no call here has to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from gpunet.engines.gpu.check import import_library
from gpunet.tables import arrays

__all__ = ["MOST_EDGES", "MOST_LEVELS", "Array", "Graph", "least_gain"]

#: A single-GPU graph of int32 ids takes fewer directed edges than this; cuGraph's own frames stop there as well.
MOST_EDGES = 2_147_483_100

#: An array of any library of the array API standard; CuPy's in use.
Array: TypeAlias = Any

#: A level of Louvain goes on while it gains more. cuGraph's default, to be divided by the number of fields. Divided by
#: the number of vertices as well, it is cuGraph's least gain of a single move.
_LEAST_GAIN = 1e-7
MOST_LEVELS = 100


def least_gain(fields: int) -> float:
    """The threshold of Louvain at the resolution `fields`."""
    return _LEAST_GAIN / fields


class Graph:
    """A graph in cuGraph's form, and the algorithms on it: each gives one value a vertex, in the vertices' order.

    `source` and `target` hold every tie in both directions; at least one. `wide` asks for int64 ids and counts.
    """

    def __init__(
        self,
        n: int,
        source: Array,
        target: Array,
        weight: Array = None,
        *,
        wide: bool = False,
        renumber: bool = True,
    ) -> None:
        xp = arrays.namespace(source)
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
                renumber=renumber,
                do_expensive_check=False,
                vertices_array=xp.arange(n, dtype=ids),
            )

    def core_number(self) -> Array:
        """Core numbers, in the ids' type."""
        pylibcugraph = self._library
        with _memory_errors():
            vertices, core = pylibcugraph.core_number(
                resource_handle=self._handle,
                graph=self._graph,
                # 26.10 asks libcugraph for this whatever is passed; "bidirectional" would count every tie twice there.
                degree_type="incoming",
                do_expensive_check=False,
            )
        return _in_order(vertices, core)

    def louvain(self, fields: int) -> Array:
        """Clusters, by any numbers, at the resolution `fields`."""
        pylibcugraph = self._library
        with _memory_errors():
            vertices, cluster, _ = pylibcugraph.louvain(
                resource_handle=self._handle,
                graph=self._graph,
                max_level=MOST_LEVELS,
                threshold=least_gain(fields),
                resolution=float(fields),
                do_expensive_check=False,
            )
        return _in_order(vertices, cluster)

    def triangle_count(self) -> Array:
        """Triangles that the vertex is a corner of, in the ids' type."""
        pylibcugraph = self._library
        with _memory_errors():
            vertices, count = pylibcugraph.triangle_count(
                resource_handle=self._handle, graph=self._graph, start_list=None, do_expensive_check=False
            )
        return _in_order(vertices, count)

    def weakly_connected_components(self) -> Array:
        """Connected components, by any numbers."""
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
        """Betweenness from all sources, not normalised, each unordered pair once, in the weights' type."""
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
    xp = arrays.namespace(vertices)
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
