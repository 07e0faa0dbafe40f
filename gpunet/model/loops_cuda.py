"""The model's loops over rows on a GPU: walks down the trees, a thread a row.

The functions do what XGBoost and :mod:`gpunet.model.shapley` do on a CPU, with two differences: arrays are on the
device, and matrices lie column by column, ``[p, n]``, so that the threads of a warp, which stand at the same tree and
mostly at the same node, read and write next to each other. Each row is one thread's alone and is added up in the order
of the trees: the sums have the bits that the CPU's have.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gpunet.kernels.jit_cuda import cuda, device, kernel, on_device
from gpunet.model import shapley

__all__ = ["add_shapley_values", "walk_boosted"]

THREADS = 128

_MAX_NODES = shapley.MAX_NODES  # and so, of features that a tree tests

#: More rows than this are taken in turn by the threads there are.
_MOST_BLOCKS = 1 << 16


def add_shapley_values(columns: Any, out: Any, *tables: Any) -> None:
    """Add the SHAP values of each row to `out`, float64[at least p, n], see :mod:`gpunet.model.shapley`.

    Parameters
    ----------
    columns
        float32[p, n] on the device, NaN where null.
    out
        On the device.
    *tables
        The fields of :class:`gpunet.model.shapley.ShapleyTables`, in their order, on the device.
    """
    n = columns.shape[1]
    if n:
        _add_shapley_values[_blocks(n), THREADS](
            on_device(columns, np.float32), on_device(out, np.float64), *(on_device(t, t.dtype) for t in tables)
        )


def walk_boosted(columns: Any, out: Any, start: float, *trees: Any) -> None:
    """Write the margin of each row into `out`, float32[n]: `start`, and each tree's leaf added in float32.

    Parameters
    ----------
    columns
        float32[p, n] on the device, NaN where null.
    out
        On the device.
    start
        The margin without any tree, as XGBoost has it in float32.
    *trees
        The fields of :class:`gpunet.model.boosted_nodes.BoostedNodes`: a row goes left where its value is less than
        the condition, or what ``null_left`` and ``zero_left`` say; a leaf has ``left`` below 0 and its value as the
        condition.
    """
    n = columns.shape[1]
    if n:
        _walk_boosted[_blocks(n), THREADS](
            on_device(columns, np.float32),
            on_device(out, np.float32),
            np.float32(start),
            *(on_device(t, t.dtype) for t in trees),
        )


def _blocks(n: int) -> int:
    return min(-(-n // THREADS), _MOST_BLOCKS)


@device
def _goes_left(x: Any, condition: Any, null_left: Any, zero_left: Any) -> Any:
    if x == 0:
        return zero_left
    return null_left if math.isnan(x) else x < condition


@kernel
def _add_shapley_values(
    columns: Any,
    out: Any,
    feature: Any,
    condition: Any,
    null_left: Any,
    zero_left: Any,
    tree_nodes: Any,
    tree_leaves: Any,
    step_node: Any,
    step_left: Any,
    step_slot: Any,
    leaf_steps: Any,
    slot_feature: Any,
    leaf_slots: Any,
    tree_feature: Any,
    tree_features: Any,
    value: Any,
    leaf_value: Any,
) -> None:
    total = cuda.local.array(_MAX_NODES, np.float64)
    for i in range(cuda.grid(1), columns.shape[1], cuda.gridsize(1)):
        for t in range(len(tree_nodes) - 1):
            first_feature, width = tree_features[t], tree_features[t + 1] - tree_features[t]
            for f in range(width):
                total[f] = 0.0
            for leaf in range(tree_leaves[t], tree_leaves[t + 1]):
                first = leaf_slots[leaf]
                k = leaf_slots[leaf + 1] - first
                mask = (1 << k) - 1
                for step in range(leaf_steps[leaf], leaf_steps[leaf + 1]):
                    node = tree_nodes[t] + step_node[step]
                    x = columns[feature[node], i]
                    goes_left = _goes_left(x, condition[node], null_left[node], zero_left[node])
                    if goes_left != step_left[step]:
                        mask &= ~(1 << step_slot[step])
                start = leaf_value[leaf] + mask * k
                for s in range(k):
                    total[slot_feature[first + s]] += value[start + s]
            for f in range(width):
                out[tree_feature[first_feature + f], i] += total[f]


@kernel
def _walk_boosted(
    columns: Any,
    out: Any,
    start: Any,
    roots: Any,
    feature: Any,
    condition: Any,
    left: Any,
    right: Any,
    null_left: Any,
    zero_left: Any,
) -> None:
    for i in range(cuda.grid(1), columns.shape[1], cuda.gridsize(1)):
        total = start
        for t in range(len(roots)):
            node = roots[t]
            while left[node] >= 0:
                x = columns[feature[node], i]
                goes_left = _goes_left(x, condition[node], null_left[node], zero_left[node])
                node = left[node] if goes_left else right[node]
            total += condition[node]
        out[i] = total
