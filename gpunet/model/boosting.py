"""XGBoost: cross-fitted boosting with one stopping round for all folds, exact SHAP values, one UBJSON file."""

from __future__ import annotations

import dataclasses
import re
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.config import ModelConfig
from gpunet.errors import ModelError
from gpunet.model.classifier import Fitted
from gpunet.model.loops import boosting_gradients, held_out_loss
from gpunet.model.shapley import ShapleyTables, add_shapley_values, shapley_tables
from gpunet.parallel import in_batches, spans
from gpunet.progress import ProgressCallback

__all__ = ["SUFFIX", "BoostedTrees", "fit", "from_bytes"]

SUFFIX = ".ubj"

#: Where trees are grown. The only place that says so.
DEVICE = "cpu"

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

#: Boosting stops when the held-out loss has not fallen for this many rounds.
PATIENCE = 40

_ATTRIBUTE = "gpunet"
_ROWS_A_TASK = 4096


class BoostedTrees:
    """A trained XGBoost booster; a :class:`gpunet.model.classifier.Classifier`."""

    kind = "xgboost"

    def __init__(self, booster: Any) -> None:
        self._booster = booster

    @property
    def n_features(self) -> int:
        """Number of columns that it was trained on."""
        return int(self._booster.num_features())

    def margin(self, matrix: NDArray[np.float32], threads: int) -> NDArray[np.float64]:
        """Raw log-odds, float64[n]."""
        return self._predict(matrix, threads, output_margin=True).reshape(len(matrix))

    def contributions(self, matrix: NDArray[np.float32], threads: int) -> NDArray[np.float64]:
        """Exact SHAP values (TreeSHAP, over the trees' own paths), float64[n, p + 1], the last column the bias."""
        n, p = matrix.shape
        tables = self._tables
        if tables is None:  # trees too deep to be tabulated
            return self._predict(matrix, threads, pred_contribs=True).reshape(n, p + 1)
        matrix = np.ascontiguousarray(matrix)
        out = np.zeros((n, p + 1))
        out[:, p] = self._bias
        fields = [getattr(tables, field.name) for field in dataclasses.fields(tables)]

        def task(span: tuple[int, int]) -> None:
            add_shapley_values(matrix[slice(*span)], out[slice(*span)], *fields)

        for _ in in_batches(task, spans(n, _ROWS_A_TASK), threads):
            pass
        return out

    @cached_property
    def _tables(self) -> ShapleyTables | None:
        return shapley_tables(self._booster)

    @cached_property
    def _bias(self) -> float:
        """The same for everyone, so XGBoost is asked about one row of nulls."""
        nulls = np.full((1, self.n_features), np.nan, dtype=np.float32)
        return float(self._predict(nulls, 1, pred_contribs=True).ravel()[-1])

    def importance(self) -> NDArray[np.float64]:
        """Each feature's share of the total gain, float64[p]."""
        gains = self._booster.get_score(importance_type="total_gain")
        names = self._booster.feature_names
        gain = np.array([gains.get(name, 0.0) for name in names], dtype=np.float64)
        return gain / gain.sum() if gain.sum() > 0 else gain

    def to_bytes(self, metadata: str) -> bytes:
        """UBJSON with `metadata` as the booster's attribute ``gpunet``."""
        self._booster.set_attr(**{_ATTRIBUTE: metadata})
        return bytes(self._booster.save_raw("ubj"))

    def _predict(self, matrix: NDArray[np.float32], threads: int, **what: bool) -> NDArray[np.float64]:
        import xgboost as xgb

        if not len(matrix):
            return np.zeros((0, matrix.shape[1] + 1 if what.get("pred_contribs") else 1))
        self._booster.set_param({"nthread": threads})
        data = xgb.DMatrix(matrix, nthread=threads)
        return np.asarray(self._booster.predict(data, validate_features=False, **what), dtype=np.float64)


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
    """Boost one model a fold side by side, stop all at the round with the least held-out loss, train on all rows.

    See :class:`gpunet.model.classifier.Kind`. The round is chosen by the mean log loss over all held-out rows, each
    predicted by the model that did not see its person.
    """
    import xgboost as xgb

    data = xgb.QuantileDMatrix(matrix, max_bin=PARAMETERS["max_bin"], nthread=threads)
    params = {**PARAMETERS, "device": DEVICE, "seed": config.seed, "nthread": threads}
    held_out, rounds, warnings = _cross_fit(data, params, labels, folds, config.max_rounds, progress)
    booster = _new_booster(data, params, labels)
    everyone = _Fold(booster, -1, len(labels))
    for number in range(rounds):
        everyone.boost(data, number, labels, folds)
        if progress is not None:
            progress("train on all", number + 1, rounds)
    # The names are for other readers of the file; XGBoost allows no brackets and no "<" in them.
    booster.feature_names = [re.sub(r"[\[\]<]", "_", name) for name in names]
    recorded = {**PARAMETERS, "device": DEVICE, "patience": PATIENCE}
    return Fitted(BoostedTrees(booster), held_out, rounds, recorded, {"xgboost": xgb.__version__}, warnings)


