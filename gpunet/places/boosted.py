"""XGBoost on counts: trained on windows that have passed, it forecasts those that come after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gpunet.base.array_types import Float64, Int64
from gpunet.base.parallel import in_batches
from gpunet.base.progress import ProgressCallback
from gpunet.config.places_config import PlacesConfig
from gpunet.places.counts import Known, labels_of
from gpunet.places.windows import Window

__all__ = ["PARAMETERS", "forecasts", "training_rows"]

#: As those of the model of persons (docs/model.md), but for the objective.
PARAMETERS: dict[str, Any] = {
    "objective": "count:poisson",
    "tree_method": "hist",
    "eta": 0.05,
    "max_depth": 4,
    "min_child_weight": 5.0,
    "lambda": 1.0,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "max_bin": 256,
    "nthread": 1,  # sums over more would depend on how many there are; models are trained side by side instead
}


def training_rows(windows: Sequence[Window], at: int) -> list[int]:
    """The windows that have passed as of the first day of the window `at`."""
    return [i for i, window in enumerate(windows) if window.until <= windows[at].as_of]


def forecasts(
    windows: Sequence[Window],
    known: Sequence[Known],
    trained: Sequence[int | None],
    n: int,
    asked: PlacesConfig,
    threads: int,
    progress: ProgressCallback | None = None,
) -> list[Float64 | None]:
    """For every window the violent arrests to come in each place that is known, None where there is no model yet.

    Parameters
    ----------
    windows, known
        Each window, and what is known of places as of its first day.
    trained
        From :func:`gpunet.places.windows.training_days`. A model learns from what was known on that day: of the windows
        before it the counts, and as labels the violent arrests that had come to be known by then.
    n
        Number of codes of places.
    asked
        Says rounds and seed.
    threads
        So many models are trained at a time; it has no bearing on the forecasts.

    Returns
    -------
    list of float64[places] or None
        Expected counts. The length of the window is the exposure: a model of rates a day.
    """
    found: list[Float64 | None] = [None] * len(windows)
    at = sorted({day for day in trained if day is not None})

    def work(day: int) -> list[tuple[int, Float64]]:
        model = _train(windows, known, day, n, asked)
        return [(i, _forecast(model, windows[i], known[i])) for i, other in enumerate(trained) if other == day]

    for _, made in in_batches(work, at, threads, stage="forecasts", weights=[day + 1 for day in at], progress=progress):
        for i, values in made:
            found[i] = values
    return found


def _train(windows: Sequence[Window], known: Sequence[Known], day: int, n: int, asked: PlacesConfig) -> Any:
    """The model as of a window's first day, and the rate a day and place that it starts from; None if that is 0."""
    import xgboost as xgb

    passed = training_rows(windows, day)
    events = known[day].events
    labels = [labels_of(events, known[i].code, windows[i].first, windows[i].stop, n) for i in passed]
    label: Int64 = np.concatenate(labels)
    days = np.repeat([float(windows[i].days) for i in passed], [len(each) for each in labels])
    rate = label.sum() / days.sum()
    if not rate > 0:
        return None
    matrix = np.concatenate([known[i].counts for i in passed]).astype(np.float32)
    data = xgb.QuantileDMatrix(matrix, label, max_bin=PARAMETERS["max_bin"], nthread=1)
    data.set_base_margin(np.log(rate * days).astype(np.float32))
    return xgb.train({**PARAMETERS, "seed": asked.seed}, data, asked.rounds), rate


def _forecast(model: Any, window: Window, known: Known) -> Float64:
    import xgboost as xgb

    if model is None:
        return np.zeros(len(known.code))
    booster, rate = model
    margin = np.full(len(known.code), np.log(rate * window.days), np.float32)
    data = xgb.DMatrix(known.counts.astype(np.float32), base_margin=margin, nthread=1)
    return booster.predict(data).astype(np.float64)  # type: ignore[no-any-return]
