"""The diameter from blocks is NetworkX's, component by component, whatever hangs where."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from test_blocks import block_networks

from gpunet.arrests.network import Network, network_from_edges
from gpunet.features.pairs import Blocks


def graph_of(network: Network) -> nx.Graph:
    rows = np.repeat(np.arange(network.n), network.degree)
    graph = nx.Graph(zip(rows.tolist(), network.indices.tolist(), strict=True))
    graph.add_nodes_from(range(network.n))
    return graph


def check(network: Network) -> None:
    graph, blocks = graph_of(network), Blocks(network)
    largest = 0
    for component in nx.connected_components(graph):
        wanted = np.zeros(network.n, bool)
        wanted[list(component)] = True
        diameter = nx.diameter(graph.subgraph(component).copy())  # a copy is many times as fast as a view
        assert blocks.diameter(wanted) == diameter
        largest = max(largest, diameter)
    assert blocks.diameter(np.ones(network.n, bool)) == largest


@given(block_networks())
def test_on_networks_of_blocks(network: Network) -> None:
    check(network)


@pytest.mark.parametrize(
    "graph",
    [
        nx.path_graph(9),
        nx.cycle_graph(11),
        nx.balanced_tree(2, 4),
        nx.lollipop_graph(5, 6),
        nx.grid_2d_graph(13, 8),
        nx.random_regular_graph(3, 60, seed=2),
        nx.relaxed_caveman_graph(30, 5, 0.1, seed=3),
        nx.gnm_random_graph(150, 190, seed=5),
        nx.empty_graph(3),
    ],
)
def test_on_known_shapes(graph: nx.Graph) -> None:
    graph = nx.convert_node_labels_to_integers(graph)
    ends = np.array(graph.edges, dtype=np.int64).reshape(-1, 2)
    check(network_from_edges(ends[:, 0], ends[:, 1], len(graph)))


def test_long_tails_on_a_large_block() -> None:
    """A ring of 1,500 with chords and paths hung on it: depths decide, and more sources than a batch are needed."""
    rng = np.random.default_rng(4)
    n = 1500
    ring = np.arange(n)
    src, dst = [ring, rng.integers(0, n, 60)], [(ring + 1) % n, rng.integers(0, n, 60)]
    next_vertex = n
    for anchor in rng.choice(n, 40, replace=False):
        length = int(rng.integers(1, 30))
        path = np.concatenate([[anchor], np.arange(next_vertex, next_vertex + length)])
        src.append(path[:-1])
        dst.append(path[1:])
        next_vertex += length
    check(network_from_edges(np.concatenate(src), np.concatenate(dst), next_vertex))
