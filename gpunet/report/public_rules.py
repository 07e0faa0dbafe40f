"""Which lists of an audit the public may be told errors of, beside the public report of the run that was audited."""

from __future__ import annotations

import numpy as np
import polars as pl

from gpunet.base.array_types import Bool, Float64
from gpunet.evaluate.forecast_intervals import Window, forecast_intervals
from gpunet.report.audience import Audience
from gpunet.report.few import FLAGGED
from gpunet.report.forecast_data import ALL, Forecasts
from gpunet.report.forecast_lists import told_of

__all__ = ["THRESHOLD", "forecast_alone", "public_rules"]

#: The rule of an audit that selects whom the model's threshold flags.
THRESHOLD = "threshold"

#: The lists that a run's measures tell of, and the rules of an audit that select the same persons.
_RULES = {FLAGGED: THRESHOLD, "precision_top_100": "top_100", "precision_top_500": "top_500"}


def public_rules(found: Forecasts) -> list[str]:
    """The rules of an audit that select those lists of which the run's own report tells the public.

    An audit hides one of two lists between which few persons stand, the run's report perhaps the other one: who reads
    both could subtract them.

    Parameters
    ----------
    found
        How good the run's forecast was; of :func:`forecast_alone` too.

    Examples
    --------
    >>> rank = np.arange(2_000)
    >>> public_rules(forecast_alone(1 - rank / 2_000, rank % 4 == 0, 0.9))
    ['threshold', 'top_100', 'top_500']
    >>> public_rules(forecast_alone(1 - rank / 2_000, rank % 4 == 0, 0.9475))  # which flags 106 persons
    ['top_100', 'top_500']
    """
    told = told_of(found, Audience("public"))["model"]
    return [rule for name, rule in _RULES.items() if name in told]


def forecast_alone(probability: Float64, label: Bool, threshold: float) -> Forecasts:
    """How good a model's forecast was, of what befell everybody: values alone, without intervals.

    Parameters
    ----------
    probability, label
        float64[n], bool[n]: what the model said of each person of the test window, and what came true.
    threshold
        From which probability on it flags a person.
    """
    n = len(label)
    tested = Window(probability, None, label, np.zeros(n, np.int64))
    found = forecast_intervals(tested, threshold, {ALL: np.ones(n, np.bool_)}, draws=0, seed=0)
    past = pl.Series([None] * n, dtype=pl.Float64)
    persons = pl.DataFrame({"probability": probability, "label": label, "past": past})
    return Forecasts(found, persons, draws=0, asked=0, horizon_days=0, window="")
