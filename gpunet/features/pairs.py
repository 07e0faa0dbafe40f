"""Betweenness, closeness and removal: what is computed block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.kernels.betweenness_lanes_cpu import dependencies_lanes
from gpunet.kernels.blocks_cpu import (
    biconnected_blocks,
    distance_sums,
    hanging_weights,
    split_into_blocks,
    tree_pairs,
)
from gpunet.kernels.closeness_cpu import BATCH, farness_batch
from gpunet.kernels.traversal_cpu import bfs_order, permute_csr
from gpunet.kernels.twins_cpu import collapse_twins
from gpunet.network import Network
from gpunet.parallel import in_batches, spans
from gpunet.progress import ProgressCallback

__all__ = ["Blocks", "PairWork"]

# Sources a batch of betweenness. One thread adds up the results of batches: many sources make its share small, few make
# batches enough for every thread.
_BETWEENNESS_SOURCES = 64

_Batch = tuple[int, int, NDArray[np.int32]]


@dataclass(frozen=True, eq=False)
class _Layout:
    """What is searched: blocks with one vertex a class of twins, largest block first, each in breadth-first order.

    ``node`` are the nodes of the blocks (int64), ``place`` the position of each one's class. Of positions, ``start``
    (int64[blocks + 1]) says where blocks begin, ``twins`` (int64) how many nodes they stand for, and ``weight``
    (int64[positions, sets]) how many members. Blocks that are cliques, edges included, are left out: they have closed
    forms.
    """

    node: NDArray[np.int64]
    place: NDArray[np.int64]
    twins: NDArray[np.int64]
    start: NDArray[np.int64]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    weight: NDArray[np.int64]

    def batches(self, sources: int) -> list[_Batch]:
        """``(first, last, sources)``: whole blocks ``first..last-1`` and at most `sources` of their nodes.

        A large block comes in several batches, small ones together in one. Nodes without weight are no sources. The
        batches, and with them every sum, depend on the network and the sets alone.
        """
        source = np.asarray(self.weight.any(axis=1))
        per_block = np.diff(np.concatenate([[0], np.cumsum(source)])[self.start])
        batches: list[_Batch] = []
        begin, held = 0, 0
        for b, here in enumerate(per_block.tolist()):
            if held and held + here > sources:
                batches += self._split(begin, b, sources, source)
                begin, held = b, 0
            held += here
        if held:
            batches += self._split(begin, len(per_block), sources, source)
        return batches

    def _split(self, begin: int, end: int, size: int, source: NDArray[np.bool_]) -> list[_Batch]:
        first, last = int(self.start[begin]), int(self.start[end])
        sources = np.flatnonzero(source[first:last]).astype(np.int32) + np.int32(first)
        return [(first, last, sources[i:j]) for i, j in spans(len(sources), size)]


class Blocks:
    """The biconnected blocks of a network (see :mod:`gpunet.kernels.blocks_cpu` for nodes and tops)."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.start, self.vertex, self.home = biconnected_blocks(network.indptr, network.indices)

    def weights(self, member: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Members of each set that every node stands for, and that every vertex's component holds."""
        return hanging_weights(self.start, self.vertex, self.home, member)

    def removal(self, marked: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Largest piece left of a vertex's component without it, and the largest with a marked vertex (0 if none).

        The pieces are what lies behind each of the vertex's blocks: the component less what hangs on its own side.
        """
        member = np.stack([np.ones(self.network.n, np.int64), marked.astype(np.int64)], axis=1)
        weight, total = self.weights(member)
        piece, marks = (total[self.vertex] - weight).T
        largest, largest_marked = np.zeros((2, self.network.n), np.int64)
        np.maximum.at(largest, self.vertex, piece)
        np.maximum.at(largest_marked, self.vertex, np.where(marks > 0, piece, 0))
        return largest, largest_marked


class PairWork:
    """A network taken apart into blocks, ready for betweenness and closeness of the given sets."""

    def __init__(self, blocks: Blocks, names: tuple[str, ...]) -> None:
        network = blocks.network
        self._n = network.n
        self._names = names
        self._member = np.stack([network.sets[name] for name in names], axis=1).astype(np.int64)
        self._start, self._vertex = blocks.start, blocks.vertex
        self._weight, self._total = blocks.weights(self._member)
        indptr, indices = split_into_blocks(network.indptr, network.indices, blocks.start, blocks.vertex, blocks.home)
        self._layout = self._searched_blocks(indptr, indices)

    def _searched_blocks(self, indptr: NDArray[np.int64], indices: NDArray[np.int32]) -> _Layout:
        size = np.diff(self._start)
        clique = np.diff(indptr[self._start]) == size * (size - 1)  # all distances 1, and nobody between
        searched = np.flatnonzero(~clique)
        roots = self._start[searched[np.argsort(-size[searched], kind="stable")]]
        in_order = np.arange(len(self._vertex), dtype=np.int32)
        representative, indptr, indices = collapse_twins(*permute_csr(indptr, indices, in_order))  # rows ascending
        order, start = bfs_order(indptr, indices, representative[roots])
        node = np.flatnonzero(np.repeat(~clique, size))
        position = np.full(len(self._vertex), -1, np.int64)
        position[order] = np.arange(len(order))
        place = position[representative[node]]
        weight = np.zeros((len(order), len(self._names)), np.int64)
        np.add.at(weight, place, self._weight[node])
        twins = np.bincount(place, minlength=len(order)).astype(np.int64)
        return _Layout(node, place, twins, start, *permute_csr(indptr, indices, order), weight)

    def betweenness(self, threads: int, progress: ProgressCallback | None) -> dict[str, NDArray[np.float64]]:
        """``{"betweenness__C": float64[n]}``, not normalised."""
        layout = self._layout
        total = np.zeros(layout.weight.shape)

        def work(batch: _Batch) -> NDArray[np.float64]:
            first, last, sources = batch
            return dependencies_lanes(layout.indptr, layout.indices, layout.weight, layout.twins, sources, first, last)

        for (first, last, _), part in self._each(work, _BETWEENNESS_SOURCES, threads, "betweenness", progress):
            total[first:last] += part
        out = tree_pairs(self._vertex, self._member, self._weight, self._total).astype(np.float64)
        np.add.at(out, self._vertex[layout.node], total[layout.place])
        out /= 2  # every unordered pair was counted from both its ends
        return {f"betweenness__{name}": out[:, i].copy() for i, name in enumerate(self._names)}

    def closeness(self, threads: int, progress: ProgressCallback | None) -> dict[str, NDArray[np.float64]]:
        """``{"closeness__C": float64[n]}``."""
        layout = self._layout
        far = np.zeros(layout.weight.shape, np.int64)

        def work(batch: _Batch) -> NDArray[np.int64]:
            first, last, sources = batch
            return farness_batch(layout.indptr, layout.indices, layout.weight, sources, first, last)

        for (first, last, _), part in self._each(work, BATCH, threads, "closeness", progress):
            far[first:last] += part
        # In a clique everybody else is one step away.
        size = np.diff(self._start)
        everyone = np.add.reduceat(self._weight, self._start[:-1]) if len(size) else self._weight
        within = np.repeat(everyone, size, axis=0) - self._weight
        # A twin is one step away; everybody else is as far from a node as from its class.
        within[layout.node] = far[layout.place] + layout.weight[layout.place] - self._weight[layout.node]
        sums = distance_sums(self._start, self._vertex, within, self._n)
        reached = self._total - self._member
        others = self._member.sum(axis=0) - self._member
        out = np.zeros(sums.shape)
        some = reached > 0
        out[some] = (reached[some] / others[some]) * (reached[some] / sums[some])
        return {f"closeness__{name}": out[:, i].copy() for i, name in enumerate(self._names)}

    def _each(
        self,
        work: Callable[[_Batch], NDArray[Any]],
        sources: int,
        threads: int,
        stage: str,
        progress: ProgressCallback | None,
    ) -> Iterator[tuple[_Batch, NDArray[Any]]]:
        batches = self._layout.batches(sources)
        weights = [(last - first) * len(chosen) for first, last, chosen in batches]
        return in_batches(work, batches, threads, stage=stage, weights=weights, progress=progress)
