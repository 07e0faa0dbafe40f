"""Approximate betweenness: within epsilon of the exact values for every set, without bias, and the same every time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from comparison import assert_arrays, same_bits
from hypothesis import HealthCheck, given, settings
from strategies import NetworkCase, networks

from gpunet import network_from_edges, path_features
from gpunet.arrests.network import Network
from gpunet.base.errors import ConfigError
from gpunet.config.config import PathConfig
from gpunet.engines.cpu import CpuEngine
from gpunet.features.pairs import Blocks, PairWork
from gpunet.features.path import PathResult, compute_path, estimate_path_work
from gpunet.features.sampling import sample
from gpunet.search import sample_plan
from gpunet.search import samples as samples
from gpunet.search.batches import shrinking_batches
from gpunet.search.bounds import error_bound
from gpunet.search.sample_plan import ordered_pairs, plan_sampling
from gpunet.search.searches import dependencies
from tests.examples import examples


@pytest.fixture
def eager(monkeypatch):
    """Whatever can be sampled is sampled, until the bound is reached."""
    monkeypatch.setattr(sample_plan, "_SAMPLE_COST", 0.0)
    monkeypatch.setattr(sample_plan, "_FEWEST_SOURCES", 1)
    monkeypatch.setattr(sample_plan, "_MOST_DRAWS_A_SOURCE", 1e9)


@pytest.fixture(scope="module")
def network() -> Network:
    """Two components; in the first, two large blocks share a vertex; trees, twins and simplicial vertices hang on."""
    random = np.random.default_rng(7)

    def piece(first: int, n: int, ties: int) -> list[tuple[int, int]]:
        ring = [(first + i, first + (i + 1) % n) for i in range(n)]
        return ring + [(first + int(a), first + int(b)) for a, b in random.integers(0, n, (ties, 2))]

    edges = piece(0, 80, 60) + piece(79, 60, 50) + piece(150, 50, 30)
    edges += [(v, int(random.integers(0, 138))) for v in range(200, 260)]  # pendants
    for v in range(260, 300):  # triangles on a tie, half of them twins
        a, b = edges[int(random.integers(0, 100))]
        edges += [(v, a), (v, b)]
    edges += [(v, v + 1) for v in range(260, 280, 2)]
    n = 300
    sets = {"violent": random.random(n) < 0.3, "few": np.isin(np.arange(n), [3, 90, 160, 222, 290])}
    sets |= {"nobody": np.zeros(n, bool), "one": np.arange(n) == 5, "two": np.isin(np.arange(n), [5, 120])}
    return network_from_edges(*np.array(edges).T, n, sets=sets)


def approximate(network: Network, epsilon: float, seed: int = 1, threads: int = 1, delta: float = 0.1) -> PathResult:
    config = PathConfig("approx", epsilon, delta, seed=seed)
    return compute_path(network, "betweenness", threads=threads, config=config)


def errors(network: Network, result: PathResult) -> dict[str, float]:
    """The largest error of any normalised value of each set; the pairs are those of the set's other members."""
    exact = path_features(network, "betweenness", threads=1)
    found = {}
    for name, member in network.sets.items():
        others = member.sum() - member
        pairs = others * (others - 1) / 2
        column = f"betweenness__{name}"
        error = np.abs(result.columns[column] - exact[column])
        assert not error[pairs == 0].any(), name  # nothing to be wrong about
        found[name] = float((error[pairs > 0] / pairs[pairs > 0]).max(initial=0.0))
    return found


def network_of(case: NetworkCase) -> Network:
    ends = np.array(case.edges, dtype=np.int64).reshape(-1, 2)
    return network_from_edges(ends[:, 0], ends[:, 1], case.n, sets={k: np.array(v) for k, v in case.sets.items()})


@pytest.mark.parametrize("epsilon", [0.3, 0.1, 0.03])
def test_every_set_is_within_the_certified_error(eager, network, epsilon):
    outside = 0
    for seed in range(20):
        result = approximate(network, epsilon, seed)
        assert result.report is not None
        assert all(report.certified_error <= epsilon for report in result.report.sets.values())
        found = errors(network, result)
        outside += any(found[name] > report.certified_error for name, report in result.report.sets.items())
        for name in ("all", "violent", "few"):
            report = result.report.sets[name]
            assert report.samples > 0, name
            assert report.certified_error > 0, name
        assert sum(found.values()) > 0  # it was not computed exactly
    assert outside <= 2  # delta is 0.1


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=networks(max_pieces=3, max_piece=9))
def test_small_networks_of_all_shapes(eager, case):
    result = approximate(network_of(case), 0.2)
    assert max(errors(network_of(case), result).values()) <= 0.2