class _Fold:
    """The booster that never sees the rows of one fold (-1: of none)."""

    def __init__(self, booster: Any, held_out: int, n: int) -> None:
        self.booster = booster
        self.held_out = held_out
        self._gradient = np.empty(n, dtype=np.float32)
        self._hessian = np.empty(n, dtype=np.float32)

    def margin(self, data: Any) -> NDArray[np.float32]:
        return np.asarray(self.booster.predict(data, output_margin=True, training=True), dtype=np.float32)

    def boost(self, data: Any, number: int, labels: NDArray[np.bool_], folds: NDArray[np.int32]) -> None:
        boosting_gradients(self.margin(data), labels, folds, self.held_out, self._gradient, self._hessian)
        self.booster.boost(data, iteration=number, grad=self._gradient, hess=self._hessian)


def _new_booster(data: Any, params: dict[str, Any], labels: NDArray[np.bool_]) -> Any:
    import xgboost as xgb

    return xgb.Booster({**params, "base_score": float(labels.mean())}, cache=[data])


def _cross_fit(
    data: Any,
    params: dict[str, Any],
    labels: NDArray[np.bool_],
    folds: NDArray[np.int32],
    max_rounds: int,
    progress: ProgressCallback | None,
) -> tuple[NDArray[np.float64], int, tuple[str, ...]]:
    """Return the held-out margins at the best round, that round (at least 1), and warnings."""
    models = [
        _Fold(_new_booster(data, params, labels[folds != k]), k, len(labels)) for k in range(int(folds.max()) + 1)
    ]
    margins = np.empty(len(labels))
    kept, best, best_round = margins, np.inf, 0
    for done in range(1, max_rounds + 1):
        loss = 0.0
        for model in models:
            model.boost(data, done - 1, labels, folds)
            loss += held_out_loss(model.margin(data), labels, folds, model.held_out, margins)
        if loss < best:
            kept, best, best_round = margins.copy(), loss, done
        if progress is not None:
            progress("cross-fit", done, max_rounds)
        if done - best_round >= PATIENCE:
            if progress is not None:
                progress("cross-fit", max_rounds, max_rounds)
            return kept, best_round, ()
    cut_short = best_round == max_rounds and max_rounds > 1
    text = f"boosting was still improving when it reached max_rounds = {max_rounds}; a greater one may do better"
    return kept, best_round, (text,) if cut_short else ()


def from_bytes(data: bytes) -> tuple[BoostedTrees, str]:
    """Read a model file; returns the classifier and the metadata.

    Raises
    ------
    ModelError
        If it is not UBJSON of XGBoost, or was not made here.
    """
    import xgboost as xgb

    booster = xgb.Booster()
    try:
        if not data.startswith(b"{L"):  # XGBoost aborts the whole process on an empty buffer
            raise ModelError("it is not an XGBoost model in UBJSON")
        booster.load_model(bytearray(data))
        metadata = booster.attr(_ATTRIBUTE)
    except xgb.core.XGBoostError as error:
        raise ModelError(f"XGBoost cannot read it: {str(error).splitlines()[0]}") from error
    if metadata is None:
        raise ModelError("it is an XGBoost model, but was not made by gpunet")
    return BoostedTrees(booster), metadata
