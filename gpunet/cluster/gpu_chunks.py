"""Parts of searches for the GPUs of a cluster: how large they are, and how a worker finds the sum of one.

The worker's side, :mod:`gpunet.engines.gpu.search_chunks`, is imported there alone, so that this process needs no CUDA.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.progress import ProgressCallback
from gpunet.cluster.executor import ClusterExecutor
from gpunet.cluster.gpu_worker import Setup, device_lock, engine_here
from gpunet.search.batches import Batch, batches_of, shrinking_batches
from gpunet.search.graph import SearchGraph
from gpunet.search.reduction import Chunk, RunningSums, Spanned
from gpunet.search.samples import SampleBatch, batches_of_samples

__all__ = ["GpuSearches", "chunks_for_gpus"]

# Every chunk but the last keeps so many blocks of threads busy (two for each of an H200's 132 multiprocessors, nearly),
# is at least this share of the work, and does at least so many searches of a position. By the floor in
# docs/performance.md an H200 does these in a twentieth of a second, and a chunk costs some hundredths beside its work.
_BLOCKS = 256
_MOST_CHUNKS = 128
_LEAST_WEIGHT = 5e8

# Sources that one block of threads searches from at once, and pairs of drawn sources.
_SOURCES_A_BLOCK, _PAIRS_A_BLOCK = 8, 4

# Sources a batch, and how much less than a search for betweenness one for closeness takes, by the same floors.
_SOURCES_A_BATCH = 64
_CLOSENESS_AT_ONCE = 16.0


def chunks_for_gpus(
    batches: Sequence[Spanned], weights: Sequence[float], blocks: Callable[[Any], int]
) -> list[Chunk]:  # fmt: skip
    """Divide batches into chunks for GPUs, in their order; `blocks` says how many blocks of threads one keeps busy.

    Parts depend on the batches alone, so sums have the same bits for any number of GPUs.
    """
    enough = max(_LEAST_WEIGHT, sum(weights) / _MOST_CHUNKS)
    chunks: list[Chunk] = []
    begin, held, busy = 0, 0.0, 0
    for i, (batch, weight) in enumerate(zip(batches, weights, strict=True)):
        held, busy = held + weight, busy + blocks(batch)
        if (held >= enough and busy >= _BLOCKS) or i + 1 == len(batches):
            inside = batches[begin : i + 1]
            chunks.append(Chunk(begin, i + 1, min(b.first for b in inside), max(b.last for b in inside), held))
            begin, held, busy = i + 1, 0.0, 0
    return chunks


def sum_on_gpu(
    setup: Setup, work: Any, graph: SearchGraph, batches: Sequence[Any], first: int, last: int
) -> NDArray[Any]:  # fmt: skip
    """The sum of a chunk, on the GPU of the worker that this runs on; `work` is a name and options."""
    with device_lock():
        engine_here(setup)
        from gpunet.engines.gpu import search_chunks

        name, options = work
        found: NDArray[Any] = getattr(search_chunks, name)(graph, batches, first, last, **options)
    return found


class GpuSearches:
    """Betweenness, its samples and closeness by all GPUs of a cluster's workers."""

    def __init__(self, executor: ClusterExecutor, setup: Setup) -> None:
        self._executor, self._setup = executor, setup
        self._chunks: dict[str, int] = {}

    def describe(self) -> list[Mapping[str, Any]]:
        """What was searched for, and in how many chunks; for the manifest."""
        return [{"call": name, "by": "all GPUs", "chunks": chunks} for name, chunks in self._chunks.items()]

    def count(self) -> int:
        """How many chunks there have been."""
        return sum(self._chunks.values())

    def all_dependencies(
        self, graph: SearchGraph, progress: ProgressCallback | None, sums: RunningSums | None = None
    ) -> NDArray[np.float64]:
        """As :meth:`gpunet.engines.protocol.Engine.all_dependencies`; with `sums` it goes on from what was kept."""
        total = np.zeros(graph.weight.shape)
        batches = shrinking_batches(graph, _SOURCES_A_BATCH)
        weights = [_searches(batch) for batch in batches]
        self._add("dependencies", {}, graph, batches, weights, _blocks_of_sources, total, "betweenness", progress, sums)
        return total

    def add_samples(
        self,
        graph: SearchGraph,
        pairs: NDArray[np.int64],
        times: NDArray[np.int64],
        total: NDArray[np.float64],
        square: NDArray[np.float64],
        stage: str,
        progress: ProgressCallback | None,
        sums: RunningSums | None = None,
    ) -> None:
        """As :meth:`gpunet.engines.protocol.Engine.add_samples`."""
        found = np.zeros((2, *total.shape))
        batches = batches_of_samples(graph, pairs, times) if len(pairs) else []
        weights = [2.0 * len(batch.pairs) * (batch.last - batch.first) for batch in batches]
        self._add("samples", {}, graph, batches, weights, _blocks_of_pairs, found, stage, progress, sums)
        total += found[0]
        square += found[1]

    def farness(
        self, graph: SearchGraph, progress: ProgressCallback | None, sums: RunningSums | None = None
    ) -> NDArray[np.int64]:
        """As :meth:`gpunet.engines.protocol.Engine.farness`."""
        total = np.zeros(graph.weight.shape, np.int64)
        words = _words_for(int(np.count_nonzero(graph.weight.any(axis=1))))
        batches = batches_of(graph, 64 * words)
        weights = [_searches(batch) / _CLOSENESS_AT_ONCE for batch in batches]
        self._add(
            "farness", {"words": words}, graph, batches, weights, lambda batch: 1, total, "closeness", progress, sums
        )
        return total

    def _add(
        self,
        name: str,
        options: dict[str, Any],
        graph: SearchGraph,
        batches: Sequence[Any],
        weights: Sequence[float],
        blocks: Callable[[Any], int],
        total: NDArray[Any],
        stage: str,
        progress: ProgressCallback | None,
        sums: RunningSums | None,
    ) -> None:
        """Add the results of all batches to `total` on the GPUs.

        Parameters
        ----------
        name, options
            The function of :mod:`gpunet.engines.gpu.search_chunks` and its keyword arguments.
        graph, batches, weights, total, stage, progress, sums
            As in :meth:`gpunet.cluster.executor.ClusterExecutor.add_up`.
        blocks
            Blocks of threads that a batch keeps busy.
        """

        def chunking(batches: Sequence[Any], weights: Sequence[float]) -> list[Chunk]:
            chunks = chunks_for_gpus(batches, weights, blocks)
            self._chunks[name] = self._chunks.get(name, 0) + len(chunks)
            return chunks

        work: Any = (name, options)
        compute = partial(sum_on_gpu, self._setup)
        self._executor.add_up(
            work, graph, batches, weights, total, stage, progress, sums=sums, chunking=chunking, compute=compute
        )


def _searches(batch: Batch) -> float:
    return float((batch.last - batch.first) * len(batch.sources))


def _blocks_of_sources(batch: Batch) -> int:
    return -(-len(batch.sources) // _SOURCES_A_BLOCK)


def _blocks_of_pairs(batch: SampleBatch) -> int:
    return -(-len(batch.pairs) // _PAIRS_A_BLOCK)


def _words_for(sources: int) -> int:
    """As many words a vertex for so many sources that there are eight chunks or more, or one."""
    return next((words for words in (8, 4, 2) if sources >= 64 * words * _BLOCKS * 8), 1)
