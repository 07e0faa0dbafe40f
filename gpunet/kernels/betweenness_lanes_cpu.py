"""Betweenness of eight sources at a time: the adjacency is read once for all of them, and counts are added as vectors.

The same sums as in :mod:`gpunet.kernels.betweenness_cpu`, level by level (Sariyuce et al. 2014 and TurboBC do the like
on GPUs). A vertex has eight path counts side by side, one for each source, or *lane*. Going forward, a vertex that
some lane reached at this level adds its row, zero in the other lanes, to its neighbours' rows: no branch depends on a
lane. Lanes in which a neighbour was not reached before take the sum as their count. Going back, rows hold g_C: of all
lanes for a set that nearly all sources count for, and else of eight *slots*, each a lane with one of its sets, so that
sources in few sets share passes.

It pays because sources that stand side by side in the order of vertices have nearly the same distances, so that a
vertex is active at two or three levels, not eight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpunet.kernels.betweenness_cpu import LIMIT, dependencies_batch
from gpunet.kernels.jit import njit
from gpunet.kernels.lanes import LANES, add_row, fill_row, gain_row, gain_slots, settle_row, sum_rows

__all__ = ["dependencies_lanes"]

# States of a vertex going forward: listed for the next level, or settled, that is reached by every lane.
_LISTED, _SETTLED = 1, 2

# A set that fewer lanes count for shares its pass back with others, lane by lane.
_LANES_WORTH_A_PASS = 6


@njit
def dependencies_lanes(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    weight: NDArray[np.int64],
    twins: NDArray[np.int64],
    sources: NDArray[np.int32],
    first: int,
    last: int,
) -> NDArray[np.float64]:
    """float64[last - first, sets]: what :func:`gpunet.kernels.betweenness_cpu.dependencies_batch` returns, faster.

    Sources are best neighbours of each other. Groups in which a path count passes 2^900 are done one source at a time.
    """
    size = last - first
    out = np.zeros((size, weight.shape[1]), np.float64)
    distance = np.full(size * LANES, -1, np.int32)
    sigma = np.ones(size * LANES, np.float64)
    inverse = np.ones(size * LANES, np.float64)
    row = np.zeros(size * LANES, np.float64)
    total = np.zeros(size * LANES, np.float64)
    listing = np.empty(size * LANES + size, np.int32)  # a vertex is listed once for each lane at most, and once more
    begin = np.zeros(size + 2, np.int64)
    state = np.zeros(size, np.uint8)
    goal = weight[first:last].astype(np.float64)
    copies = twins[first:last].astype(np.float64)
    own = np.empty(LANES, np.float64)
    share = np.empty(LANES, np.float64)
    lane_of = np.zeros(LANES * weight.shape[1] + LANES, np.int64)
    set_of = np.zeros(LANES * weight.shape[1] + LANES, np.int64)
    for i in range(0, len(sources), LANES):
        group = sources[i : i + LANES]
        levels, fits = _forward(
            indptr, indices, copies, first, group, distance, sigma, inverse, row, total, listing, begin, state
        )
        slots = 0
        for c in range(weight.shape[1] if fits else 0):
            counting = _counting(weight, group, c, own)
            if counting < _LANES_WORTH_A_PASS:
                slots = _add_slots(own, c, slots, lane_of, set_of)
                continue
            for level in range(levels - 1, 0, -1):
                _sum_successors(indptr, indices, first, level, levels, row, total, listing, begin)
                for j in range(begin[level], begin[level + 1]):
                    v = np.int64(listing[j])
                    out[v, c] += gain_row(
                        v * LANES, level, goal[v, c], copies[v], own, total, distance, sigma, inverse, row
                    )
            _clear_last(levels, row, total, listing, begin)
        for s in range(0, slots, LANES):
            _own_of_slots(weight, group, lane_of[s : s + LANES], set_of[s : s + LANES], slots - s, own)
            _backward_slots(
                indptr, indices, first, goal.ravel(), copies, lane_of[s : s + LANES], set_of[s : s + LANES], own, share,
                distance, sigma, inverse, row, total, listing, begin, levels, out,
            )  # fmt: skip
        for j in range(begin[levels]):
            fill_row(distance, np.int64(listing[j]) * LANES, -1)
            state[listing[j]] = 0
        if not fits:
            out += dependencies_batch(indptr, indices, weight, twins, group, first, last)
    return out


@njit
def _forward(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    copies: NDArray[np.float64],
    first: int,
    group: NDArray[np.int32],
    distance: NDArray[np.int32],
    sigma: NDArray[np.float64],
    inverse: NDArray[np.float64],
    row: NDArray[np.float64],
    total: NDArray[np.float64],
    listing: NDArray[np.int32],
    begin: NDArray[np.int64],
    state: NDArray[np.uint8],
) -> tuple[int, bool]:
    """Distances and path counts of all lanes.

    The vertices active at level d are ``listing[begin[d]:begin[d + 1]]``. Returns the number of levels and whether all
    counts are within the limit; `row` and `total` are zero again.
    """
    top = 0
    for lane in range(len(group)):
        s = np.int64(group[lane]) - first
        distance[s * LANES + lane] = 0
        sigma[s * LANES + lane] = inverse[s * LANES + lane] = row[s * LANES + lane] = 1.0
        listing[top] = s
        top += 1
    begin[0], begin[1] = 0, top
    level = 0
    peak = np.zeros(LANES, np.float64)
    fits = True
    while begin[level + 1] > begin[level] and fits:
        reached = top
        for i in range(begin[level], begin[level + 1]):
            v = np.int64(listing[i])
            for e in range(indptr[v + first], indptr[v + first + 1]):
                w = np.int64(indices[e]) - first
                if state[w] == _SETTLED:
                    continue
                add_row(total, w * LANES, row, v * LANES)
                if state[w] == 0:
                    state[w] = _LISTED
                    listing[reached] = w
                    reached += 1
        _clear(row, listing, begin[level], begin[level + 1])
        level += 1
        for i in range(begin[level], reached):
            w = np.int64(listing[i])
            found = settle_row(w * LANES, level, copies[w], total, distance, sigma, inverse, row, peak)
            state[w] = _SETTLED if found >= 2 else 0
            if found % 2:
                listing[top] = w
                top += 1
        begin[level + 1] = top
        for lane in range(LANES):
            fits &= peak[lane] <= LIMIT
    if not fits:
        _clear(row, listing, begin[level], top)
        level += 1
    return level, fits


@njit
def _clear(row: NDArray[np.float64], listing: NDArray[np.int32], start: int, stop: int) -> None:
    for i in range(start, stop):
        fill_row(row, np.int64(listing[i]) * LANES, 0.0)


@njit
def _counting(weight: NDArray[np.int64], group: NDArray[np.int32], c: int, own: NDArray[np.float64]) -> int:
    """Fill `own` with the lanes' weights in set `c`; return how many are above 0."""
    counting = 0
    for lane in range(LANES):
        own[lane] = weight[group[lane], c] if lane < len(group) else 0.0
        counting += own[lane] > 0.0
    return counting


