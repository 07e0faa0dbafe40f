"""Figure: how many of those who were arrested for violence a list of each length finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.report.audience import MIN_PERSONS, Audience
from gpunet.report.figure import Figure
from gpunet.report.forecast_chart import ORDERS
from gpunet.report.forecast_data import Forecasts
from gpunet.report.forecast_words import share
from gpunet.report.look import colour_scale

__all__ = ["found_curve", "found_on_lists"]

#: Points of a curve, evenly apart in the logarithm of the list's length.
_POINTS = 60

#: The shortest list that is drawn.
_SHORTEST = 10


def found_curve(audience: Audience, found: Forecasts) -> Iterator[Figure]:
    """The figure; none where the persons are not known, or nobody of them was arrested for violence."""
    persons, positives = found.persons, found.everybody.positives
    if persons is None or not positives:
        return
    n, label = len(persons), persons["label"].to_numpy()
    lengths = np.unique(np.geomspace(min(_SHORTEST, n), n, _POINTS).round().astype(np.int64))
    counts: dict[str, Float64] = {"model": found_on_lists(persons["probability"].to_numpy(), label, lengths)}
    if not persons["past_violence"].null_count():
        counts["past violence"] = found_on_lists(persons["past_violence"].to_numpy(), label, lengths)
    counts["chance"] = lengths.astype(np.float64) * (positives / n)
    data = pl.concat(
        pl.DataFrame({"length": lengths, "persons_found": of, "share_found": of / positives}).with_columns(
            pl.lit(order).alias("order")
        )
        for order, of in counts.items()
    )
    if audience.is_public:
        data = _for_all(data, positives)
    tenth = max(n // 10, 1)
    hits = found_on_lists(persons["probability"].to_numpy(), label, np.array([tenth]))[0]
    sentence = (
        "Of everybody with a violent arrest in the test window, the share who are on a list of the first so many "
        f"persons: the model's first {tenth:,} of {n:,} persons hold {share(float(hits) / positives)} of them."
    )
    yield Figure("forecast_found", "How many a list finds", sentence, n, data, _chart(data))


def found_on_lists(value: Float64, label: Bool, lengths: Int64) -> Float64:
    """Positives on the lists of the greatest values, of these lengths; equals at a list's end count by their share.

    >>> found_on_lists(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False]), np.array([1, 2, 4]))
    array([1. , 1.5, 2. ])
    """
    order = np.argsort(-value, kind="stable")
    hits, ordered = np.append(0, np.cumsum(label[order])), value[order]
    ends = np.append(0, np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)) + 1)
    found: Float64 = np.interp(lengths, ends, hits[ends])
    return found


def _for_all(data: pl.DataFrame, positives: int) -> pl.DataFrame:
    """Points of which neither those found, nor those not found, nor those found since the last one are few."""
    few = ~pl.col("persons_found").is_between(MIN_PERSONS, positives - MIN_PERSONS)
    of = data.filter(~few)
    return of.filter((pl.col("persons_found") // (2 * MIN_PERSONS)).is_first_distinct().over("order"))


def _chart(data: pl.DataFrame) -> Any:
    import altair as alt

    scale = alt.Scale(type="log", nice=False)
    return (
        alt.Chart(data)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("length:Q", scale=scale, title="Persons on the list", axis=alt.Axis(format="~s")),
            y=alt.Y("share_found:Q", title="Found of all arrested for violence", axis=alt.Axis(format="%")),
            color=alt.Color("order:N", scale=colour_scale(ORDERS), sort=list(ORDERS), title=None),
            strokeDash=alt.StrokeDash("order:N", sort=list(ORDERS), legend=None),
        )
        .properties(width=560, height=260)
    )
