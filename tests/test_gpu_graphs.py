"""What gpunet does around cuGraph, with NetworkX in cuGraph's place, against the CPU kernels."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import array_api_strict
import networkx as nx
import numpy as np
import pylibcugraph_stand_in
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import NetworkCase, networks

import gpunet
from gpunet.arrests.network import Network
from gpunet.base.errors import EngineError
from gpunet.engines.gpu import graphs
from gpunet.features.community import recent_gang
from gpunet.kernels.cpu.communities import triangles_per_vertex
from gpunet.kernels.cpu.cores import core_numbers
from gpunet.kernels.cpu.louvain import louvain, subgraph_within
from gpunet.synthetic import make_arrests

#: NumPy has all that CuPy has, and more; the strict library has only what the standard says, as every library must.
LIBRARIES = [np, array_api_strict]


@pytest.fixture(autouse=True, scope="module")
def _library() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "pylibcugraph", pylibcugraph_stand_in)
        yield


def network_of(graph: nx.Graph) -> Network:
    edges = np.array(graph.edges, np.int64).reshape(-1, 2)
    return gpunet.network_from_edges(edges[:, 0], edges[:, 1], len(graph))


def network_case(case: NetworkCase) -> Network:
    edges = np.array(case.edges, np.int64).reshape(-1, 2)
    return gpunet.network_from_edges(edges[:, 0], edges[:, 1], case.n)


def called(function: str, xp: ModuleType, network: Network, *more: NDArray[Any], **options: int) -> Any:
    """The result over arrays of `xp`, as NumPy's, after a look at its type."""
    arrays = [xp.asarray(array) for array in (network.indptr, network.indices, *more)]
    result = getattr(graphs, function)(*arrays, **options)
    first = result[0] if isinstance(result, tuple) else result
    assert isinstance(first, type(arrays[0]))
    plain = np.from_dlpack(first)
    return (plain, *result[1:]) if isinstance(result, tuple) else plain


def labels(n: int) -> st.SearchStrategy[NDArray[np.int32]]:
    return st.lists(st.integers(-1, 2), min_size=n, max_size=n).map(lambda values: np.array(values, np.int32))


@pytest.mark.parametrize("xp", LIBRARIES, ids=lambda xp: xp.__name__)
@given(case=networks(), data=st.data())
def test_whole_numbers_equal_the_cpu_kernels(xp: ModuleType, case: NetworkCase, data: st.DataObject) -> None:
    network = network_case(case)
    community = data.draw(labels(network.n))
    core = called("core_numbers", xp, network, community >= 0)
    assert core.dtype == np.int32
    np.testing.assert_array_equal(core, core_numbers(network.indptr, network.indices, community >= 0))
    corners = called("triangles", xp, network, community)
    assert corners.dtype == np.int64
    np.testing.assert_array_equal(corners, triangles_per_vertex(network.indptr, network.indices, community))


def numbered(parts: list[set[int]], n: int) -> NDArray[np.int32]:
    """Each vertex's part, the parts numbered in the order of their smallest vertices."""
    of = np.full(n, -1, np.int32)
    for number, part in enumerate(sorted(parts, key=min)):
        of[list(part)] = number
    return of


@pytest.mark.parametrize("xp", LIBRARIES, ids=lambda xp: xp.__name__)
@given(case=networks())
def test_components_are_numbered_by_their_smallest_vertex(xp: ModuleType, case: NetworkCase) -> None:
    network = network_case(case)
    graph = nx.Graph([(a, b) for a, b in case.edges if a != b])
    graph.add_nodes_from(range(network.n))
    parts = list(nx.connected_components(graph))
    label, count = called("component_labels", xp, network)
    assert label.dtype == np.int32
    assert count == len(parts)
    np.testing.assert_array_equal(label, numbered(parts, network.n))


def inner_graph(network: Network, field: NDArray[np.int32]) -> nx.Graph:
    """The ties inside fields, and all vertices."""
    graph = nx.Graph()
    graph.add_nodes_from(range(network.n))
    for v in range(network.n):
        for u in network.indices[network.indptr[v] : network.indptr[v + 1]].tolist():
            if field[v] >= 0 and field[v] == field[u]:
                graph.add_edge(v, u)
    return graph


@pytest.mark.parametrize("xp", LIBRARIES, ids=lambda xp: xp.__name__)
@given(case=networks(), data=st.data())
def test_louvain_cells_are_connected_within_a_field_and_numbered(
    xp: ModuleType, case: NetworkCase, data: st.DataObject
) -> None:
    network = network_case(case)
    field = data.draw(labels(network.n))
    community = called("louvain", xp, network, field)
    assert community.dtype == np.int32
    inner = inner_graph(network, field)
    members = defaultdict(set)
    for v, c in enumerate(community.tolist()):
        members[c].add(v)
    for part in members.values():
        assert nx.is_connected(inner.subgraph(part))
    np.testing.assert_array_equal(community, numbered(list(members.values()), network.n))


