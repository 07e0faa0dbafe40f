"""Members of each set at distance 1 and 2 of every vertex, on a GPU. All counts are integers, so they are exact.

A vertex with few ties has a thread for each. That of (v, u) goes through the neighbours w of u, the *ways*, and counts
w if this is the *first* way to it: w is not v, not a neighbour of v, and no neighbour of v before u is tied to w. Rows
are ascending, so all of that is binary searches, in rows that the thread or its neighbours have just read: no
workspace. A vertex with many ties has a thread block, which stamps whom it has counted: 4 bytes a vertex and block.

Why both: a stamp is a sector of 32 bytes read and written for each way, in memory that no cache holds, and a block
waits for its threads twice a vertex. Searches have no such cost, but grow with the square of the ties. Of a synthetic
network of 100,000 persons, 1 in 84 has more than 16 ties. The others need 142 elements of rows each, for 3.7 ties and
27 ways, nearly all in sectors that are being read anyway. In a dense network (14 ties, 429 ways) it would be 19,000
elements a vertex; for those with up to 16 ties it is 2,500.

The floor is what has to come from memory once: some 64 bytes for each neighbour (its place and its row), as much for
each of 8 vertices at distance 2 (its row and its sets) where no cache has them, and 16 bytes written for each set: 900
bytes a vertex with seven sets, a millisecond for five million vertices at 4.8 TB/s.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gpunet.base.array_types import Int32, Int64, UInt64
from gpunet.kernels.cuda.rows import filled, grid_size, holds, row_of
from gpunet.kernels.jit_cuda import cuda, device, kernel, most_that_fit, on_device, on_host

__all__ = ["hop_counts_cuda"]

THREADS = 256

#: Ties up to which a vertex has a thread for each.
FEW = 16

#: The most blocks with stamps.
BLOCKS = 512

#: Threads that go through one neighbour's row in a block.
_TEAM = 8


def hop_counts_cuda(
    indptr: Any,
    indices: Any,
    members: Any,
    sets: int,
    blocks: int | None = None,
    threads: int = THREADS,
    few: int = FEW,
) -> Any:
    """int64[2, sets, n] on the device: what :func:`gpunet.kernels.cpu.neighbourhood.hop_counts` returns for 0..n-1.

    One number of four bytes crosses to the host: how many vertices have many ties.

    Parameters
    ----------
    indptr, indices
        int64[n + 1] and int32[2m], the adjacency; rows ascending.
    members
        uint64[n]: bit i says whether a vertex is in set i, for i below `sets`.
    blocks, threads, few
        The most blocks at once, the threads of each, and up to how many ties a vertex is done without stamps. They
        change no result.

    Raises
    ------
    EngineError
        If the device's memory does not hold the stamps of a block.
    """
    rows, columns = on_device(indptr, np.int64), on_device(indices, np.int32)
    bits = on_device(members, np.uint64)
    n = len(bits)
    out = filled((2, sets, n), np.int64, 0, blocks, threads)
    if not len(columns) or not sets:
        return out
    many, cell = cuda.device_array(n, np.int32), filled((1,), np.int32, 0, 1, 1)
    _list_many[grid_size(n, threads, blocks), threads](rows, few, many, cell)
    _count_first_ways[grid_size(len(columns), threads, blocks), threads](rows, columns, bits, few, out)
    size = int(on_host(cell)[0])
    if size:
        stamps = most_that_fit(
            lambda fit: filled((fit, n), np.int32, 0, blocks, threads), 4 * n, min(size, blocks or BLOCKS)
        )
        _count_with_stamps[stamps.shape[0], threads](rows, columns, bits, many, size, stamps, out)
    return out


@kernel
def _list_many(indptr: Int64, few: int, many: Int32, cell: Int32) -> None:
    for v in range(cuda.grid(1), len(indptr) - 1, cuda.gridsize(1)):
        if indptr[v + 1] - indptr[v] > few:
            many[cuda.atomic.add(cell, 0, 1)] = v


@kernel
def _count_first_ways(indptr: Int64, indices: Int32, members: UInt64, few: int, out: Int64) -> None:
    for e in range(cuda.grid(1), len(indices), cuda.gridsize(1)):
        v, u = row_of(indptr, e), indices[e]
        begin, end = indptr[v], indptr[v + 1]
        if end - begin > few:
            continue
        _add(members[u], out, 0, v)
        for f in range(indptr[u], indptr[u + 1]):
            w = indices[f]
            if w == v or holds(indices, begin, end, w):
                continue
            if _is_first_way(indices, begin, e, indptr[w], indptr[w + 1]):
                _add(members[w], out, 1, v)


@kernel
def _count_with_stamps(
    indptr: Int64, indices: Int32, members: UInt64, many: Int32, size: int, stamps: Int32, out: Int64
) -> None:
    """A block a vertex; its place in the list, counted from 1, is its stamp."""
    block = cuda.blockIdx.x
    tid, threads = cuda.threadIdx.x, cuda.blockDim.x
    stamp = stamps[block]
    for i in range(block, size, cuda.gridDim.x):
        v, mine = many[i], i + 1
        begin, ties = indptr[v], indptr[v + 1] - indptr[v]
        if tid == 0:
            stamp[v] = mine
        for j in range(tid, ties, threads):
            stamp[indices[begin + j]] = mine
            _add(members[indices[begin + j]], out, 0, v)
        cuda.syncthreads()
        for j in range(tid, ties * _TEAM, threads):
            u = indices[begin + j // _TEAM]
            for f in range(indptr[u] + j % _TEAM, indptr[u + 1], _TEAM):
                w = indices[f]
                # Any order: a look that comes too early leaves it to the exchange.
                if stamp[w] != mine and cuda.atomic.exch(stamp, w, mine) != mine:
                    _add(members[w], out, 1, v)
        cuda.syncthreads()


@device
def _is_first_way(indices: Int32, begin: int, e: int, w_begin: int, w_end: int) -> bool:
    """Whether the row of w has none of ``indices[begin:e]``: the shorter of the two is looked up in the other."""
    if e - begin <= w_end - w_begin:
        for i in range(begin, e):  # noqa: SIM110 - all() of a generator does not compile
            if holds(indices, w_begin, w_end, indices[i]):
                return False
        return True
    for i in range(w_begin, w_end):
        if indices[i] >= indices[e]:
            break
        if holds(indices, begin, e, indices[i]):
            return False
    return True


@device
def _add(bits: int, out: Int64, hop: int, v: int) -> None:
    remaining = np.uint64(bits)
    c = 0
    while remaining != np.uint64(0):
        if remaining & np.uint64(1) != np.uint64(0):
            cuda.atomic.add(out, (hop, c, v), 1)
        remaining >>= np.uint64(1)
        c += 1
