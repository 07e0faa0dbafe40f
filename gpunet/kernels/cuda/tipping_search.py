"""The seeds for which tipping is undecided, settled by their suspects: see :mod:`gpunet.kernels.cuda.tipping`."""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.kernels.cuda.rows import lists
from gpunet.kernels.jit_cuda import cuda, device, kernel

__all__ = ["CLEAR", "LIST", "LONG", "UNDECIDED", "settle_alone", "settle_together"]

#: The most suspects that a thread settles by itself.
LIST = 32

#: Of the numbers in the device's memory: how many are undecided, and how many of them need a block.
UNDECIDED, LONG = range(2)

# What a mark says of a vertex: no suspect; a suspect; active all the same.
CLEAR, _SUSPECT, _ACTIVE = range(3)
# Of the few numbers that a block's threads share: how many suspects there are, and how many were just found active.
_SIZE, _FOUND, _COUNTERS = range(3)


@kernel
def settle_alone(
    indptr: Int64,
    indices: Int32,
    seed: Bool,
    rank: Int32,
    k: int,
    undecided: Int32,
    most: int,
    out: Bool,
    long: Int32,
    counters: Int32,
) -> None:
    """A thread an undecided seed; those with more suspects than `most` are listed.

    `undecided` and `long` are int32[n], their lengths in `counters` (int32[2]); `rank` is int32[n], `out` bool[n].
    """
    suspects = cuda.local.array(LIST, np.int32)
    for i in range(cuda.grid(1), counters[UNDECIDED], cuda.gridsize(1)):
        v = undecided[i]
        size = _suspects_of(v, indptr, indices, seed, rank, k, suspects, most)
        if size > most:
            long[cuda.atomic.add(counters, LONG, 1)] = v
        else:
            out[v] = _is_cleared(v, indptr, indices, rank, k, suspects, size)


@device
def _suspects_of(
    v: int, indptr: Int64, indices: Int32, seed: Bool, rank: Int32, k: int, suspects: Int32, most: int
) -> int:
    """List the suspects once v is taken out, and return how many; ``most + 1`` if there are more than `most`."""
    if most < 1:
        return most + 1
    suspects[0] = v
    size, head = 1, 0
    while head < size:
        x = suspects[head]
        head += 1
        for e in range(indptr[x], indptr[x + 1]):
            u = indices[e]
            if seed[u] or rank[u] <= rank[x] or lists(suspects, size, u):
                continue  # seeds need nobody; a suspect matters only to those active after it
            earlier = 0
            for f in range(indptr[u], indptr[u + 1]):
                w = indices[f]
                if 0 <= rank[w] < rank[u] and not lists(suspects, size, w):
                    earlier += 1
            if earlier < k:
                if size == most:
                    return most + 1
                suspects[size] = u
                size += 1
    return size


@device
def _is_cleared(v: int, indptr: Int64, indices: Int32, rank: Int32, k: int, suspects: Int32, size: int) -> bool:
    """Take suspects that are active all the same off the list, until v is one or there are no more."""
    fresh = True
    while fresh:
        fresh = False
        i = 0
        while i < size:
            u = suspects[i]
            active = 0
            for e in range(indptr[u], indptr[u + 1]):
                w = indices[e]
                if rank[w] >= 0 and not lists(suspects, size, w):
                    active += 1
            if active < k:
                i += 1
                continue
            if u == v:
                return True
            size -= 1
            suspects[i] = suspects[size]
            fresh = True
    return False


@kernel
def settle_together(
    indptr: Int64,
    indices: Int32,
    seed: Bool,
    rank: Int32,
    k: int,
    long: Int32,
    n_long: int,
    marks: Int32,
    lists_of_blocks: Int32,
    out: Bool,
) -> None:
    """A block an undecided seed, ``long[:n_long]``; marks are clear before and after each.

    `marks` and `lists_of_blocks` are int32[blocks, n], `rank` int32[n], `out` bool[n].
    """
    counter = cuda.shared.array(_COUNTERS, np.int32)
    block = cuda.blockIdx.x
    tid, threads = cuda.threadIdx.x, cuda.blockDim.x
    mark, suspects = marks[block], lists_of_blocks[block]
    for i in range(block, n_long, cuda.gridDim.x):
        v = long[i]
        if tid == 0:
            mark[v] = _SUSPECT
            suspects[0] = v
            counter[_SIZE] = 1
        cuda.syncthreads()
        head, size = 0, 1
        while head < size:
            for j in range(head + tid, size, threads):
                _suspect_followers(suspects[j], indptr, indices, seed, rank, k, mark, suspects, counter)
            cuda.syncthreads()
            head, size = size, counter[_SIZE]
            cuda.syncthreads()
        fresh = True
        while fresh:
            if tid == 0:
                counter[_FOUND] = 0
            cuda.syncthreads()
            for j in range(tid, size, threads):
                u = suspects[j]
                if mark[u] == _SUSPECT and _has_active(u, indptr, indices, rank, k, mark):
                    mark[u] = _ACTIVE  # any order: who looks too early looks again in the next turn
                    cuda.atomic.add(counter, _FOUND, 1)
            cuda.syncthreads()
            fresh = counter[_FOUND] > 0 and mark[v] == _SUSPECT
            cuda.syncthreads()
        if tid == 0:
            out[v] = mark[v] == _ACTIVE
        cuda.syncthreads()
        for j in range(tid, size, threads):
            mark[suspects[j]] = CLEAR
        cuda.syncthreads()


@device
def _suspect_followers(
    x: int, indptr: Int64, indices: Int32, seed: Bool, rank: Int32, k: int, mark: Int32, suspects: Int32, counter: Int32
) -> None:
    """Mark and list the neighbours of the suspect x that are left with too few who were active before them."""
    for e in range(indptr[x], indptr[x + 1]):
        u = indices[e]
        # Any order: a look that comes too early leaves it to the exchange.
        if seed[u] or rank[u] <= rank[x] or mark[u] != CLEAR:
            continue
        earlier = 0
        for f in range(indptr[u], indptr[u + 1]):
            w = indices[f]
            # Any order: for a w that is being marked, u is looked at again in the next turn.
            if 0 <= rank[w] < rank[u] and mark[w] == CLEAR:
                earlier += 1
        if earlier < k and cuda.atomic.exch(mark, u, _SUSPECT) == CLEAR:
            suspects[cuda.atomic.add(counter, _SIZE, 1)] = u


@device
def _has_active(u: int, indptr: Int64, indices: Int32, rank: Int32, k: int, mark: Int32) -> bool:
    """Whether u has at least k active neighbours."""
    active = 0
    for e in range(indptr[u], indptr[u + 1]):
        w = indices[e]
        if rank[w] >= 0 and mark[w] != _SUSPECT:  # any order: see where it is set
            active += 1
    return active >= k
