"""What XGBoost's workers do in a training on a cluster; imported where XGBoost is.

``xgboost.dask.train`` builds each worker's matrix and runs the same rounds on all of them, which add up their
histograms between them. It grows one booster; the folds need one each, side by side, stopped at one common round. So
the first of two calls has an objective that grows the boosters of all folds on the matrix that it is handed, with the
loop of a training in one process, and the booster that XGBoost itself grows is but their carrier. The second call is
an ordinary one, for the booster of all rows.

What a row's label and fold are comes with the matrix, as one number.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import xgboost as xgb
from distributed import get_worker
from numpy.typing import NDArray

from gpunet.model.boosting_rounds import Grown, HostFold, grow_together
from gpunet.model.loops import boosting_gradients
from gpunet.model.matrix import on_gpu, to_device, to_host
from gpunet.model.trees import BoostedTrees

__all__ = ["AllRows", "FoldsTogether", "encode", "held_out_margins", "unpack"]


def encode(labels: NDArray[np.bool_], folds: NDArray[np.int32]) -> NDArray[np.float32]:
    """Label and fold of each row as one number, float32[n]: exact up to 2**23 folds."""
    return (2 * folds + labels).astype(np.float32)


def _decode(encoded: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    both = encoded.astype(np.int32)
    return (both & 1).astype(np.bool_), both >> 1


class FoldsTogether(xgb.callback.TrainingCallback):
    """Grows the boosters of all folds in the only round of the carrier, which brings them home.

    Parameters
    ----------
    params
        Of each booster.
    rates
        Where each fold's booster begins: the share of positives among the rows that it sees, on all workers.
    max_rounds
        So many rounds at most.
    topic
        Of the events that tell how far it is.
    """

    def __init__(self, params: dict[str, Any], rates: list[float], max_rounds: int, topic: str) -> None:
        super().__init__()
        self._params, self._rates, self._max_rounds, self._topic = params, rates, max_rounds, topic
        self._brought: dict[str, str] = {}

    def objective(self, margin: NDArray[np.float32], data: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Grow all folds; there is nothing for the carrier to learn."""
        labels, folds = _decode(data.get_label())
        params = {**self._params, "nthread": get_worker().state.nthreads}
        models = [
            HostFold(xgb.Booster({**params, "base_score": rate}, cache=[data]), data, labels, folds, k)
            for k, rate in enumerate(self._rates)
        ]
        progress = _Reporter(self._topic) if xgb.collective.get_rank() == 0 else None
        grown = grow_together(models, np.empty(len(labels)), self._max_rounds, progress, _everywhere)
        self._brought = {f"fold_{k}": _packed(model.booster[: grown.rounds]) for k, model in enumerate(models)}
        self._brought["rounds"] = str(grown.rounds)
        if grown.warnings:  # XGBoost cannot list attributes of which one is empty
            self._brought["warnings"] = "\n".join(grown.warnings)
        nothing = np.zeros(len(labels), dtype=np.float32)
        return nothing, nothing

    def after_training(self, model: Any) -> Any:
        """Give the carrier what it is to bring."""
        model.set_attr(**self._brought)
        return model


def unpack(carrier: Any) -> tuple[Grown, list[bytes]]:
    """What was found (less the margins, of which each worker has its own), and each fold's booster at that round."""
    found = carrier.attributes()
    warnings = tuple(found["warnings"].split("\n")) if "warnings" in found else ()
    boosters = [base64.b85decode(found[f"fold_{k}"]) for k in range(sum(name.startswith("fold_") for name in found))]
    return Grown(None, int(found["rounds"]), warnings), boosters


class AllRows(xgb.callback.TrainingCallback):
    """The objective of the booster of all rows, which also tells how far it is."""

    def __init__(self, rounds: int, topic: str) -> None:
        super().__init__()
        self._rounds, self._topic = rounds, topic
        self._rows: tuple[NDArray[np.bool_], NDArray[np.int32]] | None = None

    def objective(self, margin: NDArray[np.float32], data: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Gradients and hessians of all rows."""
        if self._rows is None:
            self._rows = _decode(data.get_label())
        labels, folds = self._rows
        gradient, hessian = np.empty(len(labels), dtype=np.float32), np.empty(len(labels), dtype=np.float32)
        boosting_gradients(np.asarray(margin, dtype=np.float32), labels, folds, -1, gradient, hessian)
        return gradient, hessian

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Tell how far it is; never ends it."""
        if xgb.collective.get_rank() == 0:
            _Reporter(self._topic)("train on all", epoch + 1, self._rounds)
        return False


def held_out_margins(
    matrix: Any, encoded: NDArray[np.float32], boosters: list[bytes], threads: int
) -> NDArray[np.float64]:
    """Margin of each row by the booster of its own fold, which did not see it, float64[n] in the host's memory."""
    _, folds = _decode(encoded)
    out = np.empty(len(folds))
    for k, packed in enumerate(boosters):
        booster = xgb.Booster()
        booster.load_model(bytearray(packed))
        rows = np.flatnonzero(folds == k)
        chosen = matrix[to_device(rows) if on_gpu(matrix) else rows]
        out[rows] = to_host(BoostedTrees(booster).margin(chosen, threads))
    return out


class _Reporter:
    """Progress as events of a topic."""

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def __call__(self, stage: str, done: float, total: float) -> None:
        get_worker().log_event(self._topic, [stage, done, total])


def _everywhere(loss: float) -> float:
    """The loss over the rows of all workers."""
    return float(xgb.collective.allreduce(np.array([loss]), xgb.collective.Op.SUM)[0])


def _packed(booster: Any) -> str:
    return base64.b85encode(bytes(booster.save_raw("ubj"))).decode("ascii")
