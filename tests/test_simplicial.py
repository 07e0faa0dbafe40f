"""Simplicial vertices: found where they are, and leaving them out of the way of others changes no result."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_blocks import check

from gpunet.arrests.network import Network, network_from_edges
from gpunet.features.pairs import Blocks, PairWork
from gpunet.kernels.cpu.simplicial import rows_within, simplicial_vertices
from gpunet.kernels.cpu.traversal import rows_among
from gpunet.search.batches import shrinking_batches
from gpunet.search.graph import SearchGraph


@st.composite
def networks_with_simplicial_vertices(draw: st.DrawFn) -> Network:
    """A ring with chords, and new vertices tied to two or three who all know each other, some of these to new ones."""
    n = draw(st.integers(4, 9))
    edges = {(i, (i + 1) % n) for i in range(n)}
    vertex = st.integers(0, n - 1)
    edges |= {(a, b) for a, b in draw(st.lists(st.tuples(vertex, vertex), max_size=6)) if a != b}
    for _ in range(draw(st.integers(1, 12))):
        a, b = sorted(edges)[draw(st.integers(0, len(edges) - 1))]
        shared = sorted(x for x in range(n) if {(a, x), (x, a)} & edges and {(b, x), (x, b)} & edges)
        third = [draw(st.sampled_from(shared))] if shared and draw(st.booleans()) else []
        edges |= {(n, x) for x in (a, b, *third)}
        n += 1
    pairs = np.array(draw(st.permutations(range(n))))[np.array(sorted(edges), dtype=np.int64)]
    choice = st.lists(st.booleans(), min_size=n, max_size=n)
    sets = {"some": np.array(draw(choice)), "others": np.array(draw(choice)), "all": np.ones(n, bool)}
    names = draw(st.sampled_from([("some",), ("some", "others"), ("some", "all")]))  # without "all" some weigh nothing
    return network_from_edges(pairs[:, 0], pairs[:, 1], n, {name: sets[name] for name in names})


@given(networks_with_simplicial_vertices())
def test_leaving_them_out_of_the_way_changes_nothing(network: Network) -> None:
    check(network)


@given(networks_with_simplicial_vertices())
def test_are_those_whose_neighbours_are_a_clique(network: Network) -> None:
    found = simplicial_vertices(network.indptr, network.indices)
    rows = [set(network.indices[network.indptr[v] : network.indptr[v + 1]].tolist()) for v in range(network.n)]
    assert found.tolist() == [all(b in rows[a] for a in row for b in row if a != b) for row in rows]


def wheel_of_triangles(n: int, chords: int) -> tuple[Network, SearchGraph]:
    """A ring with chords, one block, and a vertex on top of each of its ties."""
    rng = np.random.default_rng(n)
    ring = np.arange(n)
    src = np.concatenate([ring, ring + n, ring + n, rng.integers(0, n, chords)])
    dst = np.concatenate([(ring + 1) % n, ring, (ring + 1) % n, rng.integers(0, n, chords)])
    sets = {"some": rng.random(2 * n) < 0.3, "few": rng.random(2 * n) < 0.02, "all": np.ones(2 * n, bool)}
    network = network_from_edges(src, dst, 2 * n, sets)
    return network, PairWork(Blocks(network), tuple(sets)).graph


@pytest.mark.parametrize("n", [70, 300])
def test_sources_leave_a_large_block_batch_by_batch(n: int) -> None:
    network, search_graph = wheel_of_triangles(n, n // 5)
    batches = shrinking_batches(search_graph, 64)
    gone = [batch for batch in batches if batch.last_time]
    assert len(gone) == -(-n // 64)
    assert [batch.last for batch in gone] == [2 * n - 64 * i for i in range(len(gone))]
    assert all(batch.last == n for batch in batches[len(gone) :])
    assert sorted(np.concatenate([batch.sources for batch in batches])) == list(range(2 * n))
    check(network)


def test_rows_within_end_at_the_first_neighbour_outside() -> None:
    network, search_graph = wheel_of_triangles(40, 10)
    end = rows_within(search_graph.indptr, search_graph.indices, 0, 55)
    for v in range(55):
        row = search_graph.indices[search_graph.indptr[v] : end[v]]
        whole = search_graph.indices[search_graph.indptr[v] : search_graph.indptr[v + 1]]
        assert np.array_equal(row, whole[whole < 55])
    begin, kept = rows_among(search_graph.indptr, search_graph.indices, 0, 55)
    assert len(kept) == begin[-1]
    for v in range(55):
        row = kept[begin[v] : begin[v + 1]]
        assert np.array_equal(row, search_graph.indices[search_graph.indptr[v] : end[v]])
    assert network.n == 80


def test_known_shapes() -> None:
    for graph, expected in (
        (nx.path_graph(4), [True, False, False, True]),
        (nx.complete_graph(3), [True, True, True]),
        (nx.cycle_graph(4), [False] * 4),
        (nx.empty_graph(2), [True, True]),
    ):
        ends = np.array(graph.edges, dtype=np.int64).reshape(-1, 2)
        network = network_from_edges(ends[:, 0], ends[:, 1], len(graph))
        assert simplicial_vertices(network.indptr, network.indices).tolist() == expected
