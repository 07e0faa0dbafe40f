"""Betweenness of eight sources at a time: the adjacency is read once for all of them, and counts are added as vectors.

The same sums as in :mod:`gpunet.kernels.cpu.betweenness`, level by level (Sariyuce et al. 2014 and TurboBC do the like
on GPUs). A vertex has eight path counts side by side, one for each source, or *lane*. Going forward, the neighbours
of the vertices that some lane reached at this level are listed, then each of them sums its neighbours' rows; lanes in
which it was not reached before take the sum as their count. Going back, rows hold g_C: of all lanes for a set that
nearly all sources count for, and else of eight *slots*, each a lane with one of its sets, so that sources in few sets
share passes. No branch depends on an edge or on a lane.

It pays because sources that stand side by side in the order of vertices have nearly the same distances, so that a
vertex is active at two or three levels, not eight. A simplicial vertex (its neighbours all know each other) lies on no
shortest path between others, so only its neighbours look at it: it is not `inner`.

Parameters of one name are the same in all functions here:

indptr, indices, target_weight, copies, inner
    As in :func:`dependencies_lanes`.
sigma, row, onward
    float64[8 (n + 1)], eight lanes a vertex: path counts, what this level passes on, what the next will.
listing, active
    int32 and uint8 [9 n + 1], vertices level by level, and the lanes in which each was reached there, as bits.
begin
    int64[n + 2]: level d is ``listing[begin[d]:begin[d + 1]]``, of `levels`.
closed, seen
    bool[n + 1] and uint8[n]: whether all lanes have reached a vertex; which have, as bits.
counts
    float64[8], how much the source of each lane, or of each slot, counts for the set.
lane_of, set_of
    int64[8], of each slot.
slot_bits, share
    uint8[256], slots of each combination of lanes; float64[8], what each slot adds.
out
    float64[n, sets], sums to which dependencies are added.
"""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int32, Int64, UInt8
from gpunet.kernels.cpu.betweenness import LIMIT, dependencies_batch
from gpunet.kernels.cpu.passes import add_slots, counting, lanes_worth_a_pass, weights_of_slots
from gpunet.kernels.jit import njit
from gpunet.kernels.lanes import LANES, fill_row
from gpunet.kernels.path_lanes import PADDING, gain_row, gain_slots, prefetch, prefetch_rows, settle_row

__all__ = ["dependencies_lanes", "work_size"]

_EVERY_LANE = (1 << LANES) - 1

# Arrays of eight doubles a vertex that a search needs.
_ROWS = 3

# How many vertices of a list to look ahead, so that memory has time to answer. Large blocks fit no near cache, and the
# order of a list is not one that the processor would guess.
_AHEAD = 12


def work_size(vertices: int) -> int:
    """How many doubles of room :func:`dependencies_lanes` needs for so many vertices."""
    return _ROWS * LANES * (vertices + 1)


