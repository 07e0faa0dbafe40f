"""What the community features count inside and around the communities of a partition."""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.kernels.jit import njit

__all__ = ["inner_degree", "out_members", "triangles_per_vertex"]


@njit
def inner_degree(
    indptr: Int64, indices: Int32, community: Int32
) -> Int64:  # fmt: skip
    """int64[n], neighbours in one's own community (0 where community < 0)."""
    out = np.zeros(len(community), np.int64)
    for v in range(len(community)):
        for e in range(indptr[v], indptr[v + 1]):
            out[v] += community[v] >= 0 and community[indices[e]] == community[v]
    return out


@njit
def out_members(
    indptr: Int64, indices: Int32, community: Int32
) -> Bool:  # fmt: skip
    """bool[n], whether a vertex of a community has a neighbour outside it."""
    out = np.zeros(len(community), np.bool_)
    for v in range(len(community)):
        for e in range(indptr[v], indptr[v + 1]):
            if community[v] >= 0 and community[indices[e]] != community[v]:
                out[v] = True
                break
    return out


@njit
def triangles_per_vertex(indptr: Int64, indices: Int32, community: Int32) -> Int64:
    """int64[n], triangles inside one's community at each corner; a community's sum is three times its triangles.

    Edges point from the lower to the higher rank by (inner degree, number), so no vertex has more than sqrt(2m) edges
    out, and the whole count takes O(m^1.5).
    """
    n = len(community)
    degree = inner_degree(indptr, indices, community)
    start = np.zeros(n + 1, np.int64)
    for v in range(n):
        out = 0
        for e in range(indptr[v], indptr[v + 1]):
            out += _points(v, indices[e], community, degree)
        start[v + 1] = start[v] + out
    heads = np.empty(start[n], np.int32)
    at = 0
    for v in range(n):
        for e in range(indptr[v], indptr[v + 1]):
            if _points(v, indices[e], community, degree):
                heads[at] = indices[e]
                at += 1
    mark = np.full(n, -1, np.int32)
    triangles = np.zeros(n, np.int64)
    for v in range(n):
        for e in range(start[v], start[v + 1]):
            mark[heads[e]] = v
        for e in range(start[v], start[v + 1]):
            u = heads[e]
            for f in range(start[u], start[u + 1]):
                w = heads[f]
                if mark[w] == v:
                    triangles[v] += 1
                    triangles[u] += 1
                    triangles[w] += 1
    return triangles


@njit
def _points(v: int, u: int, community: Int32, degree: Int64) -> bool:
    if community[v] < 0 or community[u] != community[v]:
        return False
    return bool(degree[v] < degree[u] or (degree[v] == degree[u] and v < u))
