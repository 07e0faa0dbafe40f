"""Folders of a run with the tables that sections on its forecast read, made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from gpunet.evaluate.forecast_intervals import Compared, Estimate
from gpunet.evaluate.schemas import MEASURES
from gpunet.model import evaluate
from gpunet.report.audience import Audience, AudienceName
from gpunet.report.source import Source

THRESHOLD = 0.3


def persons(n: int, seed: int = 1, *, rate: float = 0.2, skill: float = 0.2) -> pl.DataFrame:
    """A table of predictions; the record tells something of who is arrested."""
    rng = np.random.default_rng(seed)
    label = rng.random(n) < rate
    violent = np.where(rng.random(n) < 0.1 + 0.3 * label, rng.integers(1, 4, n), 0)
    return pl.DataFrame({
        "person_id": np.arange(n) + 1000,
        "probability": np.clip(rng.normal(rate + skill * label, 0.1), 0, 1),
        "past_violence": violent.astype(float),
        "own_arrests": violent + rng.integers(1, 6, n),
        "own_violent_arrests": violent,
        "degree__all": rng.integers(0, 3, n),
        "new_person": rng.random(n) < 0.3,
        "label": label,
    })  # fmt: skip


def source_of(
    folder: Path, predictions: pl.DataFrame | None, audience: AudienceName = "analyst", *, draws: int = 100, **told: Any
) -> Source:
    """A source of such a folder; without predictions as earlier versions left it. `told` is of the model's section."""
    frame = persons(400) if predictions is None else predictions
    folder.mkdir(parents=True, exist_ok=True)
    outputs: dict[str, Any] = {"groups.parquet": {}}
    if predictions is not None:
        predictions.write_parquet(folder / "predictions.parquet")
        outputs["predictions.parquet"] = {}
    fourth = pl.int_range(len(frame)) // 4
    frame.select("person_id", community=pl.when(fourth % 3 > 0).then(fourth)).write_parquet(folder / "groups.parquet")
    source = Source(folder, Audience(audience))
    source.__dict__["manifest"] = {
        "gpunet": "run",
        "config": {"evaluate": {"bootstrap": draws}, "model": {"seed": 1}},
        "completeness": {"as_of": "2014-09-01", "last_date": "2014-08-31", "days_beyond": 0, "late": []},
        "outputs": outputs,
        "model": model_section(frame) | told,
    }
    return source


def model_section(frame: pl.DataFrame) -> dict[str, Any]:
    """What ``run.json`` says of a forecast of these persons."""
    order = "past_violence" if "past_violence" in frame.columns else "past_victimisation"
    label, probability, past = (frame[name].to_numpy() for name in ("label", "probability", order))
    results = evaluate(label, probability, THRESHOLD, past_violence=past)
    of_groups = [
        {"persons": len(of), "mean_probability": float(probability[of].mean()), "observed": float(label[of].mean())}
        for of in np.array_split(np.argsort(probability, kind="stable"), 10)
        if len(of)
    ]
    return {
        "horizon_days": 180,
        "past": {"window": "[2013-09-06, 2014-03-05)"},
        "test": {"window": "[2014-03-05, 2014-09-01)"},
        "results": results,
        "results_new_persons": None,
        "held_out": results,
        "calibration": of_groups,
    }


def compared(model: float | None, past: float | None, less: Any = None, reason: str = "") -> Compared:
    """A comparison in which every measure of an order is the same; `less` is the interval of their difference."""
    difference = None if model is None or past is None else model - past

    def each(value: float | None, interval: Any = None) -> dict[str, Estimate]:
        return dict.fromkeys(MEASURES, Estimate(value, interval, reason))

    return Compared(
        1000, 100, 50, 20, Estimate(0.1, (0.08, 0.12)), each(model), each(past), each(difference, less),
        dict.fromkeys(MEASURES, 0.1), [],
    )  # fmt: skip
