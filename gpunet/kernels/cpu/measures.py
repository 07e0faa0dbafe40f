"""Measures of predictions under many weightings of the same persons, in one pass down their order.

Whatever is added up has an element a weighting, in doubles: those of counts are whole, and exact below 2^53. The loops
over weightings are compiled to vector instructions.
"""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int32, Int64, UInt8
from gpunet.kernels.jit import njit

__all__ = ["weighted_measures"]


@njit
def weighted_measures(
    weights: UInt8,
    community: Int32,
    positive: Bool,
    named: Bool,
    error: Float64,
    ends: Bool,
    tops: Int64,
    cuts: Int64,
) -> tuple[Float64, Float64]:
    """Measures and calibration of n persons, from the greatest value to the smallest, under each of d weightings.

    Parameters
    ----------
    weights
        uint8[c, d], how often each community counts.
    community
        int32[n], of each person.
    positive, named
        bool[n].
    error
        float64[n], squared difference of value and label.
    ends
        bool[n], whether a person is the last of those with the same value.
    tops
        int64[k], lengths of lists.
    cuts
        int64[g], ascending, where each group of persons ends (the first person not in it).

    Returns
    -------
    float64[6 + k, d]
        Precision, recall, F1, area under the ROC curve, average precision, mean of `error`, and the share of positives
        in each list; NaN where undefined. Equals count half in the area, and by their share at a list's end.
    float64[g, d]
        Share of positives in each group; NaN where nobody of it counts.
    """
    n, d, k = len(community), weights.shape[1], len(tops)
    out, observed = np.full((6 + k, d), np.nan), np.full((len(cuts), d), np.nan)
    hits, misses, hits_before, misses_before = np.zeros(d), np.zeros(d), np.zeros(d), np.zeros(d)
    twice_area, steps = np.zeros(d), np.zeros(d)
    group_hits, group_misses, group = np.zeros(d), np.zeros(d), 0
    listed = np.zeros(k, np.int64)  # in how many weightings a list is full
    some_hit, some_miss = False, False  # among those of one value
    for i in range(n):
        weight = weights[community[i]]
        some_hit, some_miss = some_hit or positive[i], some_miss or not positive[i]
        _add(weight, 1.0, hits if positive[i] else misses)
        if ends[i]:
            for t in range(k):
                if listed[t] < d:
                    listed[t] += _fill_list(tops[t], hits, misses, hits_before, misses_before, out[6 + t])
            if some_miss:
                _add_area(misses, misses_before, hits, hits_before, twice_area)
            if some_hit:
                _add_steps(hits, hits_before, misses, steps)
            some_hit, some_miss = False, False
        if group < len(cuts) and i + 1 == cuts[group]:
            _divide(hits - group_hits, hits - group_hits + misses - group_misses, observed[group])
            group_hits[:] = hits
            group_misses[:] = misses
            group += 1
    named_hits = _total(weights, community, (named & positive).astype(np.float64))
    named_misses = _total(weights, community, (named & ~positive).astype(np.float64))
    errors = _total(weights, community, error)
    _divide(named_hits, named_hits + named_misses, out[0])
    _divide(named_hits, hits, out[1])
    _divide(2 * named_hits, named_hits + named_misses + hits, out[2])
    _divide(twice_area, 2 * hits * misses, out[3])
    _divide(steps, hits, out[4])
    _divide(errors, hits + misses, out[5])
    return out, observed


@njit
def _add(weight: UInt8, value: float, total: Float64) -> None:
    for j in range(len(total)):
        total[j] += weight[j] * value


@njit
def _total(weights: UInt8, community: Int32, value: Float64) -> Float64:
    """float64[d], the sum of the persons' values: first of each community, of which there are fewer."""
    by_community, total = np.zeros(len(weights)), np.zeros(weights.shape[1])
    for i in range(len(community)):
        by_community[community[i]] += value[i]
    for c in range(len(weights)):
        if by_community[c]:
            _add(weights[c], by_community[c], total)
    return total


@njit
def _add_area(
    misses: Float64, misses_before: Float64, hits: Float64, hits_before: Float64, twice_area: Float64
) -> None:
    """Count the pairs with misses of one value, twice, or once if equal; these misses are then of before."""
    for j in range(len(hits)):
        twice_area[j] += (misses[j] - misses_before[j]) * (hits[j] + hits_before[j])
        misses_before[j] = misses[j]


@njit
def _add_steps(hits: Float64, hits_before: Float64, misses: Float64, steps: Float64) -> None:
    """Count the hits of one value times the precision down to there; these hits are then of before."""
    for j in range(len(hits)):
        steps[j] += (hits[j] - hits_before[j]) * (hits[j] / max(hits[j] + misses[j], 1.0))
        hits_before[j] = hits[j]


@njit
def _fill_list(
    top: int, hits: Float64, misses: Float64, hits_before: Float64, misses_before: Float64, out: Float64
) -> int:
    """Write the share of positives for every list of that length that ends among those of one value; count these."""
    filled = 0
    for j in range(len(hits)):
        before, counted = hits_before[j] + misses_before[j], hits[j] + misses[j]
        if before < top <= counted:
            share = (top - before) / (counted - before)
            out[j] = (hits_before[j] + share * (hits[j] - hits_before[j])) / top
            filled += 1
    return filled


@njit
def _divide(part: Float64, whole: Float64, out: Float64) -> None:
    for j in range(len(out)):
        if whole[j] > 0:
            out[j] = part[j] / whole[j]
