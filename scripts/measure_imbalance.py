"""Measure whether weighting the positives helps a forecast: `python scripts/measure_imbalance.py TABLE [TABLE ...]`.

Prints the table under "Class imbalance" in docs/model.md for arrest tables of your own. For each day T (--as-of; by
default the day after the last date) and each horizon H (--horizon) a model is trained on the features as of T-2H with
the label "violent arrest in [T-2H, T-H)" and tried on those as of T-H against [T-H, T). The figures are means over
these trials; each takes minutes for 10,000 persons.

A weight w is given by having the rows of the positives w times (the square root is rounded). All copies of a row share
its fold, so nobody is on both sides of a split. The calibration is then fitted to one copy of each held-out row.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from gpunet import ModelConfig, load_config, read_arrests
from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import violent_between
from gpunet.base.days import day_to_date
from gpunet.features import compute_features
from gpunet.model import FeatureTable, cross_fit, evaluate, read_features
from gpunet.model.calibration import fit_calibration
from gpunet.model.folds import NEVER

WEIGHTS = {"1": 0.0, "square root of negatives / positives": 0.5, "negatives / positives": 1.0}
MEASURES = ("AUC", "average precision", "log loss", "Brier", "predicted / observed", "slope of calibration")


def log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    bounded = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.log(bounded / (1 - bounded))


def snapshot(arrests: Arrests, start: date, end: date) -> tuple[FeatureTable, NDArray[np.bool_]]:
    """Features as of `start`, and who was arrested for violence in ``[start, end)``."""
    return read_features(compute_features(arrests.before(start))), violent_between(arrests, start, end)


def measure(
    past: tuple[FeatureTable, NDArray[np.bool_]],
    test: tuple[FeatureTable, NDArray[np.bool_]],
    power: float,
    config: ModelConfig,
) -> list[float]:
    """Train with the weight (negatives / positives) ** power on `past`; return MEASURES of it on `test`."""
    (table, labels), (later, happened) = past, test
    weight = max(round(float((~labels).sum() / max(labels.sum(), 1)) ** power), 1)
    rows = np.concatenate([np.arange(len(labels)), np.repeat(np.flatnonzero(labels), weight - 1)])
    fitted = cross_fit(table.take(rows), labels[rows], config=config)
    known = fitted.fold[: len(labels)] != NEVER
    calibration = fit_calibration(log_odds(fitted.probability[: len(labels)][known]), labels[known])
    probability = calibration(log_odds(fitted.model.predict_proba(later)))
    found = evaluate(happened, probability, threshold=0.5)  # no measure below depends on the threshold
    model, odds = found["model"], log_odds(probability)
    if not 0 < found["positives"] < found["persons"]:
        raise SystemExit("everybody or nobody was arrested for violence in the last window: nothing to measure")
    return [
        model["auc"],
        model["average_precision"],
        float(np.where(happened, np.logaddexp(0.0, -odds), np.logaddexp(0.0, odds)).mean()),
        model["brier"],
        found["mean_probability"] / found["base_rate"],
        fit_calibration(odds, happened).slope,
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", help="arrest tables, as gpunet run takes them")
    parser.add_argument("--config", help="the configuration, a TOML file")
    parser.add_argument("--kind", choices=("xgboost", "random_forest"), help="kind of model")
    parser.add_argument("--as-of", nargs="*", type=date.fromisoformat, default=[], help="days T")
    parser.add_argument("--horizon", nargs="*", type=int, default=[], help="horizons H in days")
    given = parser.parse_args()
    config = load_config(given.config)
    model = replace(config.model, kind=given.kind or config.model.kind)
    arrests = read_arrests(given.tables, config)
    trials: list[list[list[float]]] = []
    for end in given.as_of or [day_to_date(arrests.last_day + 1)]:
        for days in given.horizon or [config.model.horizon_days]:
            horizon = timedelta(days=days)
            past = snapshot(arrests, end - 2 * horizon, end - horizon)
            test = snapshot(arrests, end - horizon, end)
            trials.append([measure(past, test, power, model) for power in WEIGHTS.values()])
            print(f"T = {end}, H = {days} days: {len(test[1])} persons, {test[1].mean():.2%} positive", flush=True)
    print(f"\n| positives weighted by | {' | '.join(MEASURES)} |\n|{'---|' * (1 + len(MEASURES))}")
    for name, means in zip(WEIGHTS, np.mean(trials, axis=0), strict=True):
        auc, ap, loss, brier, ratio, slope = means
        print(f"| {name} | {auc:.4f} | {ap:.4f} | {loss:.5f} | {brier:.5f} | {ratio:.2f} | {slope:.2f} |")


if __name__ == "__main__":
    main()
