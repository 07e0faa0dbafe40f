"""The model's loops over rows, compiled by Numba: gradients of boosting, and walks down the trees of a forest.

Each row stands alone, so rows may be divided over threads in any way without a bit of the result changing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.kernels.jit import njit

__all__ = ["GRADIENT_UNIT", "boosting_gradients", "fill_inner_nodes", "held_out_loss", "walk_forest"]

#: Gradients are whole multiples of this. Sums of up to 2**28 of them are exact in double precision, so XGBoost's
#: histograms, and with them the trees, do not depend on the order of summation: the bits of a model are the same for
#: any number of threads. One unit is what float32 resolves just below 1.
GRADIENT_UNIT = 2.0**-24


@njit
def boosting_gradients(
    margin: NDArray[np.float32],
    labels: NDArray[np.bool_],
    folds: NDArray[np.int32],
    held_out: int,
    gradient: NDArray[np.float32],
    hessian: NDArray[np.float32],
) -> None:
    """Derivatives of the log loss into `gradient` and `hessian`, float32[n]; zero for the rows of fold `held_out`.

    A row whose gradient and hessian are zero has no influence on any tree, yet the tree carries it to a leaf: one
    matrix serves the training of every fold and the prediction of its held-out rows.
    """
    for i in range(len(margin)):
        if folds[i] == held_out:
            gradient[i] = 0.0
            hessian[i] = 0.0
            continue
        p = 1.0 / (1.0 + math.exp(-float(margin[i])))
        gradient[i] = math.floor((p - (1.0 if labels[i] else 0.0)) / GRADIENT_UNIT + 0.5) * GRADIENT_UNIT
        hessian[i] = max(math.floor(p * (1.0 - p) / GRADIENT_UNIT + 0.5), 1.0) * GRADIENT_UNIT


@njit
def held_out_loss(
    margin: NDArray[np.float32],
    labels: NDArray[np.bool_],
    folds: NDArray[np.int32],
    held_out: int,
    out: NDArray[np.float64],
) -> float:
    """Sum of the log loss over the rows of fold `held_out`; their margins are written into `out`, float64[n]."""
    total = 0.0
    for i in range(len(margin)):
        if folds[i] == held_out:
            m = float(margin[i])
            out[i] = m
            z = -m if labels[i] else m
            total += max(z, 0.0) + math.log1p(math.exp(-abs(z)))
    return total


@njit
def walk_forest(
    matrix: NDArray[np.float32],
    roots: NDArray[np.int64],
    feature: NDArray[np.int32],
    threshold: NDArray[np.float64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    null_left: NDArray[np.bool_],
    value: NDArray[np.float64],
    probability: NDArray[np.float64],
    contributions: Any,
) -> None:
    """Mean leaf value of each row into `probability`, and what each feature moved it by into `contributions`.

    Parameters
    ----------
    matrix
        float32[n, p], NaN where null.
    roots
        int64[t], the root node of each tree.
    feature, threshold, left, right, null_left, value
        One element a node: the feature it splits by (-1 for a leaf), rows up to the threshold go left, nulls go left
        where `null_left`, and the share of positives at the node.
    probability
        float64[n], written.
    contributions
        float64[n, p] of zeros, added to; with no columns it is left alone. The change of value over each edge of a
        row's path goes to the feature that was split by (Saabas), so that a row sums to its probability less the
        mean value of the roots.
    """
    trees = len(roots)
    explain = contributions.shape[1] > 0
    for i in range(len(matrix)):
        total = 0.0
        for t in range(trees):
            node = roots[t]
            while feature[node] >= 0:
                j = feature[node]
                x = matrix[i, j]
                go_left = null_left[node] if math.isnan(x) else float(x) <= threshold[node]
                child = left[node] if go_left else right[node]
                if explain:
                    contributions[i, j] += value[child] - value[node]
                node = child
            total += value[node]
        probability[i] = total / trees
        for j in range(contributions.shape[1]):
            contributions[i, j] /= trees


@njit
def fill_inner_nodes(
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    count: NDArray[np.float64],
    share: NDArray[np.float64],
) -> int:
    """Give each inner node of a tree, in `share`, the mean of its children weighted by `count`; return the depth.

    Children come after their parents, and are below 0 at a leaf; the leaves' shares are there already.
    """
    height = np.zeros(len(left), dtype=np.int64)
    for node in range(len(left) - 1, -1, -1):
        if left[node] >= 0:
            a, b = left[node], right[node]
            share[node] = (count[a] * share[a] + count[b] * share[b]) / (count[a] + count[b])
            height[node] = max(height[a], height[b]) + 1
    return int(height[0])
