"""Exact diameter of components from their blocks, in few bit-parallel breadth-first searches.

A longest path has one highest point in the tree of blocks: a vertex under which two of its blocks hang, or a block that
it crosses between two vertices. So with the depth h(x) of what hangs below a vertex x of a block, the diameter is the
largest sum of two depths below the same vertex, or of ``h(x) + d(x, y) + h(y)`` over pairs of a block.

In a large block few vertices have to be searched from (iFUB: Crescenzi et al., TCS 2013). With a vertex m in the middle
and ``l(x) = d(m, x) + h(x)``, a pair within l at most i is at most 2i apart. So the vertices are taken by falling l,
512 at a time as in :mod:`gpunet.kernels.cpu.closeness`, until twice the next l is no more than the best pair found.
"""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Bool, Int32, Int64, UInt64
from gpunet.kernels.cpu.closeness import BATCH, WORDS, spread_bits
from gpunet.kernels.jit import njit
from gpunet.kernels.lanes import fill_row, take_new_bits

__all__ = ["block_diameter"]


@njit
def block_diameter(start: Int64, vertex: Int32, indptr: Int64, indices: Int32, inner: Bool, wanted: Bool) -> int:
    """Longest shortest path within the components of the vertices that are `wanted` (bool[n], whole components).

    ``start``, ``vertex`` are the blocks, children first, and ``indptr``, ``indices`` the adjacency of their nodes, see
    :mod:`gpunet.kernels.cpu.blocks`. ``inner`` (bool[nodes]) may be False for simplicial nodes.
    """
    below = np.zeros(len(wanted), np.int64)
    distance = np.empty(len(vertex), np.int32)
    order = np.empty(len(vertex), np.int32)
    best = 0
    for b in range(len(start) - 1):
        first, last = start[b], start[b + 1]
        top = vertex[first]
        if not wanted[top]:
            continue
        hanging = below[vertex[first:last]]
        hanging[0] = 0  # what else hangs below the top comes together with this block at the top itself
        size = last - first
        if indptr[last] - indptr[first] == size * (size - 1):
            deepest, second = _two_largest(hanging)
            best = max(best, deepest + 1 + second)
            depth = 1 + deepest
        else:
            end = _furthest(indptr, indices, hanging, first, first, distance, order)
            depth = distance[end] + hanging[end - first]
            best = _crossing(indptr, indices, inner, hanging, first, end, max(best, depth), distance, order)
        best = max(best, below[top] + depth)
        below[top] = max(below[top], depth)
    return best


@njit
def _two_largest(depth: Int64) -> tuple[int, int]:
    """The largest and the second largest of two or more depths."""
    first, second = max(depth[0], depth[1]), min(depth[0], depth[1])
    for i in range(2, len(depth)):
        if depth[i] > first:
            first, second = depth[i], first
        elif depth[i] > second:
            second = depth[i]
    return first, second


@njit
def _ascending(length: Int64) -> Int64:
    """The order in which lengths of paths, 0 or more, ascend; where equal, as they come.

    A sort by counting: NumPy's sorts take Numba longer to compile than all else in this file.
    """
    begin = np.zeros(max(length) + 2, np.int64)
    for i in range(len(length)):
        begin[length[i] + 1] += 1
    for d in range(len(begin) - 1):
        begin[d + 1] += begin[d]
    order = np.empty(len(length), np.int64)
    for i in range(len(length)):
        order[begin[length[i]]] = i
        begin[length[i]] += 1
    return order


@njit
def _furthest(
    indptr: Int64, indices: Int32, hanging: Int64, first: int, root: int, distance: Int32, order: Int32
) -> int:
    """Fill `distance` of the block's nodes from `root`; return the other one with the largest distance plus depth."""
    last = first + len(hanging)
    distance[first:last] = -1
    distance[root] = 0
    order[0] = root
    tail = 1
    most, furthest = -1, root
    for head in range(last - first):
        v = order[head]
        reach = distance[v] + hanging[v - first]
        if head > 0 and reach > most:
            most, furthest = reach, v
        for e in range(indptr[v], indptr[v + 1]):
            w = indices[e]
            if distance[w] < 0:
                distance[w] = distance[v] + 1
                order[tail] = w
                tail += 1
    return furthest


@njit
def _crossing(
    indptr: Int64,
    indices: Int32,
    inner: Bool,
    hanging: Int64,
    first: int,
    end: int,
    best: int,
    distance: Int32,
    order: Int32,
) -> int:
    """Return the larger of `best` and the largest ``h(x) + d(x, y) + h(y)`` over pairs of a block; `end` is far out."""
    for _ in range(2):  # the second time from the middle of the first long path
        far = _furthest(indptr, indices, hanging, first, end, distance, order)
        length = distance[far] + hanging[far - first] + hanging[end - first]
        best = max(best, length)
        middle = far
        for _step in range(min(distance[far], max(0, length // 2 - hanging[far - first]))):
            for e in range(indptr[middle], indptr[middle + 1]):
                if distance[indices[e]] == distance[middle] - 1:
                    middle = indices[e]
                    break
        end = _furthest(indptr, indices, hanging, first, middle, distance, order)
    size = len(hanging)
    reach = distance[first : first + size] + hanging
    outward = _ascending(max(reach) - reach)
    workspace = np.zeros((3, size * WORDS), np.uint64)
    for i in range(0, size, BATCH):
        if 2 * reach[outward[i]] <= best:
            break
        best = max(best, _longest_from(indptr, indices, inner, hanging, first, outward[i : i + BATCH], workspace))
    return best


@njit
def _longest_from(
    indptr: Int64, indices: Int32, inner: Bool, hanging: Int64, first: int, sources: Int64, workspace: UInt64
) -> int:
    """Largest ``h(x) + d(x, y) + h(y)`` over the sources x and the other nodes y of the block.

    The bit of source x starts at time h(x), so that it comes to y at the time ``h(x) + d(x, y)``.
    """
    seen, now, new = workspace[0], workspace[1], workspace[2]
    seen[:] = 0
    size = len(hanging)
    frontier = np.empty(size + len(sources), np.int32)
    reached = np.empty(size, np.int32)
    listed = np.zeros(size, np.bool_)
    starting = _ascending(hanging[sources])
    best, time, started, n_frontier = 0, 0, 0, 0
    while n_frontier > 0 or started < len(sources):
        if n_frontier == 0:
            time = hanging[sources[starting[started]]]
        begins = int(n_frontier)  # for Numba a literal 0 would be another type, and the spread compiled twice
        while started < len(sources) and hanging[sources[starting[started]]] == time:
            bit = starting[started]
            v = sources[bit]
            now[v * WORDS + bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
            seen[v * WORDS + bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
            frontier[n_frontier] = v
            n_frontier += 1
            started += 1
        n_reached = spread_bits(indptr, indices, inner, first, frontier[:n_frontier], begins, now, new, reached, listed)
        for i in range(n_frontier):
            fill_row(now, np.int64(frontier[i]) * WORDS, np.uint64(0))
        time += 1
        n_frontier = 0
        for i in range(n_reached):
            w = np.int64(reached[i])
            listed[w] = False
            if take_new_bits(w * WORDS, new, seen, now):
                best = max(best, time + hanging[w])
                frontier[n_frontier] = w
                n_frontier += 1
    return best
