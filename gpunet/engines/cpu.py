"""The CPU engine: kernels compiled by Numba, on threads of the host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Float64, Int32, Int64, UInt64
from gpunet.base.errors import EngineError
from gpunet.base.memory import available_memory
from gpunet.base.parallel import in_batches, spans
from gpunet.base.progress import ProgressCallback
from gpunet.engines.pairs import count_pairs, refuse_pairs
from gpunet.engines.protocol import EngineName
from gpunet.kernels.cpu.communities import inner_degree, out_members, triangles_per_vertex
from gpunet.kernels.cpu.cores import core_numbers, shell_of_outsiders
from gpunet.kernels.cpu.louvain import louvain, subgraph_within
from gpunet.kernels.cpu.neighbourhood import hop_counts
from gpunet.kernels.cpu.ties import csr_from_ties, incident_pairs, reduce_pairs
from gpunet.kernels.cpu.tipping import tipping, tipping_without_own_seed
from gpunet.kernels.cpu.traversal import component_labels
from gpunet.search import searches
from gpunet.search.graph import SearchGraph
from gpunet.search.reduction import Reducer, RunningSums, add_up, passing_over
from gpunet.search.samples import add_samples
from gpunet.tables.arrays import to_host

__all__ = ["NO_LIBRARY", "CpuEngine"]

#: What is said where a library's betweenness is asked of this engine.
NO_LIBRARY = '[path] whole_network = "cugraph" needs the GPU engine: --engine gpu'

_VERTICES = 8192  # a batch


@dataclass(frozen=True)
class CpuEngine:
    """See :class:`gpunet.engines.protocol.Engine`. Results are the same, bit for bit, for any number of threads."""

    threads: int
    name: EngineName = "cpu"
    sums: RunningSums | None = None  # keeps those of betweenness and closeness, for the run that needs them
    unsearched: Bool | None = None  # positions of one graph whose sums are known: what is found there is meaningless

    def describe(self) -> Mapping[str, Any]:
        """Nothing: the manifest tells the machine anyway."""
        return {}

    def count_on_gpus(self) -> int:
        """None."""
        return 0

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Nothing is to be done at either end."""
        return nullcontext()

    def expect(self, name: str, size: int) -> None:
        """Nothing: the host's system hands out memory, and takes it from others, as it can."""

    def to_engine(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array on the host: itself, or a copy of one on a device."""
        return to_host(array)

    def incident_pairs(
        self, indptr: Int64, members: Int32, first: Int32, last: Int32, n: int, undated: int
    ) -> tuple[Int64, Float64, Int32, Int32]:
        """Every pair of members of every incident."""
        count = count_pairs(np.diff(indptr))
        refuse_pairs(count, count.least_bytes(), available_memory())
        return incident_pairs(indptr, members, first, last, n, undated)

    def merge_pairs(
        self, key: Int64, weight: Float64, low: Int32, high: Int32, undated: int
    ) -> tuple[Int64, Int64, Float64, Int32, Int32]:
        """Merge the pairs with equal keys."""
        return reduce_pairs(key, np.argsort(key, kind="stable"), weight, low, high, undated)

    def csr_from_ties(self, a: Int32, b: Int32, n: int) -> tuple[Int64, Int32]:
        """Rows and columns of the adjacency."""
        return csr_from_ties(a, b, n)

    def hop_counts(self, indptr: Int64, indices: Int32, members: UInt64, sets: int) -> Int64:
        """Vertices at distance 1 and 2, by set."""
        out = np.zeros((2, sets, len(members)), np.int64)
        self._over_vertices(lambda first, last: hop_counts(indptr, indices, members, sets, first, last), out)
        return out

    def louvain(self, indptr: Int64, indices: Int32, field: Int32) -> Int32:
        """Communities of a Louvain partition of every field."""
        if not field.any():  # one field, the whole network
            return louvain(indptr, indices, field)
        communities = louvain(*subgraph_within(indptr, indices, field), field)
        return np.where(field >= 0, communities, np.int32(-1))

    def triangles(self, indptr: Int64, indices: Int32, community: Int32) -> Int64:
        """Triangles at each vertex within its community."""
        return triangles_per_vertex(indptr, indices, community)

    def inner_degree(self, indptr: Int64, indices: Int32, community: Int32) -> Int64:
        """Neighbours in the same community."""
        return inner_degree(indptr, indices, community)

    def out_members(self, indptr: Int64, indices: Int32, community: Int32) -> Bool:
        """Whether there is a neighbour outside the community."""
        return out_members(indptr, indices, community)

    def component_labels(self, indptr: Int64, indices: Int32) -> tuple[Int32, int]:
        """Components, and how many."""
        return component_labels(indptr, indices, np.zeros(len(indptr) - 1, np.int32))

    def core_numbers(self, indptr: Int64, indices: Int32, inside: Bool) -> Int32:
        """Core numbers in an induced subgraph."""
        return core_numbers(indptr, indices, inside)

    def shell_of_outsiders(self, indptr: Int64, indices: Int32, core: Int32) -> Int64:
        """Core number of each vertex added to the subgraph."""
        out = np.zeros(len(core), np.int64)
        self._over_vertices(lambda first, last: shell_of_outsiders(indptr, indices, core, first, last), out)
        return out

    def tipping(self, indptr: Int64, indices: Int32, seed: Bool, k: int) -> Bool:
        """The fixed point, for each vertex without its own seed."""
        rank = tipping(indptr, indices, seed, k)
        out = np.zeros(len(seed), np.bool_)
        self._over_vertices(
            lambda first, last: tipping_without_own_seed(indptr, indices, seed, rank, k, first, last), out
        )
        return out

    def betweenness_by_library(self, indptr: Int64, indices: Int32, total: int) -> Float64:
        """Raise EngineError: there is none."""
        raise EngineError(NO_LIBRARY)

    def all_dependencies(self, graph: SearchGraph, progress: ProgressCallback | None) -> Float64:
        """What all sources give to betweenness."""
        return searches.all_dependencies(graph, self._reducer(), progress)

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
        """What pairs of drawn sources say."""
        add_samples(graph, pairs, times, total, square, self._reducer(), stage, progress)

    def farness(self, graph: SearchGraph, progress: ProgressCallback | None) -> Int64:
        """Sums of distances within blocks."""
        return searches.all_farness(graph, self._reducer(), progress)

    def _reducer(self) -> Reducer:
        """What divides searches from sources and adds up what they find: threads of this process."""
        reducer: Reducer = partial(add_up, threads=self.threads, sums=self.sums)
        return reducer if self.unsearched is None else passing_over(reducer, self.unsearched)

    def _over_vertices(self, work: Callable[[int, int], NDArray[Any]], out: NDArray[Any]) -> None:
        """Put ``work(first, last)`` into the last axis of `out`, for consecutive spans of vertices."""
        for (first, last), part in in_batches(lambda span: work(*span), spans(out.shape[-1], _VERTICES), self.threads):
            out[..., first:last] = part
