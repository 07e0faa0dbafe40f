"""Back to the sources: dependencies of a group, level by level, and what they add to its sums.

Called by :mod:`gpunet.kernels.cuda.betweenness_search`, which says what the parameters are.
"""

from __future__ import annotations

from gpunet.base.array_types import Bool, Float64, Int32
from gpunet.kernels.cuda.betweenness_forward import clear_rows
from gpunet.kernels.cuda.betweenness_steps import LANES, About, Network, gain, gain_scaled
from gpunet.kernels.jit_cuda import cuda, device

__all__ = ["backward"]


@device
def backward(
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
            clear_rows(begin[level + 1], begin[level + 2], listing, row)
        cuda.syncthreads()
        row, onward = onward, row
    if levels > 1:
        clear_rows(begin[1], begin[2], listing, row)
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
