"""Simplicial vertices: those whose neighbours all know each other, so that no shortest path leads through them."""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.kernels.jit import njit

__all__ = ["rows_within", "simplicial_vertices"]


@njit
def simplicial_vertices(indptr: Int64, indices: Int32) -> Bool:
    """bool[n], whether every two neighbours of a vertex are neighbours of each other (they may be one or none)."""
    n = len(indptr) - 1
    simplicial = np.zeros(n, np.bool_)
    mark = np.full(n, -1, np.int32)
    for v in range(n):
        degree = indptr[v + 1] - indptr[v]
        complete = True
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            mark[u] = v
            complete &= indptr[u + 1] - indptr[u] >= degree  # v and all of v's other neighbours, if complete
        for e in range(indptr[v], indptr[v + 1]):
            if not complete:
                break
            u = indices[e]
            shared = 0
            for f in range(indptr[u], indptr[u + 1]):
                shared += mark[indices[f]] == v
            complete = shared == degree - 1
        simplicial[v] = complete
    return simplicial


@njit
def rows_within(indptr: Int64, indices: Int32, first: int, last: int) -> Int64:
    """int64[last - first], where the neighbours below `last` end in the rows of ``first..last-1``, which ascend."""
    end = np.empty(last - first, np.int64)
    for v in range(first, last):
        low, high = indptr[v], indptr[v + 1]
        while low < high:
            middle = (low + high) // 2
            if indices[middle] < last:
                low = middle + 1
            else:
                high = middle
        end[v - first] = low
    return end
