"""Dots with intervals: measures of several orders of persons beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from gpunet.evaluate.forecast_intervals import Estimate
from gpunet.report.look import colour_scale

__all__ = ["ORDERS", "dots", "floats", "numbers"]

#: What is compared, in the order of its colours.
ORDERS = ("model", "past violence", "chance")


def numbers(name: str, estimate: Estimate) -> dict[str, float | None]:
    """An estimate as three columns of a row.

    >>> numbers("auc", Estimate(0.8, (0.7, 0.9)))
    {'auc': 0.8, 'auc_low': 0.7, 'auc_high': 0.9}
    """
    low, high = estimate.interval or (None, None)
    return {name: estimate.value, f"{name}_low": low, f"{name}_high": high}


def floats(data: pl.DataFrame, *names: str) -> pl.DataFrame:
    """`data` with columns of :func:`numbers` as numbers, also where all are null."""
    return data.with_columns(pl.col(f"{name}{end}").cast(pl.Float64) for name in names for end in ("", "_low", "_high"))


def dots(data: pl.DataFrame, rows: str, orders: Sequence[str] = ORDERS) -> Any:
    """A chart of values from 0 to 1: a band for each value of the column `rows`, in it a dot for each ``order``.

    The values are in the columns ``value``, ``value_low`` and ``value_high``; a null is not drawn.
    """
    import altair as alt

    scale = alt.Scale(domain=[0, 1])
    bands = data[rows].unique(maintain_order=True).to_list()
    base = alt.Chart(data.drop_nulls("value")).encode(
        y=alt.Y(f"{rows}:N", sort=bands, title=None, axis=alt.Axis(labelLimit=240)),
        yOffset=alt.YOffset("order:N", sort=list(orders)),
        color=alt.Color("order:N", scale=colour_scale(orders), sort=list(orders), title=None),
    )
    lines = base.mark_rule(strokeWidth=2).encode(x=alt.X("value_low:Q", scale=scale, title=None), x2="value_high")
    points = base.mark_point(filled=True, size=55, opacity=1).encode(
        x=alt.X("value:Q", scale=scale, title=None),
        shape=alt.Shape("order:N", scale=alt.Scale(domain=list(orders)), sort=list(orders), title=None),
    )
    return alt.layer(lines, points).properties(width=420, height=alt.Step(14))
