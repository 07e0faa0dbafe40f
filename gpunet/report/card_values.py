"""Values of features in words, and what is usual among all persons scored."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from gpunet.config.registry import Feature
from gpunet.report.source import Source

__all__ = ["Usual", "usual_values", "value_in_words"]

#: What the registry says in symbols of when there is no value.
_SYMBOLS = {"N2 is empty": "nobody is two steps away", "no triple": "nobody in it has two ties"}


@dataclass(frozen=True)
class Usual:
    """What is usual of a feature among all persons scored.

    Attributes
    ----------
    value
        The median, of a flag what more persons have; None if more than half have no value.
    median
        The same of those who have one; None if nobody has.
    known
        The share of persons who have a value.
    """

    value: float | bool | None
    median: float | bool | None
    known: float

    def in_words(self, feature: Feature) -> str:
        """For a layman.

        >>> from gpunet.config.registry import columns
        >>> of = columns(("all", "violent"))
        >>> Usual(2.0, 2.0, 1.0).in_words(of["own_arrests"])
        '2'
        >>> Usual(None, 431.5, 0.21).in_words(of["days_since_last_violent"])
        'none, as 79% of all; median of the others 431.5'
        """
        if self.median is None:
            return "none, as all"
        median = value_in_words(feature, self.median)
        if self.value is None:
            return f"none, as {100 * (1 - self.known):.0f}% of all; median of the others {median}"
        return median if self.known == 1 else f"{median} (of the {100 * self.known:.0f}% who have one)"


def usual_values(source: Source, names: Iterable[str]) -> dict[str, Usual]:
    """What is usual of each feature. One column is read at a time: with millions of persons all would not fit."""
    return {name: _usual(source.table("features", [name])[name]) for name in names}


def _usual(values: pl.Series) -> Usual:
    known = values.drop_nulls()
    if not len(known):
        return Usual(None, None, 0.0)
    median: float | bool
    if known.dtype == pl.Boolean:
        median = 2 * int(known.sum()) > len(known)
    else:
        median = float(known.cast(pl.Float64).quantile(0.5, "linear") or 0.0)
    return Usual(None if 2 * len(known) < len(values) else median, median, len(known) / len(values))


def value_in_words(feature: Feature, value: Any) -> str:
    """A value as a layman reads it; of one that is not there, why.

    >>> from gpunet.config.registry import columns
    >>> of = columns(("all", "violent"))
    >>> value_in_words(of["share_1hop__violent"], 0.318), value_in_words(of["own_arrests"], 1234)
    ('32%', '1,234')
    >>> value_in_words(of["days_since_last_violent"], None)
    'none: the person has no dated violent arrest'
    """
    if value is None:
        why = re.sub(r"\bv\b", "the person", feature.null)
        for symbols, words in _SYMBOLS.items():
            why = why.replace(symbols, words)
        return f"none: {why}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if feature.unit == "share":
        return f"{100 * value:.0f}%"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3g}"
