"""Closed twins: found where there are any, only there, and one standing for all changes no result."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from test_blocks import check

from gpunet.arrests.network import Network, network_from_edges
from gpunet.kernels.cpu.twins import collapse_twins


@st.composite
def blown_up_networks(draw: st.DrawFn) -> Network:
    """A small network with every vertex replaced by a clique of one to three twins, and that once more or not."""
    n = draw(st.integers(2, 7))
    vertex = st.integers(0, n - 1)
    edges = {(a, b) for a, b in draw(st.lists(st.tuples(vertex, vertex), min_size=n, max_size=16)) if a != b}
    for _ in range(draw(st.integers(1, 2))):
        copies = draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
        members = np.split(np.arange(sum(copies)), np.cumsum(copies)[:-1])
        inside = {(int(a), int(b)) for group in members for a in group for b in group if a < b}
        edges = inside | {(int(a), int(b)) for x, y in edges for a in members[x] for b in members[y]}
        n = sum(copies)
    pairs = np.array(draw(st.permutations(range(n))))[np.array(sorted(edges), dtype=np.int64).reshape(-1, 2)]
    choice = st.lists(st.booleans(), min_size=n, max_size=n)
    sets = {"some": np.array(draw(choice)), "others": np.array(draw(choice))}
    return network_from_edges(pairs[:, 0], pairs[:, 1], n, sets)


@given(blown_up_networks())
def test_one_standing_for_all_changes_nothing(network: Network) -> None:
    check(network)


@given(blown_up_networks())
def test_classes_are_those_of_equal_closed_neighbourhoods(network: Network) -> None:
    representative, indptr, indices = collapse_twins(network.indptr, network.indices)
    closed = [
        frozenset([v, *network.indices[network.indptr[v] : network.indptr[v + 1]].tolist()]) for v in range(network.n)
    ]
    smallest: dict[frozenset[int], int] = {}
    for v, neighbourhood in enumerate(closed):
        assert representative[v] == smallest.setdefault(neighbourhood, v)
    for v in range(network.n):
        row = indices[indptr[v] : indptr[v + 1]].tolist()
        kept = sorted(u for u in closed[v] if u != v and representative[u] == u)
        assert row == (kept if representative[v] == v else [])


def test_twins_of_twins_on_a_ring_of_cliques() -> None:
    """Each clique of five lies between two others in a ring; its members are twins, and the ring is one block."""
    ring = nx.lexicographic_product(nx.cycle_graph(9), nx.complete_graph(5))
    graph = nx.convert_node_labels_to_integers(ring)
    ends = np.array(graph.edges)
    some = np.random.default_rng(1).random(45) < 0.4
    network = network_from_edges(ends[:, 0], ends[:, 1], 45, {"some": some})
    representative, _, indices = collapse_twins(network.indptr, network.indices)
    assert len(set(representative.tolist())) == 9
    assert len(indices) == 18
    check(network)
