"""Path features against the slow reference on small networks; and the reference itself against NetworkX."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from comparison import assert_arrays, same_bits
from hypothesis import given
from hypothesis import strategies as st
from reference import reference_path
from strategies import NetworkCase, networks

from gpunet import network_from_edges, path_features

FAMILIES = ("betweenness", "closeness", "shell", "tipping", "removal")
SET_NAMES = ("all", "violent", "homicide", "robbery")


def network_of(case: NetworkCase):
    ends = np.array(case.edges, dtype=np.int64).reshape(-1, 2)
    sets = {name: np.array(flags, dtype=bool) for name, flags in case.sets.items()}
    return network_from_edges(ends[:, 0], ends[:, 1], case.n, sets=sets)


def expected_of(case: NetworkCase) -> dict[str, list]:
    return reference_path(case.edges, case.n, case.sets)


def columns_of_family(family: str) -> list[str]:
    if family == "tipping":
        return [f"tipping_{k}" for k in range(2, 7)]
    if family == "removal":
        return ["removal_largest_component", "removal_largest_violent_component"]
    return [f"{family}__{name}" for name in SET_NAMES]


@pytest.mark.parametrize("family", FAMILIES)
@given(case=networks())
def test_every_column_equals_the_reference(family: str, case: NetworkCase) -> None:
    expected = expected_of(case)
    actual = path_features(network_of(case), families=(family,))
    assert sorted(actual) == sorted(columns_of_family(family))
    assert_arrays(actual, {name: expected[name] for name in columns_of_family(family)})


@given(case=networks(max_pieces=2, max_piece=9))
def test_all_families_in_one_call(case: NetworkCase) -> None:
    expected = expected_of(case)
    actual = path_features(network_of(case))
    assert sorted(actual) == sorted(expected)
    assert_arrays(actual, expected)


@given(case=networks(), data=st.data())
def test_a_choice_of_sets_changes_no_value(case: NetworkCase, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(SET_NAMES), min_size=1, unique=True))
    families = ("betweenness", "closeness", "shell")
    network = network_of(case)
    some = path_features(network, families=families, sets=chosen)
    every = path_features(network, families=families)
    assert sorted(some) == sorted(f"{family}__{name}" for family in families for name in chosen)
    assert_arrays(some, {name: every[name] for name in some})


@given(case=networks(max_pieces=2), data=st.data())
def test_features_follow_their_vertex_when_ids_are_permuted(case: NetworkCase, data: st.DataObject) -> None:
    new = data.draw(st.permutations(range(case.n)))
    old = np.argsort(new)
    contributions = NetworkCase(
        tuple((new[a], new[b]) for a, b in case.edges),
        case.n,
        {name: [flags[v] for v in old] for name, flags in case.sets.items()},
    )
    before, after = path_features(network_of(case)), path_features(network_of(contributions))
    assert_arrays({name: after[name][list(new)] for name in after}, before)


@given(case=networks())
def test_two_threads_give_the_bits_of_one(case: NetworkCase) -> None:
    network = network_of(case)
    assert same_bits(path_features(network, threads=1), path_features(network, threads=2)) == []


def test_arrays_have_the_types_of_the_contract() -> None:
    network = network_of(NetworkCase(((0, 1), (1, 2)), 4, {"violent": [True, False, False, False]}))
    for name, values in path_features(network).items():
        wanted = bool if name.startswith("tipping") else np.int64 if name.startswith(("shell", "removal")) else float
        assert values.dtype == wanted, name
        assert values.shape == (4,), name


def test_no_vertex_and_no_edge() -> None:
    none = np.array([], dtype=np.int64)
    for n in (0, 3):
        network = network_from_edges(none, none, n, sets={"violent": np.ones(n, dtype=bool)})
        for name, values in path_features(network).items():
            assert values.shape == (n,), name
            assert not values.any(), name


# --- The reference itself -------------------------------------------------------------------------------------------


@given(case=networks(max_pieces=2))
def test_the_reference_agrees_with_networkx(case: NetworkCase) -> None:
    graph = nx.Graph(e for e in case.edges if e[0] != e[1])
    graph.add_nodes_from(range(case.n))
    columns = expected_of(case)
    for name, flags in {"all": [True] * case.n, **case.sets}.items():
        members = [v for v in range(case.n) if flags[v]]
        subset = nx.betweenness_centrality_subset(graph, sources=members, targets=members, normalized=False)
        for v in range(case.n):
            assert columns[f"betweenness__{name}"][v] == pytest.approx(subset[v], rel=1e-9, abs=1e-12)
            core = nx.core_number(graph.subgraph([*members, v]))[v]
            assert columns[f"shell__{name}"][v] == core
    nx_closeness = nx.closeness_centrality(graph)
    for v in range(case.n):
        assert columns["closeness__all"][v] == pytest.approx(nx_closeness[v], rel=1e-9)
        rest = graph.subgraph(nx.node_connected_component(graph, v) - {v})
        sizes = [len(c) for c in nx.connected_components(rest)]
        assert columns["removal_largest_component"][v] == max(sizes, default=0)


def test_the_reference_on_a_worked_example() -> None:
    """Two triangles 0-1-2 and 4-5-6 joined by 2-3-4, one vertex alone; 0, 3 and 6 are violent."""
    edges = [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (4, 5), (4, 6), (5, 6)]
    violent = [v in (0, 3, 6) for v in range(8)]
    columns = reference_path(edges, 8, {"violent": violent})
    assert columns["betweenness__all"] == [0, 0, 8, 9, 8, 0, 0, 0]
    # 3 lies between 0 and 6; 2 between 0 and 3, 0 and 6; no path of two violent persons passes 1 or 5.
    assert columns["betweenness__violent"] == [0, 0, 2, 1, 2, 0, 0, 0]
    # 0 has the others 3 and 6 at 2 and 4; 1 has 0, 3, 6 at 1, 2, 4; 7 reaches nobody.
    assert columns["closeness__violent"][0] == pytest.approx(2 / 6)
    assert columns["closeness__violent"][1] == pytest.approx(3 / 7)
    assert columns["closeness__violent"][7] == 0
    assert columns["shell__all"] == [2, 2, 2, 2, 2, 2, 2, 0]
    assert columns["shell__violent"] == [0, 1, 1, 0, 1, 1, 0, 0]
    # 2 has the violent neighbours 0 and 3, 4 has 3 and 6; then 1 has 0 and 2, 5 has 4 and 6. For 0 only 4 and 5 tip.
    assert columns["tipping_2"] == [False, True, True, False, True, True, False, False]
    assert not any(columns["tipping_3"])
    assert columns["removal_largest_component"] == [6, 6, 4, 3, 4, 6, 6, 0]
    assert columns["removal_largest_violent_component"] == [6, 6, 4, 3, 4, 6, 6, 0]