@njit
def dependencies_lanes(
    indptr: Int64,
    indices: Int32,
    source_weight: Float64,
    target_weight: Float64,
    copies: Float64,
    inner: Bool,
    sources: Int32,
    work: Float64,
) -> Float64:
    """float64[n, sets]: what :func:`gpunet.kernels.cpu.betweenness.dependencies_batch` returns, faster.

    Rows of the adjacency are filled up to a multiple of ``PADDING`` with the number n
    (:func:`gpunet.kernels.cpu.traversal.padded_rows`). ``inner`` (bool[n]) may be False for simplicial vertices.
    Sources are best neighbours of each other. Groups in which a path count passes 2^900 are done one source at a time.
    ``work`` is room for ``work_size(n)`` doubles, best at the beginning of a cache line.
    """
    size, n_sets = target_weight.shape
    out = np.zeros((size, n_sets), np.float64)
    elements = (size + 1) * LANES  # a row of zeros at the end fills the adjacency up
    sigma, row, onward = work[:elements], work[elements : 2 * elements], work[2 * elements : 3 * elements]
    row[:] = 0.0
    onward[:] = 0.0
    sigma[:] = 1.0
    listing = np.empty(
        size * LANES + size + 1, np.int32
    )  # a vertex is listed once for each lane at most, and once more
    active = np.empty(len(listing), np.uint8)
    begin = np.zeros(size + 2, np.int64)
    closed = np.zeros(size + 1, np.bool_)
    closed[size] = True
    seen = np.zeros(size, np.uint8)
    slot_bits = np.empty(1 << LANES, np.uint8)
    share = np.empty(LANES, np.float64)
    counts = np.zeros(LANES, np.float64)
    lane_of = np.zeros(LANES * n_sets + LANES, np.int64)
    set_of = np.zeros(LANES * n_sets + LANES, np.int64)
    for i in range(0, len(sources), LANES):
        group, source_weights = sources[i : i + LANES], source_weight[i : i + LANES]
        levels, fits = _forward(
            indptr, indices, copies, inner, group,
            sigma, row, onward, listing, active, begin, closed, seen,
        )  # fmt: skip
        slots = 0
        worth = lanes_worth_a_pass(source_weights)
        for c in range(n_sets if fits else 0):
            if counting(source_weights, c, counts) < worth:
                slots = add_slots(counts, c, slots, lane_of, set_of)
            else:
                _backward(
                    indptr, indices, target_weight, copies, inner, c, counts,
                    sigma, row, onward, listing, active, begin, levels, out,
                )  # fmt: skip
        for s in range(0, slots, LANES):
            weights_of_slots(source_weights, lane_of[s : s + LANES], set_of[s : s + LANES], slots - s, counts)
            _backward_slots(
                indptr, indices, target_weight.ravel(), copies, inner, lane_of[s : s + LANES],
                set_of[s : s + LANES], slot_bits, counts, share,
                sigma, row, onward, listing, active, begin, levels, out,
            )  # fmt: skip
        for j in range(begin[levels]):
            seen[listing[j]] = 0
            closed[listing[j]] = False
        if not fits:
            out += dependencies_batch(indptr, indices, source_weights, target_weight, copies, group)
    return out


@njit
def _forward(
    indptr: Int64,
    indices: Int32,
    copies: Float64,
    inner: Bool,
    group: Int32,
    sigma: Float64,
    row: Float64,
    onward: Float64,
    listing: Int32,
    active: UInt8,
    begin: Int64,
    closed: Bool,
    seen: UInt8,
) -> tuple[int, bool]:
    """Distances and path counts of all lanes.

    The vertices active at level d are ``listing[begin[d]:begin[d + 1]]``, each in the lanes of its bits in `active`;
    ``seen`` has a bit for each lane that has reached a vertex, and ``closed`` is set where all have. Returns the number
    of levels and whether all counts are within the limit; `row` and `onward` are zero before and after.
    """
    top = 0
    for lane in range(len(group)):
        s = np.int64(group[lane])
        sigma[s * LANES + lane] = row[s * LANES + lane] = 1.0
        seen[s] |= np.uint8(1) << np.uint8(lane)
        listing[top] = s
        top += 1
    begin[0], begin[1] = 0, top
    level = 0
    peak = np.zeros(LANES, np.float64)
    fits = True
    while begin[level + 1] > begin[level] and fits:
        reached = _list_neighbours(indptr, indices, inner, level, listing, begin, closed)
        level += 1
        for i in range(begin[level], reached):
            ahead = np.int64(listing[min(i + _AHEAD, reached - 1)])
            prefetch_rows(ahead, indices, indptr[ahead], row, sigma, onward)
            w = np.int64(listing[i])
            fresh = settle_row(w, seen[w], copies[w], indices, indptr[w], indptr[w + 1], row, sigma, onward, peak)
            seen[w] |= np.uint8(fresh)
            closed[w] = seen[w] == _EVERY_LANE
            listing[top] = w
            active[top] = fresh
            top += fresh != 0
        _clear(row, listing, begin[level - 1], begin[level])
        row, onward = onward, row
        begin[level + 1] = top
        for lane in range(LANES):
            fits &= peak[lane] <= LIMIT
    if not fits:
        _clear(row, listing, begin[level], top)
        level += 1
    return level, fits


