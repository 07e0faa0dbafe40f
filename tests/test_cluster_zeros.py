"""Zeros that are missing, where the rows are divided over workers that train together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import xgboost as xgb

from gpunet.cluster.model import training_worker
from gpunet.config.config import ModelConfig
from gpunet.model.boosting import base_rate
from gpunet.model.folds import NEVER, NO_FOLD
from gpunet.model.zeros import zeros_of


def test_workers_agree_on_the_columns_whatever_rows_they_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of two has half of the rows; what a column is for one of them alone it is not for both."""
    worker = SimpleNamespace(state=SimpleNamespace(nthreads=1), log_event=lambda topic, event: None)
    monkeypatch.setattr(training_worker, "get_worker", lambda: worker)
    rng = np.random.default_rng(0)
    n, half = 600, 300
    matrix = rng.random((n, 4)).astype(np.float32) + 0.1
    matrix[:, 0] *= np.arange(n) < 0.4 * n  # none is zero in half of the first one's rows, most are in all
    matrix[half:, 1] = 0
    matrix[rng.random(n) < 0.3, 1] = 0
    matrix[10, 1] = np.nan  # a null in the first one's rows
    matrix[half:, 2] = 0  # zero in all of the second one's rows: half of all
    labels = rng.random(n) < 0.1 + 0.6 * (matrix[:, 3] > 0.6)
    fold = (np.arange(n) % 3).astype(np.int32)
    fold[fold == 2] = NEVER
    tracker = xgb.tracker.RabitTracker(n_workers=2, host_ip="127.0.0.1", sortby="task")
    tracker.start()

    def work(rank: int) -> tuple[training_worker.Grown, bytes | None]:
        rows = slice(rank * half, (rank + 1) * half)
        return training_worker.train(
            [matrix[rows]], labels[rows], fold[rows], rank=rank, tracker=dict(tracker.worker_args()),
            rates=[base_rate(labels, fold, k) for k in (0, 1, NO_FOLD)], config=ModelConfig(max_rounds=8), rounds=None,
            device="cpu", topic="",
        )  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        (first, model), (second, nothing) = pool.map(work, range(2))
    assert nothing is None
    assert model is not None
    booster = xgb.Booster(model_file=bytearray(model))
    assert zeros_of(booster).tolist() == [0]
    assert first.rounds == second.rounds == booster.num_boosted_rounds()
    np.testing.assert_array_equal(np.isnan(first.margins), fold[:half] == NEVER)