def test_a_disconnected_cell_is_split(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_in_one(**call: Any) -> tuple[Any, Any, float]:
        return *call["graph"].given_back(dict.fromkeys(call["graph"].graph, 5), np.int32), 0.0

    monkeypatch.setattr(pylibcugraph_stand_in, "louvain", all_in_one)
    graph = nx.disjoint_union_all([nx.complete_graph(3), nx.empty_graph(1), nx.path_graph(2), nx.cycle_graph(4)])
    community = called("louvain", np, network_of(graph), np.zeros(10, np.int32))
    assert community.tolist() == [0, 0, 0, 1, 2, 2, 3, 3, 3, 3]


def test_every_field_keeps_the_best_of_all_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call finds one clique, and leaves the others in single vertices."""
    calls: list[dict[int, int]] = []

    def one_clique(**call: Any) -> tuple[Any, Any, float]:
        community = {v: v for v in call["graph"].graph}
        for part in nx.connected_components(call["graph"].graph):
            if len(part) == 3 + len(calls):
                community.update(dict.fromkeys(part, min(part)))
        calls.append(community)
        return *call["graph"].given_back(community, np.int32), 0.0

    monkeypatch.setattr(pylibcugraph_stand_in, "louvain", one_clique)
    graph = nx.disjoint_union_all([nx.complete_graph(size) for size in (5, 3, 6, 4)])
    field = np.repeat(np.array([7, 2, 3, 9], np.int32), [5, 3, 6, 4])
    community = called("louvain", np, network_of(graph), field)
    assert len(calls) == 4
    assert community.tolist() == [0] * 5 + [1] * 3 + [2] * 6 + [3] * 4


@pytest.mark.parametrize("xp", LIBRARIES, ids=lambda xp: xp.__name__)
def test_orders_are_different_and_name_every_vertex(xp: ModuleType) -> None:
    orders = [np.from_dlpack(order).tolist() for order in graphs._orders(xp, 50)]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({tuple(order) for order in orders}) == len(orders) == graphs._ORDERS


@given(case=networks(), data=st.data())
def test_one_weighted_call_gains_the_mean_of_what_the_fields_gain(case: NetworkCase, data: st.DataObject) -> None:
    """Whatever the communities: the modularity that cuGraph sees is the mean of the fields' own."""
    network = network_case(case)
    field = data.draw(labels(network.n))
    seen: dict[str, Any] = {}

    def noting(**call: Any) -> tuple[Any, Any, float]:
        seen.update({} if seen else call)  # the first call has the vertices as they are
        return *call["graph"].given_back({v: v for v in call["graph"].graph}, np.int32), 0.0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pylibcugraph_stand_in, "louvain", noting)
        called("louvain", np, network, field)
    inner = inner_graph(network, field)
    with_ties = sorted({int(field[v]) for v, degree in inner.degree if degree})
    if not with_ties:
        assert not seen
        return
    cut = data.draw(labels(network.n))
    communities = [
        {v for v in range(network.n) if (field[v], cut[v]) == key} for key in set(zip(field, cut, strict=True))
    ]
    weighted, resolution = seen["graph"].graph, seen["resolution"]
    assert resolution == len(with_ties)
    assert seen["threshold"] == 1e-7 / len(with_ties)
    own = [field_modularity(inner, field, f, communities) for f in with_ties]
    assert nx.community.modularity(weighted, communities, resolution=resolution) == pytest.approx(
        np.mean(own), abs=1e-12
    )


def field_modularity(inner: nx.Graph, field: NDArray[np.int32], f: int, communities: list[set[int]]) -> float:
    vertices = set(np.flatnonzero(field == f).tolist())
    inside = [community & vertices for community in communities if community & vertices]
    return float(nx.community.modularity(inner.subgraph(vertices), inside))


def modularities(network: Network, field: NDArray[np.int32], community: NDArray[np.int32]) -> NDArray[np.float64]:
    """Every field's own modularity, of those that have ties."""
    indptr, indices = subgraph_within(network.indptr, network.indices, field)
    degree = np.diff(indptr)
    row = np.repeat(np.arange(network.n), degree)
    two_m = np.bincount(field + 1, degree)[1:]
    together = np.bincount(field[row][community[row] == community[indices]], minlength=len(two_m))
    communities = np.unique(np.stack([field, community])[:, field >= 0], axis=1, return_inverse=True)
    of_community = np.bincount(communities[1].reshape(-1), degree[field >= 0])
    squares = np.bincount(communities[0][0], of_community**2, minlength=len(two_m))
    some = two_m > 0
    return np.asarray(together[some] / two_m[some] - squares[some] / two_m[some] ** 2)


@pytest.mark.parametrize("seed", [1, 2])
def test_louvain_of_synthetic_gangs_is_as_good_as_the_cpu_one(seed: int) -> None:
    arrests = gpunet.read_arrests(make_arrests(3_000, seed))
    network = gpunet.build_network(arrests)
    gang = recent_gang(arrests)[network.person]
    for field in (gang, np.zeros(network.n, np.int32)):
        inside = subgraph_within(network.indptr, network.indices, field)
        on_cpu = modularities(network, field, louvain(*inside, field))
        in_one_call = modularities(network, field, called("louvain", np, network, field))
        assert len(on_cpu) == len(set(field[inside[1]].tolist()))
        assert (in_one_call >= on_cpu - 0.005).all()


