"""Which passes back eight sources need: for all of them and one set, or for eight slots, each a lane with a set."""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Float64, Int64
from gpunet.kernels.jit import njit
from gpunet.kernels.lanes import LANES

__all__ = ["add_slots", "counting", "lanes_worth_a_pass", "weights_of_slots"]

# What a pass back costs for all lanes of a set, and for eight slots: measured, about one to one and a half.
_SET_PASS, _SLOTS_PASS = 2, 3


@njit
def counting(owns: Float64, c: int, counts: Float64) -> int:
    """Fill `counts` with how much the lanes count for set `c`; return for how many that is above 0."""
    found = 0
    for lane in range(LANES):
        counts[lane] = owns[lane, c] if lane < len(owns) else 0.0
        found += counts[lane] > 0.0
    return found


@njit
def lanes_worth_a_pass(owns: Float64) -> int:
    """For how many lanes a set must count to have a pass back of its own, so that all passes together cost least."""
    sets_of = np.zeros(LANES + 1, np.int64)  # number of sets by how many lanes count for them
    for c in range(owns.shape[1]):
        found = 0
        for lane in range(len(owns)):
            found += owns[lane, c] > 0.0
        sets_of[found] += 1
    best, least = 1, np.iinfo(np.int64).max
    for worth in range(1, LANES + 2):
        slots = np.sum(np.arange(worth) * sets_of[:worth])
        cost = _SET_PASS * np.sum(sets_of[worth:]) + _SLOTS_PASS * -(-slots // LANES)
        if cost < least:
            best, least = worth, cost
    return best


@njit
def add_slots(counts: Float64, c: int, slots: int, lane_of: Int64, set_of: Int64) -> int:
    """Append the lanes that count for set `c` to the slots; return the new number of slots."""
    for lane in range(LANES):
        if counts[lane] > 0.0:
            lane_of[slots] = lane
            set_of[slots] = c
            slots += 1
    return slots


@njit
def weights_of_slots(owns: Float64, lane_of: Int64, set_of: Int64, slots: int, counts: Float64) -> None:
    """Fill `counts` with how much the slots count as sources, 0 for those beyond the number of slots."""
    for k in range(LANES):
        counts[k] = owns[lane_of[k], set_of[k]] if k < slots else 0.0
