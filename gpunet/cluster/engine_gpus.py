"""The engine of a cluster whose workers have a GPU each: arrays on the host, loops over the network on the GPUs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.progress import ProgressCallback
from gpunet.cluster.engine import ClusterEngine
from gpunet.cluster.gpu_chunks import GpuSearches
from gpunet.cluster.gpu_graphs import GpuGraphs
from gpunet.engines.protocol import Bool, EngineName, Float64, Int32, Int64
from gpunet.search.graph import SearchGraph

__all__ = ["GpusEngine"]


@dataclass(frozen=True, kw_only=True)
class GpusEngine(ClusterEngine):
    """See :class:`gpunet.engines.protocol.Engine`. Arrays are taken and given back on the host.

    Searches run on all GPUs, in chunks that do not depend on how many there are, and so have the same bits
    for any number. Other loops over the network run on the GPU of one worker, or, where they do not fit, on all of them
    by ``cugraph.dask``. Everything else, ties among it, is the CPU engine's, on so many threads of this process.
    Louvain's partitions and cuGraph's betweenness can differ from run to run. `models` gets every training and
    scoring on the GPUs, which are not this engine's to do.
    """

    name: EngineName = "gpus"
    searches: GpuSearches = field(repr=False)
    graphs: GpuGraphs = field(repr=False)
    models: list[Mapping[str, str]] = field(default_factory=list, repr=False)

    def describe(self) -> Mapping[str, Any]:
        """The cluster, its GPUs, and what ran on them."""
        return {**self.cluster, "on_gpus": [*self.searches.describe(), *self.graphs.describe(), *self.models]}

    def count_on_gpus(self) -> int:
        """Parts of searches, calls on a whole network, trainings and scorings."""
        return self.searches.count() + self.graphs.count() + len(self.models)

    def release(self) -> None:
        """Let go of the graph and the network on all GPUs, and of all else there that can come again.

        Raises
        ------
        EngineError
            If no worker is left, or workers end again and again.
        """
        super().release()
        self.graphs.release()

    def hop_counts(self, indptr: Int64, indices: Int32, members: NDArray[np.uint64], sets: int) -> Int64:
        """Vertices at distance 1 and 2, by set."""
        return self.graphs("hop_counts", indptr, indices, members, sets)  # type: ignore[no-any-return]

    def louvain(self, indptr: Int64, indices: Int32, field: Int32) -> Int32:
        """Communities of a Louvain partition of every field, by cuGraph; two runs can differ."""
        return self.graphs("louvain", indptr, indices, field)  # type: ignore[no-any-return]

    def triangles(self, indptr: Int64, indices: Int32, community: Int32) -> Int64:
        """Triangles at each vertex within its community, by cuGraph."""
        return self.graphs("triangles", indptr, indices, community)  # type: ignore[no-any-return]

    def component_labels(self, indptr: Int64, indices: Int32) -> tuple[Int32, int]:
        """Components, and how many, by cuGraph."""
        return self.graphs("component_labels", indptr, indices)  # type: ignore[no-any-return]

    def core_numbers(self, indptr: Int64, indices: Int32, inside: Bool) -> Int32:
        """Core numbers in an induced subgraph, by cuGraph."""
        return self.graphs("core_numbers", indptr, indices, inside)  # type: ignore[no-any-return]

    def shell_of_outsiders(self, indptr: Int64, indices: Int32, core: Int32) -> Int64:
        """Core number of each vertex added to the subgraph."""
        return self.graphs("shell_of_outsiders", indptr, indices, core)  # type: ignore[no-any-return]

    def tipping(self, indptr: Int64, indices: Int32, seed: Bool, k: int) -> Bool:
        """The fixed point, for each vertex without its own seed."""
        return self.graphs("tipping", indptr, indices, seed, k)  # type: ignore[no-any-return]

    def betweenness_by_library(self, indptr: Int64, indices: Int32, total: int) -> Float64:
        """Betweenness in the whole network by cuGraph."""
        return self.graphs("betweenness_by_library", indptr, indices, total)  # type: ignore[no-any-return]

    def all_dependencies(self, graph: SearchGraph, progress: ProgressCallback | None) -> Float64:
        """What all sources give to betweenness, by all GPUs."""
        return self.searches.all_dependencies(graph, progress, self.sums)

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
        self.searches.add_samples(graph, pairs, times, total, square, stage, progress, self.sums)

    def farness(self, graph: SearchGraph, progress: ProgressCallback | None) -> Int64:
        """Sums of distances within blocks, by all GPUs."""
        return self.searches.farness(graph, progress, self.sums)