@njit
def _list_neighbours(
    indptr: Int64, indices: Int32, inner: Bool, level: int, listing: Int32, begin: Int64, closed: Bool
) -> int:
    """List the neighbours of those active at `level` that some lane has not reached; return the end of the list."""
    # Unsigned positions: Numba makes sure of signed ones that they do not count from the end.
    reached = np.uint64(begin[level + 1])
    for i in range(begin[level], begin[level + 1]):
        v = np.int64(listing[i])
        if level > 0 and not inner[v]:
            continue
        for start in range(indptr[v], indptr[v + 1], PADDING):
            for k in range(PADDING):  # a fixed number: no branch to predict
                w = np.uint64(indices[np.uint64(start + k)])
                listing[reached] = w  # stays if it is new
                reached += np.uint64(not closed[w])
                closed[w] = True
    return np.int64(reached)  # type: ignore[return-value]


@njit
def _clear(row: Float64, listing: Int32, start: int, stop: int) -> None:
    for i in range(start, stop):
        fill_row(row, np.int64(listing[i]) * LANES, 0.0)


@njit
def _backward(
    indptr: Int64,
    indices: Int32,
    target_weight: Float64,
    copies: Float64,
    inner: Bool,
    c: int,
    counts: Float64,
    sigma: Float64,
    row: Float64,
    onward: Float64,
    listing: Int32,
    active: UInt8,
    begin: Int64,
    levels: int,
    out: Float64,
) -> None:
    """Dependencies of all lanes for set `c`, added to `out`; `row` and `onward` are zero before and after."""
    n_sets = out.shape[1]
    flat_targets, sums = target_weight.ravel(), out.ravel()
    for level in range(levels - 1, 0, -1):
        for i in range(begin[level], begin[level + 1]):
            ahead = np.int64(listing[min(i + 2 * _AHEAD, begin[level + 1] - 1)])
            prefetch(indptr, ahead)
            prefetch(indices, indptr[ahead])
            ahead = np.int64(listing[min(i + _AHEAD, begin[level + 1] - 1)])
            prefetch_rows(ahead, indices, indptr[ahead], row, sigma, onward)
            prefetch(flat_targets, ahead * n_sets)
            prefetch(sums, ahead * n_sets)
            v = np.int64(listing[i])
            start = indptr[v]
            stop = indptr[v + 1] if inner[v] else start  # nobody is further out by way of v
            out[v, c] += gain_row(
                v, active[i], target_weight[v, c], copies[v], counts, indices, start, stop, row, sigma, onward
            )
        _clear(row, listing, begin[level + 1], begin[level + 2] if level + 2 <= levels else begin[level + 1])
        row, onward = onward, row
    if levels > 1:
        _clear(row, listing, begin[1], begin[2])


@njit
def _backward_slots(
    indptr: Int64,
    indices: Int32,
    target_weight: Float64,
    copies: Float64,
    inner: Bool,
    lane_of: Int64,
    set_of: Int64,
    slot_bits: UInt8,
    counts: Float64,
    share: Float64,
    sigma: Float64,
    row: Float64,
    onward: Float64,
    listing: Int32,
    active: UInt8,
    begin: Int64,
    levels: int,
    out: Float64,
) -> None:
    """As :func:`_backward`, of eight slots."""
    n_sets = out.shape[1]
    for lanes in range(len(slot_bits)):
        slot_bits[lanes] = 0
        for k in range(LANES):
            slot_bits[lanes] |= ((lanes >> lane_of[k]) & 1) << k
    sums = out.ravel()
    for level in range(levels - 1, 0, -1):
        for i in range(begin[level], begin[level + 1]):
            ahead = np.int64(listing[min(i + 2 * _AHEAD, begin[level + 1] - 1)])
            prefetch(indptr, ahead)
            prefetch(indices, indptr[ahead])
            ahead = np.int64(listing[min(i + _AHEAD, begin[level + 1] - 1)])
            prefetch_rows(ahead, indices, indptr[ahead], row, sigma, onward)
            prefetch(target_weight, ahead * n_sets)
            prefetch(sums, ahead * n_sets)
            v = np.int64(listing[i])
            start = indptr[v]
            stop = indptr[v + 1] if inner[v] else start
            gain_slots(
                v, slot_bits[active[i]], v * n_sets, copies[v], target_weight, lane_of, set_of, counts, indices, start,
                stop, row, sigma, onward, share,
            )  # fmt: skip
            if inner[v]:
                for k in range(LANES):
                    out[v, set_of[k]] += share[k]
        _clear(row, listing, begin[level + 1], begin[level + 2] if level + 2 <= levels else begin[level + 1])
        row, onward = onward, row
    if levels > 1:
        _clear(row, listing, begin[1], begin[2])
