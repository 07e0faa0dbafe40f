"""Betweenness on a GPU: a thread block does eight neighbouring sources at a time, level by level.

The same sums as in :mod:`gpunet.kernels.betweenness_lanes_cpu`: a vertex has eight path counts side by side, one for
each source, or *lane*, and going back eight *slots*, each a lane with one of its sets, so that sources in few sets
share passes. Eight threads do a vertex, a thread a lane: each sums its neighbours' elements in the order of the
adjacency. Nothing is added atomically but places in lists, whose order changes no sum.

Every group of eight sources belongs to one of ``SHARES`` shares. A share has its own sum, to which its groups add in
their order, and the sums of shares are added in their order. So the bits of the result do not depend on how many
blocks run at once, which is what memory allows; a block of threads does a share after another. See :class:`Room` for
the memory. Groups in which a path count passes 2^900 are done again with a binary exponent beside each count.

A group's reads are, each time a vertex is active, 64 bytes for each of its neighbours (two sectors of the device's
memory), and as much again for each eight slots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.kernels.betweenness_cpu import LIMIT
from gpunet.kernels.betweenness_search_cuda import LISTS, SHARES, add_sums, clear_room, search
from gpunet.kernels.betweenness_steps_cuda import LANES
from gpunet.kernels.jit_cuda import blocks_that_fit, cuda, on_device, on_host

__all__ = ["Room", "dependencies_cuda"]

THREADS = 256


@dataclass(frozen=True)
class Room:
    """Workspaces of blocks in the device's memory, to be used for one batch after another.

    A workspace takes 364 bytes a vertex, and 8 more for each set: 42 MB for 100,000 vertices and seven sets, so that
    512 of them take 21.5 GB; for a million vertices 139 GiB hold 284 at 80 per cent, two for each of 132
    multiprocessors. A synthetic network of 100,000 persons leaves 10,000 vertices to search, 4.3 MB a block. Where
    fewer than ``SHARES`` blocks fit, shares are done in turns, with the same bits as result.

    Attributes
    ----------
    vertices, sets
        What a workspace is for at most.
    rows
        float64[blocks, 4, 8 * (vertices + 1)].
    marks
        int32[blocks, 2, 8 * (vertices + 1)].
    lists
        int32[blocks, 11 * (vertices + 1)].
    sums
        float64[blocks, vertices * sets].
    """

    vertices: int
    sets: int
    rows: Any
    marks: Any
    lists: Any
    sums: Any

    @classmethod
    def make(cls, vertices: int, sets: int, blocks: int | None = None, threads: int = THREADS) -> Room:
        """Take as many blocks as there is memory for, at most ``SHARES``, or the number given.

        Raises
        ------
        EngineError
            If the free memory does not hold one.
        """
        if blocks is None:
            blocks = blocks_that_fit(cls.block_bytes(vertices, sets), SHARES)
        size = vertices + 1  # a row of zeros at the end fills the adjacency up
        rows = cuda.device_array((blocks, 4, LANES * size), np.float64)
        marks = cuda.device_array((blocks, 2, LANES * size), np.int32)
        lists = cuda.device_array((blocks, LISTS * size), np.int32)
        sums = cuda.device_array((blocks, max(vertices * sets, 1)), np.float64)
        clear_room[blocks, threads](rows, marks, lists)
        return cls(vertices, sets, rows, marks, lists, sums)

    @staticmethod
    def block_bytes(vertices: int, sets: int) -> int:
        """How many bytes of the device's memory a workspace takes."""
        return (vertices + 1) * (8 * 4 * LANES + 4 * 2 * LANES + 4 * LISTS + 8 * sets)

    @property
    def blocks(self) -> int:
        """How many workspaces there are."""
        return int(self.rows.shape[0])


def dependencies_cuda(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    own: NDArray[np.float64],
    goal: NDArray[np.float64],
    copies: NDArray[np.float64],
    inner: NDArray[np.bool_],
    sources: NDArray[np.int32],
    room: Room | None = None,
    threads: int = THREADS,
    limit: float = LIMIT,
) -> NDArray[np.float64]:
    """float64[n, sets]: what :func:`gpunet.kernels.betweenness_lanes_cpu.dependencies_lanes` returns.

    Rows of the adjacency may be filled up with the number n, but need not be. A `room` for as many vertices and sets,
    or more, saves making one. Much is gained from many sources: thousands. ``threads`` (a multiple of 8) are those of
    a block and do not change a bit of the result; path counts beyond ``limit`` are done with exponents.

    Raises
    ------
    EngineError
        If the device's memory does not hold the workspace of a block.
    """
    n, sets = goal.shape
    out = np.zeros((n, sets))
    if not out.size or not len(sources):
        return out
    groups = -(-len(sources) // LANES)
    if room is None:
        room = Room.make(n, sets, blocks_that_fit(Room.block_bytes(n, sets), min(groups, SHARES)), threads)
    if room.vertices < n or room.sets < sets:
        raise ValueError(f"the room is for {room.vertices} vertices and {room.sets} sets, not for {n} and {sets}")
    if threads % LANES:
        raise ValueError(f"the threads of a block must be a multiple of {LANES}, not {threads}")
    network = (on_device(indptr, np.int64), on_device(indices, np.int32))
    about = (on_device(goal, np.float64), on_device(copies, np.float64), on_device(inner, np.bool_))
    starts = on_device(sources, np.int32)
    slots = tuple(on_device(part, part.dtype) for part in _slots(own))
    over = on_device(np.zeros(groups, np.int32), np.int32)
    total = on_device(out.reshape(-1), np.float64)
    todo = np.arange(groups, dtype=np.int32)
    for scaled in (False, True):
        some = on_device(todo, np.int32)
        for first in range(0, min(len(todo), SHARES), room.blocks):
            blocks = min(room.blocks, len(todo) - first, SHARES - first)
            search[blocks, threads](
                *network, *about, starts, *slots, some, first, scaled, limit,
                room.rows, room.marks, room.lists, room.sums, over,
            )  # fmt: skip
            add_sums[-(-out.size // threads), threads](room.sums, blocks, total)
        todo = np.flatnonzero(on_host(over)).astype(np.int32)
        if not len(todo):
            break
    return on_host(total).reshape(n, sets)


def _slots(
    own: NDArray[np.float64],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """The lanes and sets for which sources count, and how much, group by group, by set and then by lane.

    The slots of group g are ``begin[g]..begin[g + 1] - 1`` of ``lane``, ``set`` and ``share``.
    """
    groups = -(-len(own) // LANES)
    padded = np.zeros((groups * LANES, own.shape[1]))
    padded[: len(own)] = own
    by_set = padded.reshape(groups, LANES, -1).transpose(0, 2, 1)
    group, column, lane = np.nonzero(by_set > 0)
    begin = np.zeros(groups + 1, np.int32)
    begin[1:] = np.cumsum(np.bincount(group, minlength=groups))
    return begin, lane.astype(np.int32), column.astype(np.int32), by_set[group, column, lane]