def test_draws_have_the_right_expectation(eager, network):
    """Every source of every block, weighted by its chance: the sum is what the exact computation gives."""
    names = tuple(network.sets)
    graph = PairWork(Blocks(network), names).graph
    exact = np.zeros(graph.weight.shape)
    for batch in shrinking_batches(graph, 64):
        exact[batch.first : batch.last] += dependencies(graph, batch)
    expected = np.zeros(exact.shape)
    for block in range(len(graph.core)):
        mass = ordered_pairs(graph, block)
        for source, c in zip(*np.nonzero(mass), strict=True):
            position = int(graph.start[block] + source)
            region = 2 * block + int(not graph.inner[position])
            first, last = samples.bounds_of_region(graph, region)
            value, square = np.zeros((2, last - first, len(names)))
            samples.search_samples(graph, region, np.array([[position, -1, c]]), np.array([1]), value, square)
            assert value.max(initial=0.0) <= 1 + 1e-12
            expected[first:last] += value * mass[source, c]
    np.testing.assert_allclose(expected, exact, rtol=1e-10, atol=1e-9)


def test_with_nothing_forced_large_sets_are_sampled_and_small_ones_are_not():
    n = 3000
    random = np.random.default_rng(5)
    ring = np.arange(n)
    src, dst = [
        np.concatenate(pair) for pair in zip((ring, (ring + 1) % n), random.integers(0, n, (2, n)), strict=True)
    ]
    network = network_from_edges(src, dst, n, {"violent": random.random(n) < 0.5, "few": ring % 300 == 0})
    result = approximate(network, 0.2)
    assert result.report is not None
    assert {name: report.method for name, report in result.report.sets.items()} == {
        "all": "approx", "violent": "approx", "few": "exact",
    }  # fmt: skip
    assert set(result.report.of_columns()) == {"betweenness__all", "betweenness__violent"}
    assert result.report.metadata()["certified_error"] == result.report.certified_error > 0
    for name, error in errors(network, result).items():
        assert error <= result.report.sets[name].certified_error + 1e-12


def test_the_estimates_have_no_bias(eager, network):
    exact = path_features(network, "betweenness", ["all", "violent", "few"], threads=1)
    seeds = range(60)
    found = [approximate(network, 0.5, seed).columns for seed in seeds]
    for column, values in exact.items():
        estimates = np.array([columns[column] for columns in found])
        spread = estimates.std(axis=0, ddof=1) / math.sqrt(len(seeds))
        assert spread.max() > 0
        # 300 values a set; 5 standard errors are passed by one of 3 million by chance, if they were normal.
        assert (np.abs(estimates.mean(axis=0) - values) <= 5 * spread + 1e-6 * values.max()).all(), column


def test_the_same_bits_for_any_number_of_threads_and_none_for_another_seed(eager, network):
    first = approximate(network, 0.1)
    again = approximate(network, 0.1, threads=3)
    assert same_bits(first.columns, again.columns) == []
    assert first.report == again.report
    assert same_bits(first.columns, approximate(network, 0.1, seed=2).columns)


def test_sets_that_have_no_pairs_are_zero(eager, network):
    result = approximate(network, 0.1)
    for name in ("nobody", "one"):
        assert not result.columns[f"betweenness__{name}"].any()


def test_exact_bytes_where_sampling_would_not_pay(network):
    result = approximate(network, 0.1)
    assert same_bits(result.columns, path_features(network, "betweenness", threads=1)) == []
    assert result.report is not None
    assert (result.report.chosen, result.report.method) == ("approx", "exact")
    assert result.report.of_columns() == {}
    assert {(r.samples, r.checks, r.certified_error) for r in result.report.sets.values()} == {(0, 0, 0.0)}


