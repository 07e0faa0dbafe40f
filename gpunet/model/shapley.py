"""Exact SHAP values of shallow boosted trees, tabulated: what XGBoost's ``pred_contribs`` gives, many times faster.

What a leaf adds to a row's SHAP values depends only on which of the features on its path the row agrees with: at most
2**depth cases, all worked out once. What a whole tree adds depends only on its answers, one bit an inner node: rows
with the same answers get the same values, and of many rows few differ. The definition is that of TreeSHAP along the
trees' own paths (Lundberg et al. 2020, algorithm 2): a feature left out sends a row both ways, by the nodes' covers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from gpunet.base.array_types import Bool, Float32, Float64, Int32, Int64
from gpunet.kernels.jit import njit
from gpunet.model.boosted_nodes import joined, trees_of, zero_left
from gpunet.model.zeros import zeros_of

__all__ = ["MAX_DEPTH", "MAX_NODES", "ShapleyTables", "add_shapley_values", "shapley_tables"]

#: Features on one path that can be tabulated: a leaf takes ``2**k * k`` numbers.
MAX_DEPTH = 8

#: Inner nodes of a tree that can be tabulated: their answers are the bits of one number.
MAX_NODES = 64


class ShapleyTables(NamedTuple):
    """The trees of a booster as arrays; the numbers of inner nodes, leaves and features run over all trees.

    Attributes
    ----------
    feature, condition, null_left, zero_left
        One element an inner node: a row goes left where its value is less than the condition; one that is null where
        `null_left` says so, and one that is zero where `zero_left` does.
    tree_nodes, tree_leaves
        int64[t + 1]: where each tree's inner nodes and leaves begin.
    step_node, step_left, step_slot, leaf_steps
        The steps of each leaf's path, ``leaf_steps[l]:leaf_steps[l + 1]``: node (counted within the tree), direction,
        and which of the leaf's distinct features it tests.
    slot_feature, leaf_slots
        The distinct features of each leaf's path, ``leaf_slots[l]:leaf_slots[l + 1]``, each as its place among the
        tree's.
    tree_feature, tree_features
        The distinct features of each tree, ``tree_features[t]:tree_features[t + 1]``.
    value, leaf_value
        ``value[leaf_value[l] + mask * k + s]`` is what leaf l, with k distinct features, adds to the s-th of them
        where the row agrees with the features in `mask`.
    """

    feature: Int32
    condition: Float32
    null_left: Bool
    zero_left: Bool
    tree_nodes: Int64
    tree_leaves: Int64
    step_node: Int64
    step_left: Bool
    step_slot: Int64
    leaf_steps: Int64
    slot_feature: Int32
    leaf_slots: Int64
    tree_feature: Int32
    tree_features: Int64
    value: Float64
    leaf_value: Int64


def shapley_tables(booster: Any) -> ShapleyTables | None:
    """Tabulate the trees of an XGBoost booster.

    None if a path tests more than :data:`MAX_DEPTH` features, or a tree has more than :data:`MAX_NODES` inner nodes.
    """
    trees = trees_of(booster)
    steps: list[tuple[int, bool, int]] = []
    slots: list[int] = []
    features: list[int] = []
    values: list[Float64] = []
    tree_nodes, tree_leaves, tree_features, leaf_steps, leaf_slots, leaf_value = [0], [0], [0], [0], [0], [0]
    for tree in trees:
        inner = np.cumsum(np.asarray(tree["left_children"]) >= 0)  # an inner node's own place is one less
        own = list(dict.fromkeys(np.asarray(tree["split_indices"])[np.asarray(tree["left_children"]) >= 0].tolist()))
        if inner[-1] > MAX_NODES:
            return None
        for leaf, path in _paths(tree):
            distinct = list(dict.fromkeys(tree["split_indices"][node] for node, _ in path))
            if len(distinct) > MAX_DEPTH:
                return None
            share = np.ones(len(distinct))
            for node, left in path:
                child = tree["left_children" if left else "right_children"][node]
                slot = distinct.index(tree["split_indices"][node])
                share[slot] *= tree["sum_hessian"][child] / tree["sum_hessian"][node]
                steps.append((int(inner[node]) - 1, left, slot))
            slots += [own.index(feature) for feature in distinct]
            values.append(_leaf_values(share, _weights(len(distinct)), tree["split_conditions"][leaf]).ravel())
            leaf_steps.append(len(steps))
            leaf_slots.append(len(slots))
            leaf_value.append(leaf_value[-1] + values[-1].size)
        features += own
        tree_features.append(len(features))
        tree_nodes.append(tree_nodes[-1] + int(inner[-1]))
        tree_leaves.append(len(values))

    is_inner = joined(trees, "left_children", np.int64) >= 0
    return ShapleyTables(
        feature=joined(trees, "split_indices", np.int32)[is_inner],
        condition=joined(trees, "split_conditions", np.float32)[is_inner],
        null_left=joined(trees, "default_left", np.bool_)[is_inner],
        zero_left=zero_left(trees, zeros_of(booster))[is_inner],
        tree_nodes=np.array(tree_nodes),
        tree_leaves=np.array(tree_leaves),
        step_node=np.array([node for node, _, _ in steps], dtype=np.int64),
        step_left=np.array([left for _, left, _ in steps], dtype=np.bool_),
        step_slot=np.array([slot for _, _, slot in steps], dtype=np.int64),
        leaf_steps=np.array(leaf_steps),
        slot_feature=np.array(slots, dtype=np.int32),
        leaf_slots=np.array(leaf_slots),
        tree_feature=np.array(features, dtype=np.int32),
        tree_features=np.array(tree_features),
        value=np.concatenate(values),
        leaf_value=np.array(leaf_value),
    )


def _paths(tree: dict[str, list[Any]]) -> Iterator[tuple[int, list[tuple[int, bool]]]]:
    """Each leaf with the (node, goes left) steps that lead to it."""
    waiting: list[tuple[int, list[tuple[int, bool]]]] = [(0, [])]
    while waiting:
        node, path = waiting.pop()
        left, right = tree["left_children"][node], tree["right_children"][node]
        if left < 0:
            yield node, path
        else:
            waiting += [(right, [*path, (node, False)]), (left, [*path, (node, True)])]


def _weights(k: int) -> Float64:
    """Shapley's weight of a coalition of s of the other k - 1 features: s! (k - s - 1)! / k!."""
    return np.array([1.0 / (k * math.comb(k - 1, s)) for s in range(k)])


