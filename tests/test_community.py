"""The Louvain partitions: partition are connected, modularity is that of good Louvain, and each gang's is its own."""

from __future__ import annotations

from collections.abc import Callable

import igraph
import networkx as nx
import pytest
from comparison import columns_of, frame_of, rows_of_edges
from hypothesis import given
from strategies import TableCase, arrest_tables

from gpunet import read_arrests
from gpunet.features import compute_all

PLANTED: dict[str, Callable[[], nx.Graph]] = {
    "planted": lambda: nx.planted_partition_graph(10, 30, 0.35, 0.02, seed=1),
    "weakly planted": lambda: nx.planted_partition_graph(8, 40, 0.25, 0.05, seed=2),
    "caveman": lambda: nx.connected_caveman_graph(40, 7),
    "ring of cliques": lambda: nx.ring_of_cliques(30, 6),
    "unequal": lambda: nx.gaussian_random_partition_graph(400, 30, 5, 0.3, 0.01, seed=3),
    "powerlaw": lambda: nx.powerlaw_cluster_graph(600, 3, 0.6, seed=4),
    "grid": lambda: nx.convert_node_labels_to_integers(nx.grid_2d_graph(20, 25)),
    "tree": lambda: nx.random_labeled_tree(500, seed=5),
    "sparse": lambda: nx.gnm_random_graph(700, 650, seed=6),
}


def groups_of(graph: nx.Graph, gangs: dict[int, str] | None = None) -> dict[str, dict[int, object]]:
    return columns_of(compute_all(read_arrests(frame_of(rows_of_edges(graph.edges, gangs)))).groups)


def cells_of(numbers: dict[int, object]) -> list[set[int]]:
    partition: dict[object, set[int]] = {}
    for person, number in numbers.items():
        if number is not None:
            partition.setdefault(number, set()).add(person)
    return list(partition.values())


def tied(graph: nx.Graph) -> nx.Graph:
    """Without isolated vertices: these are not in the network."""
    return graph.subgraph([v for v, d in graph.degree if d]).copy()


def best_known(graph: nx.Graph) -> float:
    """The better of the modularities that igraph and NetworkX find."""
    order = {v: i for i, v in enumerate(graph)}
    found = igraph.Graph(n=len(order), edges=[(order[a], order[b]) for a, b in graph.edges]).community_multilevel()
    seeds = [nx.community.modularity(graph, nx.community.louvain_communities(graph, seed=s)) for s in range(2)]
    return max(found.modularity, *seeds)


@pytest.mark.parametrize("name", PLANTED)
def test_modularity_of_the_whole_network(name: str) -> None:
    graph = tied(PLANTED[name]())
    partition = cells_of(groups_of(graph)["community"])
    assert nx.community.is_partition(graph, partition)
    assert nx.community.modularity(graph, partition) >= best_known(graph) - 0.02


@pytest.mark.parametrize("name", PLANTED)
def test_cells_are_connected(name: str) -> None:
    graph = tied(PLANTED[name]())
    gangs = {v: f"gang {v % 3}" for v in graph if v % 4}
    groups = groups_of(graph, gangs)
    for column in ("group", "community"):
        for community in cells_of(groups[column]):
            assert nx.is_connected(graph.subgraph(community)), f"a {column} of {len(community)} is in pieces"


def test_each_gang_is_partitioned_by_its_own_modularity() -> None:
    """Gangs of every size side by side, with ties between them, each as good as Louvain on its own subgraph."""
    parts = [nx.ring_of_cliques(4, 4), nx.ring_of_cliques(12, 5), nx.planted_partition_graph(6, 25, 0.4, 0.03, seed=7)]
    graph = tied(nx.disjoint_union_all([*parts, nx.gnm_random_graph(300, 900, seed=8)]))
    starts = [0, 16, 76, 226]
    gangs = {v: name for name, a, b in zip("ABC", starts, starts[1:], strict=False) for v in range(a, b) if v in graph}
    graph.add_edges_from((v, v + 90) for v in range(0, 200, 5) if v in graph and v + 90 in graph)
    groups = groups_of(graph, gangs)
    for name in "ABC":
        subgraph = graph.subgraph([v for v in graph if gangs.get(v) == name])
        partition = cells_of({v: groups["group"][v] for v in subgraph})
        assert nx.community.is_partition(subgraph, partition)
        assert nx.community.modularity(subgraph, partition) >= best_known(subgraph) - 0.02, f"gang {name}"
    assert {groups["group"][v] for v in graph if v not in gangs} == {None}


def test_a_small_gang_is_not_merged_because_the_network_is_large() -> None:
    """Two cliques of four joined by a tie are two groups. By the whole network's modularity they would be one."""
    small = nx.ring_of_cliques(2, 4)
    graph = nx.disjoint_union(small, nx.gnm_random_graph(600, 6000, seed=9))
    groups = groups_of(graph, dict.fromkeys(range(8), "small"))
    assert sorted(map(sorted, cells_of(groups["group"]))) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_gangs_do_not_share_a_group() -> None:
    """A community holds both gangs of a clique; each gang has a group, and so has a member without a tie in it."""
    graph = nx.complete_graph(6)
    graph.add_edge(5, 6)
    groups = groups_of(graph, {0: "A", 1: "A", 2: "A", 3: "B", 4: "B", 6: "A"})
    partition = {frozenset(v for v in range(7) if groups["group"][v] == groups["group"][u]) for u in (0, 3, 6)}
    assert partition == {frozenset({0, 1, 2}), frozenset({3, 4}), frozenset({6})}
    assert groups["group"][5] is None
    assert {groups["community"][v] for v in range(5)} == {groups["community"][0]}


@given(case=arrest_tables(max_incidents=12))
def test_group_and_community_are_null_where_the_contract_says(case: TableCase) -> None:
    result = compute_all(read_arrests(frame_of(case.rows), case.config, as_of=case.as_of))
    groups, degree = columns_of(result.groups), columns_of(result.features)["degree__all"]
    for person, ties in degree.items():
        assert (groups["community"][person] is None) == (ties == 0), person
        outside = ties == 0 or groups["gang"][person] is None
        assert (groups["group"][person] is None) == outside, person


def test_the_partition_is_the_same_on_every_run_and_for_any_number_of_threads() -> None:
    graph = tied(PLANTED["weakly planted"]())
    arrests = read_arrests(frame_of(rows_of_edges(graph.edges, {v: f"gang {v % 2}" for v in graph})))
    first = compute_all(arrests, threads=1).groups
    assert compute_all(arrests, threads=2).groups.equals(first)
    assert compute_all(arrests, threads=1).groups.equals(first)
