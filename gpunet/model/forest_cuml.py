"""A random forest grown by cuML on a GPU, and carried over to scikit-learn's trees.

Nothing of cuML outlives the training: its trees become the forest that the CPU would have grown a twin of, so that
scores, explanations and files are the same code and the same kind, wherever a model was trained or is used.

cuML refuses nulls. They are trained as a value below every other, and the finished trees send nulls to the left at
every node, where such a value goes: so nothing is ever filled in when a person is scored.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.errors import EngineError, ModelError
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import ModelConfig
from gpunet.model.classifier import Fitted
from gpunet.model.forest import PARAMETERS, RandomForest
from gpunet.model.loops import fill_inner_nodes
from gpunet.model.matrix import namespace, to_device, to_host
from gpunet.model.trees import Tree, flatten

__all__ = ["CUML", "NULL", "GrownTree", "fit", "read_trees", "sklearn_forest"]

#: What stands for a null while cuML trains: no value is less. Infinity would be refused.
NULL = float(np.finfo(np.float32).min)

#: Beyond the parameters of scikit-learn's forest; the reasons are in docs/model.md.
CUML: dict[str, Any] = {"n_bins": 512, "n_streams": 1, "max_depth": None, "bootstrap": True}


@dataclass(frozen=True, eq=False)
class GrownTree:
    """A tree with what scikit-learn keeps beside it: rows in the bootstrap sample at each node, and the depth."""

    tree: Tree
    count: NDArray[np.float64]
    depth: int


def fit(
    matrix: Any,
    labels: NDArray[np.bool_],
    folds: NDArray[np.int32],
    *,
    config: ModelConfig,
    threads: int,
    progress: ProgressCallback | None = None,
) -> Fitted:
    """Do what :func:`gpunet.model.forest.fit` does, for a matrix on a GPU.

    Raises
    ------
    EngineError
        If cuML is not installed.
    """
    import sklearn

    cuml = _cuml()
    xp, n_features = namespace(matrix), matrix.shape[1]
    filled = xp.where(xp.isnan(matrix), xp.asarray(NULL, dtype=xp.float32), matrix)
    target = to_device(labels.astype(np.int32))
    n_folds = int(folds.max()) + 1
    held_out = np.empty(len(labels))
    for k in range(n_folds):
        out = folds == k
        inside, outside = (to_device(np.flatnonzero(rows)) for rows in (~out, out))
        grown = _grow(cuml, xp.take(filled, inside, axis=0), xp.take(target, inside, axis=0), config)
        nodes = flatten([each.tree for each in grown], n_features)
        probability, _ = nodes.walk(xp.take(matrix, outside, axis=0), threads, explain=False)
        held_out[out] = to_host(nodes.log_odds(probability))
        if progress is not None:
            progress("cross-fit", k + 1, n_folds)
    forest = RandomForest(sklearn_forest(_grow(cuml, filled, target, config), n_features, len(labels), config))
    if progress is not None:
        progress("train on all", 1, 1)
    recorded = {**PARAMETERS, **CUML, "n_estimators": config.max_rounds, "device": "cuda", "nulls": "below all values"}
    libraries = {"cuml": str(cuml.__version__), "scikit-learn": sklearn.__version__}
    return Fitted(forest, held_out, config.max_rounds, recorded, libraries)


def _cuml() -> Any:
    try:
        return importlib.import_module("cuml")
    except ImportError as error:
        raise EngineError(
            'a random forest on a GPU needs cuML, which is not installed: pip install "gpunet[gpu]" '
            "(or train it with --engine cpu, or XGBoost on either)"
        ) from error


def _grow(cuml: Any, matrix: Any, target: Any, config: ModelConfig) -> list[GrownTree]:
    options = {**PARAMETERS, **CUML, "n_bins": min(CUML["n_bins"], len(matrix))}  # more bins than rows are a warning
    forest = cuml.ensemble.RandomForestClassifier(
        n_estimators=config.max_rounds, random_state=config.seed, split_criterion="gini", **options
    )
    forest.fit(matrix, target)
    return read_trees(forest.as_treelite())


def read_trees(model: Any) -> list[GrownTree]:
    """The trees of a Treelite model of two classes, with the share of positives at every node.

    Treelite knows the shares at the leaves alone; above, they are the children's means, weighted by their rows.

    Raises
    ------
    ModelError
        If it does not tell how many rows each node has, or its rows do not go left up to the threshold.
    """
    return [_read_tree(model.get_tree_accessor(t)) for t in range(model.num_tree)]


def _read_tree(tree: Any) -> GrownTree:
    left = np.array(tree.get_field("cleft"), dtype=np.int64)
    right = np.array(tree.get_field("cright"), dtype=np.int64)
    leaf = left < 0
    first = np.asarray(tree.get_field("leaf_vector_begin")).astype(np.int64)[leaf]
    votes = np.asarray(tree.get_field("leaf_vector"), dtype=np.float64)
    share = np.zeros(len(left))
    share[leaf] = votes[first + 1] / (votes[first] + votes[first + 1])
    count = _rows(tree, len(left))
    depth = fill_inner_nodes(left, right, count, share)
    return GrownTree(
        Tree(
            left=left,
            right=right,
            feature=np.array(tree.get_field("split_index"), dtype=np.int64),
            threshold=np.array(tree.get_field("threshold"), dtype=np.float64),
            null_left=np.ones(len(left), dtype=np.bool_),
            value=np.column_stack([1.0 - share, share]),
        ),
        count,
        int(depth),
    )


def _rows(tree: Any, nodes: int) -> NDArray[np.float64]:
    """How many rows of the bootstrap sample came to each node, a row as often as it was drawn."""
    for name in ("sum_hess", "data_count"):  # where both are there, the second counts a row once
        if np.asarray(tree.get_field(f"{name}_present")).astype(bool).sum() == nodes:
            return np.array(tree.get_field(name), dtype=np.float64)
    raise ModelError("cuML's trees do not say how many rows each node has: this version of cuML is not known here")


def sklearn_forest(trees: list[GrownTree], n_features: int, n_rows: int, config: ModelConfig) -> Any:
    """A fitted forest of scikit-learn's with these trees; Gini impurity and importance follow from them.

    A small forest is fitted for its form, whatever that is in the version at hand, and given the trees.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier

    two_rows = np.zeros((2, n_features), dtype=np.float32)
    two_rows[1] = 1.0
    classes = np.array([False, True])
    forest = RandomForestClassifier(len(trees), random_state=config.seed, **PARAMETERS).fit(two_rows, classes)
    forest._n_samples = forest._n_samples_bootstrap = n_rows
    pattern = DecisionTreeClassifier().fit(two_rows, classes).tree_  # a split and two leaves
    for estimator, grown in zip(forest.estimators_, trees, strict=True):
        estimator.tree_ = _sklearn_tree(pattern, grown)
    return forest


def _sklearn_tree(pattern: Any, grown: GrownTree) -> Any:
    make, arguments, state = pattern.__reduce__()
    tree, leaf = grown.tree, grown.tree.left < 0
    nodes = state["nodes"][leaf.astype(np.intp)]  # node 0 of the pattern is a split, node 1 a leaf
    nodes["left_child"], nodes["right_child"] = tree.left, tree.right
    nodes["feature"] = np.where(leaf, nodes["feature"], tree.feature)
    nodes["threshold"] = np.where(leaf, nodes["threshold"], tree.threshold)
    nodes["missing_go_to_left"] = ~leaf
    nodes["impurity"] = 1.0 - (tree.value**2).sum(axis=1)
    nodes["n_node_samples"] = nodes["weighted_n_node_samples"] = grown.count
    made = make(*arguments)
    made.__setstate__(
        {
            **state,
            "max_depth": grown.depth,
            "node_count": len(nodes),
            "nodes": nodes,
            "values": np.ascontiguousarray(tree.value[:, None, :]),
        }
    )
    return made
