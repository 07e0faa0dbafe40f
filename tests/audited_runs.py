"""A folder as ``gpunet run`` leaves it, of made-up scores and features, and tables of attributes for its persons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from gpunet.cli.running import RUN_FILES
from gpunet.config.config import load_config
from gpunet.config.registry import columns
from gpunet.runs.folder import RunFolder

CONFIG = {"violent_offences": {"robbery": ["robbery*"]}, "evaluate": {"bootstrap": 40}, "audit": {"folds": 2}}
N = 900


def ids_of(numbers: bool) -> list[Any]:
    return [7_000_000 + i if numbers else f"id-{7_000_000 + i}" for i in range(N)]


def audited_run(
    folder: Path,
    config: dict[str, Any] | None = None,
    numbers: bool = False,
    most_positives: int = N,
    **manifest: Any,
) -> Path:
    """Write the run; persons of even places are of one community each ten, all others alone."""
    settings = load_config({**CONFIG, **(config or {})})
    rng = np.random.default_rng(4)
    label = rng.random(N) < 0.25
    label &= np.cumsum(label) <= most_positives
    probability = np.clip(rng.normal(0.2 + 0.25 * label, 0.15), 0, 1)
    ids = pl.Series("person_id", ids_of(numbers))
    community = pl.Series("community", [i // 20 if i % 2 == 0 else None for i in range(N)], dtype=pl.Int64)
    declared = columns(settings.sets, layers=settings.layers)
    names = {"int64": pl.Int64, "float64": pl.Float64, "bool": pl.Boolean}
    features = {
        name: pl.Series(rng.integers(0, 2 if of.dtype == "bool" else 50, N)).cast(names[of.dtype])
        for name, of in declared.items()
    }
    positives = int(label.sum())
    test = {"window": "[2013-01-01, 2013-06-30)", "persons": N, "positives": positives}
    of_model = {"flagged": int((probability >= 0.35).sum())}
    results = {
        "persons": N, "positives": positives, "base_rate": positives / N, "threshold": 0.35,
        "model": of_model, "past_violence": None, "chance": {},
    }  # fmt: skip
    model = {
        "horizon_days": 180, "results": results, "past": test, "test": test, "held_out": results,
        "results_new_persons": None, "calibration": [], "importance": [],
    }  # fmt: skip
    with RunFolder(folder, RUN_FILES) as run:
        run.write_table(
            "predictions.parquet", [pl.DataFrame({"person_id": ids, "probability": probability, "label": label})]
        )
        run.write_table("groups.parquet", [pl.DataFrame({"person_id": ids, "community": community})])
        run.write_table("features.parquet", [pl.DataFrame({"person_id": ids, **features})])
        run.finish(
            {
                "gpunet": "run",
                "config": settings.as_dict(),
                "as_of": "2013-06-30",
                "input": {
                    "rows": {"read": 1, "accepted": 1, "rejected": 0, "duplicate": 0},
                    "files": [], "left_out": [], "rejected_by_reason": {},
                },
                "arrests": {
                    "arrests": 1, "persons": N, "first_date": None, "last_date": None,
                    "violent_arrests": {"violent": 1},
                },
                "network": {"persons": N, "ties": 1, "components": 1},
                "path": None,
                "model": model,
                "warnings": [],
                "execution": {"seconds": 1.0},
                **manifest,
            }
        )  # fmt: skip
    return folder


def attributes_of(path: Path, groups: tuple[str, ...] = ("A", "B", "C"), numbers: bool = False) -> Path:
    """A CSV with an attribute of three groups, one of two, and nothing of the last thirty persons."""
    rng = np.random.default_rng(9)
    frame = pl.DataFrame(
        {
            "Person ID": ids_of(numbers),
            "Ethnicity": np.array(groups)[rng.integers(0, len(groups), N)],
            "sex": np.array(["F", "M"])[(rng.random(N) < 0.8).astype(int)],
        }
    )
    frame.head(N - 30).write_csv(path)
    return path
