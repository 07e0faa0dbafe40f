"""Sums of distances to sets of vertices by bit-parallel breadth-first search (MS-BFS, Then et al., VLDB 2014).

512 sources make a batch, one bit each in eight words a vertex. A level's work is one pass over the edges of the
vertices that some source has just reached, whatever the number of sources. A vertex that bits reach at level d gains
d times their number: counted once for each set with the set's mask. The network is undirected, so a vertex's sum over
sources is the sum of its distances to them. All sums are integers and so exact in any order.
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
    members: NDArray[np.uint64],
    n_sets: int,
    sources: NDArray[np.int32],
    first: int,
    last: int,
) -> NDArray[np.int64]:
    """int64[n_sets, last - first]: sum of the distances of each vertex to the sources that are in each set.

    At most ``BATCH`` `sources`, all within the vertices ``first..last-1``, which are whole components. Bit i of
    ``members[v]`` says whether v is in set i. Sources are best ordered by membership: words without a set cost nothing.
    """
    size = last - first
    far = np.zeros((n_sets, size), np.int64)
    seen = np.zeros((size, WORDS), np.uint64)
    now = np.zeros((size, WORDS), np.uint64)
    new = np.zeros((size, WORDS), np.uint64)
    frontier = np.empty(size, np.int32)
    reached = np.empty(size, np.int32)
    listed = np.zeros(size, np.bool_)
    set_of, word_of, mask_of = _masks(members, n_sets, sources)
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
                    far[set_of[m], w] += level * np.int64(popcount(now[w, word_of[m]] & mask_of[m]))
    return far


@njit
def _masks(
    members: NDArray[np.uint64], n_sets: int, sources: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint64]]:  # fmt: skip
    """The non-empty words of every set's mask over the batch: set, word and mask of each."""
    masks = np.zeros((n_sets, WORDS), np.uint64)
    for i in range(len(sources)):
        bit = np.uint64(1) << np.uint64(i % 64)
        for c in range(n_sets):
            if (members[sources[i]] >> np.uint64(c)) & np.uint64(1):
                masks[c, i // 64] |= bit
    count = 0
    for c in range(n_sets):
        for j in range(WORDS):
            count += masks[c, j] != 0
    set_of = np.empty(count, np.int32)
    word_of = np.empty(count, np.int32)
    mask_of = np.empty(count, np.uint64)
    at = 0
    for c in range(n_sets):
        for j in range(WORDS):
            if masks[c, j] != 0:
                set_of[at] = c
                word_of[at] = j
                mask_of[at] = masks[c, j]
                at += 1
    return set_of, word_of, mask_of