@njit
def _leaf_values(share: Float64, weights: Float64, leaf: float) -> Float64:
    """float64[2**k, k]: SHAP values of one leaf by the set of features that the row agrees with.

    `share` is the part of the cover that a left-out feature lets through. A coalition adds the leaf's value only if the
    row agrees with all of it, so the sum goes over the subsets of the row's mask.
    """
    k = len(share)
    out = np.zeros((1 << k, k))
    for mask in range(1 << k):
        for j in range(k):
            total = 0.0
            for coalition in range(1 << k):
                if coalition & ~mask or coalition >> j & 1:
                    continue
                size, product = 0, 1.0
                for g in range(k):
                    if coalition >> g & 1:
                        size += 1
                    elif g != j:
                        product *= share[g]
                total += weights[size] * product
            out[mask, j] = total * ((1.0 if mask >> j & 1 else 0.0) - share[j]) * leaf
    return out


@njit
def add_shapley_values(
    columns: Float32,
    out: Float64,
    feature: Int32,
    condition: Float32,
    null_left: Bool,
    zero_left: Bool,
    tree_nodes: Int64,
    tree_leaves: Int64,
    step_node: Int64,
    step_left: Bool,
    step_slot: Int64,
    leaf_steps: Int64,
    slot_feature: Int32,
    leaf_slots: Int64,
    tree_feature: Int32,
    tree_features: Int64,
    value: Float64,
    leaf_value: Int64,
) -> None:
    """Add the SHAP values of each column of `columns`, float32[p, n], to `out`, float64[at least p, n].

    A tree's leaves are added up first, in their order, and the sum is added to `out`. The other parameters are the
    fields of :class:`ShapleyTables`, in their order.
    """
    n = columns.shape[1]
    answers, pattern, seen = np.empty(n, dtype=np.uint64), np.empty(n, dtype=np.int64), np.empty(n, dtype=np.uint64)
    places = np.empty(4, dtype=np.int64)
    while len(places) < 2 * n:
        places = np.empty(2 * len(places), dtype=np.int64)
    for t in range(len(tree_nodes) - 1):
        answers[:] = np.uint64(0)
        for node in range(tree_nodes[t], tree_nodes[t + 1]):
            _answer(
                columns[feature[node]], condition[node], null_left[node], zero_left[node], node - tree_nodes[t], answers
            )
        patterns = _distinct(answers, places, seen, pattern)
        first_feature, width = tree_features[t], tree_features[t + 1] - tree_features[t]
        total = np.zeros((width, patterns))
        for which in range(patterns):
            for leaf in range(tree_leaves[t], tree_leaves[t + 1]):
                first = leaf_slots[leaf]
                k = leaf_slots[leaf + 1] - first
                mask = (1 << k) - 1
                for step in range(leaf_steps[leaf], leaf_steps[leaf + 1]):
                    if bool(seen[which] >> np.uint64(step_node[step]) & np.uint64(1)) != step_left[step]:
                        mask &= ~(1 << step_slot[step])
                start = leaf_value[leaf] + mask * k
                for s in range(k):
                    total[slot_feature[first + s], which] += value[start + s]
        for f in range(width):
            added, target = total[f], out[tree_feature[first_feature + f]]
            for i in range(n):
                target[i] += added[pattern[i]]


@njit
def _answer(column: Float32, condition: Any, null_left: Any, zero_left: Any, place: int, answers: Any) -> None:
    """Set bit number `place` of the answers, uint64[n], of the rows that go left."""
    bit, nothing = np.uint64(1) << np.uint64(place), np.uint64(0)
    of_null, of_zero = bit if null_left else nothing, bit if zero_left else nothing
    for i in range(len(column)):
        x = column[i]
        less = bit if x < condition else nothing
        answers[i] |= of_zero if x == 0 else (of_null if x != x else less)


@njit
def _distinct(answers: Any, places: Int64, seen: Any, pattern: Int64) -> int:
    """Number the distinct `answers`, uint64[n], in the order in which they first come; their number is returned.

    `seen` gets each of them, `pattern` each row's number. `places`, int64[a power of two, 2 n or more], is a hash table
    with linear probing.
    """
    places[:] = -1
    last, found, bits = len(places) - 1, 0, 0
    while 1 << bits < len(places):
        bits += 1
    for i in range(len(answers)):
        mixed = answers[i] * np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: its high bits hang on all
        place = np.int64(mixed >> np.uint64(64 - bits))
        while places[place] >= 0 and seen[places[place]] != answers[i]:
            place = (place + 1) & last
        if places[place] < 0:
            places[place], seen[found] = found, answers[i]
            found += 1
        pattern[i] = places[place]
    return found
