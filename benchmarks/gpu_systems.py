"""cuGraph, by its own interface and as NetworkX's backend.

cuGraph has betweenness, core numbers and Louvain, and no closeness. Without weights its betweenness is added up in
float32, and shortest paths are counted in the type of the vertices: with int32 the count overflows in silence. So there
is one system with int32 and one with int64 and float64 weights (which change no path, for betweenness ignores them).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.device import synchronise
from benchmarks.system import RELATIVE, System, Values, by_vertex, edges, small_network
from gpunet.arrests.network import Network

__all__ = ["cugraph_system", "nx_cugraph_system", "single_precision"]


def single_precision(persons: int) -> float:
    """How far betweenness that is added up in float32 may be off, relative to the larger number.

    A number is a sum of positive terms, at most one a source: each addition rounds by at most 2^-24 of the sum so far.
    """
    return persons * 2.0**-24 + 1e-5


def _pool() -> None:
    """Let RMM keep memory, as its users do: without a pool every allocation waits for the device."""
    importlib.import_module("rmm").reinitialize(pool_allocator=True)


def cugraph_system(ids: type[np.signedinteger[Any]]) -> System:
    """CuGraph, with vertices of type int32, or int64 and float64 weights."""
    double = np.dtype(ids).itemsize == 8

    def module(name: str = "cugraph") -> Any:
        return importlib.import_module(name)

    def convert(network: Network, threads: int) -> Any:
        cudf = module("cudf")
        row = np.repeat(np.arange(network.n, dtype=ids), network.degree)  # both directions of every tie
        table = cudf.DataFrame({"source": row, "destination": network.indices.astype(ids)})
        if double:
            table["weight"] = np.ones(len(row), np.float64)
        graph = module().Graph(directed=False)
        graph.from_cudf_edgelist(
            table,
            source="source",
            destination="destination",
            weight="weight" if double else None,
            renumber=False,
            symmetrize=False,
            vertices=cudf.Series(np.arange(network.n, dtype=ids)),
        )
        synchronise()
        return graph

    measures: dict[str, Callable[[Any], Any]] = {
        "betweenness": lambda graph: module().betweenness_centrality(graph, normalized=False),
        "cores": lambda graph: module().core_number(graph),
        "louvain": lambda graph: module().louvain(graph)[0],
    }
    columns = {"betweenness": "betweenness_centrality", "cores": "core_number", "louvain": "partition"}

    def values(measure: str, returned: Any, network: Network) -> Values:
        found = returned.sort_values("vertex")
        if not np.array_equal(found["vertex"].to_numpy(), np.arange(network.n)):
            raise ValueError(f"cuGraph has no {measure} for some vertices")
        numbers = found[columns[measure]].to_numpy()
        return np.asarray(numbers, np.float64) if measure == "betweenness" else np.asarray(numbers, np.int64)

    def warm_up(measure: str, network: Network) -> None:
        _pool()
        measures[measure](convert(small_network(network), 1))
        synchronise()

    return System(
        "cugraph-cu13", convert, measures, values, warm_up=warm_up, module="cugraph", needs_gpu=True,
        relative=_exactly if double else single_precision,
    )  # fmt: skip


def nx_cugraph_system() -> System:
    """NetworkX with its backend cuGraph; the conversion to the backend's graph is timed as such."""

    def convert(network: Network, threads: int) -> Any:
        graph = importlib.import_module("networkx").Graph()
        graph.add_nodes_from(range(network.n))
        graph.add_edges_from(edges(network).tolist())
        converted = importlib.import_module("nx_cugraph").from_networkx(graph)
        synchronise()
        return converted

    def call(name: str, **options: Any) -> Callable[[Any], Any]:
        function: Callable[..., Any] = getattr(importlib.import_module("networkx"), name)
        return lambda graph: function(graph, backend="cugraph", **options)

    measures = {
        "betweenness": lambda graph: call("betweenness_centrality", normalized=False)(graph),
        "cores": lambda graph: call("core_number")(graph),
    }

    def warm_up(measure: str, network: Network) -> None:
        _pool()
        measures[measure](convert(small_network(network), 1))
        synchronise()

    return System(
        "nx-cugraph-cu13", convert, measures, by_vertex, warm_up=warm_up, module="nx_cugraph", needs_gpu=True,
        relative=single_precision,
    )  # fmt: skip


def _exactly(persons: int) -> float:
    return RELATIVE
