"""Members of each set at distance 1 and 2 of every vertex."""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Int32, Int64, UInt64
from gpunet.kernels.jit import njit

__all__ = ["hop_counts"]


@njit
def hop_counts(indptr: Int64, indices: Int32, members: UInt64, n_sets: int, first: int, last: int) -> Int64:
    """int64[2, n_sets, last - first]: members of each set at distance exactly 1, and exactly 2, of ``first..last-1``.

    Bit i of ``members[v]`` says whether v is in set i. The vertex itself is at neither distance and so never counted.
    """
    out = np.zeros((2, n_sets, last - first), np.int64)
    one, two = out[0], out[1]
    seen = np.full(len(members), -1, np.int64)
    for v in range(first, last):
        seen[v] = v
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            seen[u] = v
            _count(members[u], one, v - first)
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            for f in range(indptr[u], indptr[u + 1]):
                w = indices[f]
                if seen[w] != v:
                    seen[w] = v
                    _count(members[w], two, v - first)
    return out


@njit
def _count(bits: int, out: Int64, column: int) -> None:
    remaining = np.uint64(bits)
    c = 0
    while remaining:
        out[c, column] += np.int64(remaining & np.uint64(1))
        remaining >>= np.uint64(1)
        c += 1