@njit
def _add_slots(
    own: NDArray[np.float64], c: int, slots: int, lane_of: NDArray[np.int64], set_of: NDArray[np.int64]
) -> int:
    """Append the lanes that count for set `c` to the slots; return the new number of slots."""
    for lane in range(LANES):
        if own[lane] > 0.0:
            lane_of[slots] = lane
            set_of[slots] = c
            slots += 1
    return slots


@njit
def _own_of_slots(
    weight: NDArray[np.int64],
    group: NDArray[np.int32],
    lane_of: NDArray[np.int64],
    set_of: NDArray[np.int64],
    slots: int,
    own: NDArray[np.float64],
) -> None:
    """Fill `own` with the slots' weights as sources, 0 for those beyond the number of slots."""
    for k in range(LANES):
        own[k] = weight[group[lane_of[k]], set_of[k]] if k < slots else 0.0


@njit
def _sum_successors(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    first: int,
    level: int,
    levels: int,
    row: NDArray[np.float64],
    total: NDArray[np.float64],
    listing: NDArray[np.int32],
    begin: NDArray[np.int64],
) -> None:
    """Totals of the vertices active at `level`: the sums of the rows of those at the next, which are cleared."""
    if level == levels - 1:
        return  # nobody is further out, and totals are zero
    for i in range(begin[level], begin[level + 1]):
        v = np.int64(listing[i])
        sum_rows(total, v * LANES, row, indices, indptr[v + first], indptr[v + first + 1], first)
    _clear(row, listing, begin[level + 1], begin[level + 2])


@njit
def _clear_last(
    levels: int,
    row: NDArray[np.float64],
    total: NDArray[np.float64],
    listing: NDArray[np.int32],
    begin: NDArray[np.int64],
) -> None:
    """Make `row` and `total` zero again after a pass back."""
    _clear(total, listing, begin[1], begin[levels])
    if levels > 1:
        _clear(row, listing, begin[1], begin[2])


@njit
def _backward_slots(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    first: int,
    goal: NDArray[np.float64],
    copies: NDArray[np.float64],
    lane_of: NDArray[np.int64],
    set_of: NDArray[np.int64],
    own: NDArray[np.float64],
    share: NDArray[np.float64],
    distance: NDArray[np.int32],
    sigma: NDArray[np.float64],
    inverse: NDArray[np.float64],
    row: NDArray[np.float64],
    total: NDArray[np.float64],
    listing: NDArray[np.int32],
    begin: NDArray[np.int64],
    levels: int,
    out: NDArray[np.float64],
) -> None:
    """Dependencies of eight slots, added to `out`; `row` and `total` are zero before and after."""
    n_sets = out.shape[1]
    for level in range(levels - 1, 0, -1):
        _sum_successors(indptr, indices, first, level, levels, row, total, listing, begin)
        for i in range(begin[level], begin[level + 1]):
            v = np.int64(listing[i])
            gain_slots(
                v * LANES,
                level,
                v * n_sets,
                goal,
                copies[v],
                lane_of,
                set_of,
                own,
                total,
                distance,
                sigma,
                inverse,
                row,
                share,
            )
            for k in range(LANES):
                out[v, set_of[k]] += share[k]
    _clear_last(levels, row, total, listing, begin)
