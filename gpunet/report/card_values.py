"""Values of features in words, and what is usual among all persons scored."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import polars as pl

from gpunet.config.registry import Feature
from gpunet.report.source import Source

__all__ = ["medians", "value_in_words"]


def medians(source: Source, names: Iterable[str]) -> dict[str, float | bool | None]:
    """The median of each feature over all persons who have one, of a flag what more have; None if nobody has any.

    One column is read at a time, so that it takes little memory with millions of persons.
    """
    return {name: _median(source.table("features", [name])[name]) for name in names}


def _median(values: pl.Series) -> float | bool | None:
    known = values.drop_nulls()
    if not len(known):
        return None
    if known.dtype == pl.Boolean:
        return 2 * int(known.sum()) > len(known)
    return float(known.cast(pl.Float64).quantile(0.5, "linear") or 0.0)


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
        return "none: " + re.sub(r"\bv\b", "the person", feature.null)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if feature.unit == "share":
        return f"{100 * value:.0f}%"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3g}"
