"""Weighted sums of distances by bit-parallel breadth-first search (MS-BFS, Then et al., VLDB 2014).

512 sources make a batch, one bit each in eight words a vertex. A level's work is one pass over the edges of the
vertices that some source has just reached, whatever the number of sources. A vertex that bits reach at level d gains d
times the weight of their sources. Weights are taken apart into binary digits: for each set and digit, a mask of the
sources that have it, and a count of bits under the mask. Most weights are 1 and lie side by side, so few masks have
many words. The network is undirected, so a vertex's sum over sources is the sum of its distances to them. All sums are
integers and so exact in any order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpunet.kernels.jit import njit, popcount

__all__ = ["BATCH", "WORDS", "farness_batch"]

WORDS = 8
BATCH = 64 * WORDS


@njit
def farness_batch(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    weight: NDArray[np.int64],
    sources: NDArray[np.int32],
    first: int,
    last: int,
) -> NDArray[np.int64]:
    """int64[last - first, sets]: sum over the sources of their weight times their distance, for each vertex and set.

    At most ``BATCH`` `sources`, all within the vertices ``first..last-1``, which are whole components. ``weight`` is
    int64[n, sets], as for betweenness. Sources are best ordered by weight: words without a set cost nothing.
    """
    size = last - first
    far = np.zeros((size, weight.shape[1]), np.int64)
    seen = np.zeros((size, WORDS), np.uint64)
    now = np.zeros((size, WORDS), np.uint64)
    new = np.zeros((size, WORDS), np.uint64)
    frontier = np.empty(size, np.int32)
    reached = np.empty(size, np.int32)
    listed = np.zeros(size, np.bool_)
    set_of, word_of, digit_of, mask_of = _masks(weight, sources)
    n_frontier = 0
    for i in range(len(sources)):
        v = sources[i] - first
        if not listed[v]:
            listed[v] = True
            frontier[n_frontier] = v
            n_frontier += 1
        now[v, i // 64] |= np.uint64(1) << np.uint64(i % 64)
        seen[v, i // 64] = now[v, i // 64]
    for i in range(n_frontier):
        listed[frontier[i]] = False
    level = 0
    while n_frontier > 0:
        level += 1
        n_reached = 0
        for i in range(n_frontier):
            u = frontier[i]
            for e in range(indptr[u + first], indptr[u + first + 1]):
                w = indices[e] - first
                for j in range(WORDS):
                    new[w, j] |= now[u, j]
                if not listed[w]:
                    listed[w] = True
                    reached[n_reached] = w
                    n_reached += 1
        for i in range(n_frontier):
            now[frontier[i]] = 0
        n_frontier = 0
        for i in range(n_reached):
            w = reached[i]
            listed[w] = False
            fresh = np.uint64(0)
            for j in range(WORDS):
                bits = new[w, j] & ~seen[w, j]
                now[w, j] = bits
                seen[w, j] |= bits
                new[w, j] = 0
                fresh |= bits
            if fresh:
                frontier[n_frontier] = w
                n_frontier += 1
                for m in range(len(mask_of)):
                    bits = now[w, word_of[m]] & mask_of[m]
                    if bits:
                        far[w, set_of[m]] += level * (np.int64(popcount(bits)) << digit_of[m])
    return far


@njit
def _masks(
    weight: NDArray[np.int64], sources: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    """The sources that have a binary digit in their weight, for every set, word and digit where there are any."""
    n_sets = weight.shape[1]
    largest = 0
    for i in range(len(sources)):
        for c in range(n_sets):
            largest = max(largest, weight[sources[i], c])
    digits = 0
    while largest >> digits:
        digits += 1
    masks = np.zeros((n_sets, WORDS, digits), np.uint64)
    for i in range(len(sources)):
        bit = np.uint64(1) << np.uint64(i % 64)
        for c in range(n_sets):
            for d in range(digits):
                if (weight[sources[i], c] >> d) & 1:
                    masks[c, i // 64, d] |= bit
    count = np.count_nonzero(masks)
    set_of = np.empty(count, np.int64)
    word_of = np.empty(count, np.int64)
    digit_of = np.empty(count, np.int64)
    mask_of = np.empty(count, np.uint64)
    at = 0
    for c in range(n_sets):
        for j in range(WORDS):
            for d in range(digits):
                if masks[c, j, d]:
                    set_of[at], word_of[at], digit_of[at], mask_of[at] = c, j, d, masks[c, j, d]
                    at += 1
    return set_of, word_of, digit_of, mask_of
