"""XGBoost: cross-fitted boosting with one stopping round for all folds."""

from __future__ import annotations

from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Int32
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import ModelConfig
from gpunet.model.boosting_gpu import DeviceFold
from gpunet.model.boosting_rounds import PATIENCE, Grown, HostFold, grow_together
from gpunet.model.classifier import Fitted
from gpunet.model.folds import NO_FOLD
from gpunet.model.matrix import namespace, on_gpu, to_device, to_host
from gpunet.model.trees import BoostedTrees, detached
from gpunet.model.zeros import column_counts, columns_of_zeros, keep_zeros

__all__ = ["DEVICE", "PARAMETERS", "TREES", "base_rate", "fit"]

TREES = BoostedTrees

#: What XGBoost calls the device where a matrix is.
DEVICE = {"cpu": "cpu", "gpu": "cuda"}

#: The reasons are in docs/model.md.
PARAMETERS: dict[str, Any] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "eta": 0.05,
    "max_depth": 4,
    "min_child_weight": 5.0,
    "lambda": 1.0,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
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
    """Boost one model a fold side by side, stop all at one round, train on all rows.

    See :class:`gpunet.model.classifier.Kind`. The round is chosen by the log loss of all held-out rows, each predicted
    by the model that did not see its person (:func:`gpunet.model.boosting_rounds.grow_together`). Trees are grown where
    the matrix is. Without folds there is one model, of so many `rounds`.
    """
    import xgboost as xgb

    from gpunet.model.quantised import quantised

    device = DEVICE["gpu" if on_gpu(matrix) else "cpu"]
    params = {**PARAMETERS, "device": device, "seed": config.seed, "nthread": threads}
    # A GPU's histograms are dense: there nothing is gained.
    zeros = np.empty(0, np.int64) if on_gpu(matrix) else columns_of_zeros(column_counts(matrix), len(matrix))
    data = quantised([matrix], zeros, PARAMETERS["max_bin"], threads)
    fold_of = np.zeros(len(labels), dtype=np.int32) if folds is None else folds
    # In the memory where the matrix is.
    labels_there, folds_there = (to_device(x) if on_gpu(matrix) else x for x in (labels, fold_of))

    def fold(held_out: int) -> HostFold | DeviceFold:
        """A new booster that never sees the rows of the fold `held_out`."""
        booster = xgb.Booster({**params, "base_score": base_rate(labels, fold_of, held_out)}, cache=[data])
        if on_gpu(matrix):
            return DeviceFold(booster, data, matrix, labels_there, folds_there, held_out)
        return HostFold(booster, data, labels_there, folds_there, held_out, threads)

    if folds is None:
        assert rounds is not None
        grown = Grown(np.empty(0), rounds, ())
    else:
        models = [fold(k) for k in range(int(folds.max()) + 1)]
        margins = namespace(matrix).full(len(labels), np.nan, dtype=np.float64)
        grown = grow_together(models, margins, labels_there, config.max_rounds, progress)
        del models
    everyone = fold(NO_FOLD)
    for number in range(grown.rounds):
        everyone.boost(number)
        if progress is not None:
            progress("train on all", number + 1, grown.rounds)
    keep_zeros(everyone.booster, zeros)
    booster = detached(everyone.booster) if on_gpu(matrix) else everyone.booster
    parameters = {**PARAMETERS, "device": device, "patience": PATIENCE}
    return Fitted(TREES(booster), to_host(grown.margins), grown.rounds, parameters, grown.warnings)


def base_rate(labels: Bool, folds: Int32, held_out: int) -> float:
    """Share of positives among the rows that are not in the fold `held_out`: where boosting begins."""
    return float(labels[folds != held_out].mean())