@given(case=networks())
def test_betweenness_is_that_of_the_cpu_engine(case: NetworkCase) -> None:
    network = network_case(case)
    due = gpunet.path_features(network, ("betweenness",), engine="cpu", threads=1)["betweenness__all"]
    value = called("betweenness", np, network, total=round(due.sum()))
    assert value.dtype == np.float64
    np.testing.assert_allclose(value, due, rtol=1e-9, atol=1e-12)


def chain_of_diamonds(k: int, width: int) -> nx.Graph:
    """k corners in a row, each tied to the next by `width` vertices between: width^k paths from end to end."""
    graph = nx.Graph()
    step = width + 1
    for i in range(k):
        for middle in range(step * i + 1, step * (i + 1)):
            graph.add_edges_from([(step * i, middle), (middle, step * (i + 1))])
    return graph


@pytest.mark.parametrize(
    ("k", "width", "fits"),
    [(40, 2, True), (62, 2, True), (64, 2, False), (39, 3, True), (45, 3, False)],
)
def test_betweenness_whose_path_counts_overflow_is_an_error(k: int, width: int, fits: bool) -> None:
    """2^64 wraps around to 0 paths, 3^45 to some number of them; 2^40 would not fit 32 bits."""
    graph = nx.convert_node_labels_to_integers(chain_of_diamonds(k, width), ordering="sorted")
    network = network_of(graph)
    steps = sum(sum(d - 1 for d in of.values() if d) for _, of in nx.all_pairs_shortest_path_length(graph)) // 2
    if fits:
        value = graphs.betweenness(network.indptr, network.indices, total=steps)
        assert value.sum() == pytest.approx(steps, rel=1e-12)
    else:
        with pytest.raises(EngineError, match=r"not to .*64-bit integer"):
            graphs.betweenness(network.indptr, network.indices, total=steps)


def test_a_hub_of_many_triangles_gets_wide_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A vertex of 65,537 neighbours can be a corner of more than 2^31 triangles."""
    asked: list[bool] = []

    class Graph:
        def __init__(self, n: int, source: Any, target: Any, *, wide: bool) -> None:
            asked.append(wide)
            self.n = n

        def triangle_count(self) -> NDArray[np.int32]:
            return np.zeros(self.n, np.int32)

    for leaves in (65_536, 65_537):
        hub = gpunet.network_from_edges(np.zeros(leaves, np.int64), np.arange(1, leaves + 1), leaves + 1)
        graphs.triangles(hub.indptr, hub.indices, np.zeros(leaves + 1, np.int32), make=Graph)
    assert asked == [False, True]


@pytest.mark.parametrize("n", [0, 3])
def test_without_ties_the_library_is_not_asked(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pylibcugraph", None)
    network = gpunet.network_from_edges(np.array([], np.int64), np.array([], np.int64), n)
    everyone = np.ones(n, np.bool_)
    assert called("core_numbers", np, network, everyone).tolist() == [0] * n
    assert called("louvain", np, network, np.zeros(n, np.int32)).tolist() == list(range(n))
    assert called("triangles", np, network, np.zeros(n, np.int32)).tolist() == [0] * n
    assert called("betweenness", np, network, total=0).tolist() == [0.0] * n
    label, count = called("component_labels", np, network)
    assert (label.tolist(), count) == (list(range(n)), n)


def test_more_ties_than_cugraph_takes_is_an_error() -> None:
    class Long:
        shape = (2_147_483_100,)

    with pytest.raises(EngineError, match="1,073,741,550 ties on one GPU"):
        graphs.component_labels(np.zeros(2, np.int64), Long())


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (RuntimeError("CUGRAPH_UNKNOWN_ERROR std::bad_alloc: out_of_memory: CUDA error"), MemoryError),
        (RuntimeError("CUGRAPH_UNKNOWN_ERROR something else"), RuntimeError),
        (MemoryError("CUGRAPH_ALLOC_ERROR"), MemoryError),
    ],
)
def test_out_of_memory_is_a_memory_error(
    raised: Exception, expected: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(**call: Any) -> None:
        raise raised

    monkeypatch.setattr(pylibcugraph_stand_in, "core_number", failing)
    network = network_of(nx.path_graph(3))
    with pytest.raises(expected):
        graphs.core_numbers(network.indptr, network.indices, np.ones(3, np.bool_))


def test_estimated_memory_grows_with_the_network_and_the_width_of_ids() -> None:
    for call in ("core_numbers", "louvain", "triangles", "component_labels", "betweenness"):
        small, large = graphs.bytes_needed(1_000, 4_000, call), graphs.bytes_needed(10_000, 40_000, call)
        assert 4_000 * 16 < small < large == 10 * small
    assert graphs.bytes_needed(0, 10, "betweenness") > graphs.bytes_needed(0, 10, "component_labels")
