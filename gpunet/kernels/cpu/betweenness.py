"""Betweenness for several sets at once: Brandes (2001), one forward pass a source, all its sets in one backward pass.

With g_C(w) = (target_weight_C(w) + delta_C(w)) / sigma(w), the dependency of a source on v is delta_C(v) = sigma(v)
times the sum of g_C over v's successors. A source counts for the sets that hold it, and the forward pass (distances and
path counts) is the same for all of them; the backward pass reads each edge once and adds a short row of g.

Path counts are float64. Where one passes 2^900 (a long lattice or ladder) the source is done again with a binary
exponent beside every count, which has no limit; a single exponent a level would not do, since counts within a level
can differ by more than a double's range.

Parameters of one name are the same in all functions here:

indptr, indices, source_weight, target_weight, copies
    As in :func:`dependencies_batch`; of one source `source_weight` is float64[sets], of one source and set a number.
reached, order
    How many vertices a source reaches, and int32[n] these in order of distance.
columns
    int64[active], the sets that the source is in; `column` if there is one.
distance
    int32[n], -1 where not reached.
sigma, exponent
    float64[n] and int64[n]: path counts are ``sigma * 2**exponent``.
gain
    float64[n, sets] (flat for one set), g_C of the vertices behind.
out
    float64[n, sets], sums to which dependencies are added.
"""

from __future__ import annotations

import math

import numpy as np

from gpunet.base.array_types import Float64, Int32, Int64
from gpunet.kernels.jit import njit

__all__ = ["LIMIT", "dependencies_batch"]

#: Path counts beyond this are done with exponents.
LIMIT = 2.0**900


@njit
def dependencies_batch(
    indptr: Int64, indices: Int32, source_weight: Float64, target_weight: Float64, copies: Float64, sources: Int32
) -> Float64:
    """float64[n, sets]: dependencies of the `sources` on each vertex, summed, for each set.

    The neighbours of v are ``indices[indptr[v]:indptr[v + 1]]``.
    ``target_weight`` (float64[n, sets]) says how much each vertex counts as a target: 0 or 1 in a plain network, more
    in a block, where others hang behind a vertex; and ``copies`` (float64[n]) for how many twins it stands.
    ``source_weight`` (float64[sources, sets]) is how much each source counts.
    """
    size, n_sets = target_weight.shape
    out = np.zeros((size, n_sets), np.float64)
    distance = np.full(size, -1, np.int32)
    sigma = np.zeros(size, np.float64)
    exponent = np.zeros(size, np.int64)
    gain = np.zeros((size, n_sets), np.float64)
    order = np.empty(size, np.int32)
    columns = np.empty(n_sets, np.int64)
    for i in range(len(sources)):
        s = sources[i]
        active = 0
        for c in range(n_sets):
            if source_weight[i, c] > 0:
                columns[active] = c
                active += 1
        if active == 0:
            continue
        reached, largest = _forward(indptr, indices, copies, s, distance, sigma, order)
        if largest > LIMIT:
            _forward_scaled(indptr, indices, copies, reached, distance, sigma, exponent, order)
            _backward_scaled(
                indptr, indices, source_weight[i], target_weight, copies, reached, columns[:active],
                distance, sigma, exponent, order, gain, out,
            )  # fmt: skip
        elif active == 1:
            _backward_one(
                indptr, indices, source_weight[i, columns[0]], target_weight, copies, reached, columns[0],
                distance, sigma, order, gain.ravel(), out,
            )  # fmt: skip
        else:
            _backward(
                indptr, indices, source_weight[i], target_weight, copies, reached, columns[:active],
                distance, sigma, order, gain, out,
            )  # fmt: skip
        for j in range(reached):
            distance[order[j]] = -1
    return out


@njit
def _forward(
    indptr: Int64, indices: Int32, copies: Float64, s: int, distance: Int32, sigma: Float64, order: Int32
) -> tuple[int, float]:
    """Distances and path counts from `s`; returns how many vertices were reached and the largest count."""
    distance[s] = 0
    sigma[s] = 1.0
    order[0] = s
    head, tail = 0, 1
    largest = 1.0
    while head < tail:
        v = order[head]
        head += 1
        beyond = distance[v] + 1
        paths = sigma[v] * (copies[v] if v != s else 1.0)
        largest = max(largest, paths)
        for e in range(indptr[v], indptr[v + 1]):
            w = indices[e]
            if distance[w] < 0:
                distance[w] = beyond
                sigma[w] = paths
                order[tail] = w
                tail += 1
            elif distance[w] == beyond:
                sigma[w] += paths
    return tail, largest


