"""How sure one can be of how good a forecast was: its measures with intervals, beside past violence alone and chance.

Both orders are measured in the same draws of communities (:mod:`gpunet.evaluate.bootstrap`), so that the interval of
their difference is that of pairs: it is narrower than what the two intervals by themselves would suggest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.evaluate.bootstrap import Draws, Interval, draw_communities, why_no_interval
from gpunet.evaluate.judged import calibration_of, interval_or_reason
from gpunet.evaluate.measures import Ordered, measures_of, order_of, reasons_of
from gpunet.evaluate.predicted import Predicted
from gpunet.evaluate.schemas import MEASURES
from gpunet.model.metrics import chance

__all__ = ["Compared", "Estimate", "Window", "forecast_intervals", "number_of_draws"]

#: Bytes that draws may take: one for each community and draw. Of very many communities there are fewer draws.
_MOST_BYTES = 150_000_000

#: So many draws there are at least, if they are asked for: the 2.5 percentile is then the fifth of them.
_FEWEST = 200

#: Of an estimate that is of one alone.
_NO_RECORD = "the record of past violence is not known"


@dataclass(frozen=True, eq=False)
class Window:
    """The n persons of a test window.

    Attributes
    ----------
    probability
        float64[n], what the model said.
    past_violence
        float64[n], :func:`gpunet.model.metrics.past_violence_score`; None where the record is not known.
    label
        bool[n], what happened.
    community
        int64[n], -1 for who is outside the network.
    """

    probability: Float64
    past_violence: Float64 | None
    label: Bool
    community: Int64

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True)
class Estimate:
    """A measure, its approximate 95 % interval, and why one of them is None ("" if neither is)."""

    value: float | None
    interval: Interval = None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Compared:
    """A forecast in one population.

    Attributes
    ----------
    persons, positives, flagged, hits
        Persons; those with the label; those at or above the model's threshold; those who are both.
    base_rate
        The share of positives.
    model, past_violence, difference
        Estimates of :data:`gpunet.evaluate.schemas.MEASURES`: of the model, of past violence alone (whoever has a
        violent arrest on record is flagged), and of the model's less that of past violence, draw by draw.
    chance
        Exact expectations of the same measures, see :func:`gpunet.model.metrics.evaluate`.
    calibration
        Groups by predicted probability as in the table ``calibration`` of an experiment, from the smallest.
    """

    persons: int
    positives: int
    flagged: int
    hits: int
    base_rate: Estimate
    model: Mapping[str, Estimate]
    past_violence: Mapping[str, Estimate]
    difference: Mapping[str, Estimate]
    chance: Mapping[str, float | None]
    calibration: Sequence[Mapping[str, Any]]


def number_of_draws(community: Int64, asked: int) -> int:
    """How many draws of so many communities fit into memory; never more than `asked`.

    >>> number_of_draws(np.arange(50_000), 2000), number_of_draws(np.full(1_000_000, -1), 2000)
    (2000, 200)
    """
    communities = len(np.unique(community[community >= 0])) + int((community < 0).sum())
    return min(asked, max(_FEWEST, _MOST_BYTES // max(communities, 1)))


def forecast_intervals(
    tested: Window, threshold: float, populations: Mapping[str, Bool], *, draws: int, seed: int
) -> dict[str, Compared]:
    """Compare a forecast with past violence alone and with chance.

    Parameters
    ----------
    tested
        The n persons.
    threshold
        From this probability on a person is flagged by the model.
    populations
        For each, by name, bool[n]: who is in it.
    draws
        Of the persons' communities, for intervals; 0 for none.
    seed
        Decides what is drawn.

    Returns
    -------
    dict
        ``{population: Compared}``, in the order of `populations`. Values equal those of
        :func:`gpunet.model.metrics.evaluate`, but for rounding.

    Notes
    -----
    The model is not trained again: intervals say what other persons would have changed, not what another training
    would have.

    Examples
    --------
    >>> n = 400
    >>> label = np.arange(n) % 4 == 0
    >>> tested = Window(np.where(label, 0.7, 0.2), (np.arange(n) % 8 == 0) * 1.0, label, np.arange(n) // 5)
    >>> found = forecast_intervals(tested, 0.5, {"all": np.ones(n, bool)}, draws=50, seed=1)["all"]
    >>> found.model["auc"].value, found.past_violence["auc"].value, found.difference["auc"].value
    (1.0, 0.75, 0.25)
    """
    drawn = draw_communities(tested.community, np.arange(len(tested)), draws, seed)
    orders = {
        "model": _order("model", tested, tested.probability, tested.probability >= threshold, drawn),
        "everybody": _order("everybody", tested, np.zeros(len(tested)), np.ones(len(tested), np.bool_), drawn),
    }
    record = tested.past_violence
    if record is not None:
        orders["past_violence"] = _order("past_violence", tested, record, record > 0, drawn)
    return {
        name: _compared({of: order.of(flag) for of, order in orders.items()}, drawn)
        for name, flag in populations.items()
    }


def _order(name: str, tested: Window, value: Float64, named: Bool, draws: Draws) -> Ordered:
    predicted = Predicted(
        "run", None, name, smote=False, family="all", outcome="horizon", person=np.arange(len(tested)),
        label=tested.label, value=value, named=named, is_probability=name == "model",
    )  # fmt: skip
    return order_of(predicted, draws.code)


def _compared(orders: Mapping[str, Ordered], draws: Draws) -> Compared:
    measured = {name: _Measured(order, draws) for name, order in orders.items()}
    model, record, persons = measured["model"], measured.get("past_violence"), orders["model"]
    missing = dict.fromkeys(MEASURES, Estimate(None, None, _NO_RECORD))
    n, positives, flagged = len(persons), int(persons.positive.sum()), int(persons.named.sum())
    expected = chance(n, positives, flagged)
    return Compared(
        n, positives, flagged, int((persons.positive & persons.named).sum()),
        base_rate=measured["everybody"].estimates()["precision"],
        model=model.estimates(),
        past_violence=missing if record is None else record.estimates(),
        difference=missing if record is None else model.less(record),
        chance={name: expected[name] for name in MEASURES},
        calibration=calibration_of(persons, model.observed, draws.number),
    )  # fmt: skip


class _Measured:
    """The measures of one order: of everybody once, and under each draw."""

    def __init__(self, order: Ordered, draws: Draws) -> None:
        self.once = measures_of(order, np.ones((len(draws.weights), 1), np.uint8))[0][:, 0]
        self.drawn, self.observed = measures_of(order, draws.weights)
        self.undefined = reasons_of(order)
        self.no_interval = {**why_no_interval(order, draws.number), **self.undefined}

    def estimates(self) -> dict[str, Estimate]:
        """Of each measure."""
        return _estimates(self.once, self.drawn, self.undefined, self.no_interval)

    def less(self, other: _Measured) -> dict[str, Estimate]:
        """Of what these measures are greater by than another order's of the same persons, draw by draw."""
        undefined = {**self.undefined, **other.undefined}
        no_interval = {**self.no_interval, **other.no_interval}
        return _estimates(self.once - other.once, self.drawn - other.drawn, undefined, no_interval)


def _estimates(
    once: Float64, drawn: Float64, undefined: Mapping[str, str], no_interval: Mapping[str, str]
) -> dict[str, Estimate]:
    found = {}
    for name, value, values in zip(MEASURES, once.tolist(), drawn, strict=True):
        low, high, reason = interval_or_reason(values, no_interval.get(name))
        interval = None if low is None or high is None else (low, high)
        found[name] = Estimate(None if name in undefined else value, interval, reason)
    return found
