"""From incidents to ties and to an adjacency, on a GPU: what :mod:`gpunet.kernels.cpu.ties` computes, bit for bit.

Sorting and cumulative sums are left to the caller's array code, which has good ones: each function says what it needs.
Every element of a result is computed by one thread, in the CPU's order, so that strengths have the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gpunet.base.array_types import Float64, Int32, Int64
from gpunet.kernels.cuda.rows import grid_size, row_of, smaller
from gpunet.kernels.jit_cuda import cuda, device, kernel, on_device

__all__ = ["csr_from_ties_cuda", "incident_pairs_cuda", "merge_pairs_cuda"]

THREADS = 256


def incident_pairs_cuda(
    indptr: Any,
    members: Any,
    first: Any,
    last: Any,
    n: int,
    undated: int,
    begin: Any,
    pairs: int,
    blocks: int | None = None,
    threads: int = THREADS,
) -> tuple[Any, Any, Any, Any]:
    """Every pair of members of every incident, in the order of :func:`gpunet.kernels.cpu.ties.incident_pairs`.

    Parameters
    ----------
    indptr, members, first, last, n, undated
        As there: int64[incidents + 1], int32[members] thrice, and two numbers.
    begin
        int64[incidents + 1], how many pairs earlier incidents have: with ``k`` members in each incident, 0 and the
        cumulative sum of ``k * (k - 1) // 2``.
    pairs
        The last of `begin`, how many there are.
    blocks, threads
        The most blocks at once, and the threads of each. They change no result.

    Returns
    -------
    key, weight, low, high
        int64, float64, int32 and int32 of `pairs`, on the device.
    """
    key, weight = cuda.device_array(pairs, np.int64), cuda.device_array(pairs, np.float64)
    low, high = cuda.device_array(pairs, np.int32), cuda.device_array(pairs, np.int32)
    persons = on_device(members, np.int32)
    if pairs:
        _pair[grid_size(len(persons), threads, blocks), threads](
            on_device(indptr, np.int64), persons, on_device(first, np.int32), on_device(last, np.int32), n, undated,
            on_device(begin, np.int64), key, weight, low, high,
        )  # fmt: skip
    return key, weight, low, high


@kernel
def _pair(
    indptr: Int64,
    members: Int32,
    first: Int32,
    last: Int32,
    n: int,
    undated: int,
    begin: Int64,
    key: Int64,
    weight: Float64,
    low: Int32,
    high: Int32,
) -> None:
    """A thread a member: its pairs with the later members of its incident.

    `members`, `first`, `last` are int32[members]; `begin` (int64[incidents]) is where an incident's pairs begin in
    `key`, `weight`, `low`, `high` (one element a pair).
    """
    for x in range(cuda.grid(1), len(members), cuda.gridsize(1)):
        incident = row_of(indptr, x)
        start, stop = indptr[incident], indptr[incident + 1]
        if stop - start < 2:
            continue
        share = 1.0 / (stop - start - 1)
        before = x - start  # members before x have stop - start - 1, stop - start - 2, ... pairs
        at = begin[incident] + before * (2 * (stop - start) - before - 1) // 2
        for y in range(x + 1, stop):
            key[at] = np.int64(min(members[x], members[y])) * n + max(members[x], members[y])
            weight[at] = share
            low[at] = _earlier(first[x], first[y], undated)
            high[at] = max(last[x], last[y])
            at += 1


@device
def _earlier(x: int, y: int, undated: int) -> int:
    if x == undated:
        return y
    if y == undated:
        return x
    return min(x, y)


def merge_pairs_cuda(
    key: Any,
    order: Any,
    weight: Any,
    low: Any,
    high: Any,
    undated: int,
    starts: Any,
    blocks: int | None = None,
    threads: int = THREADS,
) -> tuple[Any, Any, Any, Any, Any]:
    """Merge equal keys: what :func:`gpunet.kernels.cpu.ties.reduce_pairs` returns, with the same bits, on the device.

    Parameters
    ----------
    key, order, weight, low, high, undated
        As there: int64, int64, float64, int32 and int32 of the pairs, and a number. `order` is a *stable* sort of
        `key`.
    starts
        int64[distinct], where in `order` another key begins: the places whose sorted key differs from the one before,
        place 0 among them.
    blocks, threads
        The most blocks at once, and the threads of each. They change no result.

    Returns
    -------
    key, count, strength, first, last
        int64, int64, float64, int32 and int32 of the distinct keys.
    """
    runs = on_device(starts, np.int64)
    distinct = len(runs)
    out = tuple(cuda.device_array(distinct, kind) for kind in (np.int64, np.int64, np.float64, np.int32, np.int32))
    if distinct:
        _merge[grid_size(distinct, threads, blocks), threads](
            on_device(key, np.int64), on_device(order, np.int64), on_device(weight, np.float64),
            on_device(low, np.int32), on_device(high, np.int32), undated, runs, *out,
        )  # fmt: skip
    return out[0], out[1], out[2], out[3], out[4]


@kernel
def _merge(
    key: Int64,
    order: Int64,
    weight: Float64,
    low: Int32,
    high: Int32,
    undated: int,
    starts: Int64,
    out_key: Int64,
    count: Int64,
    strength: Float64,
    first: Int32,
    last: Int32,
) -> None:
    """A thread a distinct key, which goes through its pairs in their order.

    `key`, `weight`, `low`, `high` and `order` (a stable sort of `key`) have an element a pair; `starts` (where each
    distinct key begins in `order`) and the outputs an element a distinct key.
    """
    for d in range(cuda.grid(1), len(starts), cuda.gridsize(1)):
        begin = starts[d]
        end = starts[d + 1] if d + 1 < len(starts) else np.int64(len(order))
        total = 0.0
        earliest = latest = undated
        for i in range(begin, end):
            j = order[i]
            total += weight[j]
            earliest = _earlier(earliest, low[j], undated)
            latest = max(latest, high[j])
        out_key[d] = key[order[begin]]
        count[d] = end - begin
        strength[d] = total
        first[d] = earliest
        last[d] = latest


def csr_from_ties_cuda(
    a: Any, b: Any, n: int, order: Any, blocks: int | None = None, threads: int = THREADS
) -> tuple[Any, Any]:
    """Symmetric adjacency of the ties ``a < b``, sorted by (a, b): :func:`gpunet.kernels.cpu.ties.csr_from_ties`.

    A row holds first the smaller neighbours, from ties in which v is b, and then the greater ones. Both lie together,
    in the ties and in `order`, so that every place follows from how many of a and of b are below v.

    Parameters
    ----------
    a, b
        int32[m], the ends of each tie.
    n
        Number of vertices.
    order
        int64[m], a *stable* sort of b.
    blocks, threads
        The most blocks at once, and the threads of each. They change no result.

    Returns
    -------
    indptr, indices
        int64[n + 1] and int32[2m] on the device, each row ascending.
    """
    low, high, by_high = on_device(a, np.int32), on_device(b, np.int32), on_device(order, np.int64)
    ties = len(low)
    indptr, lows, highs = (cuda.device_array(n + 1, np.int64) for _ in range(3))
    indices = cuda.device_array(2 * ties, np.int32)
    _count_smaller[grid_size(n + 1, threads, blocks), threads](low, high, by_high, lows, highs, indptr)
    if ties:
        _place[grid_size(ties, threads, blocks), threads](low, high, by_high, lows, highs, indices)
    return indptr, indices


@kernel
def _count_smaller(a: Int32, b: Int32, order: Int64, lows: Int64, highs: Int64, indptr: Int64) -> None:
    """How many of a and of b are below each vertex; together, how many neighbours the rows before its own have."""
    for v in range(cuda.grid(1), len(indptr), cuda.gridsize(1)):
        begin, end = 0, len(b)
        while begin < end:
            middle = (begin + end) >> 1
            if b[order[middle]] < v:
                begin = middle + 1
            else:
                end = middle
        lows[v] = smaller(a, 0, len(a), v)
        highs[v] = begin
        indptr[v] = lows[v] + begin


@kernel
def _place(a: Int32, b: Int32, order: Int64, lows: Int64, highs: Int64, indices: Int32) -> None:
    """Place i of the ties is in a's row, after its smaller neighbours; place i of `order` in b's."""
    for i in range(cuda.grid(1), len(a), cuda.gridsize(1)):
        indices[highs[a[i] + 1] + i] = b[i]  # of indptr[a] + smaller neighbours + i - lows[a], this is left
        tie = order[i]
        indices[lows[b[tie]] + i] = a[tie]
