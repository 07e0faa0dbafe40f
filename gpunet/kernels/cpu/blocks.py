"""The block-cut tree: path features of a component from its biconnected blocks.

A shortest path between two vertices of a block stays in the block, and every path from one block to another passes
the cut vertices between them. So the search over all pairs is done block by block, with each vertex of a block
standing for everybody who hangs behind it, and a pass over the tree of blocks does the rest (BADIOS, Sariyuce et al.
2013; Puzis et al. 2015; Bentert et al. 2018). docs/reductions.md has the formulas and why they hold.

A vertex in a block is a *node*: cut vertices have one node in each of their blocks, others one in all. The nodes of
block b are ``start[b]..start[b + 1] - 1``; the first is its *top*, the vertex through which the search entered it.
Blocks come children first: every block in which a vertex is the top comes before the one in which it is not.
"""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Int32, Int64
from gpunet.kernels.jit import njit

__all__ = ["biconnected_blocks", "distance_sums", "hanging_weights", "split_into_blocks", "tree_pairs"]


@njit
def biconnected_blocks(indptr: Int64, indices: Int32) -> tuple[Int64, Int32, Int32]:
    """Biconnected blocks by one depth-first search (Hopcroft, Tarjan 1973).

    Returns ``start`` (int64[blocks + 1]), ``vertex`` (int32[nodes], the vertex of each node) and ``home`` (int32[n],
    the block in which a vertex is not the top; -1 for the root of a component).
    """
    n = len(indptr) - 1
    found = np.full(n, -1, np.int64)
    low = np.zeros(n, np.int64)
    parent = np.full(n, -1, np.int32)
    edge = indptr[:-1].copy()
    stack = np.empty(n, np.int32)
    home = np.full(n, -1, np.int32)
    start = np.zeros(n + 1, np.int64)
    vertex = np.empty(2 * n, np.int32)
    blocks, nodes, clock = 0, 0, 0
    for root in range(n):
        if found[root] >= 0:
            continue
        found[root] = low[root] = clock
        clock += 1
        depth = 0
        v = root
        while v >= 0:
            if edge[v] < indptr[v + 1]:
                u = indices[edge[v]]
                edge[v] += 1
                if found[u] < 0:
                    parent[u] = v
                    found[u] = low[u] = clock
                    clock += 1
                    stack[depth] = u
                    depth += 1
                    v = u
                elif u != parent[v]:
                    low[v] = min(low[v], found[u])
                continue
            p = parent[v]
            if p >= 0:
                low[p] = min(low[p], low[v])
                if low[v] >= found[p]:
                    vertex[nodes] = p
                    nodes += 1
                    while True:
                        depth -= 1
                        u = stack[depth]
                        vertex[nodes] = u
                        nodes += 1
                        home[u] = blocks
                        if u == v:
                            break
                    blocks += 1
                    start[blocks] = nodes
            v = p
    return start[: blocks + 1].copy(), vertex[:nodes].copy(), home


@njit
def split_into_blocks(indptr: Int64, indices: Int32, start: Int64, vertex: Int32, home: Int32) -> tuple[Int64, Int32]:
    """The adjacency of the nodes: every edge within its block, so that blocks are the components."""
    n = len(home)
    own = np.full(n, -1, np.int64)
    for b in range(len(start) - 1):
        for i in range(start[b] + 1, start[b + 1]):
            own[vertex[i]] = i
    # An edge lies in the home of its deeper end: of both, or of the one whose home the other is the top of.
    new_indptr = np.zeros(len(vertex) + 1, np.int64)
    for u in range(n):
        b = home[u]
        top = vertex[start[b]] if b >= 0 else -1
        for e in range(indptr[u], indptr[u + 1]):
            w = indices[e]
            at_home = b >= 0 and (home[w] == b or w == top)
            new_indptr[(own[u] if at_home else start[home[w]]) + 1] += 1
    for i in range(len(vertex)):
        new_indptr[i + 1] += new_indptr[i]
    fill = new_indptr[:-1].copy()
    new_indices = np.empty(len(indices), np.int32)
    for u in range(n):
        b = home[u]
        top = vertex[start[b]] if b >= 0 else -1
        for e in range(indptr[u], indptr[u + 1]):
            w = indices[e]
            at_home = b >= 0 and (home[w] == b or w == top)
            i = own[u] if at_home else start[home[w]]
            new_indices[fill[i]] = start[b] if at_home and w == top else own[w]
            fill[i] += 1
    return new_indptr, new_indices


@njit
def hanging_weights(start: Int64, vertex: Int32, home: Int32, member: Int64) -> tuple[Int64, Int64]:
    """How many members of each set every node stands for.

    ``member`` is int64[n, sets], 1 where a vertex is in a set. Returns ``weight`` (int64[nodes, sets]): the members
    on the node's side of its block, its vertex included; and ``total`` (int64[n, sets]): the members in each vertex's
    component.
    """
    n_sets = member.shape[1]
    below = member.copy()
    weight = np.zeros((len(vertex), n_sets), np.int64)
    for b in range(len(start) - 1):
        top = vertex[start[b]]
        for i in range(start[b] + 1, start[b + 1]):
            for c in range(n_sets):
                weight[i, c] = below[vertex[i], c]
                below[top, c] += weight[i, c]
    total = below  # right for roots; the others take their top's on the way down
    for b in range(len(start) - 2, -1, -1):
        top = vertex[start[b]]
        for c in range(n_sets):
            weight[start[b], c] = total[top, c]
        for i in range(start[b] + 1, start[b + 1]):
            for c in range(n_sets):
                weight[start[b], c] -= weight[i, c]
                total[vertex[i], c] = total[top, c]
    return weight, total


@njit
def tree_pairs(vertex: Int32, member: Int64, weight: Int64, total: Int64) -> Int64:
    """int64[n, sets], twice the pairs of members that each vertex separates: all their paths pass through it."""
    pairs = np.zeros(member.shape, np.int64)
    for i in range(len(vertex)):
        v = vertex[i]
        for c in range(member.shape[1]):
            pairs[v, c] += (weight[i, c] - member[v, c]) * (total[v, c] - weight[i, c])
    return pairs


@njit
def distance_sums(start: Int64, vertex: Int32, within: Int64, n: int) -> Int64:
    """int64[n, sets], the sum of each vertex's distances to the members of its component.

    ``within`` is int64[nodes, sets]: the sum over the other nodes of the block of weight times distance. With S(i)
    the distances from node i to the members on its side, the sum for a vertex is ``within`` of its node plus S over
    the whole block. S is gathered from the leaves to the root, then handed back down.
    """
    n_sets = within.shape[1]
    below = np.zeros((n, n_sets), np.int64)
    in_block = np.zeros((len(start) - 1, n_sets), np.int64)
    for b in range(len(start) - 1):
        for c in range(n_sets):
            for i in range(start[b] + 1, start[b + 1]):
                in_block[b, c] += below[vertex[i], c]
            below[vertex[start[b]], c] += within[start[b], c] + in_block[b, c]
    sums = below  # right for roots
    for b in range(len(start) - 2, -1, -1):
        top = start[b]
        for c in range(n_sets):
            # What hangs on the top's side is its whole sum less what this block contributed to it.
            side = sums[vertex[top], c] - within[top, c] - in_block[b, c]
            for i in range(top + 1, start[b + 1]):
                sums[vertex[i], c] = within[i, c] + side + in_block[b, c]
    return sums
