"""XGBoost: cross-fitted boosting with one stopping round for all folds, exact SHAP values, one UBJSON file."""

from __future__ import annotations

import dataclasses
import re
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.errors import ModelError
from gpunet.base.parallel import in_batches, spans
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import ModelConfig
from gpunet.model.boosted_nodes import boosted_nodes, margin_without_trees
from gpunet.model.boosting_gpu import DeviceFold
from gpunet.model.boosting_rounds import PATIENCE, Grown, HostFold, grow_together
from gpunet.model.classifier import Fitted
from gpunet.model.matrix import namespace, on_gpu, to_device, to_host
from gpunet.model.shapley import ShapleyTables, add_shapley_values, shapley_tables

__all__ = ["DEVICE", "PARAMETERS", "SUFFIX", "BoostedTrees", "base_rate", "detached", "fit", "fitted", "from_bytes"]

SUFFIX = ".ubj"

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

_ATTRIBUTE = "gpunet"
_ROWS_A_TASK = 4096


class BoostedTrees:
    """A trained XGBoost booster; a :class:`gpunet.model.classifier.Classifier`.

    In the host's memory XGBoost works out margins; on a GPU our own walk does, which adds leaves up in the same order
    and in float32 as well, so that margins and SHAP values have the same bits on either device.
    """

    kind = "xgboost"

    def __init__(self, booster: Any) -> None:
        self._booster = booster

    @property
    def n_features(self) -> int:
        """Number of columns that it was trained on."""
        return int(self._booster.num_features())

    def margin(self, matrix: Any, threads: int) -> Any:
        """Raw log-odds, float64[n]."""
        if on_gpu(matrix):
            from gpunet.model import loops_cuda

            xp = namespace(matrix)
            out = xp.empty(len(matrix), dtype=xp.float32)
            loops_cuda.walk_boosted(xp.ascontiguousarray(matrix.T), out, *self._device_trees)
            return xp.astype(out, xp.float64)
        return self._predict(matrix, threads, output_margin=True).reshape(len(matrix))

    def contributions(self, matrix: Any, threads: int) -> Any:
        """Exact SHAP values (TreeSHAP, over the trees' own paths), float64[n, p + 1], the last column the bias."""
        n, p = matrix.shape
        if self._tables is None:  # trees too deep to be tabulated
            parts = self._predict(to_host(matrix), threads, pred_contribs=True).reshape(n, p + 1)
            return to_device(parts) if on_gpu(matrix) else parts
        if on_gpu(matrix):
            return self._device_contributions(matrix)
        matrix = np.ascontiguousarray(matrix)
        out = np.zeros((n, p + 1))
        out[:, p] = self._bias
        fields = self._table_fields

        def task(span: tuple[int, int]) -> None:
            add_shapley_values(matrix[slice(*span)], out[slice(*span)], *fields)

        for _ in in_batches(task, spans(n, _ROWS_A_TASK), threads):
            pass
        return out

    def _device_contributions(self, matrix: Any) -> Any:
        from gpunet.model import loops_cuda

        xp, (n, p) = namespace(matrix), matrix.shape
        out = xp.zeros((p + 1, n), dtype=xp.float64)
        out[p, :] = self._bias
        loops_cuda.add_shapley_values(xp.ascontiguousarray(matrix.T), out, *self._device_tables)
        return out.T

    @cached_property
    def _tables(self) -> ShapleyTables | None:
        return shapley_tables(self._booster)

    @cached_property
    def _table_fields(self) -> list[Any]:
        tables = self._tables
        return [] if tables is None else [getattr(tables, field.name) for field in dataclasses.fields(tables)]

    @cached_property
    def _device_tables(self) -> list[Any]:
        return [to_device(field) for field in self._table_fields]

    @cached_property
    def _device_trees(self) -> list[Any]:
        return [margin_without_trees(self._booster), *(to_device(field) for field in boosted_nodes(self._booster))]

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
    matrix: Any,
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
    predicted by the model that did not see its person. Trees are grown where the matrix is.
    """
    import xgboost as xgb

    device = DEVICE["gpu" if on_gpu(matrix) else "cpu"]
    params = {**PARAMETERS, "device": device, "seed": config.seed, "nthread": threads}
    data = xgb.QuantileDMatrix(matrix, max_bin=PARAMETERS["max_bin"], nthread=threads)
    rows = _Rows(matrix, data, labels, folds)
    models = [rows.fold(params, k) for k in range(rows.n_folds)]
    grown = grow_together(models, rows.margins, config.max_rounds, progress)
    del models
    everyone = rows.fold(params, -1)
    for number in range(grown.rounds):
        everyone.boost(number)
        if progress is not None:
            progress("train on all", number + 1, grown.rounds)
    booster = detached(everyone.booster) if on_gpu(matrix) else everyone.booster
    return fitted(booster, to_host(grown.margins), grown, names, device)


def fitted(
    booster: Any, held_out: NDArray[np.float64], grown: Grown, names: tuple[str, ...], device: str, **recorded: Any
) -> Fitted:
    """The outcome of a fit, from the booster of all rows and the held-out margins, float64[n]."""
    import xgboost as xgb

    # The names are for other readers of the file; XGBoost allows no brackets and no "<" in them.
    booster.feature_names = [re.sub(r"[\[\]<]", "_", name) for name in names]
    parameters = {**PARAMETERS, "device": device, "patience": PATIENCE, **recorded}
    libraries = {"xgboost": xgb.__version__}
    return Fitted(BoostedTrees(booster), held_out, grown.rounds, parameters, libraries, grown.warnings)


class _Rows:
    """What all boosters are trained on, in the memory where the matrix is."""

    def __init__(self, matrix: Any, data: Any, labels: NDArray[np.bool_], folds: NDArray[np.int32]) -> None:
        self.data = data
        self.margins = namespace(matrix).empty(len(labels), dtype=np.float64)
        self.n_folds = int(folds.max()) + 1
        self._matrix, self._host_labels, self._host_folds = matrix, labels, folds
        self._labels, self._folds = (to_device(x) if on_gpu(matrix) else x for x in (labels, folds))

    def fold(self, params: dict[str, Any], held_out: int) -> HostFold | DeviceFold:
        """A new booster that never sees the rows of the fold `held_out` (-1: of none)."""
        import xgboost as xgb

        rate = base_rate(self._host_labels, self._host_folds, held_out)
        booster = xgb.Booster({**params, "base_score": rate}, cache=[self.data])
        if on_gpu(self._matrix):
            return DeviceFold(booster, self.data, self._matrix, self._labels, self._folds, held_out)
        return HostFold(booster, self.data, self._labels, self._folds, held_out)


def base_rate(labels: NDArray[np.bool_], folds: NDArray[np.int32], held_out: int) -> float:
    """Share of positives among the rows that are not in the fold `held_out`: where boosting begins."""
    return float(labels[folds != held_out].mean())


def detached(booster: Any) -> Any:
    """The trained booster as it would come from its file: without the training data, and on no device."""
    import xgboost as xgb

    alone = xgb.Booster()
    alone.load_model(bytearray(booster.save_raw("ubj")))
    return alone


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