def test_sets_are_decided_one_by_one(network, monkeypatch):
    monkeypatch.setattr(sample_plan, "_FEWEST_SOURCES", 100)
    monkeypatch.setattr(sample_plan, "_SAMPLE_COST", 0.0)
    monkeypatch.setattr(sample_plan, "_MOST_DRAWS_A_SOURCE", 1e9)
    result = approximate(network, 0.1)
    assert result.report is not None
    sampled = {name for name, report in result.report.sets.items() if report.samples}
    assert sampled == {"all"}
    exact = path_features(network, "betweenness", threads=1)
    rest = {column: values for column, values in exact.items() if column != "betweenness__all"}
    assert_arrays({column: result.columns[column] for column in rest}, rest)
    assert 0 < errors(network, result)["all"] <= 0.1


def test_a_set_whose_bound_is_not_reached_in_time_is_exact(eager, network, monkeypatch):
    monkeypatch.setattr(sample_plan, "_FIRST", 0.05)
    monkeypatch.setattr(sample_plan, "_MOST_DRAWS_A_SOURCE", 1.0)
    result = approximate(network, 0.05)
    assert result.report is not None
    given_up = [report for report in result.report.sets.values() if report.checks]
    assert given_up
    assert all(report.certified_error == 0 for report in given_up)
    assert same_bits(result.columns, path_features(network, "betweenness", threads=1)) == []


def test_bounds_of_a_vertex_in_two_sampled_blocks_add_up(eager, network):
    blocks, names = Blocks(network), tuple(network.sets)
    graph = PairWork(blocks, names).graph
    members = np.array([mask.sum() for mask in network.sets.values()], np.int64)
    plan = plan_sampling(graph, members, 0.2, 0.1)
    assert plan.sampled[:, 0].sum() == 3
    found = sample(graph, blocks.vertex[graph.node], plan, names, 1, CpuEngine(1), None)
    # Vertex 79 lies in both large blocks: its bound is at least twice that of an estimate without any variance.
    single = error_bound(np.zeros(1), int(found.samples[0]), plan.log_term(int(found.checks[0]) - 1))[0]
    assert found.error[0] >= 2 * single * plan.factor[0]


def test_every_pair_is_answered_for_once(network):
    blocks, names = Blocks(network), tuple(network.sets)
    graph = PairWork(blocks, names).graph
    for block in range(len(graph.core)):
        weight = graph.weight[graph.start[block] : graph.start[block + 1]]
        pairs = weight.sum(axis=0) ** 2 - (weight**2).sum(axis=0)
        assert sample_plan.ordered_pairs(graph, block).sum(axis=0).tolist() == pairs.tolist()


def test_auto_is_approximate_above_the_budget_alone(eager, network):
    exact = path_features(network, "betweenness", threads=1)
    seconds = estimate_path_work(network, "betweenness").exact_core_seconds
    assert seconds > 0
    for budget, method in ((seconds * 1.01, "exact"), (seconds * 0.99, "approx"), (0, "approx")):
        result = compute_path(network, "betweenness", config=PathConfig("auto", 0.1, budget=budget))
        assert result.report is not None
        assert (result.report.asked, result.report.method) == ("auto", method)
        assert estimate_path_work(network, betweenness="auto", epsilon=0.1, budget=budget).method == method
        columns = path_features(network, "betweenness", betweenness="auto", epsilon=0.1, budget=budget)
        assert same_bits(columns, result.columns) == []
        assert (same_bits(columns, exact) == []) == (method == "exact")


def test_networks_without_anything_to_search():
    for edges, n in (([], 0), ([], 3), ([(0, 1), (1, 2), (1, 3)], 4), ([(0, 1), (1, 2), (0, 2)], 3)):
        ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
        plain = network_from_edges(ends[:, 0], ends[:, 1], n)
        for mode in ("approx", "auto"):
            columns = path_features(plain, "betweenness", betweenness=mode, budget=0)
            assert same_bits(columns, path_features(plain, "betweenness")) == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"betweenness": "roughly"}, "roughly"),
        ({"epsilon": 0}, "epsilon"),
        ({"epsilon": 1}, "epsilon"),
        ({"epsilon": math.nan}, "epsilon"),
        ({"epsilon": "small"}, "epsilon"),
        ({"delta": 0}, "delta"),
        ({"delta": 1.5}, "delta"),
        ({"delta": True}, "delta"),
        ({"budget": -1}, "budget"),
        ({"budget": math.inf}, "budget"),
        ({"seed": -1}, "seed"),
        ({"seed": 0.5}, "seed"),
    ],
)
def test_bad_arguments(network, arguments, named):
    with pytest.raises(ConfigError, match=named):
        path_features(network, "betweenness", **arguments)
