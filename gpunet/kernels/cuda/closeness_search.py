"""The device's part of :mod:`gpunet.kernels.cuda.closeness`: what the threads of a block do.

Parameters of one name are the same in all functions here:

indptr, indices, inner
    The network: int64[positions + 1], int32, bool[positions].
sources, bounds
    int32[sources] and int64[batches, 4]: each batch's sources ``sources[b[0]:b[1]]`` and positions ``b[2]..b[3] - 1``.
mask, digit, mask_begin
    uint64[masks, words], int64[masks], int64[batches * sets + 1]: sources with a binary digit of weight, by batch and
    set.
rows, lists
    uint64[blocks, 3, n words] and int32[blocks, 4, n]: a block's `seen`, `row`, `onward`, and its `active`,
    `following`, `closed`, `found`.
cell
    int32[2], numbers that a block's threads share.
far
    int64[positions * sets], sums of distances.
"""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Bool, Int32, Int64, UInt64
from gpunet.kernels.jit_cuda import cuda, device, kernel

__all__ = ["LISTS", "ROWS", "search"]

# Threads that look at one vertex's neighbours.
_TEAM = 8

# Of a block's rows of words: who has been here; who reached it at this level; who does at the next.
_SEEN, _ROW, _ONWARD, ROWS = range(4)
# Of its lists: active vertices; those of the next level; whether all have reached a vertex; who may be reached.
_ACTIVE, _NEXT, _CLOSED, _FOUND, LISTS = range(5)
# Of the few numbers that a block's threads share: how many are found, and how many of them are active next.
_N_FOUND, _N_NEXT, _CELLS = range(3)

# Rows of all positions, neighbours, and the first position.
Network = tuple[Int64, Int32, int]


