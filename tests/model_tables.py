"""Made-up feature tables with a known signal, for the tests of the models."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from gpunet.config.config import ModelConfig

#: Small and quick; enough rounds for the signal.
QUICK = ModelConfig(max_rounds=40, folds=3)

KINDS = ("xgboost", "random_forest")


def table(n: int = 600, seed: int = 0, first_id: int = 0) -> tuple[pl.DataFrame, np.ndarray[Any, Any]]:
    """A feature frame and labels. `count`, `level` and `flag` make the label likely; `noise` and `empty` do not."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(1.5, n)
    level = rng.standard_normal(n)
    flag = rng.random(n) < 0.3
    chance = 1 / (1 + np.exp(-(0.9 * count + 1.2 * level + 1.0 * flag - 3.5)))
    since = pl.Series(rng.integers(1, 900, n)).scatter(np.flatnonzero(count == 0), None)
    frame = pl.DataFrame(
        {
            "person_id": np.arange(first_id, first_id + n),
            "count": count,
            "level": pl.Series(level).scatter(np.flatnonzero(rng.random(n) < 0.1), None),
            "flag": flag,
            "noise": rng.standard_normal(n),
            "twice_count": 2 * count,
            "own_violent_arrests": count,
            "days_since_last_violent": since,
            "empty": pl.Series([None] * n, dtype=pl.Float64),
            "gang": ["a", "b"] * (n // 2) + ["a"] * (n % 2),
        }
    )
    return frame, rng.random(n) < chance
