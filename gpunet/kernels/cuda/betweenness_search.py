"""The device's part of :mod:`gpunet.kernels.cuda.betweenness`: what the threads of a block do, there and back.

All threads of a block go through the same levels together. Within a level, element i of a list and lane k are done by
thread ``(8 * i + k)`` modulo the number of threads, so that a thread has the same lane throughout, and the eight
elements of a row are read by threads side by side.

A group is searched in the network of the positions ``first..last - 1`` of all that are on the device, as vertices 0
and on: workspaces need to hold one such network, and groups of different networks can run side by side. Rows of the
adjacency may lead beyond `last`: those neighbours are never listed, their rows are zero, and to add them changes no
bit. ``stops`` says where rows may end, to save most of it.

Parameters of one name are the same in all functions here, in :mod:`gpunet.kernels.cuda.betweenness_forward` and in
:mod:`gpunet.kernels.cuda.betweenness_backward`:

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
from gpunet.kernels.cuda.betweenness_backward import backward
from gpunet.kernels.cuda.betweenness_forward import CELLS, OVER, TOP, forward, set_out
from gpunet.kernels.cuda.betweenness_pairs import add_pairs_of_samples
from gpunet.kernels.cuda.betweenness_steps import LANES
from gpunet.kernels.jit_cuda import cuda, kernel

__all__ = ["LISTS", "add_sums", "clear_workspace", "search"]

# Of a block's rows: path counts; what this level passes on; what the next will; what each lane adds to a sum.
_SIGMA, _ROW, _ONWARD, _ADDED = range(4)
# Of its marks: the level at which a lane reached a vertex, or -1; the exponent of its path count.
_DEPTH, _POWER = range(2)
# Of its lists, each as long as there are vertices: eight of active vertices, level after level, and these.
_CLOSED, _FOUND, _BEGIN = LANES, LANES + 1, LANES + 2
LISTS = LANES + 3


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
    cell = cuda.shared.array(CELLS, np.int32)
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
        set_out(sources, source_begin[group], lanes, first, sigma, row, depth, power, listing, begin, cell)
        levels = forward(
            network, about, lanes, scaled, limit,
            sigma, row, onward, depth, power, listing, closed, found, begin, cell,
        )  # fmt: skip
        if cell[OVER] == 0:
            for slot in range(slot_begin[group], slot_begin[group + 1], LANES):
                slots = min(slot_begin[group + 1] - slot, LANES)
                backward(
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
            over[group] = cell[OVER]
        for i in range(cuda.threadIdx.x, cell[TOP] * LANES, cuda.blockDim.x):
            v = listing[i // LANES]
            # Any order: a vertex may be listed at several levels, and all write the same.
            depth[v * LANES + i % LANES] = -1
            closed[v] = 0  # any order: see above
        cuda.syncthreads()
