"""What sampled sources say of every vertex, added up in pairs."""

from __future__ import annotations

from gpunet.base.array_types import Float64, Int64
from gpunet.kernels.jit import njit

__all__ = ["add_pairs"]


@njit
def add_pairs(
    value: Float64, one: Int64, other: Int64, times: Float64, set_of: Int64, total: Float64, square: Float64
) -> None:
    """Add each pair's sum to `total` and its squared difference to `square`, as often as the pair was drawn.

    Parameters
    ----------
    value
        float64[vertices, columns]: what a sample says of each vertex.
    one, other
        int64[pairs]: the columns of the two; `other` is -1 where the second says 0 of everybody here.
    times, set_of
        float64[pairs], int64[pairs]: how often the pair was drawn, and for which set.
    total, square
        float64[vertices, sets], changed in place.
    """
    for v in range(len(value)):
        for i in range(len(one)):
            a = value[v, one[i]]
            b = value[v, other[i]] if other[i] >= 0 else 0.0
            total[v, set_of[i]] += times[i] * (a + b)
            square[v, set_of[i]] += times[i] * (a - b) * (a - b)
