"""The device's part of :mod:`gpunet.kernels.cuda.betweenness`: what the threads of a block do.

All threads of a block go through the same levels together. Within a level, element i of a list and lane k are done by
thread ``(8 * i + k)`` modulo the number of threads, so that a thread has the same lane throughout, and the eight
elements of a row are read by threads side by side.

A group is searched in the network of the positions ``first..last - 1`` of all that are on the device, as vertices 0
and on: workspaces need to hold one such network, and groups of different networks can run side by side. Rows of the
adjacency may lead beyond `last`: those neighbours are never listed, their rows are zero, and to add them changes no
bit. ``stops`` says where rows may end, to save most of it.

Parameters of one name are the same in all functions here:

indptr, stops, indices, target_weight, copies, inner
    The network, see :class:`gpunet.kernels.cuda.betweenness_workspace.OnDevice`; `network` and `about` are its part
    of one group.
first_of ... times
    The groups, see :class:`gpunet.kernels.cuda.betweenness_workspace.Groups`; `first` and `slots` are the first slot
    of at most eight and how many these are.
todo, over
    int32[groups]: which ones to do; whether a path count passed `limit` (always 0 if `scaled`).
rows, marks, lists, sums
    float64[blocks, 4, 8 n], int32[blocks, 2, 8 n], int32[blocks, 11 n], float64[blocks, positions * sets]: the
    workspace, see :class:`gpunet.kernels.cuda.betweenness_workspace.Workspace`.
sigma, row, onward, added
    float64[8 n], a block's rows; `power` and `depth` int32[8 n], its marks; `listing`, `closed`, `found` and `begin`
    int32[8 n] and [n], its lists.
cell
    int32[3], numbers that a block's threads share.
out
    float64[positions * sets], the block's sums from its group's first position on.
"""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.kernels.cuda.betweenness_pairs import add_pairs_of_samples
from gpunet.kernels.cuda.betweenness_steps import LANES, Network, gain, gain_scaled, settle, settle_scaled
from gpunet.kernels.jit_cuda import cuda, device, kernel

# The vertices of a network: target_weight, copies, whether inner, and from which one on targets count half.
About = tuple[Float64, Float64, Bool, int]

__all__ = ["LISTS", "add_sums", "clear_workspace", "search"]

# Of a block's rows: path counts; what this level passes on; what the next will; what each lane adds to a sum.
_SIGMA, _ROW, _ONWARD, _ADDED = range(4)
# Of its marks: the level at which a lane reached a vertex, or -1; the exponent of its path count.
_DEPTH, _POWER = range(2)
# Of its lists, each as long as there are vertices: eight of active vertices, level after level, and these.
_CLOSED, _FOUND, _BEGIN = LANES, LANES + 1, LANES + 2
LISTS = LANES + 3
# Of the few numbers that a block's threads share: vertices found, end of the listing, whether a count is too large.
_N_FOUND, _TOP, _OVER, _CELLS = range(4)


@kernel
def clear_workspace(rows: Float64, marks: Int32, lists: Int32) -> None:
    """What every search finds and leaves: rows of 0, nothing reached, nothing closed."""
    block = cuda.blockIdx.x
    for i in range(cuda.threadIdx.x, rows.shape[2], cuda.blockDim.x):
        rows[block, _ROW, i] = 0.0
        rows[block, _ONWARD, i] = 0.0
        marks[block, _DEPTH, i] = -1
        marks[block, _POWER, i] = 0
    for i in range(cuda.threadIdx.x, lists.shape[1], cuda.blockDim.x):
        lists[block, i] = 0


@kernel
def add_sums(sums: Float64, blocks: int, total: Float64, begin: int, cells: int) -> None:
    """Add the sums of the first `blocks` blocks to ``total[begin:begin + cells]``, in their order."""
    i = cuda.grid(1)
    if i < cells:
        held = total[begin + i]
        for block in range(blocks):
            held += sums[block, i]
        total[begin + i] = held


