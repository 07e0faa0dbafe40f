"""Weighted sums of distances on a GPU: bit-parallel breadth-first search, a thread block a batch of sources.

The same sums as in :mod:`gpunet.kernels.closeness_cpu`: 64 sources are the bits of a word, a vertex has up to eight
words, and a level is one pass over the neighbours of the vertices that some source has just reached. Here vertices
that may be reached take their neighbours' bits, a thread a word, so that no word is written by two threads. Weights
are taken apart into binary digits, as on the CPU, and a thread counts the bits of a vertex for one set. All sums are
integers, so they are exact however batches are shared out; blocks add to one result.

A block's workspace is 24 bytes a word and 16 more a vertex: 21 MB for 100,000 vertices and eight words, so that 512 of
them take 11 GB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpunet.kernels.jit_cuda import blocks_that_fit, cuda, device, kernel, on_device, on_host

__all__ = ["farness_cuda"]

#: The most blocks that run at once.
BLOCKS = 512

#: Batches that keep a device busy: sources take fewer words a batch until there are so many.
_BUSY = 256

THREADS = 256

#: Threads that look at one vertex's neighbours.
_TEAM = 8

# Of a block's rows of words: who has been here; who reached it at this level; who does at the next.
_SEEN, _ROW, _ONWARD, _ROWS = range(4)
# Of its lists: active vertices; those of the next level; whether all have reached a vertex; who may be reached.
_ACTIVE, _NEXT, _CLOSED, _FOUND, _LISTS = range(5)
# Of the few numbers that a block's threads share: how many are found, and how many of them are active next.
_N_FOUND, _N_NEXT, _CELLS = range(3)


def farness_cuda(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    weight: NDArray[np.int64],
    inner: NDArray[np.bool_],
    sources: NDArray[np.int32],
    first: int,
    last: int,
    words: int | None = None,
    threads: int = THREADS,
    blocks: int | None = None,
) -> NDArray[np.int64]:
    """int64[last - first, sets]: what :func:`gpunet.kernels.closeness_cpu.farness_batch` returns, for any sources.

    Parameters
    ----------
    indptr, indices, weight, inner, sources, first, last
        As there, but there may be any number of sources. Much is gained from many: thousands.
    words
        A batch has 64 sources a word: a power of two; if not given, 1, 2, 4 or 8, so that there are batches enough.
    threads, blocks
        Threads of a block; and how many blocks run at once, if not as many as there is memory for.

    Raises
    ------
    EngineError
        If the device's memory does not hold the workspace of a block.
    """
    n, sets = last - first, weight.shape[1]
    begin, end = int(indptr[first]), int(indptr[last])
    if begin == end or not weight[sources].any():
        return np.zeros((n, sets), np.int64)
    words = words or next((w for w in (8, 4, 2) if len(sources) >= 64 * w * _BUSY), 1)
    if words.bit_count() != 1:
        raise ValueError(f"the words of a vertex must be a power of two, not {words}")
    batches = -(-len(sources) // (64 * words))
    if blocks is None:
        blocks = blocks_that_fit(n * (8 * _ROWS * words + 4 * _LISTS), BLOCKS)
    blocks = min(blocks, batches)
    mask, digit, mask_begin = _masks(weight[sources], batches, words)
    far = on_device(np.zeros(n * sets), np.int64)
    _search[blocks, threads](
        on_device(indptr[first : last + 1] - begin, np.int64),
        on_device(indices[begin:end] - np.int32(first), np.int32),
        on_device(inner[first:last], np.bool_), on_device(sources - np.int32(first), np.int32),
        words.bit_length() - 1, sets,
        on_device(mask, np.uint64), on_device(digit, np.int64), on_device(mask_begin, np.int64),
        cuda.device_array((blocks, _ROWS, n * words), np.uint64), cuda.device_array((blocks, _LISTS, n), np.int32), far,
    )  # fmt: skip
    return on_host(far).reshape(n, sets)


def _masks(
    weight: NDArray[np.int64], batches: int, words: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """A mask of the sources that have a binary digit in their weight: batch by batch, set by set, where there are any.

    Mask m is ``mask[words * m:words * (m + 1)]`` for the digit ``digit[m]``; those of batch b and set c are
    ``begin[b * sets + c]..begin[b * sets + c + 1] - 1``.
    """
    sets = weight.shape[1]
    padded = np.zeros((batches * words * 64, sets), np.int64)
    padded[: len(weight)] = weight
    by_batch = padded.reshape(batches, words * 64, sets).transpose(0, 2, 1)
    digits = range(int(weight.max()).bit_length())
    bits = np.stack([(by_batch >> d & 1).astype(np.uint8) for d in digits], axis=2)
    mask = np.ascontiguousarray(np.packbits(bits, axis=3, bitorder="little")).view("<u8")
    some = mask.any(axis=3)
    begin = np.zeros(batches * sets + 1, np.int64)
    begin[1:] = np.cumsum(some.sum(axis=2).ravel())
    return mask[some].ravel(), np.nonzero(some)[2].astype(np.int64), begin


@kernel
def _search(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    inner: NDArray[np.bool_],
    sources: NDArray[np.int32],
    shift: int,
    sets: int,
    mask: NDArray[np.uint64],
    digit: NDArray[np.int64],
    mask_begin: NDArray[np.int64],
    rows: NDArray[np.uint64],
    lists: NDArray[np.int32],
    far: NDArray[np.int64],
) -> None:
    """Do the block's batches, of ``2**shift`` words; every thread of a block goes through the same levels."""
    cell = cuda.shared.array(_CELLS, np.int32)
    words = 1 << shift
    block = cuda.blockIdx.x
    tid, threads = cuda.threadIdx.x, cuda.blockDim.x
    seen, row, onward = rows[block, _SEEN], rows[block, _ROW], rows[block, _ONWARD]
    active, following = lists[block, _ACTIVE], lists[block, _NEXT]
    closed, found = lists[block, _CLOSED], lists[block, _FOUND]
    batches = (len(mask_begin) - 1) // sets
    for batch in range(block, batches, cuda.gridDim.x):
        first = batch * 64 * words
        size = min(64 * words, len(sources) - first)
        _set_out(sources, first, size, words, seen, row, onward, active, closed, cell)
        n_active = cell[_N_NEXT]
        level = 0
        while n_active > 0:
            _list_neighbours(indptr, indices, inner, level, n_active, active, closed, found, cell)
            cuda.syncthreads()
            level += 1
            n_found = cell[_N_FOUND]
            for i in range(tid, n_found * words, threads):
                _take_bits(found[i >> shift], i & (words - 1), words, indptr, indices, seen, row, onward)
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
                    cuda.atomic.add(far, v * sets + column, level * total)
        cuda.syncthreads()


