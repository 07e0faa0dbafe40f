"""A random forest, grown by XGBoost.

All trees follow the same gradients, those of the squared error about the base rate, so that a leaf is the share of
positives among its rows. The trees are those of ``num_parallel_tree`` in one round, bit for bit; they are grown one a
round, because a single call for all of them could neither be stopped nor say how far it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Int32
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import ModelConfig
from gpunet.model.boosting import DEVICE, base_rate
from gpunet.model.classifier import Fitted
from gpunet.model.folds import NO_FOLD
from gpunet.model.loops import GRADIENT_UNIT
from gpunet.model.matrix import on_gpu, to_device, to_host
from gpunet.model.trees import ForestTrees, detached

__all__ = ["PARAMETERS", "TREES", "fit"]

TREES = ForestTrees

#: The reasons are in docs/model.md.
PARAMETERS: dict[str, Any] = {
    "objective": "reg:squarederror",
    "tree_method": "hist",
    "max_depth": 5,
    "min_child_weight": 20.0,
    "lambda": 0.0,
    "subsample": 0.632,
    "colsample_bynode": 0.3,
    "max_bin": 256,
}


def fit(
    matrix: Any,
    labels: Bool,
    folds: Int32 | None,
    *,
    config: ModelConfig,
    threads: int,
    rounds: int | None = None,
    progress: ProgressCallback | None = None,
) -> Fitted:
    """Grow one forest a fold, then one on all rows. See :class:`gpunet.model.classifier.Kind`.

    A forest has `config.max_rounds` trees, whatever `rounds` says.
    """
    import xgboost as xgb

    trees = config.max_rounds
    fold_of = np.zeros(len(labels), dtype=np.int32) if folds is None else folds
    parameters = {**PARAMETERS, "eta": 1.0 / trees, "device": DEVICE["gpu" if on_gpu(matrix) else "cpu"]}
    data = xgb.QuantileDMatrix(matrix, max_bin=PARAMETERS["max_bin"], nthread=threads)

    def grow(held_out: int, stage: str, done: int, total: int) -> ForestTrees:
        """The forest that never sees the rows of the fold `held_out`."""
        # What float32 and the gradients' unit can hold, so that leaves are about exactly this.
        rate = round(base_rate(labels, fold_of, held_out) / GRADIENT_UNIT) * GRADIENT_UNIT
        seen = fold_of != held_out
        gradient = np.where(seen, rate - labels, 0.0).astype(np.float32)
        hessian = seen.astype(np.float32)
        if on_gpu(matrix):
            gradient, hessian = to_device(gradient), to_device(hessian)
        options = {**parameters, "base_score": rate, "seed": config.seed, "nthread": threads}
        booster = xgb.Booster(options, cache=[data])
        for number in range(trees):
            booster.boost(data, iteration=number, grad=gradient, hess=hessian)
            if progress is not None:
                progress(stage, done + number + 1, total)
        return ForestTrees(detached(booster))

    n_folds = 0 if folds is None else int(folds.max()) + 1
    held_out = np.full(0 if folds is None else len(labels), np.nan)
    for k in range(n_folds):
        rows = np.flatnonzero(fold_of == k)
        outside = matrix[to_device(rows) if on_gpu(matrix) else rows]
        held_out[rows] = to_host(grow(k, "cross-fit", k * trees, n_folds * trees).margin(outside, threads))
    return Fitted(grow(NO_FOLD, "train on all", 0, trees), held_out, trees, parameters)
