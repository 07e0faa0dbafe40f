"""Exact diameter of a component, in few breadth-first searches (iFUB: Crescenzi et al., TCS 2013).

From a vertex u in the middle, two vertices within distance i of u are at most 2i apart. So once some eccentricity
found among the vertices further out than i is at least 2i, it is the diameter. Starting from the furthest level, few
have to be looked at.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpunet.kernels.jit import njit

__all__ = ["diameter"]


@njit
def _search(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    root: int,
    distance: NDArray[np.int32],
    order: NDArray[np.int32],
) -> int:
    """Fill `distance` and `order` from `root` (previous contents of its component are overwritten); count reached."""
    for i in range(len(distance)):
        distance[i] = -1
    distance[root] = 0
    order[0] = root
    head, tail = 0, 1
    while head < tail:
        v = order[head]
        head += 1
        for e in range(indptr[v], indptr[v + 1]):
            w = indices[e]
            if distance[w] < 0:
                distance[w] = distance[v] + 1
                order[tail] = w
                tail += 1
    return tail


@njit
def diameter(indptr: NDArray[np.int64], indices: NDArray[np.int32], vertex: int) -> int:
    """Longest shortest path within the component of `vertex`."""
    n = len(indptr) - 1
    distance = np.empty(n, np.int32)
    order = np.empty(n, np.int32)
    middle = vertex
    best = 0
    # Two double sweeps: the second starts from the middle of the first one's long path.
    for _ in range(2):
        far = order[_search(indptr, indices, middle, distance, order) - 1]
        end = order[_search(indptr, indices, far, distance, order) - 1]
        best = max(best, distance[end])
        middle = end
        for _step in range(distance[end] // 2):
            for e in range(indptr[middle], indptr[middle + 1]):
                if distance[indices[e]] == distance[middle] - 1:
                    middle = indices[e]
                    break
    reached = _search(indptr, indices, middle, distance, order)
    level = distance.copy()
    outward = order[:reached].copy()
    for i in range(reached - 1, -1, -1):
        # Everyone from here inwards is within level[outward[i]] of the middle.
        if best >= 2 * level[outward[i]]:
            break
        last = order[_search(indptr, indices, outward[i], distance, order) - 1]
        best = max(best, distance[last])
    return best
