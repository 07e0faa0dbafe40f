"""Core numbers, and the shell of a vertex added to a subgraph.

``shell__C`` of v outside C asks for v's core number in G[{v} | C]. With H = G[C] and c its core numbers: removing v
from a k-core leaves every other vertex with at least k-1 neighbours, so adding v raises no core number by more than
one. So v's own number lies between the h-index of {c(u)} and the h-index of {c(u) + 1} over its neighbours u in C.
These differ by at most one, and only where they do is a local search needed: do enough vertices of the (k-1)-shell
around v rise with it? (The search is the insertion step of core maintenance, Sariyuce et al., VLDB 2013.)

In :func:`_joins`, ``core`` is int32[n] (-1 outside C), ``state`` int64[n] (stamps of earlier calls are smaller),
``support`` int32[n] the neighbours that count for each candidate, and ``found`` and ``stack`` int32[n] are lists.
"""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.kernels.jit import njit

__all__ = ["core_numbers", "shell_of_outsiders"]


@njit
def core_numbers(
    indptr: Int64, indices: Int32, inside: Bool
) -> Int32:  # fmt: skip
    """int32[n], the core number in the subgraph induced by `inside`; -1 for vertices outside (Batagelj, Zaversnik)."""
    n = len(indptr) - 1
    core = np.full(n, -1, np.int32)
    top = 0
    for v in range(n):
        if inside[v]:
            d = 0
            for e in range(indptr[v], indptr[v + 1]):
                d += inside[indices[e]]
            core[v] = d
            top = max(top, d)
    begin = np.zeros(top + 2, np.int64)
    for v in range(n):
        if inside[v]:
            begin[core[v] + 1] += 1
    for d in range(top + 1):
        begin[d + 1] += begin[d]
    fill = begin[:-1].copy()
    queue = np.empty(begin[top + 1], np.int32)
    place = np.zeros(n, np.int64)
    for v in range(n):
        if inside[v]:
            place[v] = fill[core[v]]
            queue[place[v]] = v
            fill[core[v]] += 1
    for i in range(len(queue)):
        v = queue[i]
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            if core[u] > core[v]:
                # Move u to the front of its bucket, then shift the bucket's start past it.
                first = begin[core[u]]
                w = queue[first]
                if w != u:
                    queue[place[u]], place[w] = w, place[u]
                    queue[first], place[u] = u, first
                begin[core[u]] += 1
                core[u] -= 1
    return core


@njit
def _h_index(v: int, indptr: Int64, indices: Int32, core: Int32, raised: int, count: Int64) -> int:
    """Largest h such that at least h neighbours of v in C have ``core + raised >= h``; `count` is scratch space."""
    degree = indptr[v + 1] - indptr[v]
    count[: degree + 1] = 0
    for e in range(indptr[v], indptr[v + 1]):
        c = core[indices[e]]
        if c >= 0:
            count[min(degree, c + raised)] += 1
    at_least = 0
    for h in range(degree, 0, -1):
        at_least += count[h]
        if at_least >= h:
            return h
    return 0


@njit
def _joins(
    v: int,
    k: int,
    indptr: Int64,
    indices: Int32,
    core: Int32,
    state: Int64,
    support: Int32,
    found: Int32,
    stack: Int32,
    stamp: int,
) -> bool:
    """Whether v is in the k-core of G[{v} | C]. ``state[u] == stamp``: candidate; ``stamp + 1``: peeled off."""
    state[v] = stamp
    found[0] = v
    size, head = 1, 0
    while head < size:
        u = found[head]
        head += 1
        hopeful = 0
        for e in range(indptr[u], indptr[u + 1]):
            w = indices[e]
            hopeful += core[w] >= k - 1 or w == v
        if hopeful < k:
            continue  # u cannot rise; and what rises is connected to v through vertices that rise
        for e in range(indptr[u], indptr[u + 1]):
            w = indices[e]
            if core[w] == k - 1 and state[w] < stamp:
                state[w] = stamp
                found[size] = w
                size += 1
    for i in range(size):
        u = found[i]
        support[u] = 0
        for e in range(indptr[u], indptr[u + 1]):
            w = indices[e]
            support[u] += core[w] >= k or state[w] == stamp
    depth = 0
    for i in range(size):
        if support[found[i]] < k:
            state[found[i]] = stamp + 1
            stack[depth] = found[i]
            depth += 1
    while depth > 0 and state[v] == stamp:
        depth -= 1
        u = stack[depth]
        for e in range(indptr[u], indptr[u + 1]):
            w = indices[e]
            if state[w] == stamp:
                support[w] -= 1
                if support[w] < k:
                    state[w] = stamp + 1
                    stack[depth] = w
                    depth += 1
    return bool(state[v] == stamp)


@njit
def shell_of_outsiders(indptr: Int64, indices: Int32, core: Int32, first: int, last: int) -> Int64:
    """int64[last - first]: for v in ``first..last-1``, its core number in G[{v} | C].

    `core` holds the core numbers of G[C], -1 outside. For v in C that is ``core[v]`` itself.
    """
    n = len(indptr) - 1
    not_raised = int(np.int64(0))  # a literal would be a type of its own, for which Numba compiles again
    most = 0
    for v in range(first, last):
        most = max(most, indptr[v + 1] - indptr[v])
    count = np.empty(most + 1, np.int64)
    state = np.full(n, -1, np.int64)
    support = np.zeros(n, np.int32)
    found = np.empty(n, np.int32)
    stack = np.empty(n, np.int32)
    out = np.empty(last - first, np.int64)
    for v in range(first, last):
        if core[v] >= 0:
            out[v - first] = core[v]
            continue
        low = _h_index(v, indptr, indices, core, not_raised, count)
        high = _h_index(v, indptr, indices, core, not_raised + 1, count)
        # A single neighbour in C is enough for 1; above that the shell around v has to be looked at.
        rises = high > low and (
            high == 1 or _joins(v, high, indptr, indices, core, state, support, found, stack, 2 * (v - first))
        )
        out[v - first] = high if rises else low
    return out
