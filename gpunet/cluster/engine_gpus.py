"""The engine of a cluster whose workers have a GPU each: arrays on the host, loops over the network on the GPUs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.array_types import Float64, Int64
from gpunet.base.progress import ProgressCallback
from gpunet.cluster.engine import ClusterEngine
from gpunet.cluster.gpu_chunks import chunks_for_gpus, sum_on_gpu, words_for
from gpunet.cluster.gpu_graphs import GpuGraphs
from gpunet.cluster.gpu_worker import Setup
from gpunet.engines.cpu import CpuEngine
from gpunet.engines.protocol import EngineName
from gpunet.search.batches import batches_of, search_work, shrinking_batches
from gpunet.search.graph import SearchGraph
from gpunet.search.samples import batches_of_samples

__all__ = ["GpusEngine"]

# Sources that one block of threads searches from at once, and pairs of drawn sources.
_SOURCES_A_BLOCK, _PAIRS_A_BLOCK = 8, 4

# Sources a batch, and how much less than a search for betweenness one for closeness takes, by the floors in
# docs/performance.md.
_SOURCES_A_BATCH = 64
_CLOSENESS_AT_ONCE = 16.0


def _by_graphs(name: str) -> Callable[..., Any]:
    """The method of that name, done by the GPU engine of a worker, or by those of all."""

    @wraps(getattr(CpuEngine, name))
    def method(self: GpusEngine, *given: Any) -> Any:
        return self.graphs(name, *given)

    return method


@dataclass(frozen=True, kw_only=True)
class GpusEngine(ClusterEngine):
    """See :class:`gpunet.engines.protocol.Engine`. Arrays are taken and given back on the host.

    Searches run on all GPUs, in chunks that do not depend on how many there are, and so have the same bits
    for any number. Other loops over the network run on the GPU of one worker, or, where they do not fit, on all of them
    by ``cugraph.dask``. Everything else, ties among it, is the CPU engine's, on so many threads of this process.
    Louvain's partitions and cuGraph's betweenness can differ from run to run. `models` gets every training and
    scoring on the GPUs, which are not this engine's to do; `chunks` says how many there were of each search.
    """

    name: EngineName = "gpus"
    setup: Setup = field(repr=False)
    graphs: GpuGraphs = field(repr=False)
    models: list[Mapping[str, str]] = field(default_factory=list, repr=False)
    chunks: dict[str, int] = field(default_factory=dict, repr=False)

    hop_counts = _by_graphs("hop_counts")
    louvain = _by_graphs("louvain")
    triangles = _by_graphs("triangles")
    component_labels = _by_graphs("component_labels")
    core_numbers = _by_graphs("core_numbers")
    shell_of_outsiders = _by_graphs("shell_of_outsiders")
    tipping = _by_graphs("tipping")
    betweenness_by_library = _by_graphs("betweenness_by_library")

    def describe(self) -> Mapping[str, Any]:
        """The cluster, its GPUs, and what ran on them."""
        searches = [{"call": name, "by": "all GPUs", "chunks": chunks} for name, chunks in self.chunks.items()]
        return {**self.cluster, "on_gpus": [*searches, *self.graphs.describe(), *self.models]}

    def count_on_gpus(self) -> int:
        """Parts of searches, calls on a whole network, trainings and scorings."""
        return sum(self.chunks.values()) + self.graphs.count() + len(self.models)

    def release(self) -> None:
        """Let go of the graph and the network on all GPUs, and of all else there that can come again.

        Raises
        ------
        EngineError
            If no worker is left, or workers end again and again.
        """
        super().release()
        self.graphs.release()

    def all_dependencies(self, graph: SearchGraph, progress: ProgressCallback | None) -> Float64:
        """What all sources give to betweenness, by all GPUs."""
        total = np.zeros(graph.weight.shape)
        batches = shrinking_batches(graph, _SOURCES_A_BATCH)
        blocks = [-(-len(batch.sources) // _SOURCES_A_BLOCK) for batch in batches]
        weights = list(map(search_work, batches))
        self._add("dependencies", graph, batches, weights, blocks, total, "betweenness", progress)
        return total

    def add_samples(
        self,
        graph: SearchGraph,
        pairs: Int64,
        times: Int64,
        total: Float64,
        square: Float64,
        stage: str,
        progress: ProgressCallback | None,
    ) -> None:
        """What pairs of drawn sources say, by all GPUs."""
        found = np.zeros((2, *total.shape))
        batches = batches_of_samples(graph, pairs, times)
        weights = [2.0 * len(batch.pairs) * (batch.last - batch.first) for batch in batches]
        blocks = [-(-len(batch.pairs) // _PAIRS_A_BLOCK) for batch in batches]
        self._add("samples", graph, batches, weights, blocks, found, stage, progress)
        total += found[0]
        square += found[1]

    def farness(self, graph: SearchGraph, progress: ProgressCallback | None) -> Int64:
        """Sums of distances within blocks, by all GPUs."""
        total = np.zeros(graph.weight.shape, np.int64)
        words = words_for(int(np.count_nonzero(graph.weight.any(axis=1))))
        batches = batches_of(graph, 64 * words)
        weights = [search_work(batch) / _CLOSENESS_AT_ONCE for batch in batches]
        self._add("farness", graph, batches, weights, [1] * len(batches), total, "closeness", progress, words=words)
        return total

    def _add(
        self,
        name: str,
        graph: SearchGraph,
        batches: Sequence[Any],
        weights: Sequence[float],
        blocks: Sequence[int],
        total: NDArray[Any],
        stage: str,
        progress: ProgressCallback | None,
        **options: Any,
    ) -> None:
        """Add the results of all batches to `total` on the GPUs.

        Parameters
        ----------
        name, options
            The function of :mod:`gpunet.engines.gpu.search_chunks` and its keyword arguments.
        graph, batches, weights, total, stage, progress
            As in :meth:`gpunet.cluster.executor.ClusterExecutor.add_up`.
        blocks
            Blocks of threads that each batch keeps busy.
        """
        chunks = chunks_for_gpus(batches, weights, blocks)
        self.chunks[name] = self.chunks.get(name, 0) + len(chunks)
        work: Any = (name, options)
        compute = partial(sum_on_gpu, self.setup)
        self.executor.add_up(
            work, graph, batches, weights, total, stage, progress, sums=self.sums, chunks=chunks, compute=compute
        )
