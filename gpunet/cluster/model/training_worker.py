"""What each of several workers does that train XGBoost together; imported where XGBoost is.

Each enters the same rounds with its own rows, in the loop of a training in one process; XGBoost adds up histograms, and
this module losses, over all workers. They find each other through a tracker, a port that the first of them opens for
the time of the training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xgboost as xgb
from distributed import Worker, get_worker
from distributed.comm import get_address_host

from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.base.threads import threads_for
from gpunet.config.config import ModelConfig
from gpunet.model.boosting import DEVICE, PARAMETERS
from gpunet.model.boosting_rounds import Grown, HostFold, grow_together
from gpunet.model.folds import NO_FOLD
from gpunet.model.quantised import quantised
from gpunet.model.zeros import column_counts, columns_of_zeros, keep_zeros

__all__ = ["close_tracker", "open_tracker", "train"]

_TRACKERS: dict[str, xgb.tracker.RabitTracker] = {}


def open_tracker(name: str, workers: int, dask_worker: Worker) -> dict[str, Any]:
    """Open a tracker for so many workers on this one; returns what each of them has to know."""
    host = get_address_host(dask_worker.address)
    tracker = xgb.tracker.RabitTracker(n_workers=workers, host_ip=host, sortby="task")
    _TRACKERS[name] = tracker
    tracker.start()
    return dict(tracker.worker_args())


def close_tracker(name: str) -> None:
    """Close a tracker if it is here, whether its workers have come or not."""
    tracker = _TRACKERS.pop(name, None)
    if tracker is not None:
        try:
            tracker.free()
        except xgb.core.XGBoostError:
            """It still waited for workers, or one of them has ended; its port is closed all the same."""


def train(
    matrices: Sequence[Any],
    labels: Bool,
    folds: Int32,
    *,
    rank: int,
    tracker: dict[str, Any],
    rates: Sequence[float],
    config: ModelConfig,
    rounds: int | None,
    device: str,
    topic: str,
) -> tuple[Grown, bytes | None]:
    """Take part in a training as the worker number `rank`.

    Parameters
    ----------
    matrices
        This worker's rows, one after the other: float32[rows, p] each, where `device` says.
    labels, folds
        Of all rows of the matrices, bool[n] and int32[n].
    tracker
        What :func:`open_tracker` returned.
    rates
        Where each fold's booster begins (the share of positives among the rows that it sees, on all workers), and last
        where that of all rows does.
    config
        For the greatest number of rounds and the seed.
    rounds
        So many, where there are no folds.
    device
        ``"cpu"`` or ``"gpu"``.
    topic
        Gets events ``[stage, done, total]`` from the first worker.

    Returns
    -------
    tuple
        What the folds' boosters found, with the margins of this worker's rows, float64[n]; and from the first worker
        the booster of all rows.
    """
    worker = get_worker()
    threads = threads_for(sum(matrix.size for matrix in matrices), worker.state.nthreads)
    params = {**PARAMETERS, "device": DEVICE[device], "seed": config.seed, "nthread": threads}

    def progress(stage: str, done: float, total: float) -> None:
        if rank == 0:
            worker.log_event(topic, [stage, done, total])

    with xgb.collective.CommunicatorContext(**tracker, dmlc_task_id=f"{rank:08d}"):
        zeros = _zeros(matrices) if device == "cpu" else np.empty(0, np.int64)
        data = quantised(matrices, zeros, PARAMETERS["max_bin"], threads)

        def fold(held_out: int) -> HostFold:
            rate = rates[-1] if held_out == NO_FOLD else rates[held_out]
            booster = xgb.Booster({**params, "base_score": rate}, cache=[data])
            return HostFold(booster, data, labels, folds, held_out, threads)

        margins = np.full(len(labels), np.nan)
        if rounds is None:
            models = [fold(k) for k in range(len(rates) - 1)]
            grown = grow_together(models, margins, labels, config.max_rounds, progress, _everywhere)
            del models
        else:
            grown = Grown(margins, rounds, ())
        everyone = fold(NO_FOLD)
        for number in range(grown.rounds):
            everyone.boost(number)
            progress("train on all", number + 1, grown.rounds)
        keep_zeros(everyone.booster, zeros)
        return grown, bytes(everyone.booster.save_raw("ubj")) if rank == 0 else None


def _zeros(matrices: Sequence[Any]) -> Int64:
    """What :func:`gpunet.model.zeros.columns_of_zeros` says of the rows of all workers."""
    counts = sum(column_counts(matrix) for matrix in matrices)
    rows = np.array([sum(len(matrix) for matrix in matrices)], dtype=np.float64)
    return columns_of_zeros(_everywhere(np.asarray(counts)), int(_everywhere(rows)[0]))


def _everywhere(sums: Float64) -> Float64:
    """Sums over the rows of all workers."""
    return np.asarray(xgb.collective.allreduce(sums.ravel(), xgb.collective.Op.SUM)).reshape(sums.shape)
