"""Figure: how many of those to whom it happened a list of each length finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from gpunet.report.few import Told
from gpunet.report.figure import Figure
from gpunet.report.forecast_chart import ORDERS
from gpunet.report.forecast_data import Forecasts
from gpunet.report.forecast_lists import TENTH, curve_of, tenth_of
from gpunet.report.forecast_words import share
from gpunet.report.look import colour_scale
from gpunet.report.outcome import Outcome

__all__ = ["found_curve"]


def found_curve(found: Forecasts, told: Mapping[str, Told]) -> Iterator[Figure]:
    """The figure of lists that are told of; none where persons are not known, or it happened to nobody."""
    positives, n, outcome = found.everybody.positives, found.everybody.persons, found.outcome
    rows = [
        {"length": length, "persons_found": hits, "share_found": hits / positives, "order": outcome.order(order)}
        for order, lists in curve_of(found).items()
        for name, (length, hits) in lists.items()
        if name in told[order]
    ]
    if not rows:
        return
    data = pl.DataFrame(rows, infer_schema_length=None)
    sentence = (
        f"Of everybody with a {outcome.event} in the test window, the share who are on a list of the first so many "
        "persons"
    )
    if TENTH in told["model"]:
        length, hits = tenth_of(found)[TENTH]
        sentence += f": the model's first {length:,} of {n:,} persons hold {share(hits / positives)} of them"
    yield Figure("forecast_found", "How many a list finds", f"{sentence}.", n, data, _chart(data, outcome))


def _chart(data: pl.DataFrame, outcome: Outcome) -> Any:
    import altair as alt

    scale, orders = alt.Scale(type="log", nice=False), [outcome.order(order) for order in ORDERS]
    return (
        alt.Chart(data)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("length:Q", scale=scale, title="Persons on the list", axis=alt.Axis(format="~s")),
            y=alt.Y("share_found:Q", title=f"Found of all {outcome.violence_of_many}", axis=alt.Axis(format="%")),
            color=alt.Color("order:N", scale=colour_scale(orders), sort=orders, title=None),
            strokeDash=alt.StrokeDash("order:N", sort=orders, legend=None),
        )
        .properties(width=560, height=260)
    )
