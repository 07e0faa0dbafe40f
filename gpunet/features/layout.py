"""The part of a network that is searched: its blocks, less twins, in an order that makes searching short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.features.adding import Adder
from gpunet.kernels.betweenness_lanes_cpu import dependencies_lanes, work_size
from gpunet.kernels.closeness_cpu import BATCH, farness_batch
from gpunet.kernels.path_lanes import PADDING
from gpunet.kernels.simplicial_cpu import simplicial_vertices
from gpunet.kernels.traversal_cpu import bfs_order, padded_rows, permute_csr
from gpunet.kernels.twins_cpu import collapse_twins
from gpunet.parallel import spans
from gpunet.progress import ProgressCallback

__all__ = ["Batch", "Layout", "searched_blocks"]

# Sources a batch of betweenness. One thread adds up the results of batches: many sources make its share small, few make
# batches enough for every thread.
_SOURCES_A_BATCH = 64

# A batch of closeness takes as long as a search for betweenness from one in so many of its sources.
_CLOSENESS_AT_ONCE = 8.0

_CACHE_LINE = 64
_HUGE_PAGES = 4 << 20  # NumPy asks for huge pages from this many bytes


@dataclass(frozen=True, eq=False)
class Batch:
    """Sources to search from, in the network of the positions ``first..last-1`` and the ties among these.

    `last_time` says that later batches do not have these sources any more: pairs with others count twice, for both
    their ends.
    """

    first: int
    last: int
    sources: NDArray[np.int32]
    last_time: bool = False


@dataclass(frozen=True, eq=False)
class Layout:
    """What is searched: blocks with one vertex a class of twins, largest block first.

    Within a block, vertices come in three parts, each in breadth-first order: first the inner ones, on which shortest
    paths between others lie, then the simplicial ones with weight, then those without. Blocks that are cliques, edges
    included, are left out: they have closed forms.

    Attributes
    ----------
    node
        int64, the nodes of the blocks.
    place
        int64, the position that stands for each of these nodes.
    twins
        int64[positions], for how many nodes a position stands.
    start
        int64[blocks + 1], where blocks begin.
    core
        int64[blocks], where a block's inner vertices end.
    reach
        int64[blocks], where its simplicial vertices with weight end.
    inner
        bool[positions], whether a position is an inner vertex.
    turn
        int64[positions], when it comes in breadth-first order of all.
    indptr, indices
        The adjacency of the positions; rows ascend.
    weight
        int64[positions, sets], for how many members of each set a position stands.
    """

    node: NDArray[np.int64]
    place: NDArray[np.int64]
    twins: NDArray[np.int64]
    start: NDArray[np.int64]
    core: NDArray[np.int64]
    reach: NDArray[np.int64]
    inner: NDArray[np.bool_]
    turn: NDArray[np.int64]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    weight: NDArray[np.int64]

    def __setstate__(self, state: dict[str, NDArray[Any]]) -> None:
        """Take what came over the wire, where arrays need not begin at an address that kernels are compiled for."""
        for name, array in state.items():
            object.__setattr__(self, name, np.require(array, requirements=["ALIGNED", "WRITEABLE"]))

    def batches(self, sources: int) -> list[Batch]:
        """Whole blocks and at most `sources` of their vertices.

        A large block comes in several batches, of vertices near each other, small blocks together in one. Vertices
        without weight are no sources. The batches, and with them every sum, depend on the network and the sets alone.
        """
        batches: list[Batch] = []
        for begin, end in self._runs_of_blocks(sources):
            batches += self._divided(begin, end, sources)
        return batches

    def shrinking_batches(self, sources: int) -> list[Batch]:
        """As :meth:`batches`, but simplicial sources of a large block leave it when they have been searched from.

        They come last in their block, so that each batch's network is a shorter part of it.
        """
        batches: list[Batch] = []
        for begin, end in self._runs_of_blocks(sources):
            batches += self._shrinking(begin, sources) if end == begin + 1 else self._divided(begin, end, sources)
        return batches

    def _runs_of_blocks(self, sources: int) -> list[tuple[int, int]]:
        """``(begin, end)`` for runs of blocks with at most `sources` sources together, or of a single block."""
        source = np.asarray(self.weight.any(axis=1))
        per_block = np.diff(np.concatenate([[0], np.cumsum(source)])[self.start])
        runs: list[tuple[int, int]] = []
        begin, held = 0, 0
        for b, here in enumerate(per_block.tolist()):
            if held == 0:
                begin = b  # blocks without a source are passed over
            if held and held + here > sources:
                runs.append((begin, b))
                begin, held = b, 0
            held += here
        return [*runs, (begin, len(per_block))] if held else runs

    def all_dependencies(self, adder: Adder, progress: ProgressCallback | None) -> NDArray[np.float64]:
        """float64[positions, sets]: what all sources together give to betweenness, from both ends of each pair."""
        total = np.zeros(self.weight.shape)
        batches = self.shrinking_batches(_SOURCES_A_BATCH)
        adder(Layout.dependencies, self, batches, _weights(batches), total, "betweenness", progress)
        return total

    def dependencies(self, batch: Batch) -> NDArray[np.float64]:
        """float64[last - first, sets]: what a batch's sources have to give to betweenness, from one end of each pair.

        Of sources that are there for the last time, from both ends.
        """
        own = self.weight[batch.sources].astype(np.float64)
        goal = self.weight[batch.first : batch.last].astype(np.float64)
        if batch.last_time:
            own *= 2.0
            goal[batch.sources - batch.first] /= 2.0  # pairs within the batch are met from both ends
        return self.dependencies_of(batch, own, goal)

    def dependencies_of(self, batch: Batch, own: NDArray[np.float64], goal: NDArray[np.float64]) -> NDArray[np.float64]:
        """As :meth:`dependencies`, with sources that count `own` (float64[sources, sets]).

        ``goal`` (float64[last - first, sets]) is how much the batch's positions count as targets.
        """
        first, last = batch.first, batch.last
        indptr, indices = padded_rows(self.indptr, self.indices, first, last, PADDING)
        return dependencies_lanes(
            indptr,
            indices,
            own,
            goal,
            self.twins[first:last].astype(np.float64),
            self.inner[first:last],
            batch.sources - np.int32(first),
            _room(work_size(last - first)),
        )

    def all_farness(self, adder: Adder, progress: ProgressCallback | None) -> NDArray[np.int64]:
        """int64[positions, sets]: sums of distances to the members of the position's block."""
        total = np.zeros(self.weight.shape, np.int64)
        batches = self.batches(BATCH)
        weights = [weight / _CLOSENESS_AT_ONCE for weight in _weights(batches)]
        adder(Layout.farness, self, batches, weights, total, "closeness", progress)
        return total

    def farness(self, batch: Batch) -> NDArray[np.int64]:
        """int64[last - first, sets]: sums of distances to the members that a batch's sources stand for."""
        return farness_batch(self.indptr, self.indices, self.weight, self.inner, batch.sources, batch.first, batch.last)

    def _shrinking(self, b: int, size: int) -> list[Batch]:
        first, core, reach = int(self.start[b]), int(self.core[b]), int(self.reach[b])
        sources = self._sources(b, b + 1)
        inner, simplicial = sources[sources < core], sources[sources >= core]
        batches = []
        for end in range(reach, core, -size):
            leaving = simplicial[(simplicial >= end - size) & (simplicial < end)]
            if len(leaving):
                batches.append(Batch(first, end, leaving, last_time=True))
        return batches + [Batch(first, core, inner[i:j]) for i, j in spans(len(inner), size)]

    def _sources(self, begin: int, end: int) -> NDArray[np.int32]:
        first, last = int(self.start[begin]), int(self.start[end])
        return np.flatnonzero(self.weight[first:last].any(axis=1)).astype(np.int32) + np.int32(first)

    def _divided(self, begin: int, end: int, size: int) -> list[Batch]:
        sources = self._sources(begin, end)
        sources = sources[np.argsort(self.turn[sources])]
        first, last = int(self.start[begin]), int(self.start[end])
        return [Batch(first, last, sources[i:j]) for i, j in spans(len(sources), size)]


