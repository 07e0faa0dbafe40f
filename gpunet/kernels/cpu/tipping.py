"""Tipping: the fixed point of "active, or at least k active neighbours" (paper, appendix), less one's own seed.

``tipping_k`` of v is whether v is in the fixed point of the seeds without v. For v that is no seed this is one run
for all. For a seed v it is decided at once where v has k seed neighbours (true) or fewer than k neighbours in the
fixed point A of all seeds (false). Only otherwise is the run repeated, and then only where v's seed was needed: with
vertices ranked by the moment of their activation, those left with fewer than k neighbours of smaller rank once v is
taken out, and so on, are *suspects*. By induction over ranks everyone else in A is active without v. So A less the
suspects is active, nobody outside A can be, and the suspects are settled by going on from there.

In :func:`_survives`, ``seed`` is bool[n], ``rank`` int32[n] the moment of activation (-1: never), ``suspect`` int64[n]
(stamps of earlier calls are smaller), and ``suspects`` and ``stack`` int32[n] are lists.
"""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.kernels.jit import njit

__all__ = ["tipping", "tipping_without_own_seed"]


@njit
def tipping(
    indptr: Int64, indices: Int32, seed: Bool, k: int
) -> Int32:  # fmt: skip
    """int32[n], the rank in which each vertex became active (seeds first), -1 for those that never do."""
    n = len(seed)
    rank = np.full(n, -1, np.int32)
    active_neighbours = np.zeros(n, np.int32)
    queue = np.empty(n, np.int32)
    tail = 0
    for v in range(n):
        if seed[v]:
            rank[v] = tail
            queue[tail] = v
            tail += 1
    head = 0
    while head < tail:
        u = queue[head]
        head += 1
        for e in range(indptr[u], indptr[u + 1]):
            w = indices[e]
            active_neighbours[w] += 1
            if rank[w] < 0 and active_neighbours[w] >= k:
                rank[w] = tail
                queue[tail] = w
                tail += 1
    return rank


@njit
def _survives(
    v: int,
    k: int,
    indptr: Int64,
    indices: Int32,
    seed: Bool,
    rank: Int32,
    suspect: Int64,
    suspects: Int32,
    stack: Int32,
    stamp: int,
) -> bool:
    """Whether seed v is active without its own seed. ``suspect[u] == stamp``: in doubt; ``stamp + 1``: cleared."""
    suspect[v] = stamp
    suspects[0] = v
    size, head = 1, 0
    while head < size:
        x = suspects[head]
        head += 1
        for e in range(indptr[x], indptr[x + 1]):
            u = indices[e]
            # Other seeds need nobody; a suspect matters only to those activated after it.
            if seed[u] or rank[u] < rank[x] or suspect[u] == stamp:
                continue
            earlier = 0
            for f in range(indptr[u], indptr[u + 1]):
                w = indices[f]
                earlier += rank[w] >= 0 and rank[w] < rank[u] and suspect[w] != stamp
            if earlier < k:
                suspect[u] = stamp
                suspects[size] = u
                size += 1
    depth = 0
    for i in range(size):
        stack[depth] = suspects[i]
        depth += 1
    while depth > 0:
        depth -= 1
        u = stack[depth]
        if suspect[u] != stamp:
            continue
        active = 0
        for e in range(indptr[u], indptr[u + 1]):
            w = indices[e]
            active += rank[w] >= 0 and suspect[w] != stamp
        if active >= k:
            if u == v:
                return True
            suspect[u] = stamp + 1
            for e in range(indptr[u], indptr[u + 1]):
                if suspect[indices[e]] == stamp:
                    stack[depth] = indices[e]
                    depth += 1
    return False


@njit
def tipping_without_own_seed(
    indptr: Int64, indices: Int32, seed: Bool, rank: Int32, k: int, first: int, last: int
) -> Bool:
    """bool[last - first]: for v in ``first..last-1``, whether v is active when v itself is no seed.

    `rank` is what :func:`tipping` returned for the same `seed` and `k`.
    """
    n = len(seed)
    out = np.zeros(last - first, np.bool_)
    suspect = np.full(n, -1, np.int64)
    suspects = np.empty(n, np.int32)
    stack = np.empty(n + len(indices), np.int32)
    for v in range(first, last):
        if not seed[v]:
            out[v - first] = rank[v] >= 0
            continue
        seeds, active = 0, 0
        for e in range(indptr[v], indptr[v + 1]):
            seeds += seed[indices[e]]
            active += rank[indices[e]] >= 0
        if active < k:
            continue
        out[v - first] = seeds >= k or _survives(
            v, k, indptr, indices, seed, rank, suspect, suspects, stack, 2 * (v - first)
        )
    return out
