"""The trees of a forest as one set of arrays, and the walk down them on either device."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.errors import ModelError
from gpunet.base.parallel import in_batches, spans
from gpunet.model.loops import walk_forest
from gpunet.model.matrix import namespace, on_gpu, to_device

__all__ = ["Nodes", "Tree", "flatten"]

_ROWS_A_TASK = 4096


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree, an element a node; node 0 is the root.

    Attributes
    ----------
    left, right
        Children, below 0 for a leaf.
    feature, threshold, null_left
        Rows up to the threshold go left, and nulls where `null_left`.
    value
        float64[m, 2], the shares (or numbers) of negatives and of positives at each node.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    null_left: NDArray[np.bool_]
    value: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Nodes:
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

    @cached_property
    def _fields(self) -> Any:
        return [getattr(self, field.name) for field in dataclasses.fields(self)]

    @cached_property
    def _device_fields(self) -> Any:
        return [to_device(field) for field in self._fields]

    def walk(self, matrix: Any, threads: int, *, explain: bool) -> tuple[Any, Any]:
        """Mean leaf value of each row, float64[n], and what each feature moved it by, float64[n, p] (or [n, 0]).

        On a GPU both stay there. The bits are the same on either device.
        """
        n, p = len(matrix), matrix.shape[1] if explain else 0
        if on_gpu(matrix):
            from gpunet.model import loops_cuda

            xp = namespace(matrix)
            probability, contributions = xp.empty(n, dtype=xp.float64), xp.zeros((p, n), dtype=xp.float64)
            loops_cuda.walk_forest(xp.ascontiguousarray(matrix.T), *(*self._device_fields, probability, contributions))
            return probability, contributions.T
        matrix = np.ascontiguousarray(matrix)
        probability, contributions = np.empty(n), np.zeros((n, p))

        def task(span: tuple[int, int]) -> None:
            rows = slice(*span)
            walk_forest(matrix[rows], *(*self._fields, probability[rows], contributions[rows]))

        for _ in in_batches(task, spans(n, _ROWS_A_TASK), threads):
            pass
        return probability, contributions

    def log_odds(self, probability: Any) -> Any:
        """Log-odds of mean votes p over T trees, as (T p + 1/2) / (T + 1), which keeps them finite."""
        trees, xp = len(self.roots), namespace(probability)
        return xp.log((trees * probability + 0.5) / (trees * (1.0 - probability) + 0.5))


def flatten(trees: Sequence[Tree], n_features: int) -> Nodes:
    """Bring the trees into one set of arrays, and check that every walk stays inside them and ends.

    scikit-learn and skops do not check this, so a damaged or malicious file would otherwise reach any memory.

    Raises
    ------
    ModelError
        If a child does not come after its parent in the same tree, or a feature or a value is not there.
    """
    sizes = np.array([len(tree.left) for tree in trees], dtype=np.int64)
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    left = np.concatenate([tree.left for tree in trees]).astype(np.int64)
    right = np.concatenate([tree.right for tree in trees]).astype(np.int64)
    leaf = left < 0
    own, offset = np.arange(len(left)), np.repeat(roots, sizes)
    left, right = np.where(leaf, own, left + offset), np.where(leaf, own, right + offset)
    feature = np.where(leaf, -1, np.concatenate([tree.feature for tree in trees])).astype(np.int32)
    end = offset + np.repeat(sizes, sizes)
    inner = ~leaf
    sound = (
        np.all((left > own)[inner] & (left < end)[inner] & (right > own)[inner] & (right < end)[inner])
        and np.all((feature >= 0)[inner] & (feature < n_features)[inner])
        and all(tree.value.shape == (len(tree.left), 2) for tree in trees)
    )
    if not sound:
        raise ModelError("its trees are damaged")
    values = np.concatenate([tree.value for tree in trees]).astype(np.float64)
    return Nodes(
        roots=roots,
        feature=feature,
        threshold=np.concatenate([tree.threshold for tree in trees]).astype(np.float64),
        left=left,
        right=right,
        null_left=np.concatenate([tree.null_left for tree in trees]).astype(bool),
        value=values[:, 1] / values.sum(axis=1),
    )