def _weights(batches: Sequence[Batch]) -> list[float]:
    """Estimated work of each batch: a search a source, over the positions."""
    return [float((batch.last - batch.first) * len(batch.sources)) for batch in batches]


def _room(n: int) -> NDArray[np.float64]:
    """Return room for n doubles from the beginning of a cache line; if it is much, in huge pages.

    A search jumps about in it, and with pages of 4 KiB most jumps would miss the translation buffer too.
    """
    size = n * 8 + _CACHE_LINE
    raw = np.empty(size if size < _HUGE_PAGES // 8 else max(size, 2 * _HUGE_PAGES), np.uint8)
    begin = -raw.ctypes.data % _CACHE_LINE
    return raw[begin : begin + n * 8].view(np.float64)


def searched_blocks(
    start: NDArray[np.int64], indptr: NDArray[np.int64], indices: NDArray[np.int32], weight: NDArray[np.int64]
) -> Layout:
    """Lay out the blocks whose nodes are ``start[b]..start[b + 1] - 1``.

    ``indptr``, ``indices`` are the adjacency of the nodes, rows ascending; ``weight`` (int64[nodes, sets]) is how many
    members each node stands for.
    """
    n = len(weight)
    size = np.diff(start)
    clique = np.diff(indptr[start]) == size * (size - 1)  # all distances 1, and nobody between
    searched = np.flatnonzero(~clique)
    roots = start[searched[np.argsort(-size[searched], kind="stable")]]
    representative, indptr, indices = collapse_twins(indptr, indices)
    order, begin = bfs_order(indptr, indices, representative[roots])
    together = np.zeros_like(weight)
    np.add.at(together, representative, weight)
    simplicial = simplicial_vertices(indptr, indices)[order]
    part = np.where(simplicial, np.where(together[order].any(axis=1), 1, 2), 0)
    block = np.repeat(np.arange(len(roots)), np.diff(begin))
    turn = np.lexsort((part, block))
    order = order[turn]
    count = np.bincount(block * 3 + part, minlength=3 * len(roots)).reshape(-1, 3)
    node = np.flatnonzero(np.repeat(~clique, size))
    position = np.full(n, -1, np.int64)
    position[order] = np.arange(len(order))
    place = position[representative[node]]
    rows, columns = permute_csr(indptr, indices, order)
    return Layout(
        node=node,
        place=place,
        twins=np.bincount(place, minlength=len(order)).astype(np.int64),
        start=begin,
        core=begin[:-1] + count[:, 0],
        reach=begin[:-1] + count[:, 0] + count[:, 1],
        inner=np.sort(part + 3 * block) % 3 == 0,
        turn=turn,
        indptr=rows,
        indices=columns,
        weight=together[order],
    )
