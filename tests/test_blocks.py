"""The block-cut tree changes the work, never the answer: reduced against the plain kernels on the whole network."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.arrests.network import Network, network_from_edges
from gpunet.engines.cpu import CpuEngine
from gpunet.features.pairs import Blocks, PairWork
from gpunet.kernels.cpu.betweenness import dependencies_batch
from gpunet.kernels.cpu.blocks import biconnected_blocks, hanging_weights, split_into_blocks
from gpunet.kernels.cpu.closeness import BATCH, farness_batch


@st.composite
def block_networks(draw: st.DrawFn) -> Network:
    """Cliques, cycles and random blocks hung on each other at single vertices, in several components, with sets."""
    edges: list[tuple[int, int]] = []
    n = 0
    for _ in range(draw(st.integers(1, 3))):
        first = n
        n += 1
        for _ in range(draw(st.integers(0, 6))):
            anchor = draw(st.integers(first, n - 1))
            size = draw(st.integers(1, 5))
            members = [anchor, *range(n, n + size)]
            n += size
            kind = draw(st.sampled_from(["clique", "cycle", "star", "random"]))
            if kind == "clique":
                edges += [(a, b) for i, a in enumerate(members) for b in members[:i]]
            elif kind == "cycle":
                edges += list(zip(members, [*members[1:], members[0]], strict=True))
            elif kind == "star":
                edges += [(anchor, b) for b in members[1:]]
            else:
                edges += draw(st.lists(st.tuples(st.sampled_from(members), st.sampled_from(members)), max_size=12))
    order = np.array(draw(st.permutations(range(n))))
    pairs = order[np.array(edges, dtype=np.int64).reshape(-1, 2)]
    choice = st.lists(st.booleans(), min_size=n, max_size=n)
    sets = {"some": np.array(draw(choice)), "none": np.zeros(n, bool), "everyone": np.ones(n, bool)}
    return network_from_edges(pairs[:, 0], pairs[:, 1], n, sets)


def plain(network: Network, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Betweenness and distance sums by the kernels alone, every vertex a source over the whole network."""
    member = np.stack([network.sets[name] for name in names], axis=1).astype(np.int64)
    everyone = np.arange(network.n, dtype=np.int32)
    inner = np.ones(network.n, bool)
    far = sum(
        farness_batch(network.indptr, network.indices, member, inner, everyone[i : i + BATCH], 0, network.n)
        for i in range(0, network.n, BATCH)
    )
    target_weight = member.astype(float)
    total = dependencies_batch(
        network.indptr, network.indices, target_weight, target_weight, np.ones(network.n), everyone
    )
    return total / 2, far


def check(network: Network) -> None:
    names = tuple(network.sets)
    betweenness, far = plain(network, names)
    work = PairWork(Blocks(network), names)
    reduced, close = work.betweenness(CpuEngine(2), None), work.closeness(CpuEngine(2), None)
    graph = nx.Graph(zip(np.repeat(range(network.n), network.degree).tolist(), network.indices.tolist(), strict=True))
    graph.add_nodes_from(range(network.n))
    components = [sorted(component) for component in nx.connected_components(graph)]
    for i, name in enumerate(names):
        np.testing.assert_allclose(reduced[f"betweenness__{name}"], betweenness[:, i], rtol=1e-9, atol=1e-9)
        inside = network.sets[name]
        expected = np.zeros(network.n)
        for component in components:
            there = np.count_nonzero(inside[component])
            for v in component:
                reached = there - inside[v]
                if reached:
                    expected[v] = (reached / (inside.sum() - inside[v])) * (reached / far[v, i])
        np.testing.assert_array_equal(close[f"closeness__{name}"], expected)


@given(block_networks())
def test_reduced_is_plain_on_networks_of_blocks(network: Network) -> None:
    check(network)


@pytest.mark.parametrize(
    "graph",
    [
        nx.barbell_graph(5, 4),
        nx.windmill_graph(4, 5),
        nx.balanced_tree(3, 3),
        nx.lollipop_graph(6, 7),
        nx.connected_caveman_graph(5, 6),
        nx.disjoint_union(nx.complete_graph(7), nx.cycle_graph(9)),
        nx.random_regular_graph(3, 40, seed=1),
        nx.gnm_random_graph(120, 140, seed=2),
        nx.relaxed_caveman_graph(30, 5, 0.1, seed=3),
        nx.grid_2d_graph(9, 7),
        nx.empty_graph(4),
    ],
)
def test_reduced_is_plain_on_known_shapes(graph: nx.Graph) -> None:
    graph = nx.convert_node_labels_to_integers(graph)
    n = len(graph)
    ends = np.array(graph.edges, dtype=np.int64).reshape(-1, 2)
    rng = np.random.default_rng(n)
    sets = {"some": rng.random(n) < 0.3, "one": np.arange(n) == n // 2}
    check(network_from_edges(ends[:, 0], ends[:, 1], n, sets))


@given(block_networks())
def test_blocks_are_those_of_networkx_and_weights_divide_the_component(network: Network) -> None:
    start, vertex, home = biconnected_blocks(network.indptr, network.indices)
    rows = np.repeat(np.arange(network.n), network.degree)
    graph = nx.Graph(zip(rows.tolist(), network.indices.tolist(), strict=True))
    ours = {frozenset(vertex[start[b] : start[b + 1]].tolist()) for b in range(len(start) - 1)}
    assert ours == {frozenset(block) for block in nx.biconnected_components(graph)}
    indptr, indices = split_into_blocks(network.indptr, network.indices, start, vertex, home)
    block = np.repeat(np.arange(len(start) - 1), np.diff(start))
    ends = np.repeat(np.arange(len(vertex)), np.diff(indptr))
    assert np.array_equal(block[ends], block[indices])
    assert sorted(zip(vertex[ends], vertex[indices], strict=True)) == sorted(zip(rows, network.indices, strict=True))
    member = network.sets["some"][:, None].astype(np.int64)
    weight, total = hanging_weights(start, vertex, home, member)
    for b in range(len(start) - 1):
        nodes = slice(start[b], start[b + 1])
        assert (weight[nodes] >= member[vertex[nodes]]).all()
        assert weight[nodes].sum() == total[vertex[start[b]], 0]


def test_more_sources_than_a_batch_holds() -> None:
    """A ring with chords is one block; 1,300 sources are three batches of the bit-parallel search."""
    n = 1300
    around = np.arange(n)
    rng = np.random.default_rng(7)
    src = np.concatenate([around, rng.integers(0, n, 300)])
    dst = np.concatenate([(around + 1) % n, rng.integers(0, n, 300)])
    check(network_from_edges(src, dst, n, {"some": rng.random(n) < 0.2}))
