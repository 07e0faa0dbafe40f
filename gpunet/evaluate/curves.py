"""ROC and precision-recall curves, of few points that keep the area."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

import numpy as np

from gpunet.base.array_types import Float64, Int64
from gpunet.evaluate.measures import Ordered

__all__ = ["AXES", "curves_of"]

#: Of each curve, what x and y are.
AXES: Mapping[str, tuple[str, str]] = {
    "roc": ("false_positive_rate", "true_positive_rate"),
    "precision_recall": ("recall", "precision"),
}

#: Of so many points a curve is thinned, and only a hard one keeps more.
_POINTS = 200

#: Points are added until the area between a thinned curve and the whole one is no more: of fewer points, and of more.
_CLOSE, _CLOSE_ENOUGH = 1e-4, 1e-3


def curves_of(persons: Ordered) -> dict[str, tuple[Float64, Float64, Float64]]:
    """``{curve: (threshold, x, y)}``, from nobody named (where the threshold is NaN) to everybody.

    A curve that is not defined is left out: both without positives or an order, ROC also without negatives. Where
    nobody is named precision is 1, as scikit-learn has it.
    """
    if not persons.are_ordered or not persons.positive.any():
        return {}
    end = np.flatnonzero(persons.ends)
    hits = np.append(0, np.cumsum(persons.positive)[end])
    named = np.append(0, end + 1)
    threshold = np.append(np.nan, persons.value[end])
    recall, precision = hits / hits[-1], np.append(1.0, hits[1:] / named[1:])
    points = {"precision_recall": (recall, precision)}
    if hits[-1] < len(persons):
        points = {"roc": ((named - hits) / (len(persons) - hits[-1]), recall), **points}
    kept = {name: _thinned(x, y) for name, (x, y) in points.items()}
    return {name: (threshold[kept[name]], x[kept[name]], y[kept[name]]) for name, (x, y) in points.items()}


def _thinned(x: Float64, y: Float64) -> Int64:
    """Positions of the points to keep: where the area to the whole curve is greatest, the farthest point is added."""
    last = len(x) - 1
    if last < _POINTS:
        return np.arange(len(x))
    kept = {0, last}
    error, farthest = _between(x, y, 0, last)
    pieces, total = [(-error, 0, last, farthest)], error
    while pieces and total > (_CLOSE if len(kept) < _POINTS else _CLOSE_ENOUGH):
        error, begin, end, middle = heapq.heappop(pieces)
        total += error
        kept.add(middle)
        for a, b in ((begin, middle), (middle, end)):
            if b - a > 1:
                error, farthest = _between(x, y, a, b)
                total += error
                heapq.heappush(pieces, (-error, a, b, farthest))
    return np.array(sorted(kept), np.int64)


def _between(x: Float64, y: Float64, begin: int, end: int) -> tuple[float, int]:
    """The area between the points ``begin..end`` and their chord, and the point inside farthest from the chord."""
    dx, dy = x[begin : end + 1] - x[begin], y[begin : end + 1] - y[begin]
    across = np.abs(dx * dy[-1] - dy * dx[-1])  # the distance from the chord, times its length
    # Straight up there is no area; elsewhere the distance along y is that divided by the chord's extent along x.
    area = ((across[1:] + across[:-1]) * (dx[1:] - dx[:-1])).sum() / (2 * dx[-1]) if dx[-1] > 0 else 0.0
    return float(area), begin + 1 + int(across[1:-1].argmax())
