"""Trained trees of XGBoost: margins, exact SHAP values, importance, and their one UBJSON file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gpunet.base.array_types import Float32, Float64, Int64
from gpunet.base.errors import ModelError
from gpunet.base.parallel import in_batches, spans
from gpunet.base.threads import threads_for
from gpunet.model.boosted_nodes import boosted_nodes, margin_without_trees, objective_of
from gpunet.model.matrix import namespace, on_gpu, to_device, to_host
from gpunet.model.seal import SEAL, UNSEALED, is_sealed, is_whole, sealed
from gpunet.model.shapley import ShapleyTables, add_shapley_values, shapley_tables
from gpunet.model.trial import is_of_this_process, try_out
from gpunet.model.zeros import ROWS_AT_ONCE, without_zeros, zeros_of

__all__ = ["BoostedTrees", "ForestTrees", "detached", "loaded", "parsed", "read_booster"]

_ATTRIBUTE = "gpunet"
_ROWS_A_TASK = 8192

#: Of every model that XGBoost writes as UBJSON.
_BEGINNING = b"{L\0\0\0\0\0\0\0\x07learner{"


class BoostedTrees:
    """A trained two-class booster over matrices float32[n, p], of NumPy or CuPy, in which NaN means null.

    What it gives back for a matrix lies where the matrix does. In the host's memory XGBoost works out margins; on a GPU
    our own walk does, which adds leaves up in the same order and in float32 as well, so that margins and SHAP values
    have the same bits on either device.
    """

    kind = "xgboost"
    objective = "binary:logistic"

    def __init__(self, booster: Any) -> None:
        self._booster = booster

    @property
    def n_features(self) -> int:
        """Number of columns that it was trained on."""
        return int(self._booster.num_features())

    @property
    def n_trees(self) -> int:
        """Number of trees, one a round."""
        return int(self._booster.num_boosted_rounds())

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
        tables = self._tables
        if tables is None:  # trees too deep to be tabulated
            parts = self._predict(to_host(matrix), threads, pred_contribs=True).reshape(n, p + 1)
            return to_device(parts) if on_gpu(matrix) else parts
        if on_gpu(matrix):
            return self._device_contributions(matrix)
        out = np.empty((n, p + 1))

        def task(span: tuple[int, int]) -> None:
            columns = np.ascontiguousarray(matrix[slice(*span)].T)
            parts = np.zeros((p + 1, columns.shape[1]))
            parts[p] = self._bias
            add_shapley_values(columns, parts, *tables)
            out[slice(*span)] = parts.T

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
    def _device_tables(self) -> list[Any]:
        return [to_device(field) for field in self._tables or ()]

    @cached_property
    def _device_trees(self) -> list[Any]:
        return [margin_without_trees(self._booster), *(to_device(field) for field in boosted_nodes(self._booster))]

    @cached_property
    def _zeros(self) -> Int64:
        return zeros_of(self._booster)

    @cached_property
    def _bias(self) -> float:
        """The same for everyone, so XGBoost is asked about one row of nulls."""
        nulls = np.full((1, self.n_features), np.nan, dtype=np.float32)
        return float(self._predict(nulls, 1, pred_contribs=True).ravel()[-1])

    def name_features(self, names: Sequence[str]) -> None:
        """Give the columns names, for other readers of the file; XGBoost allows no brackets and no "<" in them."""
        self._booster.feature_names = names_in_booster(names)

    def check_described(self, names: Sequence[str], rounds: int) -> None:
        """Raise ModelError unless these are the booster's features, in its order, rounds, and kind."""
        own, described = self._booster.feature_names or [], names_in_booster(names)
        if self.n_features != len(names):
            raise ModelError(f"it names {len(names)} features, but its trees know {self.n_features}")
        if own != described:
            first = next((k for k, pair in enumerate(zip(described, own, strict=False)) if pair[0] != pair[1]), 0)
            theirs = f'"{own[first]}"' if own else "without a name"
            raise ModelError(f'it names feature {first + 1} "{names[first]}", but in its trees that is {theirs}')
        if self._booster.num_boosted_rounds() != rounds:
            raise ModelError(f"it names {rounds} rounds, but has trees of {self._booster.num_boosted_rounds()}")
        objective = objective_of(self._booster)
        if objective != self.objective:
            raise ModelError(f"it says that it is of the kind {self.kind}, but its trees were grown for {objective}")

    def importance(self) -> Float64:
        """Each feature's share of the total gain, float64[p]."""
        gains = self._booster.get_score(importance_type="total_gain")
        names = self._booster.feature_names
        gain = np.array([gains.get(name, 0.0) for name in names], dtype=np.float64)
        return gain / gain.sum() if gain.sum() > 0 else gain

    def to_bytes(self, metadata: str) -> bytes:
        """UBJSON with `metadata` as the booster's attribute ``gpunet``; of one kind, wherever it was trained.

        It carries its SHA-256, see :mod:`gpunet.model.seal`.
        """
        self._booster.set_attr(**{_ATTRIBUTE: metadata, SEAL: UNSEALED})
        return sealed(bytes(self._booster.save_raw("ubj")))

    def raw(self) -> bytes:
        """The bare booster as UBJSON, for :func:`loaded`."""
        return bytes(self._booster.save_raw("ubj"))

    def _predict(self, matrix: Float32, threads: int, **what: bool) -> Float64:
        import xgboost as xgb

        if not len(matrix):
            return np.zeros((0, matrix.shape[1] + 1 if what.get("pred_contribs") else 1))
        threads = threads_for(matrix.size, threads)
        self._booster.set_param({"nthread": threads})

        def predicted(rows: Float32) -> Float64:
            data = xgb.DMatrix(without_zeros(rows, self._zeros), nthread=threads)
            return np.asarray(self._booster.predict(data, validate_features=False, **what), dtype=np.float64)

        return np.concatenate([predicted(matrix[slice(*rows)]) for rows in spans(len(matrix), ROWS_AT_ONCE)])


