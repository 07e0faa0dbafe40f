"""What an engine does for the features.

Features are array code around loops. The array code runs on whatever arrays it is given (:mod:`gpunet.tables.arrays`);
the loops are an engine's methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol, TypeAlias

from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Float64, Int32, Int64, UInt64
from gpunet.base.progress import ProgressCallback
from gpunet.search.graph import SearchGraph

__all__ = ["Engine", "EngineName"]

#: What the manifest calls an engine; "gpus" is that of a cluster whose workers have a GPU each.
EngineName: TypeAlias = Literal["cpu", "gpu", "gpus"]


class Engine(Protocol):
    """Loops over a network. Arrays are taken and given back where the engine keeps them.

    A network is ``indptr`` (int64[n + 1]) and ``indices`` (int32), rows ascending, without loops, every tie both ways.
    Integers and flags are the same on every engine, floats within 1e-9 of each other.
    """

    @property
    def name(self) -> EngineName:
        """What the manifest calls it."""

    @property
    def threads(self) -> int:
        """Threads of the host that it may use."""

    def describe(self) -> Mapping[str, Any]:
        """What the manifest says of the device, or of the cluster; nothing for the CPU alone."""

    def count_on_gpus(self) -> int:
        """How many tasks GPUs of other processes have been given so far; 0 of an engine that has none."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """A part of the work: at its end all of it is done, and an error for lack of memory tells its name."""

    def expect(self, name: str, size: int) -> None:
        """Say how many bytes of the engine's memory a part of the work will need at least.

        Raises
        ------
        EngineError
            If there are not so many, with the numbers and what to do.
        """

    def to_engine(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array in this engine's memory: itself if it is there already."""

    def incident_pairs(
        self, indptr: Int64, members: Int32, first: Int32, last: Int32, n: int, undated: int
    ) -> tuple[Int64, Float64, Int32, Int32]:
        """Every pair of members of every incident, see :func:`gpunet.kernels.cpu.ties.incident_pairs`."""

    def merge_pairs(
        self, key: Int64, weight: Float64, low: Int32, high: Int32, undated: int
    ) -> tuple[Int64, Int64, Float64, Int32, Int32]:
        """Merge the pairs with equal keys, see :func:`gpunet.kernels.cpu.ties.reduce_pairs`; keys come out ascending.

        Weights are added up in the order in which the pairs are given.
        """

    def csr_from_ties(self, a: Int32, b: Int32, n: int) -> tuple[Int64, Int32]:
        """Int64 and columns of the adjacency of ties ``a < b``, which are sorted by (a, b)."""

    def hop_counts(self, indptr: Int64, indices: Int32, members: UInt64, sets: int) -> Int64:
        """int64[2, sets, n]: vertices at distance 1 and at distance 2 that have bit c of `members` set."""

    def louvain(self, indptr: Int64, indices: Int32, field: Int32) -> Int32:
        """int32[n], communities of a Louvain partition of each field's own subgraph; -1 where field < 0."""

    def triangles(self, indptr: Int64, indices: Int32, community: Int32) -> Int64:
        """int64[n], triangles at each vertex within its community; 0 where community < 0."""

    def inner_degree(self, indptr: Int64, indices: Int32, community: Int32) -> Int64:
        """int64[n], neighbours in the same community; 0 where community < 0."""

    def out_members(self, indptr: Int64, indices: Int32, community: Int32) -> Bool:
        """bool[n], whether a vertex has a neighbour outside its community; false where community < 0."""

    def component_labels(self, indptr: Int64, indices: Int32) -> tuple[Int32, int]:
        """int32[n], the component of each vertex, numbered by their smallest vertices, and how many there are."""

    def core_numbers(self, indptr: Int64, indices: Int32, inside: Bool) -> Int32:
        """int32[n], core numbers in the subgraph induced by `inside`; -1 outside."""

    def shell_of_outsiders(self, indptr: Int64, indices: Int32, core: Int32) -> Int64:
        """int64[n], each vertex's core number in the subgraph of `core` (-1: outside) with that vertex added."""

    def tipping(self, indptr: Int64, indices: Int32, seed: Bool, k: int) -> Bool:
        """bool[n], whether a vertex is in the fixed point of "active, or k active neighbours" without its own seed."""

    def betweenness_by_library(self, indptr: Int64, indices: Int32, total: int) -> Float64:
        """float64[n], on the host: betweenness in the whole network, by a library of the engine's.

        `total` is what all values add up to: a library that counts paths in integers can be wrong without saying so.

        Raises
        ------
        EngineError
            If the engine has no such library, or its values do not add up.
        """

    def all_dependencies(self, graph: SearchGraph, progress: ProgressCallback | None) -> Float64:
        """float64[positions, sets], on the host: what all sources give to betweenness, from both ends of each pair."""

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
        """Search from pairs of drawn sources and add what they say, on the host.

        See :func:`gpunet.search.samples.add_samples`.
        """

    def farness(self, graph: SearchGraph, progress: ProgressCallback | None) -> Int64:
        """int64[positions, sets], on the host: sums of distances to the members of the position's block."""
