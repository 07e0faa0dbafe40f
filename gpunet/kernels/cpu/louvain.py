"""Louvain partitions (Blondel et al. 2008), of many separate networks in one call.

Every vertex carries a field (its gang; 0 for the whole network), edges stay within fields, and the modularity gain of
a move divides by twice the field's own number of edges. So each field is partitioned by its own modularity, as if it
were alone. Vertices are visited in order of their number and a tie between communities goes to the one met first: the
result is a function of the network alone.
"""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Float64, Int32, Int64
from gpunet.kernels.cpu.traversal import component_labels
from gpunet.kernels.jit import njit

__all__ = ["louvain", "subgraph_within"]

_LEAST_GAIN = 1e-12


@njit
def subgraph_within(
    indptr: Int64, indices: Int32, community: Int32
) -> tuple[Int64, Int32]:  # fmt: skip
    """The adjacency restricted to edges inside communities; vertices with community < 0 lose all theirs."""
    n = len(community)
    new_indptr = np.zeros(n + 1, np.int64)
    for v in range(n):
        inside = 0
        for e in range(indptr[v], indptr[v + 1]):
            inside += community[v] >= 0 and community[indices[e]] == community[v]
        new_indptr[v + 1] = new_indptr[v] + inside
    new_indices = np.empty(new_indptr[n], np.int32)
    at = 0
    for v in range(n):
        for e in range(indptr[v], indptr[v + 1]):
            if community[v] >= 0 and community[indices[e]] == community[v]:
                new_indices[at] = indices[e]
                at += 1
    return new_indptr, new_indices


@njit
def _numbers(n: int) -> Int32:
    """int32[n]: 0, 1, ..., n - 1."""
    numbers = np.empty(n, np.int32)
    for i in range(n):
        numbers[i] = i
    return numbers


@njit
def _move(indptr: Int64, indices: Int32, weight: Float64, strength: Float64, two_m: Float64, community: Int32) -> bool:
    """Local moving until no vertex gains; `community` is changed in place. Returns whether anything moved."""
    n = len(strength)
    total = np.zeros(n, np.float64)
    for v in range(n):
        total[community[v]] += strength[v]
    to = np.zeros(n, np.float64)
    met = np.empty(n, np.int32)
    waiting = np.ones(n, np.bool_)
    queue = _numbers(n)
    head, held = 0, n
    moved = False
    while held > 0:
        v = queue[head]
        head = (head + 1) % n
        held -= 1
        waiting[v] = False
        if two_m[v] <= 0.0:
            continue
        own = community[v]
        n_met = 1
        met[0] = own
        to[own] = 0.0
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            if u == v:
                continue
            c = community[u]
            if to[c] == 0.0 and c != own:
                met[n_met] = c
                n_met += 1
            to[c] += weight[e]
        total[own] -= strength[v]
        best, best_gain = own, to[own] - strength[v] * total[own] / two_m[v]
        for i in range(1, n_met):
            c = met[i]
            gain = to[c] - strength[v] * total[c] / two_m[v]
            if gain > best_gain + _LEAST_GAIN * two_m[v]:
                best, best_gain = c, gain
        total[best] += strength[v]
        for i in range(n_met):
            to[met[i]] = 0.0
        if best == own:
            continue
        moved = True
        community[v] = best
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            if community[u] != best and not waiting[u]:
                waiting[u] = True
                queue[(head + held) % n] = u
                held += 1
    return moved


@njit
def _merge(
    indptr: Int64, indices: Int32, weight: Float64, community: Int32, count: int
) -> tuple[Int64, Int32, Float64]:
    """The network of communities 0..count-1; a community's inner weight becomes a loop."""
    n = len(community)
    begin = np.zeros(count + 1, np.int64)
    for v in range(n):
        begin[community[v] + 1] += 1
    for c in range(count):
        begin[c + 1] += begin[c]
    fill = begin[:-1].copy()
    vertices = np.empty(n, np.int32)
    for v in range(n):
        vertices[fill[community[v]]] = v
        fill[community[v]] += 1
    out_indptr = np.zeros(count + 1, np.int64)
    out_indices = np.empty(len(indices), np.int32)
    out_weight = np.empty(len(indices), np.float64)
    place = np.full(count, -1, np.int64)
    at = 0
    for c in range(count):
        row = at
        for i in range(begin[c], begin[c + 1]):
            v = vertices[i]
            for e in range(indptr[v], indptr[v + 1]):
                d = community[indices[e]]
                if place[d] < row:
                    place[d] = at
                    out_indices[at] = d
                    out_weight[at] = 0.0
                    at += 1
                out_weight[place[d]] += weight[e]
        out_indptr[c + 1] = at
    return out_indptr, out_indices[:at].copy(), out_weight[:at].copy()


@njit
def _renumber(label: Int32) -> int:
    """Number labels 0, 1, ... by first appearance, in place."""
    new = np.full(len(label) + 1, -1, np.int32)
    count = 0
    for v in range(len(label)):
        if new[label[v]] < 0:
            new[label[v]] = count
            count += 1
        label[v] = new[label[v]]
    return count


@njit
def louvain(indptr: Int64, indices: Int32, field: Int32) -> Int32:
    """int32[n], the community of each vertex in a Louvain partition of every field by its own modularity.

    Edges must stay within fields (see :func:`subgraph_within`); a field is a number from 0 to n, or -1 for a vertex
    that belongs to none and becomes a community of its own. Communities are connected and numbered by their smallest
    vertex.
    """
    n = len(field)
    communities = _numbers(n)
    edges = np.zeros(n + 2, np.float64)
    for v in range(n):
        edges[field[v] + 1] += indptr[v + 1] - indptr[v]
    two_m = np.empty(n, np.float64)
    for v in range(n):
        two_m[v] = edges[field[v] + 1]
    level_indptr, level_indices = indptr, indices
    weight = np.ones(len(indices), np.float64)
    while True:
        size = len(two_m)
        strength = np.zeros(size, np.float64)
        for v in range(size):
            for e in range(level_indptr[v], level_indptr[v + 1]):
                strength[v] += weight[e]
        community = _numbers(size)
        if not _move(level_indptr, level_indices, weight, strength, two_m, community):
            break
        count = _renumber(community)
        for v in range(n):
            communities[v] = community[communities[v]]
        merged_two_m = np.empty(count, np.float64)
        for v in range(size):
            merged_two_m[community[v]] = two_m[v]
        level_indptr, level_indices, weight = _merge(level_indptr, level_indices, weight, community, count)
        two_m = merged_two_m
    # A community can come apart when a vertex between its parts leaves; splitting it never lowers modularity.
    return component_labels(indptr, indices, communities)[0]
