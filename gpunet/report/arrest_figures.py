"""How often persons are arrested, and in which months."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from gpunet.report.audience import MIN_PERSONS, Audience
from gpunet.report.few import is_few
from gpunet.report.figure import Figure
from gpunet.report.grouped import grouped
from gpunet.report.look import COLOURS

__all__ = ["repeat_arrests_figure", "seasonality_figure"]

#: Groups of persons by their arrests have at least this share of all persons.
_SMALLEST_SHARE = 0.001


def repeat_arrests_figure(persons: pl.DataFrame, audience: Audience) -> Figure:
    """Draw persons by their number of arrests, and the share of them with a violent one.

    Parameters
    ----------
    persons
        A row a person: ``own_arrests``, ``own_violent_arrests``.
    audience
        Who reads.
    """
    violent = pl.col("own_violent_arrests") > 0
    by_number = (
        persons.group_by(number=pl.col("own_arrests"))
        .agg(persons=pl.len().cast(pl.Int64), violent_persons=violent.sum().cast(pl.Int64))
        .with_columns(others=pl.col("persons") - pl.col("violent_persons"))
        .sort("number")
    )
    watched = ("persons", "violent_persons", "others") if audience.is_public else ("persons",)
    groups = grouped(by_number, watched, max(MIN_PERSONS, round(_SMALLEST_SHARE * len(persons))))
    data = groups.select(
        "persons", "violent_persons", times="group", share_violent=pl.col("violent_persons") / pl.col("persons")
    ).select("times", "persons", "violent_persons", "share_violent")
    once = data.filter(pl.col("times") == "1")["persons"].sum()  # none, where they are one group with others
    share = f"; {once / len(persons):.0%} were arrested once" if once else ""
    return Figure(
        "repeat_arrests",
        "Repeat arrests",
        "Above, persons by their number of arrests, and below the share of them with a violent one"
        f"{_ends(data)}{share}.",
        len(persons),
        data,
        _repeat_chart(data),
        counts=("persons", "violent_persons"),
    )


def _ends(data: pl.DataFrame) -> str:
    """The shares of the first group and of the last one, if there are two."""
    if len(data) < 2:
        return ""
    first, last = data.row(0, named=True), data.row(-1, named=True)
    some = f"{first['times']} arrest" + ("" if first["times"] == "1" else "s")
    return f": {first['share_violent']:.0%} of those with {some}, {last['share_violent']:.0%} with {last['times']}"


def _repeat_chart(data: pl.DataFrame) -> Any:
    import altair as alt

    x = alt.X("times:N", sort=None, title="arrests", axis=alt.Axis(labelAngle=-45))
    above = alt.Chart(data, height=180, width=560).mark_bar(color=COLOURS[0]).encode(
        x=alt.X("times:N", sort=None, title=None, axis=alt.Axis(labels=False)),
        y=alt.Y("persons:Q", title="persons"),
    )  # fmt: skip
    below = alt.Chart(data, height=180, width=560).mark_bar(color=COLOURS[1]).encode(
        x=x, y=alt.Y("share_violent:Q", title="share with a violent arrest", axis=alt.Axis(format="%"))
    )  # fmt: skip
    return alt.vconcat(above, below)


def seasonality_figure(arrests: Mapping[str, Any], audience: Audience) -> Figure | None:
    """Draw arrests a day in each month of the year; None if none is dated.

    None too if the public may not see one of the months, or could tell from all of them how few arrests have no date.

    Parameters
    ----------
    arrests
        As ``run.json`` has them: ``arrests_by_month_of_year, first_date, last_date, persons``.
    audience
        Who reads.
    """
    undated = arrests.get("undated_arrests", 0)
    if arrests["first_date"] is None or (audience.is_public and is_few(undated, arrests["arrests"])):
        return None
    days = pl.date_range(
        date.fromisoformat(arrests["first_date"]), date.fromisoformat(arrests["last_date"]), eager=True
    ).dt.month().value_counts()  # fmt: skip
    of_month = dict(days.iter_rows())
    data = pl.DataFrame(
        [
            {"month": calendar.month_abbr[month], "arrests": arrests["arrests_by_month_of_year"][str(month)],
             "days": of_month.get(month, 0)}
            for month in range(1, 13)
        ]
    ).with_columns(arrests_a_day=pl.when(pl.col("days") > 0).then(pl.col("arrests") / pl.col("days")))  # fmt: skip
    if len(audience.shown(data, ["arrests"])) < len(data):
        return None
    per_day = data.drop_nulls("arrests_a_day")
    ordered = per_day.sort("arrests_a_day", maintain_order=True)
    said = f"{_NAMES[ordered['month'][-1]]} has most ({ordered['arrests_a_day'][-1]:,.1f} a day)"
    if len(ordered) > 1:
        said += f", {_NAMES[ordered['month'][0]]} fewest ({ordered['arrests_a_day'][0]:,.1f})"
    return Figure(
        "seasonality",
        "Months of the year",
        f"Dated arrests for each day of a month, from {arrests['first_date']} to {arrests['last_date']}: {said}.",
        int(arrests["persons"]),
        data,
        _season_chart(data),
        counts=("arrests",),
    )


_NAMES = dict(zip(calendar.month_abbr, calendar.month_name, strict=True))


def _season_chart(data: pl.DataFrame) -> Any:
    import altair as alt

    return alt.Chart(data, height=220, width=560).mark_bar(color=COLOURS[0]).encode(
        x=alt.X("month:N", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("arrests_a_day:Q", title="arrests a day"),
    )  # fmt: skip
