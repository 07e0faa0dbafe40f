"""Stands in for cugraph.dask, dask_cudf and cudf where there is no GPU: NetworkX, dask.dataframe and pandas.

Names and parameters are the libraries', which tests/rapids_api compares with the real ones. It refuses what they would
refuse or answer wrongly, knows no isolated vertices, and gives results as they do: in pieces, by vertices in another
order, labels that mean nothing but themselves.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from distributed import default_client

#: What was called, in order.
CALLS: list[str] = []


def _module(name: str, **members: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(members)
    return module


class Comms:
    """``cugraph.dask.comms.comms``."""

    workers: list[str] | None = None
    raft: Any = None

    def initialize(
        self, comms: Any = None, p2p: bool = False, prows: Any = None, pcols: Any = None, partition_type: int = 1
    ) -> None:  # fmt: skip
        assert self.workers is None, "Communicator is already initialized"
        assert p2p
        self.workers = list(default_client().nthreads())
        self.raft = RaftComms(default_client(), self.workers)

    def get_workers(self) -> list[str] | None:
        return self.workers

    def get_comms(self) -> Any:
        return self.raft

    def destroy(self) -> None:
        assert self.workers is not None
        self.raft.destroy()
        self.workers = self.raft = None


class RaftComms:
    """``raft_dask.common.comms.Comms``, begun."""

    nccl_initialized = ucx_initialized = True

    def __init__(self, client: Any, workers: list[str]) -> None:
        self.client, self.workers = client, workers

    def destroy(self) -> None:
        self.client.run(int, workers=self.workers, wait=True)  # every worker that it was begun with has to answer


COMMS = Comms()


class Graph:
    """``cugraph.Graph``, made of frames in pieces."""

    def __init__(self, m_graph: Any = None, directed: bool = False) -> None:
        assert not directed
        self.graph = nx.Graph()
        self.ids: Any = None

    def from_dask_cudf_edgelist(
        self, input_ddf: Any, source: str = "source", destination: str = "destination", edge_attr: Any = None,
        weight: str | None = None, edge_id: Any = None, edge_type: Any = None, renumber: bool = True,
        store_transposed: bool = False,
    ) -> None:  # fmt: skip
        assert COMMS.workers is not None
        assert renumber, "numbers of which some have no tie"
        assert not store_transposed
        assert input_ddf.npartitions == len(COMMS.workers)
        table = input_ddf.compute()
        ends = table[source].to_numpy(), table[destination].to_numpy()
        self.ids = ends[0].dtype
        assert ends[1].dtype == self.ids
        assert len(table)
        assert (ends[0] < ends[1]).all(), "libcugraph adds the other direction by itself"
        assert not table.duplicated([source, destination]).any()
        weights = np.ones(len(table)) if weight is None else table[weight].to_numpy()
        self.kind = np.dtype(np.float32) if weight is None else weights.dtype
        self.graph.add_weighted_edges_from(zip(ends[0].tolist(), ends[1].tolist(), weights.tolist(), strict=True))

    def frame(self, name: str, values: dict[int, Any], dtype: Any) -> Any:
        import dask.dataframe as dd

        assert COMMS.workers is not None
        CALLS.append(name)
        vertices = sorted(values, key=lambda v: (-self.graph.degree[v], v))
        columns = {"vertex": np.array(vertices, self.ids), name: np.array([values[v] for v in vertices]).astype(dtype)}
        return dd.from_pandas(pd.DataFrame(columns), npartitions=3)


def core_number(input_graph: Graph, degree_type: str = "bidirectional") -> Any:
    return input_graph.frame("core_number", nx.core_number(input_graph.graph), input_graph.ids)


def louvain(
    input_graph: Graph, max_level: Any = None, max_iter: Any = None, resolution: float = 1.0, threshold: float = 1e-7
) -> Any:  # fmt: skip
    assert max_iter is None
    communities = nx.community.louvain_communities(
        input_graph.graph, resolution=resolution, threshold=threshold, max_level=max_level, seed=7
    )
    label = {v: 3 * c for c, community in enumerate(communities[::-1]) for v in community}
    return input_graph.frame("partition", label, input_graph.ids), 0.0


def triangle_count(input_graph: Graph, start_list: Any = None) -> Any:
    assert start_list is None
    return input_graph.frame("counts", nx.triangles(input_graph.graph), input_graph.ids)


def weakly_connected_components(input_graph: Graph) -> Any:
    label = {v: max(part) for part in nx.connected_components(input_graph.graph) for v in part}
    return input_graph.frame("labels", label, input_graph.ids)


def betweenness_centrality(
    input_graph: Graph, k: Any = None, normalized: bool = True, weight: Any = None, endpoints: bool = False,
    random_state: Any = None,
) -> Any:  # fmt: skip
    assert (k, weight, endpoints, random_state) == (None, None, False, None)
    assert input_graph.ids == np.int64, "numbers of paths pass what int32 holds"
    found = nx.betweenness_centrality(input_graph.graph, normalized=normalized)
    return input_graph.frame("betweenness_centrality", found, input_graph.kind)


class Frame:
    """``cudf.DataFrame``: a frame of pandas, but nobody takes other frames of pandas for one of cuDF."""

    def __new__(cls, data: Any) -> Any:
        return pd.DataFrame(data)


CUDF = _module("cudf", DataFrame=Frame, Series=Frame, Index=Frame)

FUNCTIONS: tuple[Callable[..., Any], ...] = (
    core_number, louvain, triangle_count, weakly_connected_components, betweenness_centrality,
)  # fmt: skip


def install(patch: pytest.MonkeyPatch) -> None:
    """Put all of it in place."""
    import dask.dataframe as dd

    comms = _module(
        "cugraph.dask.comms.comms",
        **{n: getattr(COMMS, n) for n in ("initialize", "get_workers", "get_comms", "destroy")},
    )
    package = _module("cugraph.dask.comms", comms=comms)
    dask = _module("cugraph.dask", comms=package, **{each.__name__: each for each in FUNCTIONS})
    cugraph = _module("cugraph", dask=dask, Graph=Graph)
    dask_cudf = _module("dask_cudf", from_delayed=dd.from_delayed)
    for module in (comms, package, dask, cugraph, dask_cudf, CUDF):
        patch.setitem(sys.modules, module.__name__, module)
