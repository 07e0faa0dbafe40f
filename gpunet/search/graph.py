"""The part of a network that is searched: its blocks, less twins, in an order that makes searching short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.kernels.cpu.simplicial import simplicial_vertices
from gpunet.kernels.cpu.traversal import bfs_order, permute_csr
from gpunet.kernels.cpu.twins import collapse_twins

__all__ = ["SearchGraph", "searched_blocks"]


@dataclass(frozen=True, eq=False)
class SearchGraph:
    """What is searched: blocks with one vertex a class of twins, largest block first.

    Within a block, vertices come in three parts, each in breadth-first order: first the inner ones, on which shortest
    paths between others lie, then the simplicial ones with weight, then those without. Blocks that are cliques, edges
    included, are left out: they have closed forms.

    Attributes
    ----------
    node
        int64, the nodes of the blocks.
    position_of
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
    bfs_rank
        int64[positions], when it comes in breadth-first order of all.
    indptr, indices
        The adjacency of the positions; rows ascend.
    weight
        int64[positions, sets], for how many members of each set a position stands.
    """

    node: Int64
    position_of: Int64
    twins: Int64
    start: Int64
    core: Int64
    reach: Int64
    inner: Bool
    bfs_rank: Int64
    indptr: Int64
    indices: Int32
    weight: Int64

    def __setstate__(self, state: dict[str, NDArray[Any]]) -> None:
        """Take what came over the wire, where arrays need not begin at an address that kernels are compiled for."""
        for name, array in state.items():
            object.__setattr__(self, name, np.require(array, requirements=["ALIGNED", "WRITEABLE"]))


def searched_blocks(start: Int64, indptr: Int64, indices: Int32, weight: Int64) -> SearchGraph:
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
    bfs_rank = np.lexsort((part, block))
    order = order[bfs_rank]
    count = np.bincount(block * 3 + part, minlength=3 * len(roots)).reshape(-1, 3)
    node = np.flatnonzero(np.repeat(~clique, size))
    position = np.full(n, -1, np.int64)
    position[order] = np.arange(len(order))
    position_of = position[representative[node]]
    rows, columns = permute_csr(indptr, indices, order)
    return SearchGraph(
        node=node,
        position_of=position_of,
        twins=np.bincount(position_of, minlength=len(order)).astype(np.int64),
        start=begin,
        core=begin[:-1] + count[:, 0],
        reach=begin[:-1] + count[:, 0] + count[:, 1],
        inner=np.sort(part + 3 * block) % 3 == 0,
        bfs_rank=bfs_rank,
        indptr=rows,
        indices=columns,
        weight=together[order],
    )
