"""What a lane of a vertex takes from its neighbours in :mod:`gpunet.kernels.cuda.betweenness`: paths, and gains.

Neighbours are summed in the order of the adjacency. A *row* is eight doubles of a vertex, one for each lane; rows of
vertices that have nothing to give are zero. Positions in the loops of most work are unsigned: Numba makes sure of
signed ones that they do not count from the end.
"""

from __future__ import annotations

import math

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.kernels.jit_cuda import device

# What is searched: where rows begin and end, the neighbours, the first position, and how many there are.
Network = tuple[Int64, Int64, Int32, int, int]
# The vertices of a network: target_weight, copies, whether inner, and from which one on targets count half.
About = tuple[Float64, Float64, Bool, int]

__all__ = ["LANES", "About", "Network", "gain", "gain_scaled", "settle", "settle_scaled"]

#: Sources a group: a row of eight doubles is two sectors of memory.
LANES = 8


@device
def settle(
    w: int,
    lane: int,
    level: int,
    network: Network,
    copies: Float64,
    row: Float64,
    sigma: Float64,
    onward: Float64,
    depth: Int32,
) -> float:
    """Let a lane reach a vertex if neighbours have paths to pass on; returns what it passes on itself, or 0."""
    begins, ends, indices, first, _ = network
    at = w * LANES + lane
    paths = 0.0
    for e in range(begins[w], ends[w]):
        paths += row[np.uint64((indices[np.uint64(e)] - first) * LANES + lane)]
    passing: float = paths * copies[w]
    if paths > 0.0:
        depth[at] = level
        sigma[at] = paths
        onward[at] = passing
    return passing


@device
def settle_scaled(
    w: int,
    lane: int,
    level: int,
    network: Network,
    copies: Float64,
    row: Float64,
    sigma: Float64,
    onward: Float64,
    depth: Int32,
    power: Int32,
) -> None:
    """Do as :func:`settle`; path counts are ``sigma * 2**power``, and what is passed on has the same exponent.

    `row`, `sigma` and `onward` are float64[8 n], `depth` and `power` int32[8 n], eight lanes a vertex; `copies`
    float64[n].
    """
    begins, ends, indices, first, _ = network
    paths, highest = 0.0, 0
    for e in range(begins[w], ends[w]):
        u = indices[e] - first
        x = row[u * LANES + lane]
        if x > 0.0:
            exponent = power[u * LANES + lane]
            if paths == 0.0 or exponent > highest:
                paths = _times_power_of_two(paths, highest - exponent) + x
                highest = exponent
            else:
                paths += _times_power_of_two(x, exponent - highest)
    if paths > 0.0:
        at = w * LANES + lane
        digits, exponent = math.frexp(paths)
        depth[at] = level
        sigma[at] = digits
        power[at] = highest + exponent
        onward[at] = digits * copies[w]


@device
def gain(v: int, slot: int, network: Network, row: Float64) -> float:
    """Sum of the rows of a vertex's successors in a slot: no other neighbour's row is above 0."""
    begins, ends, indices, first, _ = network
    total = 0.0
    for e in range(begins[v], ends[v]):
        total += row[np.uint64((indices[np.uint64(e)] - first) * LANES + slot)]
    return total


@device
def gain_scaled(v: int, slot: int, lane: int, network: Network, row: Float64, power: Int32) -> float:
    """Do as :func:`gain`, times two to the exponent of the vertex: those of its successors are at least that."""
    begins, ends, indices, first, _ = network
    total = 0.0
    exponent = power[v * LANES + lane]
    for e in range(begins[v], ends[v]):
        w = indices[e] - first
        x = row[w * LANES + slot]
        if x > 0.0:
            total += _times_power_of_two(x, exponent - power[w * LANES + lane])
    return total


@device
def _times_power_of_two(x: float, exponent: int) -> float:
    """``x * 2**exponent``; far too small powers give 0."""
    return math.ldexp(x, int(exponent)) if exponent > -1100 else 0.0
