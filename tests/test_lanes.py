"""Many sources searched at once give what one at a time gives, whatever the sets, the weights and their number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.arrests.network import Network, network_from_edges
from gpunet.kernels.cpu import betweenness_lanes
from gpunet.kernels.cpu.betweenness import dependencies_batch
from gpunet.kernels.cpu.betweenness_lanes import dependencies_lanes, forget_room
from gpunet.kernels.cpu.simplicial import simplicial_vertices


def both(
    network: Network, weight: np.ndarray, sources: np.ndarray, most_twins: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """By one source at a time and by many at once, the latter with simplicial vertices known as such."""
    copies = 1.0 + np.arange(network.n) % most_twins
    given = (weight[sources].astype(float), weight.astype(float), copies)
    one = dependencies_batch(network.indptr, network.indices, *given, sources.astype(np.int32))
    inner = ~simplicial_vertices(network.indptr, network.indices)
    return one, dependencies_lanes(network.indptr, network.indices, *given, inner, sources.astype(np.int32))


@st.composite
def weighted_networks(draw: st.DrawFn) -> tuple[Network, np.ndarray, np.ndarray]:
    n = draw(st.integers(1, 24))
    vertex = st.integers(0, n - 1)
    edges = np.array(draw(st.lists(st.tuples(vertex, vertex), max_size=60)), dtype=np.int64).reshape(-1, 2)
    n_sets = draw(st.integers(1, 4))
    weight = draw(st.lists(st.lists(st.integers(0, 3), min_size=n_sets, max_size=n_sets), min_size=n, max_size=n))
    sources = np.array(draw(st.permutations(range(n))))[: draw(st.integers(0, n))]
    return network_from_edges(edges[:, 0], edges[:, 1], n), np.array(weight, dtype=np.int64), sources


@given(weighted_networks())
def test_many_at_once_are_one_at_a_time(case: tuple[Network, np.ndarray, np.ndarray]) -> None:
    one, many = both(*case)
    np.testing.assert_allclose(many, one, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n_sources", [1, 63, 64, 65, 200])
def test_on_a_larger_network(n_sources: int) -> None:
    rng = np.random.default_rng(3)
    network = network_from_edges(rng.integers(0, 400, 1500), rng.integers(0, 400, 1500), 400)
    shares = [1.0, 0.9, 0.5, 0.2, 0.02, 0.0]
    weight = (rng.random((400, len(shares))) < shares).astype(np.int64) * rng.integers(1, 1000, (400, 1))
    one, many = both(network, weight, rng.permutation(400)[:n_sources])
    np.testing.assert_allclose(many, one, rtol=1e-12)


def test_many_sets() -> None:
    rng = np.random.default_rng(4)
    network = network_from_edges(rng.integers(0, 90, 250), rng.integers(0, 90, 250), 90)
    weight = rng.integers(0, 2, (90, 64)) * rng.integers(0, 5, (90, 1))
    one, many = both(network, weight, rng.permutation(90)[:37])
    np.testing.assert_allclose(many, one, rtol=1e-12)


def test_sources_that_repeat_or_stand_in_components_of_their_own() -> None:
    """A row of squares apart from each other; a source that comes twice counts twice."""
    corner = np.arange(40)
    network = network_from_edges(corner, corner // 4 * 4 + (corner + 1) % 4, 40)
    sources = np.array([0, 0, 5, 9, 13, 17, 21, 25, 29, 33, 37])
    one, many = both(network, np.ones((40, 1), np.int64), sources, most_twins=1)
    np.testing.assert_allclose(many, one, rtol=1e-12)
    assert many[2, 0] == 0.0
    assert many[1, 0] == 1.0  # half of the two paths from vertex 0 to vertex 2, twice


def test_counts_past_every_float_are_done_one_source_at_a_time() -> None:
    """A ladder of 1,200 diamonds has 2^1200 paths from end to end; sources near the middle stay below the limit."""
    k = 1200
    left = 3 * np.arange(k)
    src = np.concatenate([left, left, left + 1, left + 2])
    dst = np.concatenate([left + 1, left + 2, left + 3, left + 3])
    network = network_from_edges(src, dst, 3 * k + 1)
    weight = np.ones((network.n, 2), np.int64)
    weight[::2, 1] = 0
    one, many = both(network, weight, np.array([0, 1, 2, 3, 4, 5, 6, 7, 1800, 1801, 1802, 3600]))
    assert np.isfinite(many).all()
    np.testing.assert_allclose(many, one, rtol=1e-10)


def test_ties_beyond_int32_are_searched_from_one_source_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_from_edges(np.array([0, 1, 2, 3]), np.array([1, 2, 3, 4]), 5)
    weight = np.ones((5, 2), dtype=np.int64)
    monkeypatch.setattr(betweenness_lanes, "_MOST_TIES", 3)
    monkeypatch.setattr(betweenness_lanes, "shortest_paths", None)
    one, many = both(network, weight, np.arange(5))
    np.testing.assert_array_equal(many, one)


def test_fewer_at_once_and_room_that_is_kept_or_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    edges = rng.integers(0, 300, (700, 2))
    network = network_from_edges(edges[:, 0], edges[:, 1], 300)
    weight = rng.integers(0, 2, (300, 3))
    sources = np.arange(50)
    one, many = both(network, weight, sources)
    monkeypatch.setattr(betweenness_lanes, "_MOST_ROOM", 0)
    assert betweenness_lanes._at_once(300, 700) == 8
    forget_room()
    for _ in range(2):  # the second time in the room of the first
        few = both(network, weight, sources)[1]
        assert len(betweenness_lanes._KEPT.paths.order) == 8
        np.testing.assert_allclose(few, one, rtol=1e-12)
        np.testing.assert_array_equal(few, many)  # groups do not change the order of sums
    forget_room()
    assert betweenness_lanes._KEPT.paths is None
