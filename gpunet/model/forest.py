"""A random forest: scikit-learn grows it, our own walk predicts and explains, skops keeps it.

scikit-learn adds up the votes of the trees in the order in which threads finish, so its last bits vary; the walk here
adds them in the order of the trees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.config import ModelConfig
from gpunet.errors import ModelError
from gpunet.model.classifier import Fitted
from gpunet.model.forest_file import dump_forest, load_forest
from gpunet.model.loops import walk_forest
from gpunet.parallel import in_batches, spans
from gpunet.progress import ProgressCallback

__all__ = ["SUFFIX", "RandomForest", "fit", "from_bytes"]

SUFFIX = ".skops"

#: The reasons are in docs/model.md.
PARAMETERS: dict[str, Any] = {"min_samples_leaf": 20, "max_features": "sqrt"}

_ROWS_A_TASK = 4096


@dataclass(frozen=True, eq=False)
class _Nodes:
    """All trees' nodes in one set of arrays, as :func:`gpunet.model.loops.walk_forest` takes them."""

    roots: NDArray[np.int64]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    null_left: NDArray[np.bool_]
    value: NDArray[np.float64]

    @property
    def bias(self) -> float:
        """The mean value of the roots: the forest's answer about a person of whom nothing is known."""
        return float(self.value[self.roots].sum() / len(self.roots))


class RandomForest:
    """A trained random forest; a :class:`gpunet.model.classifier.Classifier`.

    The margin is the log-odds of the mean vote p over T trees, as (T p + 1/2) / (T + 1), which keeps it finite.
    """

    kind = "random_forest"

    def __init__(self, forest: Any) -> None:
        self._forest = forest
        self._nodes = _flatten(forest)

    @property
    def n_features(self) -> int:
        """Number of columns that it was trained on."""
        return int(self._forest.n_features_in_)

    def margin(self, matrix: NDArray[np.float32], threads: int) -> NDArray[np.float64]:
        """Raw log-odds, float64[n]."""
        return self._log_odds(self._walk(matrix, threads, explain=False)[0])

    def contributions(self, matrix: NDArray[np.float32], threads: int) -> NDArray[np.float64]:
        """Saabas' path contributions in log-odds, float64[n, p + 1], the last column the bias.

        In probability they are exactly additive. Each row is multiplied by its own positive factor, the slope of the
        line from bias to prediction on the log-odds curve, so that it is exactly additive in log-odds too, with the
        signs and the order of the features as they were.
        """
        probability, moved = self._walk(matrix, threads, explain=True)
        trees, bias = len(self._nodes.roots), self._nodes.bias
        start = float(self._log_odds(np.array([bias]))[0])
        distance = probability - bias
        near = np.abs(distance) < 1e-9  # there the line is the tangent, to the precision at hand
        shrunk = (trees * bias + 0.5) / (trees + 1)
        tangent = trees / (trees + 1) / (shrunk * (1 - shrunk))
        chord = (self._log_odds(probability) - start) / np.where(near, 1.0, distance)
        moved *= np.where(near, tangent, chord)[:, None]
        return np.column_stack([moved, np.full(len(matrix), start)])

    def importance(self) -> NDArray[np.float64]:
        """Each feature's share of the fall in Gini impurity, float64[p]."""
        return np.asarray(self._forest.feature_importances_, dtype=np.float64)

    def to_bytes(self, metadata: str) -> bytes:
        """A skops file that holds the forest and `metadata`."""
        return dump_forest(self._forest, metadata)

    def _log_odds(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        trees = len(self._nodes.roots)
        return np.log((trees * probability + 0.5) / (trees * (1.0 - probability) + 0.5))

    def _walk(
        self, matrix: NDArray[np.float32], threads: int, *, explain: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        n, nodes = len(matrix), self._nodes
        matrix = np.ascontiguousarray(matrix)
        probability = np.empty(n)
        moved = np.zeros((n, matrix.shape[1] if explain else 0))

        def task(span: tuple[int, int]) -> None:
            rows = slice(*span)
            walk_forest(
                matrix[rows], nodes.roots, nodes.feature, nodes.threshold, nodes.left, nodes.right, nodes.null_left,
                nodes.value, probability[rows], moved[rows],
            )  # fmt: skip

        for _ in in_batches(task, spans(n, _ROWS_A_TASK), threads):
            pass
        return probability, moved


def fit(
    matrix: NDArray[np.float32],
    labels: NDArray[np.bool_],
    folds: NDArray[np.int32],
    *,
    names: tuple[str, ...],
    config: ModelConfig,
    threads: int,
    progress: ProgressCallback | None = None,
) -> Fitted:
    """Grow one forest a fold on the rows outside it, then one on all rows. See :class:`gpunet.model.classifier.Kind`.

    `names` is not used: scikit-learn refuses arrays once it was given names, and the metadata hold them.
    """
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


def _flatten(forest: Any) -> _Nodes:
    """Bring the trees into one set of arrays, and check that every walk stays inside them and ends.

    scikit-learn and skops do not check this, so a damaged or malicious file would otherwise reach any memory.
    """
    trees = [estimator.tree_ for estimator in forest.estimators_]
    sizes = np.array([tree.node_count for tree in trees], dtype=np.int64)
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    left = np.concatenate([tree.children_left for tree in trees]).astype(np.int64)
    right = np.concatenate([tree.children_right for tree in trees]).astype(np.int64)
    leaf = left < 0
    own, offset = np.arange(len(left)), np.repeat(roots, sizes)
    left, right = np.where(leaf, own, left + offset), np.where(leaf, own, right + offset)
    feature = np.where(leaf, -1, np.concatenate([tree.feature for tree in trees])).astype(np.int32)
    end = offset + np.repeat(sizes, sizes)
    inner = ~leaf
    sound = (
        np.all((left > own)[inner] & (left < end)[inner] & (right > own)[inner] & (right < end)[inner])
        and np.all((feature >= 0)[inner] & (feature < forest.n_features_in_)[inner])
        and all(tree.value.shape == (tree.node_count, 1, 2) for tree in trees)
    )
    if not sound:
        raise ModelError("its trees are damaged")
    values = np.concatenate([tree.value[:, 0, :] for tree in trees]).astype(np.float64)
    return _Nodes(
        roots=roots,
        feature=feature,
        threshold=np.concatenate([tree.threshold for tree in trees]).astype(np.float64),
        left=left,
        right=right,
        null_left=np.concatenate([tree.missing_go_to_left for tree in trees]).astype(bool),
        value=values[:, 1] / values.sum(axis=1),
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
