"""cuGraph, cuDF, RMM, CuPy and nx-cugraph as far as the benchmarks call them, on NetworkX, pandas and NumPy.

Signatures are the real ones of 26.10, so that a call with a wrong name fails here too.
"""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest


class Graph:
    """``cugraph.Graph``."""

    def __init__(self, m_graph: Any = None, directed: bool = False) -> None:
        assert not directed
        self.graph = nx.Graph()
        self.kind: Any = None
        self.single = True

    def from_cudf_edgelist(
        self, input_df: Any, source: str = "source", destination: str = "destination", edge_attr: Any = None,
        weight: str | None = None, edge_id: Any = None, edge_type: Any = None, renumber: bool = True,
        store_transposed: bool = False, symmetrize: bool | None = None, vertices: Any = None,
    ) -> None:  # fmt: skip
        assert not renumber
        assert symmetrize is False
        ends = input_df[source].to_numpy(), input_df[destination].to_numpy()
        self.kind = {array.dtype for array in (*ends, vertices.to_numpy())}
        assert len(self.kind) == 1
        both = set(zip(*(end.tolist() for end in ends), strict=True))
        assert both == {(b, a) for a, b in both}, "without symmetrize, both directions have to be given"
        self.single = weight is None
        if weight is not None:
            assert input_df[weight].dtype == np.float64
        self.graph.add_nodes_from(vertices.to_numpy()[::-1].tolist())  # cuGraph answers in an order of its own
        self.graph.add_edges_from(sorted(both))


def _table(graph: Graph, name: str, found: dict[int, Any], dtype: Any) -> pd.DataFrame:
    return pd.DataFrame({"vertex": list(found), name: np.array(list(found.values())).astype(dtype)})


def betweenness_centrality(
    G: Graph, k: Any = None, normalized: bool = True, weight: Any = None, endpoints: bool = False, seed: Any = None,
    random_state: Any = None, result_dtype: Any = np.float64,
) -> pd.DataFrame:  # fmt: skip
    found = nx.betweenness_centrality(G.graph, normalized=normalized, endpoints=endpoints)
    table = _table(G, "betweenness_centrality", found, np.float32 if G.single else np.float64)
    return table.astype({"betweenness_centrality": result_dtype})


def core_number(G: Graph, degree_type: str = "bidirectional") -> pd.DataFrame:
    return _table(G, "core_number", nx.core_number(G.graph), np.int32)


def louvain(G: Graph, max_level: Any = None, max_iter: Any = None, resolution: float = 1.0, threshold: float = 1e-7):
    cells = nx.community.louvain_communities(G.graph, seed=1)
    label = {v: i for i, cell in enumerate(cells) for v in cell}
    return _table(G, "partition", label, np.int32), nx.community.modularity(G.graph, cells)


class OnDevice:
    """A NumPy array that says it is on a device."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.__cuda_array_interface__ = values.__array_interface__

    def get(self) -> np.ndarray:
        return self.values


@pytest.fixture
def rapids(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Put them all in place; counts of what was called."""
    counts = SimpleNamespace(synchronised=0, pools=0)

    def synchronise() -> None:
        counts.synchronised += 1

    def reinitialize(pool_allocator: bool = False, initial_pool_size: Any = None) -> None:
        counts.pools += pool_allocator

    runtime = SimpleNamespace(deviceSynchronize=synchronise)
    parts = {
        "cudf": {"DataFrame": pd.DataFrame, "Series": pd.Series},
        "cugraph": {
            "Graph": Graph, "betweenness_centrality": betweenness_centrality, "core_number": core_number,
            "louvain": louvain,
        },
        "rmm": {"reinitialize": reinitialize},
        "cupy": {
            "cuda": SimpleNamespace(runtime=runtime), "asarray": lambda array: OnDevice(np.array(array)),
            "ones": lambda size, dtype: OnDevice(np.ones(size, dtype)),
        },
        "nx_cugraph": {"from_networkx": lambda graph: graph},
    }  # fmt: skip
    for name, members in parts.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    return counts
