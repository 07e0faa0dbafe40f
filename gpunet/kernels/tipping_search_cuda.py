"""The seeds for which tipping is in doubt, settled by their suspects: see :mod:`gpunet.kernels.tipping_cuda`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpunet.kernels.jit_cuda import cuda, device, kernel
from gpunet.kernels.rows_cuda import lists

__all__ = ["CLEAR", "IN_DOUBT", "LIST", "LONG", "settle_alone", "settle_together"]

#: The most suspects that a thread settles by itself.
LIST = 32

#: Of the numbers in the device's memory: how many are in doubt, and how many of them need a block.
IN_DOUBT, LONG = range(2)

# What a mark says of a vertex: no suspect; a suspect; active all the same.
CLEAR, _SUSPECT, _ACTIVE = range(3)
# Of the few numbers that a block's threads share: how many suspects there are, and how many were just found active.
_SIZE, _FOUND, _CELLS = range(3)


@kernel
def settle_alone(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    seed: NDArray[np.bool_],
    rank: NDArray[np.int32],
    k: int,
    doubts: NDArray[np.int32],
    most: int,
    out: NDArray[np.bool_],
    long: NDArray[np.int32],
    cells: NDArray[np.int32],
) -> None:
    """A thread a seed in doubt; those with more suspects than `most` are listed."""
    suspects = cuda.local.array(LIST, np.int32)
    for i in range(cuda.grid(1), cells[IN_DOUBT], cuda.gridsize(1)):
        v = doubts[i]
        size = _suspects_of(v, indptr, indices, seed, rank, k, suspects, most)
        if size > most:
            long[cuda.atomic.add(cells, LONG, 1)] = v
        else:
            out[v] = _is_cleared(v, indptr, indices, rank, k, suspects, size)


@device
def _suspects_of(
    v: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    seed: NDArray[np.bool_],
    rank: NDArray[np.int32],
    k: int,
    suspects: NDArray[np.int32],
    most: int,
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
def _is_cleared(
    v: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    rank: NDArray[np.int32],
    k: int,
    suspects: NDArray[np.int32],
    size: int,
) -> bool:
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
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    seed: NDArray[np.bool_],
    rank: NDArray[np.int32],
    k: int,
    long: NDArray[np.int32],
    n_long: int,
    marks: NDArray[np.int32],
    lists_of_blocks: NDArray[np.int32],
    out: NDArray[np.bool_],
) -> None:
    """A block a seed in doubt; marks are clear before and after each."""
    cell = cuda.shared.array(_CELLS, np.int32)
    block = cuda.blockIdx.x
    tid, threads = cuda.threadIdx.x, cuda.blockDim.x
    mark, suspects = marks[block], lists_of_blocks[block]
    for i in range(block, n_long, cuda.gridDim.x):
        v = long[i]
        if tid == 0:
            mark[v] = _SUSPECT
            suspects[0] = v
            cell[_SIZE] = 1
        cuda.syncthreads()
        head, size = 0, 1
        while head < size:
            for j in range(head + tid, size, threads):
                _suspect_followers(suspects[j], indptr, indices, seed, rank, k, mark, suspects, cell)
            cuda.syncthreads()
            head, size = size, cell[_SIZE]
            cuda.syncthreads()
        fresh = True
        while fresh:
            if tid == 0:
                cell[_FOUND] = 0
            cuda.syncthreads()
            for j in range(tid, size, threads):
                u = suspects[j]
                if mark[u] == _SUSPECT and _has_active(u, indptr, indices, rank, k, mark):
                    mark[u] = _ACTIVE
                    cuda.atomic.add(cell, _FOUND, 1)
            cuda.syncthreads()
            fresh = cell[_FOUND] > 0 and mark[v] == _SUSPECT
            cuda.syncthreads()
        if tid == 0:
            out[v] = mark[v] == _ACTIVE
        cuda.syncthreads()
        for j in range(tid, size, threads):
            mark[suspects[j]] = CLEAR
        cuda.syncthreads()


@device
def _suspect_followers(
    x: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    seed: NDArray[np.bool_],
    rank: NDArray[np.int32],
    k: int,
    mark: NDArray[np.int32],
    suspects: NDArray[np.int32],
    cell: NDArray[np.int32],
) -> None:
    """Mark and list the neighbours of the suspect x that are left with too few who were active before them."""
    for e in range(indptr[x], indptr[x + 1]):
        u = indices[e]
        if seed[u] or rank[u] <= rank[x] or mark[u] != CLEAR:
            continue
        earlier = 0
        for f in range(indptr[u], indptr[u + 1]):
            w = indices[f]
            if 0 <= rank[w] < rank[u] and mark[w] == CLEAR:
                earlier += 1
        if earlier < k and cuda.atomic.exch(mark, u, _SUSPECT) == CLEAR:
            suspects[cuda.atomic.add(cell, _SIZE, 1)] = u


@device
def _has_active(
    u: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    rank: NDArray[np.int32],
    k: int,
    mark: NDArray[np.int32],
) -> bool:
    """Whether u has at least k active neighbours."""
    active = 0
    for e in range(indptr[u], indptr[u + 1]):
        w = indices[e]
        if rank[w] >= 0 and mark[w] != _SUSPECT:
            active += 1
    return active >= k
