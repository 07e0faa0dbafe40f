"""Stands in for pylibcugraph where there is no GPU: the functions that gpunet calls, over NumPy and NetworkX.

Names and parameters are the library's, which tests/rapids_api compares with the real ones. It refuses what the library
would take but answer wrongly (ids of two types, arrays with gaps, a list of vertices that misses one), and gives
results as the library does: vertices in another order, by falling degree, labels that mean nothing but themselves,
counts of the ids' type, scores of the weights' type.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import networkx as nx
import numpy as np
from array_api_compat import array_namespace


class ResourceHandle:
    def __init__(self, handle: Any = None) -> None:
        assert handle is None


class GraphProperties:
    def __init__(self, is_symmetric: bool = False, is_multigraph: bool = False) -> None:
        self.is_symmetric, self.is_multigraph = is_symmetric, is_multigraph


class SGGraph:
    def __init__(
        self,
        resource_handle: Any,
        graph_properties: Any,
        src_or_offset_array: Any,
        dst_or_index_array: Any,
        weight_array: Any = None,
        store_transposed: bool = False,
        renumber: bool = False,
        do_expensive_check: bool = False,
        edge_id_array: Any = None,
        edge_type_array: Any = None,
        edge_start_time_array: Any = None,
        edge_end_time_array: Any = None,
        input_array_format: str = "COO",
        vertices_array: Any = None,
        drop_self_loops: bool = False,
        drop_multi_edges: bool = False,
        symmetrize: bool = False,
    ) -> None:
        assert isinstance(resource_handle, ResourceHandle)
        assert graph_properties.is_symmetric
        assert not graph_properties.is_multigraph
        assert not store_transposed, "every algorithm here wants rows by source, and would transpose"
        assert input_array_format == "COO"
        assert not any((drop_self_loops, drop_multi_edges, symmetrize))
        given = (edge_id_array, edge_type_array, edge_start_time_array, edge_end_time_array)
        assert given == (None, None, None, None)
        self.xp = array_namespace(src_or_offset_array, dst_or_index_array, vertices_array)
        source, target, vertices = map(_numpy, (src_or_offset_array, dst_or_index_array, vertices_array))
        self.ids = source.dtype
        assert {source.dtype, target.dtype, vertices.dtype} in ({np.dtype(np.int32)}, {np.dtype(np.int64)})
        assert len(source) == len(target) > 0, "cuGraph is not asked about graphs without any edge"
        assert vertices.tolist() == list(range(len(vertices)))
        ties = set(zip(source.tolist(), target.tolist(), strict=True))
        assert len(ties) == len(source), "an edge is there twice"
        assert all(a != b and (b, a) in ties for a, b in ties)
        self.weights = np.dtype(np.float32) if weight_array is None else _numpy(weight_array).dtype
        weight = np.ones(len(source)) if weight_array is None else _numpy(weight_array)
        self.graph = nx.Graph()
        self.graph.add_nodes_from(vertices.tolist())
        self.graph.add_weighted_edges_from(zip(source.tolist(), target.tolist(), weight.tolist(), strict=True))
        assert len(self.graph) == len(vertices), "an edge has an end that is not among the vertices"

    def given_back(self, value: dict[int, Any], dtype: Any) -> tuple[Any, Any]:
        """Vertices and values as arrays of the caller's library, in the order that the library would have them."""
        order = sorted(value, key=lambda v: (-self.graph.degree[v], v))
        values = np.array([value[v] for v in order]).astype(dtype)
        return self.xp.asarray(np.array(order, self.ids)), self.xp.asarray(values)


def _numpy(array: Any) -> np.ndarray[Any, Any]:
    """An array as NumPy's, which must lie in one piece: the library reads as many items from its address on."""
    plain = np.from_dlpack(array)
    assert plain.flags.c_contiguous
    assert plain.ndim == 1
    return plain


def core_number(resource_handle: Any, graph: SGGraph, degree_type: Any, do_expensive_check: bool) -> tuple[Any, Any]:
    assert degree_type in ("incoming", "outgoing"), "of a symmetric graph, both together count every tie twice"
    return graph.given_back(nx.core_number(graph.graph), graph.ids)


def louvain(
    resource_handle: Any, graph: SGGraph, max_level: int, threshold: float, resolution: float, do_expensive_check: bool
) -> tuple[Any, Any, float]:
    threshold, resolution = float(np.float32(threshold)), float(np.float32(resolution))
    communities = nx.community.louvain_communities(
        graph.graph, resolution=resolution, threshold=threshold, max_level=max_level, seed=7
    )
    cluster = {v: 3 * c for c, community in enumerate(communities[::-1]) for v in community}
    return *graph.given_back(cluster, graph.ids), nx.community.modularity(
        graph.graph, communities, resolution=resolution
    )


def triangle_count(resource_handle: Any, graph: SGGraph, start_list: Any, do_expensive_check: bool) -> tuple[Any, Any]:
    assert start_list is None
    return graph.given_back(nx.triangles(graph.graph), graph.ids)


def weakly_connected_components(
    resource_handle: Any,
    graph: SGGraph,
    offsets: Any,
    indices: Any,
    weights: Any,
    labels: Any,
    do_expensive_check: bool,
) -> tuple[Any, Any]:
    assert (offsets, indices, weights, labels) == (None, None, None, None)
    label = {v: max(part) for part in nx.connected_components(graph.graph) for v in part}
    return graph.given_back(label, graph.ids)


def betweenness_centrality(
    resource_handle: Any,
    graph: SGGraph,
    k: Any,
    random_state: Any,
    normalized: bool,
    include_endpoints: bool,
    do_expensive_check: bool,
) -> tuple[Any, Any]:
    assert (k, random_state, normalized, include_endpoints) == (None, None, False, False)
    with np.errstate(all="ignore"):
        sums = sum(_dependencies(graph.graph, s, graph.ids) for s in graph.graph)
    return graph.given_back(dict(enumerate(sums / 2)), graph.weights)


def _dependencies(graph: nx.Graph, source: int, ids: Any) -> Any:
    """float64[n] of Brandes (2001) for one source, with paths counted in the ids' type, which wraps around."""
    distance, order, queue = {source: 0}, [], deque([source])
    count, depends = np.zeros(len(graph), ids), np.zeros(len(graph))
    count[source] = 1
    while queue:
        order.append(v := queue.popleft())
        for w in graph[v]:
            if w not in distance:
                distance[w] = distance[v] + 1
                queue.append(w)
            if distance[w] == distance[v] + 1:
                count[w] += count[v]
    for w in reversed(order):
        for v in graph[w]:
            if distance[v] == distance[w] - 1:
                depends[v] += count[v] / count[w] * (1 + depends[w])
    depends[source] = 0
    return depends