class ForestTrees(BoostedTrees):
    """A random forest: the booster's sum is a row's mean share, over all trees, of positives at the leaf it comes to.

    The margin is the log-odds of that mean share p over T trees, as (T p + 1/2) / (T + 1), which keeps it finite. SHAP
    values add up to the share. Each row's are multiplied by one positive number, the slope of the line from bias to
    share on the log-odds curve, so that they add up in log-odds, with their signs and their order as they were.
    """

    kind = "random_forest"
    objective = "reg:squarederror"

    def margin(self, matrix: Any, threads: int) -> Any:
        """Log-odds of the mean share, float64[n]."""
        return self._log_odds(super().margin(matrix, threads))

    def contributions(self, matrix: Any, threads: int) -> Any:
        """SHAP values in log-odds, float64[n, p + 1], the last column the bias."""
        share, parts = super().margin(matrix, threads), super().contributions(matrix, threads)
        xp, trees, bias = namespace(parts), self.n_trees, self._bias
        start = float(self._log_odds(np.array([bias]))[0])
        distance = share - bias
        near = xp.abs(distance) < 1e-6  # there the line is the tangent, to float32
        shrunk = (trees * bias + 0.5) / (trees + 1)
        tangent = trees / (trees + 1) / (shrunk * (1 - shrunk))
        slope = xp.where(near, tangent, (self._log_odds(share) - start) / xp.where(near, 1.0, distance))
        parts[:, :-1] = parts[:, :-1] * slope[:, None]
        parts[:, -1] = start
        return parts

    def _log_odds(self, share: Any) -> Any:
        xp, trees = namespace(share), self.n_trees
        return xp.log((trees * share + 0.5) / (trees * (1.0 - share) + 0.5))


def names_in_booster(names: Sequence[str]) -> list[str]:
    """What XGBoost, which allows no brackets and no "<" in names and each name once, calls these features."""
    found: dict[str, None] = {}
    for name in names:
        theirs = re.sub(r"[\[\]<\0]", "_", name)
        while theirs in found:
            theirs += "_"
        found[theirs] = None
    return list(found)


def detached(booster: Any) -> Any:
    """The trained booster as it would come from its file: without the training data, and on no device."""
    return loaded(bytes(booster.save_raw("ubj")))


def loaded(raw: bytes) -> Any:
    """The booster of its own UBJSON, which no user has given: :func:`read_booster` is for files."""
    import xgboost as xgb

    booster = xgb.Booster()
    booster.load_model(bytearray(raw))
    return booster


def read_booster(file: bytes, *, foreign: bool = False) -> tuple[Any, str]:
    """The booster in a model file, and the metadata that :meth:`BoostedTrees.to_bytes` put into it.

    XGBoost reads a file that carries its hash only if it is whole. It reads one without a hash, or a `foreign` one,
    which anybody may have made, only after a trial in another process.

    Raises
    ------
    ModelError
        If it is damaged, is not UBJSON of XGBoost, or was not made here.
    """
    if file.startswith(b"PK\x03\x04"):
        raise ModelError("it is a forest in skops format, as earlier versions of gpunet wrote it: train it again")
    if not file.startswith(_BEGINNING):
        raise ModelError("it is not an XGBoost model in UBJSON" if file else "it is empty")
    if is_sealed(file) and not is_whole(file):
        raise ModelError("its SHA-256 is not the one that it carries, so it is damaged: take another copy of it")
    if not is_sealed(file) or (foreign and not is_of_this_process(file)):
        try_out(file)
    return parsed(file)


def parsed(file: bytes) -> tuple[Any, str]:
    """What :func:`read_booster` gives, of a file that was found good, or in a process that may crash."""
    import xgboost as xgb

    booster = xgb.Booster({"nthread": 1})
    try:
        booster.load_model(bytearray(file))
        metadata = booster.attr(_ATTRIBUTE)
    except (UnicodeDecodeError, AssertionError) as error:  # AssertionError: an empty text
        raise ModelError("XGBoost cannot read it: a text in it is damaged") from error
    except xgb.core.XGBoostError as error:
        said = re.sub(r"^\[[\d:]+\] \S+: ", "", str(error).splitlines()[0])  # time and place in its source
        raise ModelError(f"XGBoost cannot read it: {said}") from error
    if metadata is None:
        raise ModelError("it is an XGBoost model, but was not made by gpunet")
    return booster, metadata
