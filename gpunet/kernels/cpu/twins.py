"""Closed twins: neighbours with the same neighbours, as persons arrested once, together, are. One stands for all.

Twins are one step apart and equally far from everybody else, and no shortest path passes two of them. So a class of
twins can be one vertex that counts for several: docs/reductions.md says how.
"""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Int32, Int64
from gpunet.kernels.jit import njit

__all__ = ["collapse_twins"]


@njit
def _mixed(x: int) -> int:
    """A 64-bit number that looks random, the same for the same x (splitmix64)."""
    z = np.uint64(x) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))  # type: ignore[return-value]


@njit
def _same_closed_neighbourhood(indptr: Int64, indices: Int32, u: int, v: int) -> bool:
    """Whether u and v, neighbours of each other, have the same other neighbours; rows are ascending."""
    i, j = indptr[u], indptr[v]
    while i < indptr[u + 1] or j < indptr[v + 1]:
        if i < indptr[u + 1] and indices[i] == v:
            i += 1
        elif j < indptr[v + 1] and indices[j] == u:
            j += 1
        elif i == indptr[u + 1] or j == indptr[v + 1] or indices[i] != indices[j]:
            return False
        else:
            i += 1
            j += 1
    return True


@njit
def collapse_twins(indptr: Int64, indices: Int32) -> tuple[Int64, Int64, Int32]:
    """Find the classes of closed twins and leave of each its smallest vertex.

    Rows of the adjacency must be ascending. Returns ``representative`` (int64[n], the smallest twin of each vertex,
    itself if it has none smaller) and the adjacency between representatives; the rows of all others are empty.
    """
    n = len(indptr) - 1
    # Sums of mixed numbers over closed neighbourhoods differ unless the neighbourhoods are equal, almost surely;
    # where they are equal the rows are compared, so chance never decides.
    trace = np.empty(n, np.uint64)
    for v in range(n):
        trace[v] = _mixed(v)
    total = trace.copy()
    for v in range(n):
        for e in range(indptr[v], indptr[v + 1]):
            total[v] += trace[indices[e]]
    representative = np.arange(n)
    for v in range(n):
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            if u > v:
                break
            if total[u] == total[v] and representative[u] == u and _same_closed_neighbourhood(indptr, indices, u, v):
                representative[v] = u
                break
    new_indptr = np.zeros(n + 1, np.int64)
    new_indices = np.empty(len(indices), np.int32)
    at = 0
    for v in range(n):
        if representative[v] == v:
            for e in range(indptr[v], indptr[v + 1]):
                if representative[indices[e]] == indices[e]:
                    new_indices[at] = indices[e]
                    at += 1
        new_indptr[v + 1] = at
    return representative, new_indptr, new_indices[:at].copy()