@kernel
def search(
    indptr: Int64,
    indices: Int32,
    inner: Bool,
    sources: Int32,
    bounds: Int64,
    shift: int,
    sets: int,
    mask: UInt64,
    digit: Int64,
    mask_begin: Int64,
    start: int,
    stop: int,
    rows: UInt64,
    lists: Int32,
    far: Int64,
) -> None:
    """Do the block's share of the batches ``start..stop - 1``, of ``2**shift`` words.

    Every thread of a block goes through the same levels. Vertices are numbered from 0 in each batch's network.
    """
    cell = cuda.shared.array(_CELLS, np.int32)
    words = 1 << shift
    block = cuda.blockIdx.x
    tid, threads = cuda.threadIdx.x, cuda.blockDim.x
    seen, row, onward = rows[block, _SEEN], rows[block, _ROW], rows[block, _ONWARD]
    active, following = lists[block, _ACTIVE], lists[block, _NEXT]
    closed, found = lists[block, _CLOSED], lists[block, _FOUND]
    for batch in range(start + block, stop, cuda.gridDim.x):
        begins, size = bounds[batch, 0], bounds[batch, 1] - bounds[batch, 0]
        first, n = bounds[batch, 2], bounds[batch, 3] - bounds[batch, 2]
        network = (indptr[first:], indices, first)
        _set_out(sources, begins, size, first, n, words, seen, row, onward, active, closed, cell)
        n_active = cell[_N_NEXT]
        level = 0
        while n_active > 0:
            _list_neighbours(network, inner[first:], level, n_active, active, closed, found, cell)
            cuda.syncthreads()
            level += 1
            n_found = cell[_N_FOUND]
            for i in range(tid, n_found * words, threads):
                _take_bits(found[i >> shift], i & (words - 1), words, network, seen, row, onward)
            if tid == 0:
                cell[_N_NEXT] = 0
            cuda.syncthreads()
            if tid == 0:
                cell[_N_FOUND] = 0
            _list_active(n_found, size, words, seen, onward, following, closed, found, cell)
            for i in range(tid, n_active * words, threads):
                row[active[i >> shift] * words + (i & (words - 1))] = 0
            cuda.syncthreads()
            row, onward = onward, row
            active, following = following, active
            n_active = cell[_N_NEXT]
            for i in range(tid, n_active * sets, threads):
                v, column = active[i // sets], i % sets
                total = _weighted_bits(v, words, row, mask, digit, mask_begin, batch * sets + column)
                if total > 0:
                    cuda.atomic.add(far, (first + v) * sets + column, level * total)
        cuda.syncthreads()


@device
def _set_out(
    sources: Int32,
    begins: int,
    size: int,
    first: int,
    n: int,
    words: int,
    seen: UInt64,
    row: UInt64,
    onward: UInt64,
    active: Int32,
    closed: Int32,
    cell: Int32,
) -> None:
    """Level 0: every source's bit at the source itself, and nothing anywhere else."""
    tid, threads = cuda.threadIdx.x, cuda.blockDim.x
    for i in range(tid, n * words, threads):
        seen[i] = 0
        row[i] = 0
        onward[i] = 0
    for i in range(tid, n, threads):
        closed[i] = 0
    if tid == 0:
        cell[_N_FOUND] = 0
        cell[_N_NEXT] = 0
    cuda.syncthreads()
    for i in range(tid, size, threads):
        s = sources[begins + i] - first
        bit = np.uint64(1) << np.uint64(i % 64)
        cuda.atomic.or_(seen, s * words + i // 64, bit)  # a vertex may be more than one source
        cuda.atomic.or_(row, s * words + i // 64, bit)
        if cuda.atomic.exch(closed, s, 1) == 0:
            active[cuda.atomic.add(cell, _N_NEXT, 1)] = s
    cuda.syncthreads()
    for i in range(tid, cell[_N_NEXT], threads):
        closed[active[i]] = 0
    cuda.syncthreads()


@device
def _list_neighbours(
    network: Network, inner: Bool, level: int, n_active: int, active: Int32, closed: Int32, found: Int32, cell: Int32
) -> None:
    """Find the neighbours of the active vertices that some source has not reached, each once, in any order."""
    indptr, indices, first = network
    for i in range(cuda.threadIdx.x, n_active * _TEAM, cuda.blockDim.x):
        v = active[i // _TEAM]
        if level > 0 and not inner[v]:
            continue  # no shortest path leads through it
        for e in range(indptr[v] + i % _TEAM, indptr[v + 1], _TEAM):
            w = indices[e] - first
            # Any order: a look that comes too early leaves it to the exchange.
            if closed[w] == 0 and cuda.atomic.exch(closed, w, 1) == 0:
                found[cuda.atomic.add(cell, _N_FOUND, 1)] = w


@device
def _take_bits(w: int, word: int, words: int, network: Network, seen: UInt64, row: UInt64, onward: UInt64) -> None:
    """Of a vertex's word, the neighbours' bits that it has not seen."""
    indptr, indices, first = network
    bits = np.uint64(0)
    for e in range(indptr[w], indptr[w + 1]):
        bits |= row[np.uint64((indices[np.uint64(e)] - first) * words + word)]  # unsigned: does not count from the end
    at = w * words + word
    bits &= ~seen[at]
    if bits != np.uint64(0):
        seen[at] |= bits
        onward[at] = bits


@device
def _list_active(
    n_found: int,
    size: int,
    words: int,
    seen: UInt64,
    onward: UInt64,
    following: Int32,
    closed: Int32,
    found: Int32,
    cell: Int32,
) -> None:
    """Of the vertices found, list those just reached; those that all `size` sources have reached stay closed."""
    for i in range(cuda.threadIdx.x, n_found, cuda.blockDim.x):
        w = found[i]
        fresh, reached = False, np.int64(0)
        for word in range(words):
            fresh |= onward[w * words + word] != np.uint64(0)
            reached += np.int64(cuda.popc(seen[w * words + word]))
        if fresh:
            following[cuda.atomic.add(cell, _N_NEXT, 1)] = w
        if reached < size:
            closed[w] = 0


@device
def _weighted_bits(
    v: int, words: int, row: UInt64, mask: UInt64, digit: Int64, mask_begin: Int64, which: int
) -> np.int64:
    """Sum of the weights of the sources whose bits a vertex has, by the masks of one set."""
    total = np.int64(0)
    for m in range(mask_begin[which], mask_begin[which + 1]):
        for word in range(words):
            total += np.int64(cuda.popc(row[v * words + word] & mask[m * words + word])) << digit[m]
    return total
