"""Weighted sums of distances by bit-parallel breadth-first search (MS-BFS, Then et al., VLDB 2014).

512 sources make a batch, one bit each in eight words a vertex. A level's work is one pass over the edges of the
vertices that some source has just reached, whatever the number of sources. A vertex that bits reach at level d gains
d times the weight of their sources. Weights are taken apart into binary digits: for each set and digit there is a
mask of the sources that have it, and the bits under the mask are counted, eight words at once. The network is
undirected, so a vertex's sum over sources is the sum of its distances to them. All sums are integers and so exact in
any order.
"""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Bool, Int32, Int64, UInt64
from gpunet.kernels.jit import njit
from gpunet.kernels.lanes import LANES, fill_row, or_row, take_new_bits, weighted_bits

__all__ = ["BATCH", "WORDS", "farness_batch", "spread_bits"]

WORDS = LANES
BATCH = 64 * WORDS


@njit
def farness_batch(
    indptr: Int64, indices: Int32, weight: Int64, inner: Bool, sources: Int32, first: int, last: int
) -> Int64:
    """int64[last - first, sets]: sum over the sources of their weight times their distance, for each vertex and set.

    At most ``BATCH`` `sources`, all within the vertices ``first..last-1``, which are whole components. ``weight`` is
    int64[n, sets]: how many members of a set a vertex stands for. ``inner`` (bool[n]) may be False for vertices that
    no shortest path leads through.
    """
    size = last - first
    far = np.zeros((size, weight.shape[1]), np.int64)
    seen = np.zeros(size * WORDS, np.uint64)
    now = np.zeros(size * WORDS, np.uint64)
    new = np.zeros(size * WORDS, np.uint64)
    frontier = np.empty(size, np.int32)
    reached = np.empty(size, np.int32)
    listed = np.zeros(size, np.bool_)
    mask, digit, begin = _masks(weight, sources)
    n_frontier = _start(sources, first, now, seen, frontier, listed)
    level = 0
    while n_frontier > 0:
        level += 1
        passed_on = n_frontier if level > 1 else 0  # at first the frontier are the sources
        n_reached = spread_bits(
            indptr, indices, inner, first, frontier[:n_frontier], passed_on, now, new, reached, listed
        )
        for i in range(n_frontier):
            fill_row(now, np.int64(frontier[i]) * WORDS, np.uint64(0))
        n_frontier = 0
        for i in range(n_reached):
            w = np.int64(reached[i])
            listed[w] = False
            if not take_new_bits(w * WORDS, new, seen, now):
                continue
            frontier[n_frontier] = w
            n_frontier += 1
            for c in range(weight.shape[1]):
                if begin[c + 1] > begin[c]:
                    far[w, c] += level * weighted_bits(now, w * WORDS, mask, digit, begin[c], begin[c + 1])
    return far


@njit
def _start(sources: Int32, first: int, now: UInt64, seen: UInt64, frontier: Int32, listed: Bool) -> int:
    """Set every source's bit at the source itself; return the number of vertices with a bit, listed in `frontier`."""
    n_frontier = 0
    for i in range(len(sources)):
        v = np.int64(sources[i]) - first
        if not listed[v]:
            listed[v] = True
            frontier[n_frontier] = v
            n_frontier += 1
        now[v * WORDS + i // 64] |= np.uint64(1) << np.uint64(i % 64)
        seen[v * WORDS + i // 64] = now[v * WORDS + i // 64]
    for i in range(n_frontier):
        listed[frontier[i]] = False
    return n_frontier


@njit
def _masks(weight: Int64, sources: Int32) -> tuple[UInt64, Int64, Int64]:
    """A mask of the sources that have a binary digit in their weight, for every set and digit where there are any.

    Mask m is ``mask[WORDS * m:WORDS * (m + 1)]`` for the digit ``digit[m]``; those of set c are ``begin[c]..begin[c +
    1] - 1``.
    """
    n_sets = weight.shape[1]
    largest = 0
    for i in range(len(sources)):
        for c in range(n_sets):
            largest = max(largest, weight[sources[i], c])
    digits = 0
    while largest >> digits:
        digits += 1
    mask = np.zeros(n_sets * digits * WORDS, np.uint64)
    digit = np.zeros(n_sets * digits, np.int64)
    begin = np.zeros(n_sets + 1, np.int64)
    count = 0
    for c in range(n_sets):
        for d in range(digits):
            some = False
            for i in range(len(sources)):
                if (weight[sources[i], c] >> d) & 1:
                    mask[count * WORDS + i // 64] |= np.uint64(1) << np.uint64(i % 64)
                    some = True
            if some:
                digit[count] = d
                count += 1
        begin[c + 1] = count
    return mask, digit, begin


@njit
def spread_bits(
    indptr: Int64,
    indices: Int32,
    inner: Bool,
    first: int,
    frontier: Int32,
    begins: int,
    now: UInt64,
    new: UInt64,
    reached: Int32,
    listed: Bool,
) -> int:
    """Hand the bits of the frontier, whose sources are ``frontier[begins:]``, on to the neighbours; count these.

    `inner` is bool[positions]. Vertices are positions less `first`: `frontier` and `reached` (int32) hold them, `now`
    and `new` are uint64[n * WORDS], the bits of this level and of the next, and `listed` is bool[n].
    """
    n_reached = 0
    for i in range(len(frontier)):
        u = np.int64(frontier[i])
        if i < begins and not inner[u + first]:
            continue
        for e in range(indptr[u + first], indptr[u + first + 1]):
            w = np.int64(indices[e]) - first
            or_row(new, w * WORDS, now, u * WORDS)
            if not listed[w]:
                listed[w] = True
                reached[n_reached] = w
                n_reached += 1
    return n_reached
