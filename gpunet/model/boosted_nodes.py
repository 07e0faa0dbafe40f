"""The trees of an XGBoost booster as one set of arrays, for the walk down them on a GPU."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Float32, Int32, Int64
from gpunet.base.errors import ModelError
from gpunet.model.zeros import zeros_of

__all__ = [
    "BoostedNodes", "boosted_nodes", "check_trees", "joined", "margin_without_trees", "objective_of", "trees_of",
    "zero_left",
]  # fmt: skip


class BoostedNodes(NamedTuple):
    """Nodes of all trees, as :func:`gpunet.model.loops_cuda.walk_boosted` takes them."""

    roots: Int64
    feature: Int32
    condition: Float32
    left: Int64
    right: Int64
    null_left: Bool
    zero_left: Bool


def boosted_nodes(booster: Any) -> BoostedNodes:
    """Read the trees of `booster`; children count over all trees."""
    trees = trees_of(booster)
    sizes = np.array([len(tree["left_children"]) for tree in trees], dtype=np.int64)
    roots = np.cumsum(sizes) - sizes
    offset = np.repeat(roots, sizes)
    left, right = joined(trees, "left_children", np.int64), joined(trees, "right_children", np.int64)
    return BoostedNodes(
        roots=roots,
        feature=joined(trees, "split_indices", np.int32),
        condition=joined(trees, "split_conditions", np.float32),
        left=np.where(left < 0, left, left + offset),
        right=np.where(left < 0, left, right + offset),
        null_left=joined(trees, "default_left", np.bool_),
        zero_left=zero_left(trees, zeros_of(booster)),
    )


def zero_left(trees: Sequence[Mapping[str, Any]], zeros: Int64) -> Bool:
    """Whether a row with a zero goes left at each node; `zeros` are the columns in which that is missing."""
    missing = np.isin(joined(trees, "split_indices", np.int64), zeros)
    less = joined(trees, "split_conditions", np.float32) > 0
    return np.where(missing, joined(trees, "default_left", np.bool_), less)


def trees_of(booster: Any) -> list[dict[str, Any]]:
    """The trees of `booster` as XGBoost's JSON has them, each a list a property of its nodes."""
    trees: list[dict[str, Any]] = _learner(booster)["gradient_booster"]["model"]["trees"]
    return trees


def joined(trees: Sequence[Mapping[str, Any]], key: str, dtype: Any) -> NDArray[Any]:
    """One property of the nodes of all trees, as one array."""
    return np.concatenate([np.asarray(tree[key]) for tree in trees]).astype(dtype)


def margin_without_trees(booster: Any) -> float:
    """The margin before the first tree, as XGBoost works it out of its base score in float32: it is asked itself."""
    import xgboost as xgb

    learner = _learner(booster)
    # A vector since XGBoost 3.1, "[0.1]", of one element here.
    score = float(learner["learner_model_param"]["base_score"].strip("[]"))
    row = xgb.DMatrix(np.zeros((1, 1), dtype=np.float32), nthread=1)
    bare = xgb.Booster({"objective": learner["objective"]["name"], "base_score": score, "nthread": 1}, cache=[row])
    return float(bare.predict(row, output_margin=True).ravel()[0])


def objective_of(booster: Any) -> str:
    """What the trees of `booster` were grown for, by XGBoost's name."""
    return str(json.loads(booster.save_config())["learner"]["objective"]["name"])


def check_trees(booster: Any) -> None:
    """Raise ModelError unless every tree is one: its ways end, and its nodes ask for features that there are.

    XGBoost does not look at that when it reads a file.
    """
    try:
        zeros_of(booster)
        sound = all(_is_tree(tree, booster.num_features()) for tree in trees_of(booster))
    except (KeyError, IndexError, TypeError, ValueError):
        sound = False
    if not sound:
        raise ModelError("its trees are damaged")


def _is_tree(tree: Mapping[str, Any], features: int) -> bool:
    n, seen, waiting = len(tree["left_children"]), set(), [0]
    while waiting:
        node = waiting.pop()
        left, right = tree["left_children"][node], tree["right_children"][node]
        leaf = left == right == -1
        fine = math.isfinite(tree["split_conditions"][node]) and math.isfinite(tree["sum_hessian"][node])
        if node in seen or not fine or tree["sum_hessian"][node] < 0 or tree["split_type"][node] != 0:
            return False
        seen.add(node)
        if leaf:
            continue
        if not (0 < left < n and 0 < right < n and 0 <= tree["split_indices"][node] < features):
            return False
        waiting += [left, right]
    return True


def _learner(booster: Any) -> Any:
    return json.loads(bytes(booster.save_raw("json")))["learner"]
