"""Betweenness of many sources: searched from 64 at once, then the sets of each source side by side as vector lanes.

The same sums as in :mod:`gpunet.kernels.cpu.betweenness`. :mod:`gpunet.kernels.cpu.shortest_paths` lists for each
source the ties of its shortest paths, level by level. Going outwards, path counts are added along them; going back,
rows with one lane for each set that the source counts for. Both are plain loops over the list: no branch depends on a
vertex or a tie, and nothing is read that does not count. A source in one set, as most are, has rows of one double.

Parameters of one name are the same in all functions here:

copies
    As in :func:`dependencies_lanes`.
target_weight, out
    float64[sets * n], each set's numbers side by side: a source needs few sets.
order, begin, levels, ties, tie_begin
    Those of one source, see :class:`gpunet.kernels.cpu.shortest_paths.Paths`.
counts, passed
    float64[n], shortest paths that lead to a vertex, and that lead on from it: times its `copies`.
rows
    float64[8 n], see :mod:`gpunet.kernels.path_lanes`; a vertex has len(set_of) of them.
set_of, source_weight
    Where the sets of the lanes begin in `target_weight`, and how much the source counts for each.
"""

from __future__ import annotations

import threading

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int32, Int64, UInt64
from gpunet.kernels.cpu.betweenness import LIMIT, dependencies_batch
from gpunet.kernels.cpu.shortest_paths import AT_ONCE, HEAD, Paths, room_for_bits, room_for_paths, shortest_paths
from gpunet.kernels.jit import njit
from gpunet.kernels.lanes import LANES
from gpunet.kernels.path_lanes import add_row, clear_row, gain_row

__all__ = ["bytes_of_room", "dependencies_lanes", "forget_room"]

# What sources find is kept until all of them are searched from: so many bytes at once, but eight sources at least, as
# fewer share too little of a search. Of the beginnings of levels hardly a page is written, so they do not count.
_MOST_ROOM = 128 << 20

# Places in the list of ties are int32.
_MOST_TIES = (1 << 31) - 1

# The room of this thread's last call: the system takes a fifth of the time to hand out as much anew.
_KEPT = threading.local()

_ABOVE = np.uint64(32)


def dependencies_lanes(
    indptr: Int64,
    indices: Int32,
    source_weight: Float64,
    target_weight: Float64,
    copies: Float64,
    inner: Bool,
    sources: Int32,
) -> Float64:
    """float64[n, sets]: what :func:`gpunet.kernels.cpu.betweenness.dependencies_batch` returns, faster.

    ``inner`` (bool[n]) may be False for simplicial vertices. Sources are best neighbours of each other. Sources from
    which a path count passes 2^900 are done again by that function.
    """
    n, ties = len(copies), int(indptr[-1]) // 2
    if ties > _MOST_TIES:
        return dependencies_batch(indptr, indices, source_weight, target_weight, copies, sources)
    targets, sums = np.ascontiguousarray(target_weight.T), np.zeros(target_weight.shape[::-1])
    at_once = min(len(sources), _at_once(n, ties))
    if at_once == 0:
        return np.ascontiguousarray(sums.T)
    paths, bits = _room(at_once, n, ties), room_for_bits(n)
    counts, passed = np.empty((2, n))
    rows = np.empty(LANES * n)
    for i in range(0, len(sources), at_once):
        group, weights = sources[i : i + at_once], source_weight[i : i + at_once]
        shortest_paths(indptr, indices, inner, group, bits, paths)
        again = _dependencies(weights, targets.ravel(), copies, paths, counts, passed, rows, sums.ravel())
        if again.any():
            sums += dependencies_batch(indptr, indices, weights[again], target_weight, copies, group[again]).T
    return np.ascontiguousarray(sums.T)


