"""Measure what ways of training cost and bring: `python scripts/measure_training.py TABLE [TABLE ...]`.

Prints the tables under "Parameters" and "Time" in docs/model.md for arrest tables of your own. For each day T (--as-of;
by default the day after the last date) and each seed of the model there are three snapshots, as of T-3H, T-2H and T-H,
each with what happened in the window of H days after it. A model is trained on the first and tried on the second, and
then one on both and tried on the third. Each way is compared with today's on the same rows and with the same seed:
difference, and twice its standard error over these trials. Seconds are the processor's, with one thread.

The model of both is compared with one that is cross-fitted again: with rounds, calibration and threshold of its own.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any, TypeAlias
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from gpunet import ModelConfig, load_config, read_arrests
from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import violent_between
from gpunet.base.days import day_to_date
from gpunet.features import compute_features
from gpunet.model import FeatureTable, Model, boosting, boosting_rounds, cross_fit, evaluate, folds, read_features
from gpunet.model.calibration import fit_calibration, log_odds
from gpunet.model.table import stack
from gpunet.model.training import train_later

MEASURES = ("log loss", "average precision", "AUC", "Brier", "slope", "rounds", "seconds")


def _never_enough(labels: Any, everywhere: Any) -> bool:
    return False


def _always_enough(labels: Any, everywhere: Any) -> bool:
    return True


def _no_columns(counts: Any, rows: int) -> NDArray[np.int64]:
    return np.empty(0, dtype=np.int64)


#: What is otherwise in each way: XGBoost's parameters, the configuration, and (module, name, value).
WAYS: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[Any, str, Any]]]] = {
    "as it is": ({}, {}, []),
    "the least loss": ({}, {}, [(boosting_rounds, "_enough", _never_enough)]),
    "one standard error": ({}, {}, [(boosting_rounds, "_enough", _always_enough)]),
    "zeros not missing": ({}, {}, [(boosting, "columns_of_zeros", _no_columns)]),
    "one fold held out": ({}, {}, [(folds, "ENOUGH_OF_EACH", 1)]),
    "all folds held out": ({}, {}, [(folds, "ENOUGH_OF_EACH", 1 << 40)]),
    "before: least loss, zeros not missing, all folds": (
        {},
        {},
        [
            (boosting_rounds, "_enough", _never_enough),
            (boosting, "columns_of_zeros", _no_columns),
            (folds, "ENOUGH_OF_EACH", 1 << 40),
        ],
    ),
    "eta 0.1": ({"eta": 0.1}, {}, []),
    "eta 0.2": ({"eta": 0.2}, {}, []),
    "3 folds": ({}, {"folds": 3}, []),
}
Snapshot: TypeAlias = tuple[FeatureTable, NDArray[np.bool_]]


@contextmanager
def changed(parameters: dict[str, Any], patches: list[tuple[Any, str, Any]]) -> Iterator[None]:
    """Inside, XGBoost has other parameters, and modules other values."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(boosting.PARAMETERS, parameters))
        for module, name, value in patches:
            stack.enter_context(mock.patch.object(module, name, value))
        yield


def measured(train: Callable[[], Model], test: Snapshot) -> NDArray[np.float64]:
    """MEASURES of what `train` gives."""
    start = time.process_time()
    model = train()
    seconds = time.process_time() - start
    table, happened = test
    probability = model.predict_proba(table, threads=1)
    odds = log_odds(probability)
    found = evaluate(happened, probability, threshold=0.5)["model"]  # no measure here depends on the threshold
    loss = float(np.where(happened, np.logaddexp(0.0, -odds), np.logaddexp(0.0, odds)).mean())
    slope = fit_calibration(odds, happened).slope  # 1 if what is said is neither too bold nor too timid
    values = (loss, found["average_precision"], found["auc"], found["brier"], slope, model.training["rounds"], seconds)
    return np.array(values, dtype=np.float64)


def trial(days: list[Snapshot], config: ModelConfig, ways: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Each way's MEASURES on three snapshots."""
    first, second, third = days
    found: dict[str, NDArray[np.float64]] = {}
    for name in ways:
        xgboost, settings, patches = WAYS[name]
        with changed(xgboost, patches):
            own = replace(config, **settings)
            found[f"past: {name}"] = measured(partial(_model, *first, own), second)
    past = cross_fit(*first, config=config, threads=1)
    labels = (first[1], second[1])
    both = stack(first[0], second[0].select(first[0].columns))
    probability = past.model.predict_proba(second[0], threads=1)
    found["both: as it is"] = measured(
        lambda: train_later(both, labels, past, probability, config=config, threads=1, what="both").model, third
    )
    found["both: cross-fitted again"] = measured(partial(_model, both, np.concatenate(labels), config), third)
    return found


def _model(table: FeatureTable, labels: NDArray[np.bool_], config: ModelConfig) -> Model:
    return cross_fit(table, labels, config=config, threads=1).model


def snapshots(arrests: Arrests, end: date, horizon: timedelta) -> list[Snapshot]:
    """Features as of three days, and who was arrested for violence in the window after each."""
    days = [end - k * horizon for k in (3, 2, 1)]
    return [
        (read_features(compute_features(arrests.before(day))), violent_between(arrests, day, day + horizon))
        for day in days
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", help="arrest tables, as gpunet run takes them")
    parser.add_argument("--config", help="the configuration, a TOML file")
    parser.add_argument("--as-of", nargs="*", type=date.fromisoformat, default=[], help="days T")
    parser.add_argument("--seed", nargs="*", type=int, default=[1], help="seeds of the model")
    parser.add_argument("--each", action="store_true", help="each table is of other persons: trials of its own")
    parser.add_argument("--ways", nargs="*", choices=WAYS, default=list(WAYS), help="which ways to measure")
    given = parser.parse_args()
    config = load_config(given.config)
    ways = list(dict.fromkeys(["as it is", *given.ways]))
    trials = []
    for tables in [[table] for table in given.tables] if given.each else [given.tables]:
        arrests = read_arrests(tables, config)
        for end in given.as_of or [day_to_date(arrests.last_day + 1)]:
            days = snapshots(arrests, end, timedelta(days=config.model.horizon_days))
            for seed in given.seed:
                trials.append(trial(days, replace(config.model, kind="xgboost", seed=seed), ways))
                rows = ", ".join(f"{len(labels)} persons, {labels.sum()} positive" for _, labels in days)
                print(f"T = {end}, seed {seed}: {rows}", flush=True)
    print(f"\n| | {' | '.join(MEASURES)} |\n|{'---|' * (1 + len(MEASURES))}")
    for name in trials[0]:
        base = name.split(": ")[0] + ": as it is"
        values = np.array([each[name] for each in trials])
        change = values - np.array([each[base] for each in trials])
        error = 2 * change.std(axis=0, ddof=1) / np.sqrt(len(trials)) if len(trials) > 1 else np.full(7, np.nan)
        if name == base:
            cells = [f"{value:.5f}" for value in values.mean(axis=0)[:5]]
        else:
            cells = [f"{d:+.5f} ± {e:.5f}" for d, e in zip(change.mean(axis=0)[:5], error[:5], strict=True)]
        cells += [f"{values[:, 5].mean():.0f}", f"{values[:, 6].mean():.1f}"]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
