"""Path features against NetworkX, igraph and SciPy on random networks of a few hundred to two thousand vertices."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import igraph
import networkx as nx
import numpy as np
import pytest
from comparison import same_bits
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from gpunet import network_from_edges, path_features

#: The contract's tolerance between engines. Where the truth is zero, zero is asked for: no term may be left over.
RTOL = 1e-9


def co_arrests(n: int, incidents: int, seed: int) -> nx.Graph:
    """Cliques of 2..6 neighbours on a ring: clustered, with the twins, bridges and components that arrests make."""
    rng = np.random.default_rng(seed)
    graph = nx.empty_graph(n)
    for _ in range(incidents):
        size = int(rng.choice([2, 3, 4, 5, 6], p=[0.5, 0.25, 0.13, 0.08, 0.04]))
        members = (rng.integers(n) + rng.choice(12, size=size, replace=False)) % n
        graph.add_edges_from((a, b) for a in members.tolist() for b in members.tolist() if a < b)
    return graph


def sparse_random() -> nx.Graph:
    return nx.gnm_random_graph(1000, 900, seed=3)


NETWORKS: dict[str, Callable[[], nx.Graph]] = {
    "sparse": sparse_random,
    "random": lambda: nx.gnm_random_graph(600, 1800, seed=1),
    "dense": lambda: nx.gnp_random_graph(250, 0.3, seed=2),
    "complete": lambda: nx.complete_graph(120),
    "tree": lambda: nx.random_labeled_tree(1500, seed=4),
    "grid": lambda: nx.grid_2d_graph(25, 30),
    "bipartite": lambda: nx.complete_bipartite_graph(40, 70),
    "caveman": lambda: nx.connected_caveman_graph(60, 8),
    "powerlaw": lambda: nx.powerlaw_cluster_graph(800, 3, 0.5, seed=5),
    "barbell": lambda: nx.barbell_graph(60, 40),
    "cliques": lambda: nx.disjoint_union_all([nx.complete_graph(k) for k in range(1, 30)]),
    "co_arrests": lambda: co_arrests(2000, 900, seed=6),
}


@cache
def graph_named(name: str) -> nx.Graph:
    """The network with its vertices shuffled, so that no kernel gains from a tidy order of ids."""
    graph = nx.convert_node_labels_to_integers(NETWORKS[name]())
    new = np.random.default_rng(99).permutation(len(graph)).tolist()
    shuffled = nx.empty_graph(len(graph))
    shuffled.add_edges_from((new[a], new[b]) for a, b in graph.edges)
    return shuffled


@cache
def sets_named(name: str) -> dict[str, np.ndarray]:
    n = len(graph_named(name))
    rng = np.random.default_rng(n)
    pair = np.zeros(n, dtype=bool)
    pair[rng.choice(n, size=2, replace=False)] = True
    return {
        "violent": rng.random(n) < 0.1,
        "common": rng.random(n) < 0.6,
        "pair": pair,
        "nobody": np.zeros(n, dtype=bool),
        "everyone": np.ones(n, dtype=bool),
    }


@cache
def features_named(name: str) -> dict[str, np.ndarray]:
    return path_features(network_named(name))


@cache
def network_named(name: str):
    ends = np.array(list(graph_named(name).edges), dtype=np.int64).reshape(-1, 2)
    return network_from_edges(ends[:, 0], ends[:, 1], len(graph_named(name)), sets=sets_named(name))


def igraph_named(name: str) -> igraph.Graph:
    graph = graph_named(name)
    return igraph.Graph(n=len(graph), edges=list(graph.edges))


def close(actual: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(actual, expected, rtol=RTOL, atol=0.0)


every_network = pytest.mark.parametrize("name", NETWORKS)


@every_network
def test_betweenness_of_all_equals_igraph(name: str) -> None:
    close(features_named(name)["betweenness__all"], np.array(igraph_named(name).betweenness()))


@every_network
@pytest.mark.parametrize("chosen", ["violent", "pair"])
def test_betweenness_of_a_set_equals_networkx(name: str, chosen: str) -> None:
    graph = graph_named(name)
    members = np.flatnonzero(sets_named(name)[chosen]).tolist()
    expected = nx.betweenness_centrality_subset(graph, sources=members, targets=members, normalized=False)
    close(features_named(name)[f"betweenness__{chosen}"], np.array([expected[v] for v in range(len(graph))]))


@every_network
def test_everyone_as_a_set_is_all_and_nobody_is_nothing(name: str) -> None:
    columns = features_named(name)
    for family in ("betweenness", "closeness"):
        close(columns[f"{family}__everyone"], columns[f"{family}__all"])
        assert not columns[f"{family}__nobody"].any()
    np.testing.assert_array_equal(columns["shell__everyone"], columns["shell__all"])
    assert not columns["shell__nobody"].any()


@every_network
def test_closeness_equals_all_distances(name: str) -> None:
    """SciPy's table of distances, reduced by the definition; for `all` it must be NetworkX's closeness too."""
    graph = graph_named(name)
    adjacency = csr_array(nx.to_scipy_sparse_array(graph, nodelist=range(len(graph))))
    distance = shortest_path(adjacency, unweighted=True)
    np.fill_diagonal(distance, np.inf)
    for set_name, flags in {"all": np.ones(len(graph), dtype=bool), **sets_named(name)}.items():
        to_set = distance[:, flags]
        reached = np.isfinite(to_set)
        others = flags.sum() - flags
        total = np.where(reached, to_set, 0).sum(axis=1)
        count = reached.sum(axis=1)
        expected = np.divide(count * count, others * total, out=np.zeros(len(graph)), where=total > 0)
        np.testing.assert_allclose(
            features_named(name)[f"closeness__{set_name}"], expected, rtol=RTOL, err_msg=set_name
        )


@pytest.mark.parametrize("name", ["sparse", "cliques", "caveman"])
def test_closeness_of_all_equals_networkx(name: str) -> None:
    expected = nx.closeness_centrality(graph_named(name))
    values = [expected[v] for v in range(len(expected))]
    np.testing.assert_allclose(features_named(name)["closeness__all"], values, rtol=RTOL)


@every_network
def test_shell_equals_core_numbers(name: str) -> None:
    graph = graph_named(name)
    columns = features_named(name)
    assert columns["shell__all"].tolist() == igraph_named(name).coreness()
    core_number = nx.core_number(graph)
    assert columns["shell__all"].tolist() == [core_number[v] for v in range(len(graph))]
    whole = igraph_named(name)
    for set_name in ("violent", "common"):
        members = np.flatnonzero(sets_named(name)[set_name]).tolist()
        for v in np.random.default_rng(1).permutation(len(graph))[:150].tolist():
            inside = sorted({*members, v})
            core = whole.induced_subgraph(inside).coreness()[inside.index(v)]
            assert columns[f"shell__{set_name}"][v] == core, f"shell__{set_name} of {v}"


@every_network
def test_tipping_equals_a_rerun_without_the_vertex(name: str) -> None:
    graph = graph_named(name)
    n = len(graph)
    adjacency = csr_array(nx.to_scipy_sparse_array(graph, nodelist=range(n), dtype=np.int64))
    violent = sets_named(name)["violent"]
    chosen = np.concatenate([np.flatnonzero(violent)[:60], np.flatnonzero(~violent)[:60]])
    for k in range(2, 7):
        for v in chosen.tolist():
            active = violent.copy()
            active[v] = False
            while not np.array_equal(more := active | (adjacency @ active.astype(np.int64) >= k), active):
                active = more
            assert features_named(name)[f"tipping_{k}"][v] == active[v], f"tipping_{k} of {v}"


@every_network
def test_removal_equals_components_without_the_vertex(name: str) -> None:
    graph = graph_named(name)
    violent = set(np.flatnonzero(sets_named(name)["violent"]).tolist())
    whole = igraph_named(name)
    membership = np.array(whole.connected_components().membership)
    for v in range(0, len(graph), max(1, len(graph) // 150)):
        left = np.flatnonzero(membership == membership[v])
        left = left[left != v]
        parts = [left[c] for c in whole.induced_subgraph(left.tolist()).connected_components()]
        largest = max((len(c) for c in parts), default=0)
        largest_violent = max((len(c) for c in parts if violent.intersection(c.tolist())), default=0)
        assert features_named(name)["removal_largest_component"][v] == largest, v
        assert features_named(name)["removal_largest_violent_component"][v] == largest_violent, v


@every_network
def test_one_thread_and_two_give_the_same_bits(name: str) -> None:
    network = network_named(name)
    one = path_features(network, threads=1)
    assert same_bits(one, path_features(network, threads=2)) == []
    assert same_bits(one, features_named(name)) == []