def _at_once(n: int, ties: int) -> int:
    return min(AT_ONCE, max(LANES, _MOST_ROOM // (8 * ties + 4 * n + 1)))


def bytes_of_room(n: int, ties: int) -> int:
    """Bytes that a thread keeps for what sources find in a network of n vertices and so many ties.

    >>> bytes_of_room(10_000, 20_000), bytes_of_room(1_000_000, 2_000_000)
    (12800000, 160000000)
    """
    return _at_once(n, ties) * (8 * ties + 4 * n)


def forget_room() -> None:
    """Give back what this thread keeps for its next call: for threads that go on to other work."""
    _KEPT.paths = None


def _room(sources: int, n: int, ties: int) -> Paths:
    kept: Paths | None = getattr(_KEPT, "paths", None)
    if kept is None or len(kept.order) < sources or kept.order.shape[1] < n or kept.ties.shape[1] < ties:
        kept = _KEPT.paths = None  # not both at once
        kept = _KEPT.paths = room_for_paths(sources, n, ties)
    return kept


@njit
def _dependencies(
    source_weight: Float64,
    target_weight: Float64,
    copies: Float64,
    paths: Paths,
    counts: Float64,
    passed: Float64,
    rows: Float64,
    out: Float64,
) -> Bool:
    """Add what the sources give to `out`; returns those of which a count was too large, which add nothing."""
    n_sources, n_sets = source_weight.shape
    again = np.zeros(n_sources, np.bool_)
    set_of, weight = np.zeros(n_sets + LANES, np.int64), np.zeros(n_sets + LANES, np.float64)
    for i in range(n_sources):
        many = 0
        for c in range(n_sets):
            if source_weight[i, c] > 0.0:
                set_of[many], weight[many] = c * len(copies), source_weight[i, c]
                many += 1
        set_of[many : many + LANES] = set_of[0]  # lanes that are not needed read what is read anyway, and add 0
        weight[many : many + LANES] = 0.0
        searched = paths.order[i], paths.begin[i], paths.levels[i], paths.ties[i], paths.tie_begin[i]
        again[i] = many > 0 and _count(*searched, copies, counts, passed) > LIMIT
        if again[i]:
            continue
        for at in range(0, many, LANES):
            s, w = set_of[at : at + LANES], weight[at : at + LANES]
            if many - at == 1:
                _back(*searched, target_weight, copies, counts, rows, out, (w[0],), (s[0],))
            elif many - at <= 4:
                _back(
                    *searched, target_weight, copies, counts, rows, out,
                    (w[0], w[1], w[2], w[3]), (s[0], s[1], s[2], s[3]),
                )  # fmt: skip
            else:
                _back(
                    *searched, target_weight, copies, counts, rows, out,
                    (w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]),
                    (s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]),
                )  # fmt: skip
    return again


@njit
def _count(
    order: Int32, begin: Int32, levels: int, ties: UInt64, tie_begin: Int32, copies: Float64, counts: Float64,
    passed: Float64,
) -> float:  # fmt: skip
    """Count shortest paths to every vertex; returns the largest of `passed`."""
    counts[order[0]] = passed[order[0]] = 1.0
    largest = 1.0
    for level in range(1, levels):
        for i in range(begin[level], begin[level + 1]):
            counts[order[np.uint64(i)]] = 0.0
        for e in range(tie_begin[level - 1], tie_begin[level]):
            tie = ties[np.uint64(e)]
            counts[tie & HEAD] += passed[tie >> _ABOVE]
        for i in range(begin[level], begin[level + 1]):
            w = np.uint64(order[np.uint64(i)])
            passed[w] = counts[w] * copies[w]
            largest = max(largest, passed[w])
    return largest


@njit
def _back(
    order: Int32,
    begin: Int32,
    levels: int,
    ties: UInt64,
    tie_begin: Int32,
    target_weight: Float64,
    copies: Float64,
    counts: Float64,
    rows: Float64,
    out: Float64,
    source_weight: tuple[float, ...],
    set_of: tuple[int, ...],
) -> None:
    """Add the source's dependencies for the sets of the lanes to `out`."""
    for i in range(begin[levels - 1], begin[levels]):
        clear_row(rows, order[np.uint64(i)], set_of)
    for level in range(levels - 1, 0, -1):
        for i in range(begin[level], begin[level + 1]):
            v = np.int64(order[np.uint64(i)])
            gain_row(rows, v, copies[v], counts[v], target_weight, out, source_weight, set_of)
        if level == 1:
            break  # what the source itself lies between does not count
        for i in range(begin[level - 1], begin[level]):
            clear_row(rows, order[np.uint64(i)], set_of)
        for e in range(tie_begin[level - 1], tie_begin[level]):
            tie = ties[np.uint64(e)]
            add_row(rows, np.int64(tie >> _ABOVE), np.int64(tie & HEAD), set_of)
