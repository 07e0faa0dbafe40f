"""Tipping on a GPU: the fixed point of "active, or at least k active neighbours", less one's own seed.

As in :mod:`gpunet.kernels.cpu.tipping`, with the *round* in which a vertex becomes active in place of its rank: seeds
in round 0, and in round r those that have k neighbours active before it. Many vertices share a round. The argument of
the CPU's kernel needs only that every active vertex that is no seed has k neighbours of *strictly smaller* rank, and
induction over ranks goes through all of one rank at once: if a vertex is no suspect, then it is a seed, or k of those
smaller neighbours are no suspects and so are active without v. Neighbours of the same rank support nobody. The answer
is the fixed point of the seeds without v, which no choice of ranks changes.

Which seeds are undecided is found by a thread each: in synthetic networks some 3 in 100 vertices, with 4 suspects on
average and 51 at most. So a thread settles them with a list of its own; those whose list grows past 32 get a thread
block each, with 8 bytes a vertex of workspace. Suspects are the least set closed under their rule and settling takes
out what it can, so both are the same in any order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.kernels.cuda.rows import filled, grid_size
from gpunet.kernels.cuda.tipping_search import CLEAR, LIST, LONG, UNDECIDED, settle_alone, settle_together
from gpunet.kernels.jit_cuda import cuda, kernel, most_that_fit, on_device, on_host

__all__ = ["tipping_cuda", "tipping_without_own_seed_cuda"]

THREADS = 256

#: The most blocks that settle long lists of suspects at once.
BLOCKS = 512

#: Threads that look at one vertex's neighbours.
_TEAM = 8


def tipping_cuda(
    indptr: Any, indices: Any, seed: Any, k: int, blocks: int | None = None, threads: int = THREADS
) -> Any:
    """int32[n] on the device, the round in which each vertex becomes active: 0 for seeds, -1 for those that never do.

    Four bytes a round cross to the host: how many are active.

    Parameters
    ----------
    indptr, indices
        int64[n + 1] and int32[2m], the adjacency.
    seed
        bool[n], who is active from the start.
    k
        How many active neighbours make a vertex active, at least 1.
    blocks, threads
        The most blocks at once, and the threads of each. They change no result.
    """
    rows, columns, seeds = on_device(indptr, np.int64), on_device(indices, np.int32), on_device(seed, np.bool_)
    n = len(seeds)
    rank = filled((n,), np.int32, -1, blocks, threads)
    if not n:
        return rank
    supporters = filled((n,), np.int32, 0, blocks, threads)
    queue, tail = cuda.device_array(n, np.int32), filled((1,), np.int32, 0, 1, 1)
    _plant[grid_size(n, threads, blocks), threads](seeds, rank, queue, tail)
    head, size, now = 0, int(on_host(tail)[0]), 0
    while head < size:
        now += 1
        grid = grid_size((size - head) * _TEAM, threads, blocks)
        _spread[grid, threads](rows, columns, head, size, k, now, rank, supporters, queue, tail)
        head, size = size, int(on_host(tail)[0])
    return rank


@kernel
def _plant(seed: Bool, rank: Int32, queue: Int32, tail: Int32) -> None:
    for v in range(cuda.grid(1), len(seed), cuda.gridsize(1)):
        if seed[v]:
            rank[v] = 0
            queue[cuda.atomic.add(tail, 0, 1)] = v


@kernel
def _spread(
    indptr: Int64,
    indices: Int32,
    head: int,
    size: int,
    k: int,
    now: int,
    rank: Int32,
    supporters: Int32,
    queue: Int32,
    tail: Int32,
) -> None:
    """Round `now`: those active since the last one support their neighbours; who gets its kth supporter follows.

    They are ``queue[head:size]`` (int32[n]); `rank` is int32[n] (-1: not active), `supporters` int32[n], `tail`
    int32[1].
    """
    for i in range(cuda.grid(1), (size - head) * _TEAM, cuda.gridsize(1)):
        u = queue[head + i // _TEAM]
        for e in range(indptr[u] + i % _TEAM, indptr[u + 1], _TEAM):
            w = indices[e]
            # Any order: of those that look too early, the kth supporter alone goes on.
            if rank[w] < 0 and cuda.atomic.add(supporters, w, 1) == k - 1:
                rank[w] = now  # any order: see above
                queue[cuda.atomic.add(tail, 0, 1)] = w


def tipping_without_own_seed_cuda(
    indptr: Any,
    indices: Any,
    seed: Any,
    rank: Any,
    k: int,
    blocks: int | None = None,
    threads: int = THREADS,
    most: int = LIST,
) -> Any:
    """bool[n] on the device, whether each vertex is active when it is itself no seed.

    Eight bytes cross to the host: how many seeds are undecided, and for how many of them a thread's list is too short.

    Parameters
    ----------
    indptr, indices, seed, k
        As for :func:`tipping_cuda`.
    rank
        int32[n]: what it returned for them, or what :func:`gpunet.kernels.cpu.tipping.tipping` does.
    blocks, threads, most
        The most blocks at once, the threads of each, and the most suspects (up to ``LIST``) that a thread settles by
        itself. They change no result.

    Raises
    ------
    EngineError
        If the device's memory does not hold the workspace of a block.
    """
    rows, columns, seeds = on_device(indptr, np.int64), on_device(indices, np.int32), on_device(seed, np.bool_)
    ranks = on_device(rank, np.int32)
    n = len(seeds)
    out = cuda.device_array(n, np.bool_)
    if not n:
        return out
    grid = grid_size(n, threads, blocks)
    undecided, long, counters = (
        cuda.device_array(n, np.int32),
        cuda.device_array(n, np.int32),
        filled((2,), np.int32, 0, 1, 2),
    )
    _decide[grid, threads](rows, columns, seeds, ranks, k, out, undecided, counters)
    about = (rows, columns, seeds, ranks, k)
    settle_alone[grid, threads](*about, undecided, min(most, LIST), out, long, counters)
    size = int(on_host(counters)[LONG])
    if size:
        marks, lists = most_that_fit(
            lambda fit: (filled((fit, n), np.int32, CLEAR, blocks, threads), cuda.device_array((fit, n), np.int32)),
            8 * n,
            min(size, blocks or BLOCKS),
        )
        settle_together[marks.shape[0], threads](*about, long, size, marks, lists, out)
    return out


@kernel
def _decide(
    indptr: Int64, indices: Int32, seed: Bool, rank: Int32, k: int, out: Bool, undecided: Int32, counters: Int32
) -> None:
    """Say what can be said at once, and list the other seeds."""
    for v in range(cuda.grid(1), len(seed), cuda.gridsize(1)):
        if not seed[v]:
            out[v] = rank[v] >= 0
            continue
        seeds, active = 0, 0
        for e in range(indptr[v], indptr[v + 1]):
            seeds += seed[indices[e]]
            active += rank[indices[e]] >= 0
        out[v] = active >= k and seeds >= k
        if active >= k and seeds < k:
            undecided[cuda.atomic.add(counters, UNDECIDED, 1)] = v
