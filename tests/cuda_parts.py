"""Parts of searches by the CUDA kernels add up to what the CPU engine finds; test_cuda_kernels.py runs this file."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import compiled_kernels  # noqa: F401
import numpy as np
import pytest
from comparison import assert_arrays
from cuda_searches import CPU, SMALL, at_most, drawn, graph, network, small
from hypothesis import given, settings
from reference import reference_path
from strategies import NetworkCase, networks

from gpunet.arrests.network import network_from_edges
from gpunet.base.errors import EngineError
from gpunet.base.transfers import transfers_of_part
from gpunet.cluster import engine_gpus, gpu_chunks
from gpunet.cluster.engine_gpus import GpusEngine
from gpunet.engines.gpu import search_chunks
from gpunet.engines.gpu.chunk_plan import plan_part
from gpunet.features.pairs import Blocks, PairWork
from gpunet.kernels import jit_cuda
from gpunet.search.batches import shrinking_batches
from gpunet.search.graph import SearchGraph
from gpunet.search.reduction import Chunk

__all__ = ["graph", "network", "small"]


class Here:
    """A :class:`gpunet.cluster.executor.ClusterExecutor` without a cluster: chunks in their order, in this process."""

    def add_up(
        self, work: Any, graph: SearchGraph, batches: Sequence[Any], weights: Sequence[float], total: np.ndarray,
        stage: str, progress: Any, *, sums: Any, chunks: Sequence[Chunk], compute: Any,
    ) -> None:  # fmt: skip
        name, options = work
        for chunk in chunks:
            inside = batches[chunk.begin : chunk.end]
            total[..., chunk.first : chunk.last, :] += getattr(search_chunks, name)(
                graph, inside, chunk.first, chunk.last, **options, sizes=SMALL
            )


@pytest.fixture(autouse=True)
def small_chunks(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_gpus, "_SOURCES_A_BATCH", 10)
    monkeypatch.setattr(gpu_chunks, "_LEAST_WEIGHT", 500.0)
    monkeypatch.setattr(gpu_chunks, "_BLOCKS", 2)


def in_parts() -> GpusEngine:
    """An engine for searches alone."""
    nothing: Any = None
    here: Any = Here()
    return GpusEngine(1, executor=here, setup=nothing, graphs=nothing, cluster={})


def test_parts_of_every_kind_hold_every_source_once(graph: SearchGraph) -> None:
    batches = shrinking_batches(graph, 10)
    kinds = set()
    sources = []
    for begin in range(0, len(batches), 3):
        inside = batches[begin : begin + 3]
        plan = plan_part(graph, inside, SMALL)
        groups = plan.groups
        sources.append(groups.source)
        leaving = groups.halved < groups.last
        kinds.add((leaving.any(), (~leaving).any(), len(plan.spans) > 1))
        assert [span.begin for span in plan.spans] == [0, *(span.end for span in plan.spans[:-1])]
        assert plan.spans[-1].end == len(groups)
        for span in plan.spans:
            here = slice(span.begin, span.end)
            assert min(b.first for b in inside) <= span.first <= groups.first[here].min()
            assert groups.last[here].max() <= span.last <= max(b.last for b in inside)
    assert len(kinds) > 3
    assert np.array_equal(np.sort(np.concatenate(sources)), np.flatnonzero(graph.weight.any(axis=1)))


def test_sums_of_parts_are_the_cpus_and_their_bits_do_not_depend_on_memory(
    graph: SearchGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = in_parts()
    found = made.all_dependencies(graph, None)
    np.testing.assert_allclose(found, CPU.all_dependencies(graph, None), rtol=1e-12, atol=1e-12)
    assert made.chunks["dependencies"] > 5
    assert np.array_equal(in_parts().farness(graph, None), CPU.farness(graph, None))
    for blocks in (1, 100):
        at_most(monkeypatch, blocks)
        assert np.array_equal(in_parts().all_dependencies(graph, None), found)


def test_a_search_graph_without_some_of_its_weights(graph: SearchGraph) -> None:
    weight = graph.weight.copy()
    weight[graph.start[0] : graph.start[1] : 2] = 0
    for held in (weight, np.zeros_like(weight)):
        rest = replace(graph, weight=held)
        np.testing.assert_allclose(
            in_parts().all_dependencies(rest, None), CPU.all_dependencies(rest, None), rtol=1e-12, atol=1e-12
        )
        assert np.array_equal(in_parts().farness(rest, None), CPU.farness(rest, None))


def test_draws(graph: SearchGraph) -> None:
    pairs, times = drawn(graph)
    times += np.arange(len(times)) % 3
    results = []
    for engine in (CPU, in_parts(), in_parts()):
        total, square = np.ones((2, *graph.weight.shape))
        engine.add_samples(graph, pairs, times, total, square, "samples", None)
        results.append((total, square))
    for expected, found, again in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
        assert np.array_equal(found, again)
    none = np.zeros((2, *graph.weight.shape))
    in_parts().add_samples(graph, pairs[:0], times[:0], *none, "samples", None)
    assert not none.any()


def test_a_network_is_copied_to_the_device_once_and_goes_with_its_search_graph(graph: SearchGraph) -> None:
    mine = replace(graph)
    search_chunks.forget()
    batches = shrinking_batches(mine, 10)
    ends = min(b.first for b in batches), max(b.last for b in batches)
    crossed = []
    for _ in range(2):
        with transfers_of_part() as chunk:
            search_chunks.dependencies(mine, batches, *ends, sizes=SMALL)
        crossed.append(chunk.to_device)
    network = mine.indptr.nbytes + mine.indices.nbytes + mine.inner.nbytes + 8 * mine.weight.size + mine.twins.nbytes
    assert crossed[0] == crossed[1] + network
    assert list(search_chunks._NETWORKS) == [mine]
    del mine, batches
    gc.collect()
    assert not search_chunks._NETWORKS


def test_a_network_that_does_not_fit(graph: SearchGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    search_chunks.forget()
    monkeypatch.setattr(jit_cuda, "_FREE", [lambda: 100])
    with pytest.raises(EngineError, match=r"betweenness needs at least [\d,]+ bytes of GPU memory, and 100 are free"):
        in_parts().all_dependencies(graph, None)


@settings(max_examples=6)
@given(networks())
def test_features_are_the_references(case: NetworkCase) -> None:
    ends = np.array(case.edges, dtype=np.int64).reshape(-1, 2)
    sets = {name: np.array(flags, dtype=bool) for name, flags in case.sets.items()}
    work = PairWork(Blocks(network_from_edges(ends[:, 0], ends[:, 1], case.n, sets)), ("all", *sets))
    found = {**work.betweenness(in_parts(), None), **work.closeness(in_parts(), None)}
    expected = reference_path(case.edges, case.n, case.sets)
    assert_arrays(found, {name: expected[name] for name in found})
