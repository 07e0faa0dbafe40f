"""Betweenness of everybody by a library of the engine's, the other sets by our own kernels."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import gpunet
from gpunet.arrests.network import Network, network_from_edges
from gpunet.base.errors import ConfigError, EngineError
from gpunet.cli.run import run_features
from gpunet.config.config import PathConfig
from gpunet.engines.cpu import CpuEngine
from gpunet.features.path import compute_path


class WithLibrary(CpuEngine):
    """The CPU engine with NetworkX as its library, in float32, and a tell-tale factor."""

    def betweenness_by_library(self, indptr: np.ndarray, indices: np.ndarray, total: int) -> np.ndarray:
        graph = nx.Graph()
        graph.add_nodes_from(range(len(indptr) - 1))
        row = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        graph.add_edges_from(zip(row.tolist(), indices.tolist(), strict=True))
        found = nx.betweenness_centrality(graph, normalized=False)
        assert sum(found.values()) == pytest.approx(total, rel=1e-12)
        return 3 * np.array([found[v] for v in range(len(found))], np.float32).astype(np.float64)


@pytest.fixture
def network() -> Network:
    rng = np.random.default_rng(1)
    return network_from_edges(*rng.integers(0, 60, (2, 90)), 60, {"violent": rng.random(60) < 0.3})


def test_the_library_does_the_whole_network_and_nothing_else(network: Network) -> None:
    config = PathConfig(whole_network="cugraph")
    result = compute_path(network, ("betweenness", "closeness"), engine=WithLibrary(1), config=config)
    own = gpunet.path_features(network, ("betweenness", "closeness"))
    assert set(result.columns) == set(own)
    np.testing.assert_allclose(result.columns["betweenness__all"], 3 * own["betweenness__all"], rtol=1e-6)
    for name in ("betweenness__violent", "closeness__all", "closeness__violent"):
        np.testing.assert_allclose(result.columns[name], own[name], rtol=1e-12)
    assert result.report is not None
    said = {"method": "exact", "library": "cugraph", "repeatable": False}
    assert result.report.of_columns() == {"betweenness__all": said}
    assert result.report.as_dict()["betweenness"]["whole_network"] == said


def test_it_is_left_alone_where_nobody_asks_for_everybody(network: Network) -> None:
    config = PathConfig(whole_network="cugraph")
    for families, sets in ((("betweenness",), ("violent",)), (("closeness",), None)):
        result = compute_path(network, families, sets, WithLibrary(1), config=config)
        assert result.report is not None
        assert result.report.of_columns() == {}


def test_the_cpu_engine_has_no_library(network: Network) -> None:
    with pytest.raises(EngineError, match="needs the GPU engine: --engine gpu"):
        compute_path(network, "betweenness", engine="cpu", config=PathConfig(whole_network="cugraph"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"whole_network": "igraph"}, "whole_network: must be 'gpunet' or 'cugraph', not 'igraph'"),
        ({"whole_network": "cugraph", "betweenness": "auto"}, 'goes with betweenness = "exact" alone'),
    ],
)
def test_what_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        PathConfig(**given)


def test_a_run_is_refused_before_it_reads(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="needs the GPU engine: --engine gpu"):
        run_features("absent.parquet", tmp_path / "run", {"path": {"whole_network": "cugraph"}})