@device
def _set_out(
    sources: NDArray[np.int32],
    first: int,
    size: int,
    words: int,
    seen: NDArray[np.uint64],
    row: NDArray[np.uint64],
    onward: NDArray[np.uint64],
    active: NDArray[np.int32],
    closed: NDArray[np.int32],
    cell: NDArray[np.int32],
) -> None:
    """Level 0: every source's bit at the source itself, and nothing anywhere else."""
    tid, threads = cuda.threadIdx.x, cuda.blockDim.x
    for i in range(tid, len(seen), threads):
        seen[i] = 0
        row[i] = 0
        onward[i] = 0
    for i in range(tid, len(closed), threads):
        closed[i] = 0
    if tid == 0:
        cell[_N_FOUND] = 0
        cell[_N_NEXT] = 0
    cuda.syncthreads()
    for i in range(tid, size, threads):
        s = sources[first + i]
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
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    inner: NDArray[np.bool_],
    level: int,
    n_active: int,
    active: NDArray[np.int32],
    closed: NDArray[np.int32],
    found: NDArray[np.int32],
    cell: NDArray[np.int32],
) -> None:
    """Find the neighbours of the active vertices that some source has not reached, each once, in any order."""
    for i in range(cuda.threadIdx.x, n_active * _TEAM, cuda.blockDim.x):
        v = active[i // _TEAM]
        if level > 0 and not inner[v]:
            continue  # no shortest path leads through it
        for e in range(indptr[v] + i % _TEAM, indptr[v + 1], _TEAM):
            w = indices[e]
            if closed[w] == 0 and cuda.atomic.exch(closed, w, 1) == 0:
                found[cuda.atomic.add(cell, _N_FOUND, 1)] = w


@device
def _take_bits(
    w: int,
    word: int,
    words: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    seen: NDArray[np.uint64],
    row: NDArray[np.uint64],
    onward: NDArray[np.uint64],
) -> None:
    """Of a vertex's word, the neighbours' bits that it has not seen."""
    bits = np.uint64(0)
    for e in range(indptr[w], indptr[w + 1]):
        bits |= row[np.uint64(indices[np.uint64(e)] * words + word)]  # unsigned: does not count from the end
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
    seen: NDArray[np.uint64],
    onward: NDArray[np.uint64],
    following: NDArray[np.int32],
    closed: NDArray[np.int32],
    found: NDArray[np.int32],
    cell: NDArray[np.int32],
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
    v: int,
    words: int,
    row: NDArray[np.uint64],
    mask: NDArray[np.uint64],
    digit: NDArray[np.int64],
    mask_begin: NDArray[np.int64],
    which: int,
) -> np.int64:
    """Sum of the weights of the sources whose bits a vertex has, by the masks of one set."""
    total = np.int64(0)
    for m in range(mask_begin[which], mask_begin[which + 1]):
        for word in range(words):
            total += np.int64(cuda.popc(row[v * words + word] & mask[m * words + word])) << digit[m]
    return total
