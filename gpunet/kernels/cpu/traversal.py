"""Connected components, and the vertex order in which the path kernels work."""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Int32, Int64
from gpunet.kernels.jit import njit

__all__ = ["bfs_order", "component_labels", "permute_csr", "rows_among"]


@njit
def component_labels(
    indptr: Int64, indices: Int32, part: Int32
) -> tuple[Int32, int]:  # fmt: skip
    """int32[n], connected components without the ties between different parts, and how many there are.

    `part` (int32[n]) is each vertex's part: zeros for components of the whole. They are numbered by smallest vertex.
    """
    n = len(indptr) - 1
    label = np.full(n, -1, np.int32)
    queue = np.empty(n, np.int32)
    count = 0
    for root in range(n):
        if label[root] >= 0:
            continue
        label[root] = count
        queue[0] = root
        head, tail = 0, 1
        while head < tail:
            u = queue[head]
            head += 1
            for e in range(indptr[u], indptr[u + 1]):
                w = indices[e]
                if label[w] < 0 and part[w] == part[u]:
                    label[w] = count
                    queue[tail] = w
                    tail += 1
        count += 1
    return label, count


@njit
def bfs_order(
    indptr: Int64, indices: Int32, roots: Int64
) -> tuple[Int32, Int64]:  # fmt: skip
    """Vertices in breadth-first order, one component after another.

    `roots` holds one vertex of every component that is wanted. Returns ``order`` (int32[reached], the vertex at each
    position) and ``start`` (int64[roots + 1], where each component begins).
    """
    n = len(indptr) - 1
    seen = np.zeros(n, np.bool_)
    order = np.empty(n, np.int32)
    start = np.zeros(len(roots) + 1, np.int64)
    tail = 0
    for c in range(len(roots)):
        head = tail
        order[tail] = roots[c]
        seen[roots[c]] = True
        tail += 1
        while head < tail:
            u = order[head]
            head += 1
            for e in range(indptr[u], indptr[u + 1]):
                w = indices[e]
                if not seen[w]:
                    seen[w] = True
                    order[tail] = w
                    tail += 1
        start[c + 1] = tail
    return order[:tail].copy(), start


@njit
def permute_csr(
    indptr: Int64, indices: Int32, order: Int32
) -> tuple[Int64, Int32]:  # fmt: skip
    """The part of the network in `order`, whole components, with vertex ``order[i]`` renamed to i; rows ascending."""
    n = len(order)
    position = np.empty(len(indptr) - 1, np.int32)
    for i in range(n):
        position[order[i]] = i
    new_indptr = np.zeros(n + 1, np.int64)
    for i in range(n):
        new_indptr[i + 1] = new_indptr[i] + indptr[order[i] + 1] - indptr[order[i]]
    # Visiting rows in ascending order and writing into the other end's row leaves each row ascending.
    fill = new_indptr[:-1].copy()
    new_indices = np.empty(new_indptr[n], np.int32)
    for i in range(n):
        u = order[i]
        for e in range(indptr[u], indptr[u + 1]):
            p = position[indices[e]]
            new_indices[fill[p]] = i
            fill[p] += 1
    return new_indptr, new_indices


@njit
def rows_among(indptr: Int64, indices: Int32, first: int, last: int) -> tuple[Int64, Int32]:
    """The network among the vertices ``first..last-1``, renamed from 0. Rows of the adjacency must ascend.

    Neighbours before `first` there may be none.
    """
    begin = np.zeros(last - first + 1, np.int64)
    kept = np.empty(indptr[last] - indptr[first], np.int32)
    at = 0
    for v in range(first, last):
        for e in range(indptr[v], indptr[v + 1]):
            if indices[e] >= last:
                break
            kept[at] = indices[e] - first
            at += 1
        begin[v - first + 1] = at
    return begin, kept[:at]
