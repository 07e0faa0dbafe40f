"""What a model file has to be before XGBoost reads it: sizes that agree, trees that are trees, names that are names.

XGBoost looks at none of that: a child beyond its tree is read from whatever memory lies there, and a circle has no end.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from gpunet.base.errors import ModelError
from gpunet.model.ubjson import Packed, read_ubjson

__all__ = ["MOST_DEPTH", "check_names", "check_structure"]

#: Ways from a root that are longer are refused; ours have at most six nodes.
MOST_DEPTH = 64

_MOST_FEATURES, _LONGEST_NAME = 100_000, 1_000

_OBJECTIVES = ("binary:logistic", "reg:squarederror")
_KINDS_OF_FEATURE = ("float", "int", "i", "q")

#: What each node has, and the kind of number: signed, unsigned or float.
_NODES = {
    "base_weights": "f", "default_left": "ui", "left_children": "i", "loss_changes": "f", "parents": "i",
    "right_children": "i", "split_conditions": "f", "split_indices": "i", "split_type": "ui", "sum_hessian": "f",
}  # fmt: skip

#: Of splits by category, which our models have none of.
_CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")

#: The parent of a root, and the feature of a node that was pruned.
_NO_PARENT, _PRUNED = 2**31 - 1, -1

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BASE_SCORE = re.compile(r"\[?([-+0-9.eE]{1,40})\]?")


def check_structure(file: bytes) -> None:
    """Raise ModelError unless a file's bytes are those of a booster that XGBoost can read and walk down."""
    try:
        learner = read_ubjson(file)["learner"]
        features = _check_learner(learner)
        booster = learner["gradient_booster"]
        _require(booster["name"] == "gbtree", "its booster is not gbtree")
        _check_trees(booster["model"], features)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        raise _unsound("something is missing, or of another kind") from None


def check_names(names: list[str]) -> None:
    """Raise ModelError unless these may be names of features: no control characters, and not endless."""
    _require(len(names) <= _MOST_FEATURES, f"it has more than {_MOST_FEATURES:,} features")
    for number, name in enumerate(names, 1):
        _require(
            len(name) <= _LONGEST_NAME, f"the name of feature {number} is longer than {_LONGEST_NAME:,} characters"
        )
        _require(not _CONTROL.search(name), f"the name of feature {number} has control characters")


def _check_learner(learner: Mapping[str, Any]) -> int:
    """Check everything but the trees; return the number of features."""
    param, names = learner["learner_model_param"], learner["feature_names"]
    features = _count(param["num_feature"])
    _require(all(isinstance(name, str) for name in names), "its features have no names")
    check_names(names)
    _require(len(names) in (0, features) and features > 0, "names and number of its features do not agree")
    kinds = learner["feature_types"]
    _require(len(kinds) in (0, features) and set(kinds) <= set(_KINDS_OF_FEATURE), "its features are of unknown kinds")
    _require(param["num_class"] in ("0", "1") and param.get("num_target", "1") == "1", "it has several outputs")
    score = _BASE_SCORE.fullmatch(param["base_score"])
    _require(score is not None and math.isfinite(float(score[1])), "its base score is no number")
    objective = learner["objective"]
    _require(objective["name"] in _OBJECTIVES, "it was grown for another objective")
    scale = objective.get("reg_loss_param", {}).get("scale_pos_weight", "1")
    _require(math.isfinite(float(scale)), "its weight of positives is no number")
    attributes = learner["attributes"]
    _require(all(isinstance(text, str) for text in attributes.values()), "an attribute is no text")
    if "gpunet" in attributes:  # that it is there, and what else it says, is looked at by whoever reads it
        described = json.loads(attributes["gpunet"])["features"]
        _require(all(isinstance(name, str) for name in described), "its metadata name no features")
        check_names(described)
    return features


