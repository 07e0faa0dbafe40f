"""Measures that the public is not shown, as a number of persons from 1 to 9 could be worked out from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gpunet.evaluate.forecast_intervals import Compared, Estimate
from gpunet.model.metrics import TOP
from gpunet.report.audience import MIN_PERSONS, Audience

__all__ = ["few_are_told", "is_few", "measures_shown", "with_measures_shown"]

_HIDDEN = Estimate(None, None, "too few persons to be shown")


def is_few(part: float, whole: float) -> bool:
    """Whether a part of a whole, or the rest, is a number from 1 to 9.

    >>> is_few(4, 100), is_few(96, 100), is_few(0, 100), is_few(49, 100)
    (True, True, False, False)
    """
    return 0 < part < MIN_PERSONS or 0 < whole - part < MIN_PERSONS


def few_are_told(found: Compared, audience: Audience) -> bool:
    """Whether so few persons were arrested, or were not, that this audience is shown no measure at all."""
    return audience.is_public and is_few(found.positives, found.persons)


def measures_shown(values: Mapping[str, float | None], positives: int, audience: Audience) -> dict[str, float | None]:
    """Measures of one order of persons, None for those from which a small number could be worked out.

    >>> of = {"precision": 0.5, "recall": 0.02, "f1": 0.038, "auc": 0.8, "precision_top_100": 0.04}
    >>> measures_shown(of, 200, Audience("public"))
    {'precision': None, 'recall': None, 'f1': None, 'auc': 0.8, 'precision_top_100': None}
    """
    if not audience.is_public:
        return dict(values)
    hidden = {name for k in TOP if (value := values.get(name := f"precision_top_{k}")) and is_few(round(k * value), k)}
    precision, recall = values.get("precision"), values.get("recall")
    if precision is not None and recall is not None:
        hits = round(recall * positives)
        flagged = round(hits / precision) if precision else 0
        if is_few(hits, positives) or is_few(hits, flagged) or is_few(flagged, flagged):
            hidden |= {"precision", "recall", "f1"}
    return {name: None if name in hidden else value for name, value in values.items()}


def with_measures_shown(found: Compared, audience: Audience) -> Compared:
    """The comparison with the measures that this audience may see."""
    kept = [
        {name for name, value in measures_shown(_values(of), found.positives, audience).items() if value is not None}
        for of in (found.model, found.past_violence)
    ]
    return replace(
        found,
        model=_only(found.model, kept[0]),
        past_violence=_only(found.past_violence, kept[1]),
        difference=_only(found.difference, kept[0] & kept[1]),
    )


def _values(of: Mapping[str, Estimate]) -> dict[str, float | None]:
    return {name: estimate.value for name, estimate in of.items()}


def _only(of: Mapping[str, Estimate], kept: set[str]) -> dict[str, Estimate]:
    return {name: estimate if name in kept or estimate.value is None else _HIDDEN for name, estimate in of.items()}
