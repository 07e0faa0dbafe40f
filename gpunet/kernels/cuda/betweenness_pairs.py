"""What pairs of drawn sources say of every vertex, added up on the device; see :mod:`gpunet.features.sampling`.

Arrays are those of :mod:`gpunet.kernels.cuda.betweenness_search`: `slot_lane` and `slot_set` int32[slots], `times`
float64[pairs], `added` float64[8 n], `depth` int32[8 n], `listing` int32[8 n], `begin` int32[levels + 1], `out`
float64[2 n sets].
"""

from __future__ import annotations

from gpunet.base.array_types import Float64, Int32
from gpunet.kernels.cuda.betweenness_steps import LANES
from gpunet.kernels.jit_cuda import device

__all__ = ["add_pairs_of_samples"]


@device
def add_pairs_of_samples(
    tid: int,
    threads: int,
    first: int,
    slots: int,
    slot_lane: Int32,
    slot_set: Int32,
    times: Float64,
    levels: int,
    sets: int,
    added: Float64,
    depth: Int32,
    listing: Int32,
    begin: Int32,
    out: Float64,
) -> None:
    """Add the sums and the squared differences of two slots at a time, as :mod:`gpunet.kernels.cpu.sampling` does.

    Slots ``first + 2 * k`` and the next are of one set, drawn ``times[first // 2 + k]`` times. A vertex has two rows of
    all sets in `out`, sums first, and is done by one of the block's threads, of which this is `tid`. What a slot says
    of a vertex stands in `added` if its lane has reached it since it set out, and else is nothing.
    """
    for level in range(levels):
        for i in range(begin[level] + tid, begin[level + 1], threads):
            v = listing[i]
            if not _listed_first(v, level, i, depth):
                continue
            for k in range(0, slots, 2):
                one, other = slot_lane[first + k], slot_lane[first + k + 1]
                a = added[v * LANES + k] if depth[v * LANES + one] > 0 else 0.0
                b = added[v * LANES + k + 1] if depth[v * LANES + other] > 0 else 0.0
                at = 2 * sets * v + slot_set[first + k]
                often = times[(first + k) // 2]
                out[at] += often * (a + b)
                out[at + sets] += often * (a - b) * (a - b)


@device
def _listed_first(v: int, level: int, i: int, depth: Int32) -> bool:
    """Whether no lane has listed a vertex before: it is listed at each level at which some lane reaches it.

    At level 0 element i is the source of lane i, and lanes may have the same source.
    """
    for lane in range(LANES):
        reached = depth[v * LANES + lane]
        if 0 <= reached < level or (level == 0 and reached == 0 and lane < i):
            return False
    return True