def _check_trees(model: Mapping[str, Any], features: int) -> None:
    trees, param = model["trees"], model["gbtree_model_param"]
    _require(len(trees) == _count(param["num_trees"]) == len(model["tree_info"]), "its numbers of trees do not agree")
    _require(set(model["tree_info"]) <= {0}, "its trees are of several outputs")
    _require(_count(param.get("num_parallel_tree", "1")) >= 1, "its number of parallel trees is none")
    if "iteration_indptr" in model:
        rounds = model["iteration_indptr"]
        ends = bool(rounds) and rounds[0] == 0 and rounds[-1] == len(trees)
        _require(ends and sorted(rounds) == rounds, "its rounds do not fit its trees")
    of_categories = model.get("cats", {})
    _require(not any(len(each) for each in of_categories.values()), "it splits by categories")
    for number, tree in enumerate(trees):
        _require(tree["id"] == number, "its trees are not in order")
        _check_tree(tree, features)


def _check_tree(tree: Mapping[str, Any], features: int) -> None:
    param = tree["tree_param"]
    n = _count(param["num_nodes"])
    _require(n > 0 and _count(param["num_feature"]) == features, "a tree is of other features, or empty")
    _require(param["size_leaf_vector"] in ("0", "1"), "a tree has several outputs")
    for name, kinds in _NODES.items():
        nodes = tree[name]
        sound = isinstance(nodes, np.ndarray) and nodes.dtype.kind in kinds and len(nodes) == n
        _require(sound, "lengths in a tree do not agree")
        _require("f" not in kinds or bool(np.isfinite(nodes).all()), "a tree has numbers that are not finite")
    _require(not any(len(tree[name]) for name in _CATEGORIES), "a tree splits by categories")
    _require(
        not tree["split_type"].any() and bool((tree["default_left"] <= 1).all()), "a tree splits in an unknown way"
    )
    _require(bool((tree["sum_hessian"] >= 0).all()), "a tree has covers below zero")
    reached = _reached(tree["left_children"], tree["right_children"], tree["parents"])
    asked, pruned = tree["split_indices"], _count(param["num_deleted"])
    inner = reached & (tree["left_children"] >= 0)
    _require(bool(((asked >= 0) & (asked < features))[inner].all()), "a tree asks for a feature that there is not")
    _require(bool(((asked >= _PRUNED) & (asked < features)).all()), "a tree asks for a feature that there is not")
    _require(pruned == int((asked == _PRUNED).sum()) == int((~reached).sum()), "nodes of a tree hang on nothing")


def _reached(left: Packed, right: Packed, parents: Packed) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which nodes can be reached from the root; ModelError unless every way ends, and there is one to each."""
    n = len(left)
    seen = np.zeros(n, dtype=bool)
    seen[0] = True
    _require(int(parents[0]) in (_NO_PARENT, -1), "the root of a tree has a parent")
    _require(bool(((left >= 0) == (right >= 0)).all()), "a node of a tree has one child")
    level = np.zeros(1, dtype=np.int64)
    for _ in range(MOST_DEPTH + 1):
        level = level[left[level] >= 0]
        if not len(level):
            _require(bool(((left >= -1) & (right >= -1)).all()), "a node of a tree has no child that can be")
            return seen
        children = np.concatenate([left[level], right[level]]).astype(np.int64)
        _require(bool((children < n).all()), "a node of a tree has a child that there is not")
        _require(bool((parents[children] == np.tile(level, 2)).all()), "a child in a tree has another parent")
        _require(not seen[children].any() and len(np.unique(children)) == len(children), "a tree has a circle")
        seen[children] = True
        level = children
    raise _unsound(f"a tree is deeper than {MOST_DEPTH}")


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError(text)
    return int(text)


def _require(sound: bool, otherwise: str) -> None:
    if not sound:
        raise _unsound(otherwise)


def _unsound(what: str) -> ModelError:
    return ModelError(f"its structure is damaged, so XGBoost does not get to read it: {what}")