@njit
def _backward_one(
    indptr: Int64,
    indices: Int32,
    source_weight: float,
    target_weight: Float64,
    copies: Float64,
    reached: int,
    column: int,
    distance: Int32,
    sigma: Float64,
    order: Int32,
    gain: Float64,
    out: Float64,
) -> None:
    """Backward pass for a source in one set only: most sources, and no row to add."""
    for j in range(reached - 1, 0, -1):
        v = order[j]
        beyond = distance[v] + 1
        total = 0.0
        for e in range(indptr[v], indptr[v + 1]):
            w = indices[e]
            if distance[w] == beyond:
                total += gain[w]
        delta = sigma[v] * total
        out[v, column] += source_weight * delta
        gain[v] = (target_weight[v, column] + copies[v] * delta) / sigma[v]


@njit
def _backward(
    indptr: Int64,
    indices: Int32,
    source_weight: Float64,
    target_weight: Float64,
    copies: Float64,
    reached: int,
    columns: Int64,
    distance: Int32,
    sigma: Float64,
    order: Int32,
    gain: Float64,
    out: Float64,
) -> None:
    active = len(columns)
    total = np.empty(active, np.float64)
    for j in range(reached - 1, 0, -1):
        v = order[j]
        beyond = distance[v] + 1
        total[:] = 0.0
        for e in range(indptr[v], indptr[v + 1]):
            w = indices[e]
            if distance[w] == beyond:
                for c in range(active):
                    total[c] += gain[w, c]
        for c in range(active):
            delta = sigma[v] * total[c]
            out[v, columns[c]] += source_weight[columns[c]] * delta
            gain[v, c] = (target_weight[v, columns[c]] + copies[v] * delta) / sigma[v]


@njit
def _forward_scaled(
    indptr: Int64,
    indices: Int32,
    copies: Float64,
    reached: int,
    distance: Int32,
    sigma: Float64,
    exponent: Int64,
    order: Int32,
) -> None:
    """Path counts as ``sigma * 2**exponent`` with sigma in [0.5, 1); distances and order are there already."""
    for j in range(reached):
        sigma[order[j]] = 0.0
    sigma[order[0]] = 0.5
    exponent[order[0]] = 1
    for j in range(reached):
        v = order[j]
        beyond = distance[v] + 1
        passing, power = math.frexp(sigma[v] * (copies[v] if j > 0 else 1.0))
        power += exponent[v]
        for e in range(indptr[v], indptr[v + 1]):
            w = indices[e]
            if distance[w] != beyond:
                continue
            if sigma[w] == 0.0:
                sigma[w], exponent[w] = passing, power
                continue
            shift = power - exponent[w]
            if shift <= 0:
                sigma[w] += _times_power_of_two(passing, shift)
            else:
                sigma[w] = _times_power_of_two(sigma[w], -shift) + passing
                exponent[w] = power
            if sigma[w] >= 1.0:
                sigma[w] *= 0.5
                exponent[w] += 1


@njit
def _times_power_of_two(x: float, power: int) -> float:
    """``x * 2**power`` for ``power <= 0``; far too small powers give 0."""
    return math.ldexp(x, power) if power > -1100 else 0.0


@njit
def _backward_scaled(
    indptr: Int64,
    indices: Int32,
    source_weight: Float64,
    target_weight: Float64,
    copies: Float64,
    reached: int,
    columns: Int64,
    distance: Int32,
    sigma: Float64,
    exponent: Int64,
    order: Int32,
    gain: Float64,
    out: Float64,
) -> None:
    """Do as :func:`_backward`; ``gain`` is ``target_weight(w) + delta(w)``, the ratio of counts is taken by edge."""
    active = len(columns)
    total = np.empty(active, np.float64)
    for j in range(reached - 1, 0, -1):
        v = order[j]
        beyond = distance[v] + 1
        total[:] = 0.0
        for e in range(indptr[v], indptr[v + 1]):
            w = indices[e]
            if distance[w] == beyond:
                ratio = _times_power_of_two(sigma[v] / sigma[w], exponent[v] - exponent[w])
                for c in range(active):
                    total[c] += ratio * gain[w, c]
        for c in range(active):
            out[v, columns[c]] += source_weight[columns[c]] * total[c]
            gain[v, c] = target_weight[v, columns[c]] + copies[v] * total[c]
