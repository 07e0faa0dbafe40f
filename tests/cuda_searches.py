"""Searches of whole graphs by the CUDA kernels against the CPU engine's; test_cuda_kernels.py runs this file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import compiled_kernels  # noqa: F401
import numpy as np
import pytest
from comparison import assert_arrays
from hypothesis import given, settings
from reference import reference_path
from strategies import NetworkCase, networks

from gpunet.arrests.network import Network, network_from_edges
from gpunet.base.errors import EngineError
from gpunet.base.transfers import transfers_of_part
from gpunet.config.config import PathConfig
from gpunet.engines.cpu import CpuEngine
from gpunet.engines.gpu import memory, search_plan, searches
from gpunet.features.pairs import Blocks, PairWork
from gpunet.features.path import compute_path
from gpunet.kernels import jit_cuda
from gpunet.kernels.cuda import betweenness_workspace as betweenness_workspace
from gpunet.kernels.cuda import closeness as closeness_cuda
from gpunet.search import sample_plan
from gpunet.search.graph import SearchGraph
from gpunet.search.sample_plan import ordered_pairs
from gpunet.search.samples import region_of

CPU = CpuEngine(1)

#: Batches and groups for small networks.
SMALL = search_plan.Sizes(positions=24, own_groups=12, steps=2, threads=16)


class Searching(CpuEngine):
    """The CPU engine, but for its searches."""

    all_dependencies = staticmethod(partial(searches.all_dependencies, sizes=SMALL))  # type: ignore[assignment]
    add_samples = staticmethod(partial(searches.add_samples, sizes=SMALL))  # type: ignore[assignment]
    farness = staticmethod(partial(searches.farness, sizes=SMALL))  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few blocks of threads."""
    at_most(monkeypatch, 3)


def at_most(monkeypatch: pytest.MonkeyPatch, blocks: int) -> None:
    """Let there be memory for so many blocks of threads."""

    def make(work: Callable[[int], Any], each: int, most: int) -> Any:
        return work(min(most, blocks))

    monkeypatch.setattr(betweenness_workspace, "most_that_fit", make)
    monkeypatch.setattr(closeness_cuda, "most_that_fit", make)


@pytest.fixture(scope="module")
def network() -> Network:
    """A large block with simplicial vertices, one of middling size, ten of five or six vertices, trees and twins."""
    random = np.random.default_rng(4)

    def piece(first: int, n: int, ties: int) -> list[tuple[int, int]]:
        ring = [(first + i, first + (i + 1) % n) for i in range(n)]
        return ring + [(first + int(a), first + int(b)) for a, b in random.integers(0, n, (ties, 2))]

    edges = piece(0, 36, 24) + piece(35, 14, 6)
    for i in range(10):
        edges += piece(60 + 6 * i, 5 + i % 2, 1)
    for v in range(120, 150):
        a, b = edges[int(random.integers(0, 50))]
        edges += [(v, a), (v, b)]
    edges += [(v, int(random.integers(0, 50))) for v in range(150, 160)]
    sets = {"violent": random.random(160) < 0.4, "few": np.isin(np.arange(160), [3, 40, 61, 122, 149, 155])}
    return network_from_edges(*np.array(edges).T, 160, sets=sets | {"nobody": np.zeros(160, bool)})


@pytest.fixture(scope="module")
def graph(network: Network) -> SearchGraph:
    return PairWork(Blocks(network), tuple(network.sets)).graph


def test_plans_have_groups_of_every_kind(graph: SearchGraph) -> None:
    plan = search_plan.plan_dependencies(graph, SMALL)
    groups = plan.groups
    assert len(plan.spans) > 2
    assert [span.begin for span in plan.spans] == [0, *(span.end for span in plan.spans[:-1])]
    leaving = groups.halved < groups.last
    assert 0 < np.count_nonzero(leaving) < len(groups)
    size = np.diff(groups.source_begin)
    assert size.min() >= 1
    assert size.max() == 8
    blocks = np.searchsorted(graph.start, groups.last - 1, "right") - np.searchsorted(
        graph.start, groups.first, "right"
    )
    assert blocks.max() > 0  # some share a group
    assert (groups.stops >= 0).all()
    assert np.array_equal(np.sort(groups.source), np.flatnonzero(graph.weight.any(axis=1)))
    for span in plan.spans:
        here = slice(span.begin, span.end)
        assert span.first <= groups.first[here].min()
        assert groups.last[here].max() <= span.last


