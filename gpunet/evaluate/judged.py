"""What there is to say of one prediction in one population: its rows of results, curves and calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float64
from gpunet.evaluate.bootstrap import RARE, Draws, interval_of, why_no_interval
from gpunet.evaluate.curves import curves_of
from gpunet.evaluate.measures import Ordered, measures_of, order_of, reasons_of, together
from gpunet.evaluate.predicted import Predicted
from gpunet.evaluate.schemas import MEASURES

__all__ = ["Judged", "Populations", "calibration_of", "interval_or_reason", "judge"]

#: Given a prediction, the populations beside ``all``: for each bool[n], parallel to its persons.
Populations = Callable[[Predicted], Mapping[str, Bool]]


@dataclass(frozen=True, eq=False)
class Judged:
    """One prediction in one population.

    Attributes
    ----------
    keys
        The columns that say what it is.
    result
        The other columns of its row of ``results``.
    calibration
        Rows of ``calibration``, without the keys.
    curves
        ``{curve: (threshold, x, y)}``.
    auc
        float64[draws], NaN where undefined.
    reasons
        ``{measure: why it, or its interval, is null}``, as far as that is known without the draws' values.
    """

    keys: Mapping[str, Any]
    result: Mapping[str, Any]
    calibration: list[dict[str, Any]]
    curves: Mapping[str, tuple[Float64, Float64, Float64]]
    auc: Float64
    reasons: Mapping[str, str]


def judge(predicted: Predicted, populations: Populations, draws: Draws) -> list[Judged]:
    """A prediction in the population ``all``, and in the others."""
    everybody = order_of(predicted, draws.code[predicted.person])
    flags = {"all": np.ones(len(everybody), np.bool_), **populations(predicted)}
    return [_judge(predicted, name, everybody.of(flag), draws) for name, flag in flags.items()]


def _judge(predicted: Predicted, population: str, persons: Ordered, draws: Draws) -> Judged:
    names = ("protocol", "classifier", "smote", "family", "month", "outcome")
    keys = {"population": population, **{name: getattr(predicted, name) for name in names}}
    once, _ = measures_of(persons, np.ones((len(draws.weights), 1), np.uint8))
    drawn, observed = measures_of(persons, draws.weights)
    reasons = reasons_of(persons)
    beforehand = {**why_no_interval(persons, draws.number), **reasons}
    without: dict[str, str] = {}
    row: dict[str, Any] = {"experiment": predicted.experiment, **_counts(persons)}
    for name, value, values in zip(MEASURES, once[:, 0].tolist(), drawn, strict=True):
        low, high, why = interval_or_reason(values, beforehand.get(name))
        row |= {name: None if name in reasons else value, f"{name}_low": low, f"{name}_high": high}
        if why and name not in reasons:
            without[f"{name} interval"] = why
    row["mean_value"] = float(persons.value.mean()) if persons.are_probabilities else None
    row["undefined"] = together({**reasons, **without})
    groups = calibration_of(persons, observed, draws.number)
    auc = drawn[list(MEASURES).index("auc")]
    return Judged(keys, row, groups, curves_of(persons), auc, beforehand)


def _counts(persons: Ordered) -> dict[str, int | None]:
    n, positives = len(persons), int(persons.positive.sum())
    counts: dict[str, int | None] = {"persons": n, "positives": positives}
    if persons.predicted.unknown:
        return counts | dict.fromkeys(("tp", "fp", "fn", "tn"))
    tp, named = int((persons.positive & persons.named).sum()), int(persons.named.sum())
    return counts | {"tp": tp, "fp": named - tp, "fn": positives - tp, "tn": n - positives - named + tp}


def calibration_of(persons: Ordered, observed: Float64, draws: int) -> list[dict[str, Any]]:
    """The groups from the smallest values; `observed` has a row for each, from the greatest."""
    bounds = [0, *persons.cuts.tolist()]
    groups = [persons.at(slice(*bound)) for bound in pairwise(bounds)]
    found = []
    for number, (group, values) in enumerate(zip(reversed(groups), observed[::-1], strict=True), start=1):
        low, high, why = interval_or_reason(values, why_no_interval(group, draws, ["observed"]).get("observed"))
        found.append({
            "group": number,
            "persons": len(group),
            "positives": int(group.positive.sum()),
            "mean_value": float(group.value.mean()),
            "observed": float(group.positive.mean()),
            "observed_low": low,
            "observed_high": high,
            "undefined": together({"observed interval": why}) if why else None,
        })  # fmt: skip
    return found


def interval_or_reason(values: Float64, why_none: str | None) -> tuple[float | None, float | None, str]:
    """Both ends and, where these are None, the reason."""
    if why_none:
        return None, None, why_none
    interval = interval_of(values)
    if interval is None:
        return None, None, RARE
    if interval[0] == interval[1]:  # it would pretend to be certain: of a share that is 0 or 1, draws say nothing
        return None, None, "the same in nearly every draw"
    return *interval, ""
