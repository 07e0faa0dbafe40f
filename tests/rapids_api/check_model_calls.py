"""What models rest on in cuDF, CuPy and XGBoost, held against the real packages; no GPU is needed.

Calls are bound to signatures, and what is plain computing on the host is run. The ordinary tests do not collect this
file.
"""

from __future__ import annotations

import inspect
import os
from typing import Any

os.environ.setdefault("RAPIDS_NO_INITIALIZE", "1")

import array_api_compat.cupy as namespace
import cudf
import cupy  # noqa: TID251
import numpy as np
import xgboost as xgb


def bind(function: Any, *arguments: Any, **options: Any) -> None:
    """TypeError if `function` cannot be called so."""
    inspect.signature(function).bind(*arguments, **options)


def test_a_cudf_series_gives_its_column_as_it_is_asked() -> None:
    bind(cudf.Series.to_cupy, None, na_value=np.nan)


def test_cupy_has_the_functions_that_the_array_code_uses() -> None:
    used = (
        "abs any arange argmax asarray ascontiguousarray astype concat empty exp floor full isinf isnan log log1p "
        "maximum ones_like sum where zeros zeros_like float32 float64 int32"
    )
    assert [name for name in used.split() if not hasattr(namespace, name)] == []
    bind(namespace.concat, [], axis=1)
    bind(namespace.argmax, None, axis=1)
    bind(namespace.sum, None, axis=0)
    assert callable(cupy.ndarray.get)


def test_xgboost_takes_the_calls_of_training() -> None:
    bind(xgb.QuantileDMatrix, None, max_bin=256, nthread=1)
    bind(xgb.Booster, {}, cache=[])
    bind(xgb.Booster.boost, None, None, iteration=0, grad=None, hess=None)
    bind(
        xgb.Booster.inplace_predict, None, None, iteration_range=(0, 1), predict_type="margin", base_margin=None,
        validate_features=False,
    )  # fmt: skip


def test_xgboost_adds_one_trees_leaves_to_the_margins_it_is_given() -> None:
    """What training on a GPU rests on, on the CPU: the margins so far and the new tree are XGBoost's own cache."""
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((400, 5)).astype(np.float32)
    matrix[rng.random(matrix.shape) < 0.1] = np.nan
    labels = rng.random(400) < 0.3
    data = xgb.QuantileDMatrix(matrix, max_bin=256, nthread=1)
    settings = {"objective": "binary:logistic", "max_depth": 4, "nthread": 1, "base_score": float(labels.mean())}
    booster = xgb.Booster({**settings, "subsample": 0.8}, cache=[data])
    margin = booster.predict(data, output_margin=True, training=True)
    for number in range(20):
        p = 1 / (1 + np.exp(-margin.astype(np.float64)))
        grad, hess = (p - labels).astype(np.float32), (p * (1 - p)).astype(np.float32)
        booster.boost(data, iteration=number, grad=grad, hess=hess)
        margin = booster.inplace_predict(
            matrix, iteration_range=(number, number + 1), predict_type="margin", base_margin=margin,
            validate_features=False,
        ).reshape(400)  # fmt: skip
        assert (margin == booster.predict(data, output_margin=True, training=True)).all()
    assert (margin == booster.predict(xgb.DMatrix(matrix), output_margin=True)).all()
    from gpunet.model.boosted_nodes import margin_without_trees

    start = xgb.Booster(settings, cache=[data]).predict(data, output_margin=True)
    assert margin_without_trees(booster) == float(start[0])
