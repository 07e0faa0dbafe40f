"""Measures of what was predicted, under weights, and why one is not defined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Float64, Int32, Int64, UInt8
from gpunet.evaluate.predicted import Predicted
from gpunet.evaluate.schemas import MEASURES
from gpunet.kernels.cpu.measures import weighted_measures
from gpunet.model.metrics import TOP

__all__ = ["Ordered", "measures_of", "order_of", "reasons_of", "together"]

#: Groups by predicted probability, in a calibration.
_GROUPS = 10


@dataclass(frozen=True, eq=False)
class Ordered:
    """Persons from the greatest value to the smallest, equals by position: arrays of n, which run parallel.

    ``community`` is a code, ``row`` the person's position in what was ``predicted``.
    """

    row: Int64
    value: Float64
    positive: Bool
    named: Bool
    community: Int32
    predicted: Predicted

    def __len__(self) -> int:
        return len(self.value)

    def at(self, places: NDArray[Any] | slice) -> Ordered:
        """Those at some places of the order alone."""
        arrays: list[NDArray[Any]] = [self.row, self.value, self.positive, self.named, self.community]
        row, value, positive, named, community = (np.ascontiguousarray(array[places]) for array in arrays)
        return Ordered(row, value, positive, named, community, self.predicted)

    def of(self, population: Bool) -> Ordered:
        """Those of a population (a flag a row of the prediction) alone."""
        return self.at(population[self.row])

    @property
    def are_probabilities(self) -> bool:
        """Whether there are values and they are probabilities."""
        return self.predicted.is_probability and not self.predicted.unknown and len(self) > 0

    @property
    def are_ordered(self) -> bool:
        """Whether there are values and they order persons."""
        return self.predicted.is_order and not self.predicted.unknown and len(self) > 0

    @cached_property
    def ends(self) -> Bool:
        """Whether a person is the last of those with the same value."""
        differs = np.ones(len(self), np.bool_)
        differs[:-1] = self.value[1:] != self.value[:-1]
        return differs

    @cached_property
    def cuts(self) -> Int64:
        """Where each group of a calibration ends: ten of one size, equals together; none without probabilities.

        Those of one value go where the middle one of them belongs.
        """
        if not self.are_probabilities:
            return np.empty(0, np.int64)
        end = np.flatnonzero(self.ends) + 1
        begin = np.append(0, end[:-1])
        group = (begin + end) * _GROUPS // (2 * len(self))
        last: Int64 = end[np.append(group[1:] != group[:-1], True)]
        return last


def order_of(predicted: Predicted, community: Int32) -> Ordered:
    """The persons of a prediction in order; `community` has a code for each of them."""
    if not (predicted.unknown or np.isfinite(predicted.value).all()):
        raise ValueError(f"{predicted.classifier}, {predicted.family}: a predicted value is no finite number")
    rows = np.arange(len(predicted.person))
    everybody = Ordered(rows, predicted.value, predicted.label, predicted.named, community, predicted)
    return everybody.at(np.argsort(-predicted.value, kind="stable"))


def measures_of(persons: Ordered, weights: UInt8) -> tuple[Float64, Float64]:
    """Measures, and calibration, under many weightings at once.

    Parameters
    ----------
    persons
        n of them.
    weights
        uint8[communities, d], how often each community counts.

    Returns
    -------
    float64[measures, d]
        In the order of :data:`gpunet.evaluate.schemas.MEASURES`, NaN where undefined.
    float64[groups, d]
        Share of positives in each group of the calibration, from the greatest values; NaN where nobody counts.
    """
    error = (persons.value - persons.positive) ** 2 if persons.are_probabilities else np.zeros(len(persons))
    found, observed = weighted_measures(
        weights,
        persons.community,
        persons.positive,
        persons.named,
        error,
        persons.ends,
        np.array(TOP, np.int64),
        persons.cuts,
    )
    for i, name in enumerate(MEASURES):
        if name in reasons_of(persons):
            found[i] = np.nan
    return found, observed


def reasons_of(persons: Ordered) -> Mapping[str, str]:
    """Why measures are not defined: ``{measure: reason}``, those that are defined are not in it."""
    if not len(persons):
        return dict.fromkeys(MEASURES, "nobody is in the population")
    if persons.predicted.unknown:
        return dict.fromkeys(MEASURES, persons.predicted.unknown)
    positives, named = int(persons.positive.sum()), int(persons.named.sum())
    no_positives = "no positives" if not positives else ""
    no_order = "" if persons.are_ordered else "the values do not order persons"
    reasons = {
        "precision": "" if named else "nobody is named",
        "recall": no_positives,
        "f1": "" if named or positives else "nobody is named or positive",
        "auc": no_order or no_positives or ("no negatives" if positives == len(persons) else ""),
        "average_precision": no_order or no_positives,
        "brier": "" if persons.are_probabilities else "the values are no probabilities",
        **{f"precision_top_{k}": no_order or (f"fewer than {k} persons" if len(persons) < k else "") for k in TOP},
    }
    return {name: reason for name, reason in reasons.items() if reason}


def together(reasons: Mapping[str, str]) -> str | None:
    """Reasons in one text, those that are the same together; None without any.

    >>> together({"precision": "nobody is named", "recall": "no positives", "auc": "no positives"})
    'precision: nobody is named; recall, auc: no positives'
    """
    names: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        names.setdefault(reason, []).append(name)
    return "; ".join(f"{', '.join(of)}: {reason}" for reason, of in names.items()) or None
