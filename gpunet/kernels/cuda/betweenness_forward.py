"""Away from the sources: distances and path counts of a group, level by level.

Called by :mod:`gpunet.kernels.cuda.betweenness_search`, which says what the parameters are.
"""

from __future__ import annotations

from gpunet.base.array_types import Bool, Float64, Int32
from gpunet.kernels.cuda.betweenness_steps import LANES, About, Network, settle, settle_scaled
from gpunet.kernels.jit_cuda import cuda, device

__all__ = ["CELLS", "OVER", "TOP", "clear_rows", "forward", "set_out"]

# Of the few numbers that a block's threads share: vertices found, end of the listing, whether a count is too large.
_N_FOUND, TOP, OVER, CELLS = range(4)


@device
def set_out(
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
        cell[TOP] = lanes
        cell[OVER] = 0
    cuda.syncthreads()


@device
def forward(
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
    and `onward` are zero before and after. Ends early, with ``cell[OVER]`` set, when a count passes the limit.
    """
    tid, threads = cuda.threadIdx.x, cuda.blockDim.x
    _, copies, inner, _ = about
    start, stop = 0, lanes
    level = 0
    while start < stop and cell[OVER] == 0:
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
                    cell[OVER] = 1  # any order: all write the same
        cuda.syncthreads()
        if tid == 0:
            cell[_N_FOUND] = 0
        _list_active(level, lanes, n_found, depth, listing, closed, found, cell)
        clear_rows(start, stop, listing, row)
        cuda.syncthreads()
        row, onward = onward, row
        start, stop = stop, cell[TOP]
        if tid == 0 and start < stop:
            begin[level + 1] = stop
    clear_rows(start, stop, listing, row)  # there are none, or a count is too large
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
            listing[cuda.atomic.add(cell, TOP, 1)] = w
        if not known:
            closed[w] = 0


@device
def clear_rows(start: int, stop: int, listing: Int32, row: Float64) -> None:
    """Make the rows of ``listing[start:stop]`` zero again."""
    for i in range(start * LANES + cuda.threadIdx.x, stop * LANES, cuda.blockDim.x):
        row[listing[i // LANES] * LANES + i % LANES] = 0.0  # any order: lanes may have one source
