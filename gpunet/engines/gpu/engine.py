"""The GPU engine: arrays are CuPy's, loops our own CUDA kernels, and cuGraph's where it has what is needed."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Float64, Int32, Int64, UInt64
from gpunet.base.progress import ProgressCallback
from gpunet.engines.gpu import communities, graphs, memory, searches
from gpunet.engines.gpu.check import GpuInfo
from gpunet.engines.pairs import count_pairs, refuse_pairs
from gpunet.kernels.cuda.cores import shell_of_outsiders_cuda
from gpunet.kernels.cuda.neighbourhood import hop_counts_cuda
from gpunet.kernels.cuda.ties import csr_from_ties_cuda, incident_pairs_cuda, merge_pairs_cuda
from gpunet.kernels.cuda.tipping import tipping_cuda, tipping_without_own_seed_cuda
from gpunet.search.graph import SearchGraph
from gpunet.tables.arrays import begins_run, namespace, sort_order, to_device, to_host, wrapped

__all__ = ["GpuEngine"]


@dataclass(frozen=True)
class GpuEngine:
    """See :class:`gpunet.engines.protocol.Engine`. Arrays are on the device, but where it says otherwise.

    Results are the same, bit for bit, from run to run, but for Louvain's partitions and cuGraph's betweenness.
    """

    threads: int
    info: GpuInfo
    name: Literal["gpu"] = field(default="gpu", init=False)

    def describe(self) -> Mapping[str, Any]:
        """The GPU, its driver, and the packages."""
        return asdict(self.info)

    def count_on_gpus(self) -> int:
        """None: the GPU is this process's own."""
        return 0

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Wait at the end, so that errors and seconds are the stage's own; lack of memory is an EngineError."""
        return memory.stage(name)

    def expect(self, name: str, size: int) -> None:
        """Refuse what needs more memory than the device has left."""
        memory.check_fits(name, size)

    def to_engine(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array on the device: itself, or a copy."""
        return to_device(array)  # type: ignore[no-any-return]

    def incident_pairs(
        self, indptr: Int64, members: Int32, first: Int32, last: Int32, n: int, undated: int
    ) -> tuple[Int64, Float64, Int32, Int32]:
        """Every pair of members of every incident."""
        xp = namespace(indptr)
        size = indptr[1:] - indptr[:-1]
        begin = xp.concat([xp.zeros(1, dtype=xp.int64), xp.cumulative_sum(size * (size - 1) // 2, dtype=xp.int64)])
        count = count_pairs(size)
        pairs, needed = count.pairs, memory.needed_by_network(count.pairs, n, count.pairs)
        if needed > memory.free_bytes():
            gc.collect()  # what was before may hold memory still
        refuse_pairs(count, needed, memory.free_bytes(), "GPU memory")
        made = incident_pairs_cuda(indptr, members, first, last, n, undated, begin, pairs)
        key, weight, low, high = map(wrapped, made)
        return key, weight, low, high

    def merge_pairs(
        self, key: Int64, weight: Float64, low: Int32, high: Int32, undated: int
    ) -> tuple[Int64, Int64, Float64, Int32, Int32]:
        """Merge the pairs with equal keys."""
        order = sort_order([key])
        starts = namespace(key).nonzero(begins_run(key[order]))[0]
        made = merge_pairs_cuda(key, order, weight, low, high, undated, starts)
        keys, count, strength, first, last = map(wrapped, made)
        return keys, count, strength, first, last

    def csr_from_ties(self, a: Int32, b: Int32, n: int) -> tuple[Int64, Int32]:
        """Rows and columns of the adjacency."""
        indptr, indices = map(wrapped, csr_from_ties_cuda(a, b, n, sort_order([b])))
        return indptr, indices

    def hop_counts(self, indptr: Int64, indices: Int32, members: UInt64, sets: int) -> Int64:
        """Vertices at distance 1 and 2, by set."""
        self._check_fits("neighbourhood", indptr, indices, sets)
        return wrapped(hop_counts_cuda(indptr, indices, members, sets))  # type: ignore[no-any-return]

    def louvain(self, indptr: Int64, indices: Int32, field: Int32) -> Int32:
        """Communities of a Louvain partition of every field, by cuGraph; two runs can differ."""
        self._check_cugraph("louvain", indptr, indices)
        community = graphs.louvain(indptr, indices, field)
        return namespace(field).where(field >= 0, community, -1)  # type: ignore[no-any-return]

    def triangles(self, indptr: Int64, indices: Int32, community: Int32) -> Int64:
        """Triangles at each vertex within its community, by cuGraph."""
        self._check_cugraph("triangles", indptr, indices)
        return graphs.triangles(indptr, indices, community)  # type: ignore[no-any-return]

    def inner_degree(self, indptr: Int64, indices: Int32, community: Int32) -> Int64:
        """Neighbours in the same community."""
        return communities.inner_degree(indptr, indices, community)

    def out_members(self, indptr: Int64, indices: Int32, community: Int32) -> Bool:
        """Whether there is a neighbour outside the community."""
        return communities.out_members(indptr, indices, community)

    def component_labels(self, indptr: Int64, indices: Int32) -> tuple[Int32, int]:
        """Components, and how many, by cuGraph."""
        self._check_cugraph("component_labels", indptr, indices)
        return graphs.component_labels(indptr, indices)

    def core_numbers(self, indptr: Int64, indices: Int32, inside: Bool) -> Int32:
        """Core numbers in an induced subgraph, by cuGraph."""
        self._check_cugraph("core_numbers", indptr, indices)
        return graphs.core_numbers(indptr, indices, inside)  # type: ignore[no-any-return]

    def shell_of_outsiders(self, indptr: Int64, indices: Int32, core: Int32) -> Int64:
        """Core number of each vertex added to the subgraph."""
        self._check_fits("shell", indptr, indices, 1)
        return wrapped(shell_of_outsiders_cuda(indptr, indices, core))  # type: ignore[no-any-return]

    def tipping(self, indptr: Int64, indices: Int32, seed: Bool, k: int) -> Bool:
        """The fixed point, for each vertex without its own seed."""
        self._check_fits("tipping", indptr, indices, 1)
        rank = tipping_cuda(indptr, indices, seed, k)
        return wrapped(tipping_without_own_seed_cuda(indptr, indices, seed, rank, k))  # type: ignore[no-any-return]

    def betweenness_by_library(self, indptr: Int64, indices: Int32, total: int) -> Float64:
        """float64[n], on the host: betweenness in the whole network by cuGraph."""
        self._check_cugraph("betweenness", indptr, indices)
        return to_host(graphs.betweenness(indptr, indices, total=total))

    def all_dependencies(self, graph: SearchGraph, progress: ProgressCallback | None) -> Float64:
        """What all sources give to betweenness; on the host."""
        return searches.all_dependencies(graph, progress)

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
        """Search from drawn sources; add their values and squared differences, which are on the host."""
        searches.add_samples(graph, pairs, times, total, square, stage, progress)

    def farness(self, graph: SearchGraph, progress: ProgressCallback | None) -> Int64:
        """Sums of distances within blocks; on the host."""
        return searches.farness(graph, progress)

    def _check_fits(self, name: str, indptr: Int64, indices: Int32, sets: int) -> None:
        persons, ties = indptr.shape[0] - 1, indices.shape[0] // 2
        memory.check_fits(name, memory.needed_by_path_features(persons, ties, sets))

    def _check_cugraph(self, call: graphs.Call, indptr: Int64, indices: Int32) -> None:
        memory.check_fits(call, graphs.bytes_needed(indptr.shape[0] - 1, indices.shape[0], call))
