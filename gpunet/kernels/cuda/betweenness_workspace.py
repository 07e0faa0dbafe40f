"""What :mod:`gpunet.kernels.cuda.betweenness` is given: a network on the device, groups of sources, and workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.kernels.cuda.betweenness_search import LISTS, clear_workspace
from gpunet.kernels.cuda.betweenness_steps import LANES
from gpunet.kernels.jit_cuda import cuda, most_that_fit, on_device

__all__ = ["LANES", "SHARES", "THREADS", "Groups", "OnDevice", "Span", "Workspace", "slots_of"]

#: Of a block.
THREADS = 256

#: Sums that are kept apart, and the most blocks that run at once. The bits of results depend on it.
SHARES = 512


@dataclass(frozen=True, eq=False)
class Groups:
    """At most eight sources each, which are searched from together, in the network among ``first..last-1``.

    Positions are those of the whole network that is on the device. Element g of an array belongs to group g.

    Attributes
    ----------
    first, last
        int64.
    halved
        int64: positions from this one on count half of their weight as targets.
    stops
        int64: where in :attr:`OnDevice.stops` the ends of the rows of ``first`` and on stand.
    source_begin, source
        int64[groups + 1] and int32: where the sources of each group begin, and all of them.
    slot_begin, slot_lane, slot_set, slot_weight
        int64[groups + 1], int32, int32, float64: where the slots of each group begin, and of each slot the source (from
        0 in its group), the set, and how much the source counts for it. Slots stand by set.
    times
        float64, empty but for samples: slots are then pairs of one set, drawn so many times; see
        :mod:`gpunet.kernels.cuda.betweenness_pairs`.
    """

    first: Int64
    last: Int64
    halved: Int64
    stops: Int64
    source_begin: Int64
    source: Int32
    slot_begin: Int64
    slot_lane: Int32
    slot_set: Int32
    slot_weight: Float64
    times: Float64

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self.first)

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All of them, in the order in which :func:`search` takes them."""
        return (
            self.first, self.last, self.halved, self.stops, self.source_begin, self.source,
            self.slot_begin, self.slot_lane, self.slot_set, self.slot_weight, self.times,
        )  # fmt: skip


@dataclass(frozen=True)
class Span:
    """A batch: the groups ``begin..end-1``, all within the positions ``first..last-1``."""

    begin: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class OnDevice:
    """A network in the device's memory, with what searches need to know of its positions.

    Attributes
    ----------
    indptr, indices
        int64, int32: the adjacency.
    stops
        int64: where rows may end, once for the whole network and once for each shorter part of it.
    target_weight, copies, inner
        float64[positions, sets], float64, bool; as in :func:`dependencies_cuda`.
    """

    indptr: Any
    indices: Any
    stops: Any
    target_weight: Any
    copies: Any
    inner: Any

    @classmethod
    def take(
        cls, indptr: Int64, indices: Int32, stops: Int64, target_weight: Float64, copies: Float64, inner: Bool
    ) -> OnDevice:
        """Copy the host's arrays to the device."""
        return cls(
            on_device(indptr, np.int64), on_device(indices, np.int32), on_device(stops, np.int64),
            on_device(target_weight, np.float64), on_device(copies, np.float64), on_device(inner, np.bool_),
        )  # fmt: skip


@dataclass(frozen=True)
class Workspace:
    """Workspaces of blocks in the device's memory, to be used for one batch after another.

    A workspace takes 364 bytes a vertex of the largest network that a group is searched in, and 8 more for each column
    of a batch's sums: 42 MB for a block of 100,000 vertices and seven sets, so that 512 of them take 21.5 GB; for a
    million vertices 139 GiB hold 284 at 80 per cent, two for each of 132 multiprocessors. A synthetic network of
    100,000 persons leaves 10,000 vertices to search, 4.3 MB a block. Where fewer blocks fit than there are shares,
    these are done in turns, with the same bits as result.

    Attributes
    ----------
    vertices, cells
        What a workspace is for at most: vertices of a group's network, and numbers of a batch's sums.
    rows
        float64[blocks, 4, 8 * (vertices + 1)].
    marks
        int32[blocks, 2, 8 * (vertices + 1)].
    lists
        int32[blocks, 11 * (vertices + 1)].
    sums
        float64[blocks, cells].
    """

    vertices: int
    cells: int
    rows: Any
    marks: Any
    lists: Any
    sums: Any

    @classmethod
    def make(cls, vertices: int, cells: int, groups: int, threads: int = THREADS, shares: int = SHARES) -> Workspace:
        """Take as many blocks as there is memory for, at most a block for each of the `groups` and of the `shares`.

        Raises
        ------
        EngineError
            If the free memory does not hold one.
        """
        size = cls.block_bytes(vertices, cells)
        return most_that_fit(lambda blocks: cls.of(vertices, cells, blocks, threads), size, min(groups, shares))

    @classmethod
    def of(cls, vertices: int, cells: int, blocks: int, threads: int = THREADS) -> Workspace:
        """Take so many blocks."""
        size = vertices + 1  # a row of zeros at the end fills the adjacency up
        rows = cuda.device_array((blocks, 4, LANES * size), np.float64)
        marks = cuda.device_array((blocks, 2, LANES * size), np.int32)
        lists = cuda.device_array((blocks, LISTS * size), np.int32)
        sums = cuda.device_array((blocks, max(cells, 1)), np.float64)
        clear_workspace[blocks, threads](rows, marks, lists)
        return cls(vertices, cells, rows, marks, lists, sums)

    @staticmethod
    def block_bytes(vertices: int, cells: int) -> int:
        """How many bytes of the device's memory a workspace takes."""
        return (vertices + 1) * (8 * 4 * LANES + 4 * 2 * LANES + 4 * LISTS) + 8 * max(cells, 1)

    @property
    def blocks(self) -> int:
        """How many workspaces there are."""
        return int(self.rows.shape[0])


def slots_of(source_weight: Float64, source_begin: Int64) -> tuple[Int64, Int32, Int32, Float64]:
    """The lanes and sets for which sources count, and how much, group by group, by set and then by lane.

    ``source_weight`` (float64[sources, sets]) is how much each source counts. The slots of group g are
    ``begin[g]..begin[g + 1]
    - 1`` of ``lane``, ``set`` and ``share``.
    """
    source, column = np.nonzero(source_weight > 0)
    group = np.searchsorted(source_begin, source, side="right") - 1
    order = np.argsort(group * source_weight.shape[1] + column, kind="stable")
    source, column, group = source[order], column[order], group[order]
    begin = np.zeros(len(source_begin), np.int64)
    begin[1:] = np.cumsum(np.bincount(group, minlength=len(source_begin) - 1))
    return (
        begin,
        (source - source_begin[group]).astype(np.int32),
        column.astype(np.int32),
        source_weight[source, column],
    )
