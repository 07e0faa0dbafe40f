"""A random forest: scikit-learn or, on a GPU, cuML grows it, our own walk predicts and explains, skops keeps it.

scikit-learn adds up the votes of the trees in the order in which threads finish, so its last bits vary; the walk here
adds them in the order of the trees.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.errors import ModelError
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import ModelConfig
from gpunet.model.classifier import Fitted
from gpunet.model.forest_file import dump_forest, load_forest
from gpunet.model.matrix import namespace, on_gpu
from gpunet.model.trees import Nodes, Tree, flatten

__all__ = ["PARAMETERS", "SUFFIX", "RandomForest", "fit", "from_bytes"]

SUFFIX = ".skops"

#: The reasons are in docs/model.md.
PARAMETERS: dict[str, Any] = {"min_samples_leaf": 20, "max_features": "sqrt"}


class RandomForest:
    """A trained random forest; a :class:`gpunet.model.classifier.Classifier`.

    The margin is the log-odds of the mean vote p over T trees, as (T p + 1/2) / (T + 1), which keeps it finite.
    """

    kind = "random_forest"

    def __init__(self, forest: Any) -> None:
        self._forest = forest
        self._nodes = _nodes(forest)

    @property
    def n_features(self) -> int:
        """Number of columns that it was trained on."""
        return int(self._forest.n_features_in_)

    def margin(self, matrix: Any, threads: int) -> Any:
        """Raw log-odds, float64[n]."""
        return self._nodes.log_odds(self._nodes.walk(matrix, threads, explain=False)[0])

    def contributions(self, matrix: Any, threads: int) -> Any:
        """Saabas' path contributions in log-odds, float64[n, p + 1], the last column the bias.

        In probability they are exactly additive. Each row is multiplied by its own positive factor, the slope of the
        line from bias to prediction on the log-odds curve, so that it is exactly additive in log-odds too, with the
        signs and the order of the features as they were.
        """
        probability, contributions = self._nodes.walk(matrix, threads, explain=True)
        xp = namespace(probability)
        trees, bias = len(self._nodes.roots), self._nodes.bias
        start = float(self._nodes.log_odds(np.array([bias]))[0])
        distance = probability - bias
        near = xp.abs(distance) < 1e-9  # there the line is the tangent, to the precision at hand
        shrunk = (trees * bias + 0.5) / (trees + 1)
        tangent = trees / (trees + 1) / (shrunk * (1 - shrunk))
        chord = (self._nodes.log_odds(probability) - start) / xp.where(near, 1.0, distance)
        contributions *= xp.where(near, tangent, chord)[:, None]
        return xp.concat([contributions, xp.full((len(matrix), 1), start, dtype=xp.float64)], axis=1)

    def importance(self) -> NDArray[np.float64]:
        """Each feature's share of the fall in Gini impurity, float64[p]."""
        return np.asarray(self._forest.feature_importances_, dtype=np.float64)

    def to_bytes(self, metadata: str) -> bytes:
        """A skops file that holds the forest and `metadata`."""
        return dump_forest(self._forest, metadata)


def fit(
    matrix: Any,
    labels: NDArray[np.bool_],
    folds: NDArray[np.int32],
    *,
    names: tuple[str, ...],
    config: ModelConfig,
    threads: int,
    progress: ProgressCallback | None = None,
) -> Fitted:
    """Grow one forest a fold on the rows outside it, then one on all rows. See :class:`gpunet.model.classifier.Kind`.

    scikit-learn grows it from a matrix in the host's memory, cuML from one on a GPU. `names` is not used: scikit-learn
    refuses arrays once it was given names, and the metadata hold them.
    """
    if on_gpu(matrix):
        from gpunet.model import forest_cuml

        return forest_cuml.fit(matrix, labels, folds, config=config, threads=threads, progress=progress)
    import sklearn

    n_folds = int(folds.max()) + 1
    held_out = np.empty(len(labels))
    for k in range(n_folds):
        out = folds == k
        held_out[out] = _grow(matrix[~out], labels[~out], config, threads).margin(matrix[out], threads)
        if progress is not None:
            progress("cross-fit", k + 1, n_folds)
    forest = _grow(matrix, labels, config, threads)
    if progress is not None:
        progress("train on all", 1, 1)
    recorded = {**PARAMETERS, "n_estimators": config.max_rounds}
    return Fitted(forest, held_out, config.max_rounds, recorded, {"scikit-learn": sklearn.__version__})


def _grow(matrix: NDArray[np.float32], labels: NDArray[np.bool_], config: ModelConfig, threads: int) -> RandomForest:
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(config.max_rounds, random_state=config.seed, n_jobs=threads, **PARAMETERS)
    forest.fit(matrix, labels)
    forest.set_params(n_jobs=None)  # so that a saved forest does not remember the machine
    return RandomForest(forest)


def _nodes(forest: Any) -> Nodes:
    """The nodes of a forest of scikit-learn's, checked."""
    trees = [estimator.tree_ for estimator in forest.estimators_]
    if any(tree.value.shape != (tree.node_count, 1, 2) for tree in trees):
        raise ModelError("its trees are damaged")
    return flatten(
        [
            Tree(
                left=tree.children_left,
                right=tree.children_right,
                feature=tree.feature,
                threshold=tree.threshold,
                null_left=tree.missing_go_to_left,
                value=tree.value[:, 0, :],
            )
            for tree in trees
        ],
        forest.n_features_in_,
    )


def from_bytes(data: bytes) -> tuple[RandomForest, str]:
    """Read a model file; returns the classifier and the metadata.

    Raises
    ------
    ModelError
        If it is not a skops file of a random forest, or was not made here.
    """
    forest, metadata = load_forest(data)
    return RandomForest(forest), metadata