def test_betweenness_is_the_cpus_and_its_bits_do_not_depend_on_memory(
    graph: SearchGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = CPU.all_dependencies(graph, None)
    told: list[tuple[str, float, float]] = []
    found = searches.all_dependencies(graph, lambda *step: told.append(step), SMALL)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    groups = len(search_plan.plan_dependencies(graph, SMALL).groups)
    assert told[0] == ("betweenness", 0.0, groups)
    assert told[-1] == ("betweenness", groups, groups)
    for blocks, progress in ((1, None), (100, None)):
        at_most(monkeypatch, blocks)
        assert np.array_equal(searches.all_dependencies(graph, progress, SMALL), found)


def test_few_shares_and_many_starts_change_no_bit(graph: SearchGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """With three shares, in turns of two, and every group of a share in a start of its own."""
    shares = replace(SMALL, shares=3)
    whole = searches.all_dependencies(graph, None, shares)
    np.testing.assert_allclose(whole, CPU.all_dependencies(graph, None), rtol=1e-12, atol=1e-12)
    at_most(monkeypatch, 2)
    told: list[float] = []
    starts = replace(shares, turns=1)
    assert np.array_equal(searches.all_dependencies(graph, lambda stage, done, total: told.append(done), starts), whole)
    assert len(told) > 4
    assert told == sorted(told)
    assert told[-1] == len(search_plan.plan_dependencies(graph, SMALL).groups)


def test_a_search_graph_without_some_of_its_weights(graph: SearchGraph) -> None:
    """What is left to be done exactly after sampling: positions without weight stand among the others."""
    weight = graph.weight.copy()
    weight[graph.start[0] : graph.start[1] : 2] = 0
    weight[graph.start[0] : graph.start[1], 1] = 0
    rest = replace(graph, weight=weight)
    np.testing.assert_allclose(
        searches.all_dependencies(rest, None, SMALL), CPU.all_dependencies(rest, None), rtol=1e-12, atol=1e-12
    )


def test_closeness_is_the_cpus(graph: SearchGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, float, float]] = []
    expected = CPU.farness(graph, None)
    busy = replace(SMALL, busy=1)
    assert np.array_equal(searches.farness(graph, lambda *step: told.append(step), busy), expected)
    assert told[0][1] == 0
    assert told[-1][1] == told[-1][2] > 1
    at_most(monkeypatch, 1)
    assert np.array_equal(searches.farness(graph, None, busy), expected)


def drawn(graph: SearchGraph) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of both regions of two blocks and of two sets, some without a second, some twice the same."""
    random = np.random.default_rng(2)
    pairs = []
    for block in (0, 1):
        mass = ordered_pairs(graph, block)
        for inner in (True, False):
            for c in (0, 1):
                chance = mass[:, c] * (graph.inner[graph.start[block] : graph.reach[block]] == inner)
                here = graph.start[block] + np.flatnonzero(chance)
                if len(here):
                    chosen = random.choice(here, (9, 2))
                    chosen[::4, 1] = -1
                    pairs.append(np.column_stack([chosen, np.full(9, c)]))
    return np.unique(np.concatenate(pairs), axis=0, return_counts=True)


def test_draws_are_the_cpus(graph: SearchGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs, times = drawn(graph)
    assert len(np.unique(region_of(graph)[pairs[:, 0]])) >= 3
    times += np.arange(len(times)) % 3
    results = []
    for engine in (CPU, Searching(1), Searching(1)):
        total, square = np.ones((2, *graph.weight.shape))
        engine.add_samples(graph, pairs, times, total, square, "samples", None)
        results.append((total, square))
        at_most(monkeypatch, 2)
    for expected, found, again in zip(*results, strict=True):
        assert expected.max() > 1.5
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
        assert np.array_equal(found, again)


def test_approximate_betweenness_is_the_cpus(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_plan, "_SAMPLE_COST", 0.0)
    monkeypatch.setattr(sample_plan, "_FEWEST_SOURCES", 10)
    monkeypatch.setattr(sample_plan, "_MOST_DRAWS_A_SOURCE", 1e9)
    config = PathConfig("approx", 0.9, 0.5)
    expected, found = (
        compute_path(network, "betweenness", engine=engine, config=config) for engine in (CPU, Searching(1))
    )
    assert expected.report is not None
    assert {report.method for report in expected.report.sets.values()} >= {"approx"}
    for name, column in expected.columns.items():
        np.testing.assert_allclose(found.columns[name], column, rtol=1e-9, atol=1e-9)


@settings(max_examples=6)
@given(networks())
def test_features_are_the_references(case: NetworkCase) -> None:
    ends = np.array(case.edges, dtype=np.int64).reshape(-1, 2)
    sets = {name: np.array(flags, dtype=bool) for name, flags in case.sets.items()}
    work = PairWork(Blocks(network_from_edges(ends[:, 0], ends[:, 1], case.n, sets)), ("all", *sets))
    engine = Searching(1)
    found = {**work.betweenness(engine, None), **work.closeness(engine, None)}
    expected = reference_path(case.edges, case.n, case.sets)
    assert_arrays(found, {name: expected[name] for name in found})


def test_memory_that_does_not_suffice_is_told(graph: SearchGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **named: Any) -> Any:
        raise MemoryError("std::bad_alloc: out_of_memory")

    for module in (betweenness_workspace, closeness_cuda):
        monkeypatch.setattr(module, "most_that_fit", jit_cuda.most_that_fit)
        monkeypatch.setattr(module.cuda, "device_array", refuse)
    with pytest.raises(EngineError, match=r"a search needs [\d,]+ bytes of GPU memory at least, and [\d,]+ are free"):
        betweenness_workspace.Workspace.make(100, 100, 10)
    with pytest.raises(EngineError, match="use a GPU with more memory, or --engine cpu"):
        jit_cuda.most_that_fit(refuse, 100, 10)


def test_estimates_are_of_what_is_taken(graph: SearchGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """What crosses to the device, the sums, and one workspace; and a device with a byte less is refused."""
    monkeypatch.setattr(jit_cuda, "_FREE", [lambda: free])
    free = 10**9
    plan = search_plan.plan_dependencies(graph, SMALL)
    with transfers_of_part() as part:
        searches.all_dependencies(graph, None, SMALL)
    block = betweenness_workspace.Workspace.block_bytes(plan.vertices, plan.cells(graph.weight.shape[1]))
    taken = part.to_device + graph.weight.nbytes + 4 * len(plan.groups) + block
    assert memory.needed_by_betweenness(graph, plan) == taken
    free = taken - 1
    with pytest.raises(
        EngineError, match=f"betweenness needs at least {taken:,} bytes of GPU memory, and {free:,} are"
    ):
        searches.all_dependencies(graph, None, SMALL)

    free = 10**9
    with transfers_of_part() as part:
        searches.farness(graph, None, SMALL)
    sources, bounds = search_plan.plan_closeness(graph, 1)
    batches = closeness_cuda.batches_of(graph.weight, sources, bounds, 1)
    assert memory.needed_by_closeness(graph, batches) == part.to_device + graph.weight.nbytes + batches.block_bytes()
    assert part.to_host == graph.weight.nbytes
    free = 100
    with pytest.raises(EngineError, match="closeness needs at least"):
        searches.farness(graph, None, SMALL)