@kernel
def search(
    indptr: Int64,
    stops: Int64,
    indices: Int32,
    target_weight: Float64,
    copies: Float64,
    inner: Bool,
    first_of: Int64,
    last_of: Int64,
    halved_of: Int64,
    stops_of: Int64,
    source_begin: Int64,
    sources: Int32,
    slot_begin: Int64,
    slot_lane: Int32,
    slot_set: Int32,
    slot_weight: Float64,
    times: Float64,
    todo: Int32,
    start: int,
    stop: int,
    share: int,
    shares: int,
    fresh: bool,
    origin: int,
    positions: int,
    scaled: bool,
    limit: float,
    rows: Float64,
    marks: Int32,
    lists: Int32,
    sums: Float64,
    over: Int32,
) -> None:
    """Do the groups ``todo[start + share + block]``, and every `shares`-th after it before `stop`.

    They go into the sum of the block, which has a row of all sets for each of the `positions` from `origin` on, and
    begins with zeros if `fresh`. With ``times`` (one for each two slots) slots are pairs of samples: see
    :func:`gpunet.kernels.cuda.betweenness_pairs.add_pairs_of_samples`.
    """
    cell = cuda.shared.array(_CELLS, np.int32)
    block = cuda.blockIdx.x
    size = lists.shape[1] // LISTS
    sigma, row, onward, added = rows[block, _SIGMA], rows[block, _ROW], rows[block, _ONWARD], rows[block, _ADDED]
    depth, power = marks[block, _DEPTH], marks[block, _POWER]
    listing, closed = lists[block, : LANES * size], lists[block, _CLOSED * size : _FOUND * size]
    found, begin = lists[block, _FOUND * size : _BEGIN * size], lists[block, _BEGIN * size :]
    paired = len(times) > 0
    sets = target_weight.shape[1]
    width = 2 * sets if paired else sets
    if fresh:
        for i in range(cuda.threadIdx.x, positions * width, cuda.blockDim.x):
            sums[block, i] = 0.0
    for turn in range(start + share + block, stop, shares):
        group = todo[turn]
        first = first_of[group]
        lanes = source_begin[group + 1] - source_begin[group]
        network = (indptr[first:], stops[stops_of[group] :], indices, first, last_of[group] - first)
        about = (target_weight[first:], copies[first:], inner[first:], halved_of[group] - first)
        out = sums[block, (first - origin) * width :]
        _set_out(sources, source_begin[group], lanes, first, sigma, row, depth, power, listing, begin, cell)
        levels = _forward(
            network, about, lanes, scaled, limit,
            sigma, row, onward, depth, power, listing, closed, found, begin, cell,
        )  # fmt: skip
        if cell[_OVER] == 0:
            for slot in range(slot_begin[group], slot_begin[group + 1], LANES):
                slots = min(slot_begin[group + 1] - slot, LANES)
                _backward(
                    network, about, paired, slot, slots, slot_lane, slot_set, slot_weight, scaled,
                    sigma, row, onward, added, depth, power, listing, begin, levels, out,
                )  # fmt: skip
                if paired:
                    add_pairs_of_samples(
                        cuda.threadIdx.x, cuda.blockDim.x, slot, slots, slot_lane, slot_set, times, levels, sets,
                        added, depth, listing, begin, out,
                    )  # fmt: skip
                    cuda.syncthreads()
        if cuda.threadIdx.x == 0:
            over[group] = cell[_OVER]
        for i in range(cuda.threadIdx.x, cell[_TOP] * LANES, cuda.blockDim.x):
            v = listing[i // LANES]
            # Any order: a vertex may be listed at several levels, and all write the same.
            depth[v * LANES + i % LANES] = -1
            closed[v] = 0  # any order: see above
        cuda.syncthreads()


@device
def _set_out(
    sources: Int32,
    begins: int,
    lanes: int,
    first: int,
    sigma: Float64,
    row: Float64,
    depth: Int32,
    power: Int32,
    listing: Int32,
    begin: Int32,
    cell: Int32,
) -> None:
    """Level 0: the group's sources, each in its lane."""
    lane = cuda.threadIdx.x
    if lane < lanes:
        s = sources[begins + lane] - first
        sigma[s * LANES + lane] = 1.0
        row[s * LANES + lane] = 1.0
        depth[s * LANES + lane] = 0
        power[s * LANES + lane] = 0
        listing[lane] = s
    if lane == 0:
        begin[0] = 0
        begin[1] = lanes
        cell[_N_FOUND] = 0
        cell[_TOP] = lanes
        cell[_OVER] = 0
    cuda.syncthreads()


@device
def _forward(
    network: Network,
    about: About,
    lanes: int,
    scaled: bool,
    limit: float,
    sigma: Float64,
    row: Float64,
    onward: Float64,
    depth: Int32,
    power: Int32,
    listing: Int32,
    closed: Int32,
    found: Int32,
    begin: Int32,
    cell: Int32,
) -> int:
    """Distances and path counts of all lanes; returns the number of levels.

    The vertices active at level d are ``listing[begin[d]:begin[d + 1]]``, in the lanes where their depth is d. `row`
    and `onward` are zero before and after. Ends early, with ``cell[_OVER]`` set, when a count passes the limit.
    """
    tid, threads = cuda.threadIdx.x, cuda.blockDim.x
    _, copies, inner, _ = about
    start, stop = 0, lanes
    level = 0
    while start < stop and cell[_OVER] == 0:
        _list_neighbours(network, inner, level, start, stop, listing, closed, found, cell)
        cuda.syncthreads()
        level += 1
        n_found = cell[_N_FOUND]
        for i in range(tid, n_found * LANES, threads):
            w, lane = found[i // LANES], i % LANES
            if depth[w * LANES + lane] < 0:
                if scaled:
                    settle_scaled(w, lane, level, network, copies, row, sigma, onward, depth, power)
                elif settle(w, lane, level, network, copies, row, sigma, onward, depth) > limit:
                    cell[_OVER] = 1  # any order: all write the same
        cuda.syncthreads()
        if tid == 0:
            cell[_N_FOUND] = 0
        _list_active(level, lanes, n_found, depth, listing, closed, found, cell)
        _clear(start, stop, listing, row)
        cuda.syncthreads()
        row, onward = onward, row
        start, stop = stop, cell[_TOP]
        if tid == 0 and start < stop:
            begin[level + 1] = stop
    _clear(start, stop, listing, row)  # there are none, or a count is too large
    cuda.syncthreads()
    return level


@device
def _list_neighbours(
    network: Network,
    inner: Bool,
    level: int,
    start: int,
    stop: int,
    listing: Int32,
    closed: Int32,
    found: Int32,
    cell: Int32,
) -> None:
    """Find the neighbours of ``listing[start:stop]`` that some lane has not reached, each once, in any order."""
    begins, ends, indices, first, n = network
    for i in range(start * LANES + cuda.threadIdx.x, stop * LANES, cuda.blockDim.x):
        v = listing[i // LANES]
        if level > 0 and not inner[v]:
            continue  # no shortest path leads through it
        for e in range(begins[v] + i % LANES, ends[v], LANES):
            w = indices[e] - first
            # Any order: a look that comes too early leaves it to the exchange.
            if w < n and closed[w] == 0 and cuda.atomic.exch(closed, w, 1) == 0:
                found[cuda.atomic.add(cell, _N_FOUND, 1)] = w


@device
def _list_active(
    level: int, lanes: int, n_found: int, depth: Int32, listing: Int32, closed: Int32, found: Int32, cell: Int32
) -> None:
    """Of the vertices found, list those that a lane has just reached; those that all have reached stay closed."""
    for i in range(cuda.threadIdx.x, n_found, cuda.blockDim.x):
        w = found[i]
        fresh, known = False, True
        for lane in range(lanes):
            reached = depth[w * LANES + lane]
            fresh |= reached == level
            known &= reached >= 0
        if fresh:
            listing[cuda.atomic.add(cell, _TOP, 1)] = w
        if not known:
            closed[w] = 0


@device
def _clear(start: int, stop: int, listing: Int32, row: Float64) -> None:
    for i in range(start * LANES + cuda.threadIdx.x, stop * LANES, cuda.blockDim.x):
        row[listing[i // LANES] * LANES + i % LANES] = 0.0  # any order: lanes may have one source


@device
def _backward(
    network: Network,
    about: About,
    paired: bool,
    first: int,
    slots: int,
    slot_lane: Int32,
    slot_set: Int32,
    slot_weight: Float64,
    scaled: bool,
    sigma: Float64,
    row: Float64,
    onward: Float64,
    added: Float64,
    depth: Int32,
    power: Int32,
    listing: Int32,
    begin: Int32,
    levels: int,
    out: Float64,
) -> None:
    """Dependencies of at most eight slots; `row` and `onward` are zero before and after.

    They are added to `out`, or, if `paired`, left in `added` for each vertex and slot. With t the sum of the
    successors' rows, delta is ``sigma * t``, and a row is ``(target_weight + copies * delta) / sigma``.
    """
    tid, threads = cuda.threadIdx.x, cuda.blockDim.x
    target_weight, copies, inner, halved = about
    slot = tid % LANES
    busy = slot < slots
    lane, column, source_weight = 0, 0, 0.0
    if busy:
        lane, column, source_weight = slot_lane[first + slot], slot_set[first + slot], slot_weight[first + slot]
    for level in range(levels - 1, 0, -1):
        start, stop = begin[level], begin[level + 1]
        for i in range(start * LANES + tid, stop * LANES, threads):
            v = listing[i // LANES]
            at = v * LANES + lane
            delta = 0.0
            if busy and depth[at] == level:
                if inner[v] and scaled:
                    delta = sigma[at] * gain_scaled(v, slot, lane, network, row, power)
                elif inner[v]:
                    delta = sigma[at] * gain(v, slot, network, row)
                target = target_weight[v, column] * (0.5 if v >= halved else 1.0)
                onward[v * LANES + slot] = (target + copies[v] * delta) / sigma[at]
                if paired:
                    added[v * LANES + slot] = source_weight * delta
            if not paired:
                added[i - start * LANES] = source_weight * delta
        cuda.syncthreads()
        if not paired:
            _add_lanes(start, stop, inner, first, slots, slot_set, target_weight.shape[1], added, listing, out)
        if level + 1 < levels:
            _clear(begin[level + 1], begin[level + 2], listing, row)
        cuda.syncthreads()
        row, onward = onward, row
    if levels > 1:
        _clear(begin[1], begin[2], listing, row)
    cuda.syncthreads()


@device
def _add_lanes(
    start: int,
    stop: int,
    inner: Bool,
    first: int,
    slots: int,
    slot_set: Int32,
    sets: int,
    added: Float64,
    listing: Int32,
    out: Float64,
) -> None:
    """Add what the slots have to add for ``listing[start:stop]``; slots of the same set stand side by side."""
    for i in range(start + cuda.threadIdx.x, stop, cuda.blockDim.x):
        v = listing[i]
        if not inner[v]:
            continue
        column = slot_set[first]
        held = 0.0
        for k in range(slots):
            if slot_set[first + k] != column:
                out[v * sets + column] += held
                column = slot_set[first + k]
                held = 0.0
            held += added[(i - start) * LANES + k]
        out[v * sets + column] += held
