"""From incidents to ties and from ties to an adjacency in compressed rows (CSR)."""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Float64, Int32, Int64
from gpunet.kernels.jit import njit

__all__ = ["csr_from_ties", "incident_pairs", "reduce_pairs"]


@njit
def incident_pairs(
    indptr: Int64, members: Int32, first: Int32, last: Int32, n: int, undated: int
) -> tuple[Int64, Float64, Int32, Int32]:
    """Every pair of members of every incident.

    `members` of incident i, each once, are ``members[indptr[i]:indptr[i+1]]`` with `first` and `last` day. Returns
    ``key = a * n + b`` (a < b), the weight 1/(k-1), and the pair's earliest and latest day (`undated` if none).
    """
    total = 0
    for i in range(len(indptr) - 1):
        k = indptr[i + 1] - indptr[i]
        total += k * (k - 1) // 2
    key = np.empty(total, np.int64)
    weight = np.empty(total, np.float64)
    low = np.empty(total, np.int32)
    high = np.empty(total, np.int32)
    at = 0
    for i in range(len(indptr) - 1):
        start, stop = indptr[i], indptr[i + 1]
        if stop - start < 2:
            continue
        share = 1.0 / (stop - start - 1)
        for x in range(start, stop):
            for y in range(x + 1, stop):
                key[at] = np.int64(min(members[x], members[y])) * n + max(members[x], members[y])
                weight[at] = share
                low[at] = _earlier(first[x], first[y], undated)
                high[at] = max(last[x], last[y])
                at += 1
    return key, weight, low, high


@njit
def _earlier(x: int, y: int, undated: int) -> int:
    if x == undated:
        return y
    if y == undated:
        return x
    return min(x, y)


@njit
def reduce_pairs(
    key: Int64,
    order: Int64,
    weight: Float64,
    low: Int32,
    high: Int32,
    undated: int
) -> tuple[
    Int64, Int64, Float64, Int32, Int32
]:  # fmt: skip
    """Merge equal keys, taken in `order` (a stable sort of `key`, so that weights are summed in the pairs' order).

    Returns the distinct keys, number of incidents, summed weight, earliest and latest day.
    """
    distinct = 0
    for i in range(len(order)):
        if i == 0 or key[order[i]] != key[order[i - 1]]:
            distinct += 1
    out_key = np.empty(distinct, np.int64)
    count = np.zeros(distinct, np.int64)
    strength = np.zeros(distinct, np.float64)
    first = np.full(distinct, undated, np.int32)
    last = np.full(distinct, undated, np.int32)
    at = -1
    for i in range(len(order)):
        j = order[i]
        if i == 0 or key[j] != key[order[i - 1]]:
            at += 1
            out_key[at] = key[j]
        count[at] += 1
        strength[at] += weight[j]
        first[at] = _earlier(first[at], low[j], undated)
        last[at] = max(last[at], high[j])
    return out_key, count, strength, first, last


@njit
def csr_from_ties(
    a: Int32, b: Int32, n: int
) -> tuple[Int64, Int32]:  # fmt: skip
    """Symmetric adjacency of the ties ``a < b``, which are sorted by (a, b); each row comes out ascending."""
    indptr = np.zeros(n + 1, np.int64)
    for i in range(len(a)):
        indptr[a[i] + 1] += 1
        indptr[b[i] + 1] += 1
    for v in range(n):
        indptr[v + 1] += indptr[v]
    fill = indptr[:-1].copy()
    indices = np.empty(2 * len(a), np.int32)
    # Smaller neighbours first: ties come by ascending a, so row b receives them in order.
    for i in range(len(a)):
        indices[fill[b[i]]] = a[i]
        fill[b[i]] += 1
    for i in range(len(a)):
        indices[fill[a[i]]] = b[i]
        fill[a[i]] += 1
    return indptr, indices
