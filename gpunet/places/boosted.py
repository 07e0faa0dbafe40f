"""XGBoost on counts: trained on windows that have passed, it forecasts those that come after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gpunet.base.array_types import Float64, Int64
from gpunet.base.parallel import in_batches
from gpunet.base.progress import ProgressCallback
from gpunet.config.places_config import PlacesConfig
from gpunet.model import boosting
from gpunet.places.counts import Known, labels_of
from gpunet.places.windows import Window

__all__ = ["MOST_ROWS", "PARAMETERS", "forecasts", "training_windows"]

#: As those of the model of persons (docs/model.md), but for the objective.
PARAMETERS: dict[str, Any] = {
    **boosting.PARAMETERS,
    "objective": "count:poisson",
    "nthread": 1,  # sums over more would depend on how many there are; models are trained side by side instead
}


#: A model learns from no more rows than this, unless a single window has more: there can be 100,000 cells.
MOST_ROWS = 200_000


def training_windows(windows: Sequence[Window], places: Sequence[int], at: int, most: int = MOST_ROWS) -> list[int]:
    """The windows that a model as of the first day of the window `at` learns from: the latest of those that passed.

    `places` are the rows of each window; those of all together are `most` at most, or those of one window.

    Examples
    --------
    >>> from datetime import date
    >>> from gpunet.model import boosting
    from gpunet.places.windows import Window
    >>> days = [date(2013, month, 1) for month in range(1, 7)]
    >>> windows = [Window(day, after, True) for day, after in zip(days, days[1:])]
    >>> training_windows(windows, [60, 60, 60, 60, 60], 4, most=150)
    [2, 3]
    """
    passed = [i for i, window in enumerate(windows) if window.until <= windows[at].as_of]
    rows = np.cumsum([places[i] for i in reversed(passed)])
    fit = max(1, int(np.searchsorted(rows, most, side="right")))
    return passed[-fit:]


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

    passed = training_windows(windows, [len(each.code) for each in known], day)
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
