"""The systems that are measured: how each takes a network, computes a measure, and gives its numbers back.

Each measure is the same number everywhere, vertex by vertex:

* betweenness: over unordered pairs, not normalised;
* closeness: with the factor for vertices out of reach of Wasserman and Faust (1994);
* core numbers;
* a Louvain partition, which is judged by its modularity, for no two systems find the same one.

Where a library defines a measure otherwise, its results are converted in ``values``, which is timed as conversion.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.device import on_host
from benchmarks.gpu_systems import cugraph_system, nx_cugraph_system
from benchmarks.system import System, Values, by_vertex, edges, small_network
from gpunet.arrests.network import Network
from gpunet.features.path import path_features

__all__ = ["CPU_PEERS", "GPU_PEERS", "ON_THE_CPU", "OURS", "PEERS", "PLAIN", "SYSTEMS", "system"]

#: The name in results of gpunet with all sets, and of gpunet with the set ``all`` alone.
OURS, PLAIN = "gpunet, all sets", "gpunet, plain"

_FAMILY = {"betweenness": "betweenness", "closeness": "closeness", "cores": "shell"}


def _gpunet(plain: bool, engine: str = "cpu") -> System:
    sets = ("all",) if plain else None

    def path(measure: str) -> Callable[[Any], Any]:
        family = _FAMILY[measure]
        return lambda graph: path_features(graph[0], families=(family,), sets=sets, engine=engine, threads=graph[1])

    def louvain(graph: Any) -> Any:
        module = importlib.import_module("gpunet.kernels.cpu.louvain")
        return module.louvain(graph[0].indptr, graph[0].indices, np.zeros(graph[0].n, np.int32))

    measures = {measure: path(measure) for measure in _FAMILY}
    if plain and engine == "cpu":  # a partition knows no sets, and the GPU engine's is cuGraph's
        measures["louvain"] = louvain

    def values(measure: str, returned: Any, network: Network) -> Values:
        return np.asarray(on_host(returned if measure == "louvain" else returned[f"{_FAMILY[measure]}__all"]))

    def warm_up(measure: str, network: Network) -> None:
        measures[measure]((small_network(network), 1))

    return System(
        "gpunet", lambda network, threads: (network, threads), measures, values, frozenset(_FAMILY), warm_up,
        needs_gpu=engine == "gpu",
    )  # fmt: skip


def _labels(cells: Any, network: Network) -> NDArray[np.int64]:
    label = np.full(network.n, -1, np.int64)
    for i, cell in enumerate(cells):
        label[list(cell)] = i
    return label


def _networkx() -> System:
    def convert(network: Network, threads: int) -> Any:
        graph = importlib.import_module("networkx").Graph()
        graph.add_nodes_from(range(network.n))
        graph.add_edges_from(edges(network).tolist())
        return graph

    def call(name: str, **options: Any) -> Callable[[Any], Any]:
        return lambda graph: getattr(importlib.import_module("networkx"), name)(graph, **options)

    measures = {
        "betweenness": call("betweenness_centrality", normalized=False),
        "closeness": call("closeness_centrality", wf_improved=True),
        "cores": call("core_number"),
        "louvain": lambda graph: importlib.import_module("networkx").community.louvain_communities(graph, seed=1),
    }

    def values(measure: str, returned: Any, network: Network) -> Values:
        return _labels(returned, network) if measure == "louvain" else by_vertex(measure, returned, network)

    return System("networkx", convert, measures, values)


def _igraph() -> System:
    def convert(network: Network, threads: int) -> Any:
        importlib.import_module("random").seed(1)  # igraph draws from it
        return importlib.import_module("igraph").Graph(network.n, edges(network).tolist())

    measures: dict[str, Callable[[Any], Any]] = {
        "betweenness": lambda graph: graph.betweenness(directed=False),
        "closeness": lambda graph: (graph.closeness(normalized=True), graph.connected_components()),
        "cores": lambda graph: graph.coreness(),
        "louvain": lambda graph: graph.community_multilevel().membership,
    }

    def values(measure: str, returned: Any, network: Network) -> Values:
        if measure != "closeness":
            return np.array(returned, np.float64) if measure == "betweenness" else np.array(returned, np.int64)
        # igraph looks at the reached vertices alone, and says NaN of a vertex without neighbours.
        closeness, components = returned
        size = np.array(components.sizes(), np.int64)[np.array(components.membership, np.int64)]
        scaled = np.array(closeness, np.float64) * ((size - 1) / max(network.n - 1, 1))
        return np.where(network.degree == 0, 0.0, scaled)

    return System("igraph", convert, measures, values)


def _networkit() -> System:
    def module() -> Any:
        return importlib.import_module("networkit")

    def convert(network: Network, threads: int) -> Any:
        module().setNumberOfThreads(threads)
        module().setSeed(1, False)
        ends = np.ascontiguousarray(edges(network).T).astype(np.uint64)
        return module().GraphFromCoo((ends[0], ends[1]), n=network.n, weighted=False, directed=False)

    def closeness(graph: Any) -> Any:
        centrality = module().centrality
        return centrality.Closeness(graph, True, centrality.ClosenessVariant.GENERALIZED).run().scores()

    measures: dict[str, Callable[[Any], Any]] = {
        "betweenness": lambda graph: module().centrality.Betweenness(graph, normalized=False).run().scores(),
        "closeness": closeness,
        "cores": lambda graph: module().centrality.CoreDecomposition(graph).run().scores(),
        "louvain": lambda graph: module().community.PLM(graph).run().getPartition().getVector(),
    }

    def values(measure: str, returned: Any, network: Network) -> Values:
        if measure in ("cores", "louvain"):
            return np.array(returned, np.float64).astype(np.int64)
        found = np.array(returned, np.float64)
        if measure == "betweenness":
            return found / 2  # NetworKit counts every pair from both its ends
        return np.where(network.degree == 0, 0.0, found)

    return System("networkit", convert, measures, values, frozenset({"betweenness", "closeness", "cores", "louvain"}))


def _rustworkx() -> System:
    def convert(network: Network, threads: int) -> Any:  # RAYON_NUM_THREADS is set by who starts this process
        graph = importlib.import_module("rustworkx").PyGraph(multigraph=False)
        graph.add_nodes_from(range(network.n))
        graph.add_edges_from_no_data([(a, b) for a, b in edges(network).tolist()])
        return graph

    def call(name: str, **options: Any) -> Callable[[Any], Any]:
        return lambda graph: getattr(importlib.import_module("rustworkx"), name)(graph, **options)

    measures = {
        "betweenness": call("betweenness_centrality", normalized=False),
        "closeness": call("closeness_centrality", wf_improved=True),
        "cores": call("core_number"),
    }
    return System("rustworkx", convert, measures, by_vertex, frozenset({"betweenness", "closeness"}))


CPU_PEERS = ("networkx", "igraph", "networkit", "rustworkx")
GPU_PEERS = ("cugraph", "cugraph-int64", "nx-cugraph")

#: gpunet with all sets on the CPU, beside which the GPU engine is always set.
ON_THE_CPU = "gpunet-cpu"

#: Whatever is not the gpunet that is measured.
PEERS = (*CPU_PEERS, *GPU_PEERS, ON_THE_CPU)

SYSTEMS: dict[str, System] = {
    OURS: _gpunet(plain=False),
    PLAIN: _gpunet(plain=True),
    ON_THE_CPU: _gpunet(plain=False),
    "networkx": _networkx(),
    "igraph": _igraph(),
    "networkit": _networkit(),
    "rustworkx": _rustworkx(),
    "cugraph": cugraph_system(np.int32),
    "cugraph-int64": cugraph_system(np.int64),
    "nx-cugraph": nx_cugraph_system(),
}

_ON_THE_GPU = {OURS: _gpunet(plain=False, engine="gpu"), PLAIN: _gpunet(plain=True, engine="gpu")}


def system(name: str, engine: str = "cpu") -> System:
    """The system of that name, gpunet by the engine that is measured."""
    return _ON_THE_GPU[name] if engine == "gpu" and name in _ON_THE_GPU else SYSTEMS[name]
