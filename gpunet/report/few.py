"""What the public is not shown, as a number of persons from 1 to 9 could be worked out from it.

The first 100 of an order of persons are among its first 500, and these among everybody: what is told of two such lists
tells of the persons between them too. So all lists of one order that a page speaks of are looked at together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gpunet.evaluate.forecast_intervals import Compared, Estimate
from gpunet.model.metrics import TOP
from gpunet.report.audience import MIN_PERSONS, Audience

__all__ = [
    "EVERYBODY",
    "FLAGGED",
    "Told",
    "few_are_told",
    "is_few",
    "lists_of",
    "measures_shown",
    "told_lists",
    "with_measures_shown",
]

#: The names of the lists of an order that may be told of.
Told = frozenset[str]

EVERYBODY, FLAGGED = "everybody", "flagged"

#: What is told of those flagged.
_OF_FLAGGED = ("precision", "recall", "f1")

_HIDDEN = Estimate(None, None, "too few persons to be shown")

#: Equals at a list's end count by their share, so that persons are no whole numbers.
_ROUNDING = 1e-6


def is_few(part: float, whole: float) -> bool:
    """Whether a part of a whole, or the rest, is a number from 1 to 9.

    >>> is_few(4, 100), is_few(96, 100), is_few(0, 100), is_few(49, 100)
    (True, True, False, False)
    """
    return 0 < part < MIN_PERSONS or 0 < whole - part < MIN_PERSONS


def few_are_told(found: Compared, audience: Audience) -> bool:
    """Whether so few persons were arrested, or were not, that this audience is shown no measure at all."""
    return audience.is_public and is_few(found.positives, found.persons)


def lists_of(
    values: Mapping[str, float | None], persons: int, positives: int, flagged: int | None = None
) -> dict[str, tuple[float, float]]:
    """The lists of one order that its measures tell of, what matters most first: length, and positives among them.

    >>> lists_of({"precision_top_100": 0.4, "precision": 0.25, "recall": 0.5}, 900, 120)
    {'everybody': (900, 120), 'precision_top_100': (100, 40.0), 'flagged': (240, 60)}
    """
    tops = {name: (k, k * value) for k in TOP if (value := values.get(name := f"precision_top_{k}")) is not None}
    found: dict[str, tuple[float, float]] = {EVERYBODY: (persons, positives), **tops}
    precision, recall = values.get("precision"), values.get("recall")
    if precision is not None and recall is not None:
        hits = round(recall * positives)
        found[FLAGGED] = (flagged or (round(hits / precision) if precision else 0), hits)
    return found


def told_lists(lists: Mapping[str, tuple[float, float]], audience: Audience) -> Told:
    """Which lists of the first persons of one order this audience may be told of; those that come first go first.

    The public is told of one only if between it and any other that is told of there are neither from 1 to 9 positives
    nor from 1 to 9 others. The first is everybody: if it may not be told of, none may.

    Parameters
    ----------
    lists
        Length, and positives among them, by name.
    audience
        Who reads.

    Examples
    --------
    >>> lists = {"everybody": (900, 120), "precision_top_100": (100, 40), "precision_top_500": (500, 115)}
    >>> sorted(told_lists(lists, Audience("public")))
    ['everybody', 'precision_top_100']
    """
    if not audience.is_public:
        return frozenset(lists)
    kept: dict[str, tuple[float, float]] = {"": (0, 0)}
    for name, (length, hits) in lists.items():
        if any(_small(hits - other) or _small(length - hits - (n - other)) for n, other in kept.values()):
            if len(kept) == 1:
                break
            continue
        kept[name] = (length, hits)
    return frozenset(kept) - {""}


def _small(number: float) -> bool:
    return _ROUNDING < abs(number) < MIN_PERSONS - _ROUNDING


def measures_shown(values: Mapping[str, float | None], told: Told) -> dict[str, float | None]:
    """Measures of one order of persons, None for those of lists that are not told of.

    >>> of = {"precision": 0.5, "recall": 0.02, "f1": 0.038, "auc": 0.8, "precision_top_100": 0.04}
    >>> measures_shown(of, told_lists(lists_of(of, 900, 200), Audience("public")))
    {'precision': None, 'recall': None, 'f1': None, 'auc': 0.8, 'precision_top_100': None}
    """
    hidden = {name for k in TOP if (name := f"precision_top_{k}") not in told}
    if FLAGGED not in told:
        hidden.update(_OF_FLAGGED)
    return {name: None if name in hidden else value for name, value in values.items()}


def with_measures_shown(found: Compared, told: Mapping[str, Told]) -> Compared:
    """The comparison with the measures that may be told, of lists of the ``model`` and of ``past violence``."""
    kept = [
        {name for name, value in measures_shown(_values(of), told[order]).items() if value is not None}
        for order, of in (("model", found.model), ("past violence", found.past_violence))
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
