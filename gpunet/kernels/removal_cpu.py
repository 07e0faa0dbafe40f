"""What is left of a vertex's component when the vertex is taken away: one depth-first search for all vertices.

Removing v cuts off the subtree of each child c whose low point does not pass above v (Hopcroft, Tarjan 1973); the
rest of the component stays together, being connected through v's parent. Sizes and violent members of subtrees are
summed on the way back, so every piece is known when the search leaves it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpunet.kernels.jit import njit

__all__ = ["largest_after_removal"]


@njit
def largest_after_removal(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], marked: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Largest piece left by removing each vertex, and the largest with a marked vertex (int64[n], 0 if none)."""
    n = len(indptr) - 1
    found = np.full(n, -1, np.int64)
    low = np.zeros(n, np.int64)
    parent = np.full(n, -1, np.int32)
    edge = indptr[:-1].copy()
    size = np.ones(n, np.int64)
    marks = marked.astype(np.int64)
    cut_size = np.zeros(n, np.int64)
    cut_marks = np.zeros(n, np.int64)
    largest = np.zeros(n, np.int64)
    largest_marked = np.zeros(n, np.int64)
    visit = np.empty(n, np.int32)
    clock = 0
    for root in range(n):
        if found[root] >= 0:
            continue
        begin = clock
        found[root] = low[root] = clock
        visit[clock] = root
        clock += 1
        v = root
        while v >= 0:
            if edge[v] < indptr[v + 1]:
                u = indices[edge[v]]
                edge[v] += 1
                if found[u] < 0:
                    parent[u] = v
                    found[u] = low[u] = clock
                    visit[clock] = u
                    clock += 1
                    v = u
                elif u != parent[v]:
                    low[v] = min(low[v], found[u])
                continue
            p = parent[v]
            if p >= 0:
                size[p] += size[v]
                marks[p] += marks[v]
                low[p] = min(low[p], low[v])
                if low[v] >= found[p]:
                    cut_size[p] += size[v]
                    cut_marks[p] += marks[v]
                    largest[p] = max(largest[p], size[v])
                    if marks[v] > 0:
                        largest_marked[p] = max(largest_marked[p], size[v])
            v = p
        for i in range(begin, clock):
            u = visit[i]
            rest = size[root] - 1 - cut_size[u]
            largest[u] = max(largest[u], rest)
            if marks[root] - marked[u] - cut_marks[u] > 0:
                largest_marked[u] = max(largest_marked[u], rest)
    return largest, largest_marked
