"""The charts of the experiments' pages: values with intervals by name, and lines over months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from gpunet.report.look import SECOND, colour_scale

__all__ = ["calibration_panels", "curves_with_points", "dots", "month_lines", "month_panels"]

_WIDE = 380

#: A line of a chart of dots, and the gap between two names, in pixels.
_LINE, _GAP = 13, 10

#: Of one panel among several.
_PANEL: Mapping[str, Any] = {"width": 230, "height": 130}


def dots(
    data: pl.DataFrame, value: str, title: str, *, rows: Sequence[str], of: str, by: str, domain: Sequence[str],
    at: float | None = None,
) -> Any:  # fmt: skip
    """A dot with its interval (``value_low`` to ``value_high``) for each row's name `of`, coloured by the name in `by`.

    `rows` and `domain` say in which order names stand; `at` draws a line at a value.
    """
    import altair as alt

    present = [name for name in domain if name in set(data[by])]
    seen = {
        "y": alt.Y(f"{of}:N", sort=list(rows), title=None, axis=alt.Axis(labelLimit=240, ticks=False, domain=False)),
        "yOffset": alt.YOffset(f"{by}:N", sort=present),
        "color": _colour(by, domain, present),
    }
    low, high = f"{value}_low", f"{value}_high"
    bar = _chart(data.drop_nulls([low, high])).mark_rule(strokeWidth=2, opacity=0.6)
    dot = _chart(data.drop_nulls(value)).mark_point(filled=True, size=45, opacity=1)
    layers = [
        bar.encode(x=alt.X(f"{low}:Q", title=title), x2=alt.X2(f"{high}:Q"), **seen),
        dot.encode(x=alt.X(f"{value}:Q", title=title, scale=alt.Scale(zero=False)), **seen),
    ]
    return alt.layer(*([] if at is None else [_line_at(at, title)]), *layers).properties(
        width=_WIDE, height=len(rows) * (_LINE * len(present) + _GAP)
    )


def _line_at(value: float, title: str) -> Any:
    import altair as alt

    return (
        _chart(pl.DataFrame({"at": [value]}))
        .mark_rule(strokeDash=[3, 3], color=SECOND)
        .encode(x=alt.X("at:Q", title=title))
    )


def month_lines(data: pl.DataFrame, value: str, title: str, *, by: str, domain: Sequence[str]) -> Any:
    """A line over the column ``month`` for each name in `by`."""
    import altair as alt

    present = [name for name in domain if name in set(data[by])]
    return (
        _chart(_months_as_text(data))
        .mark_line(point=alt.OverlayMarkDef(size=30), strokeWidth=2)
        .encode(x=_month(), y=alt.Y(f"{value}:Q", title=title), color=_colour(by, domain, present, columns=2))
        .properties(width=520, height=240)
    )


def month_panels(
    data: pl.DataFrame, value: str, title: str, *, by: str, domain: Sequence[str], beside: str
) -> Any:  # fmt: skip
    """A panel for each name in `by`: a line over months with its interval, and a thin dashed one of `beside`."""
    import altair as alt

    present = [name for name in domain if name in set(data[by])]
    reference = data.filter(pl.col(by) == beside).select("month", pl.col(value).alias("beside"))
    base = _chart(_months_as_text(data.join(reference, on="month", how="left"))).encode(
        x=_month(), color=alt.Color(f"{by}:N", scale=colour_scale(domain), legend=None)
    )
    band = base.mark_area(opacity=0.25).encode(
        y=alt.Y(f"{value}_low:Q", title=title), y2=alt.Y2(f"{value}_high:Q"), fill=_fill(by, domain)
    )
    line = base.mark_line(point=alt.OverlayMarkDef(size=25), strokeWidth=2).encode(y=alt.Y(f"{value}:Q", title=title))
    dashed = base.mark_line(strokeDash=[4, 3], strokeWidth=1).encode(
        y=alt.Y("beside:Q", title=title), color=alt.value(SECOND)
    )
    return _panels(alt.layer(band, dashed, line), by, present)


def calibration_panels(
    data: pl.DataFrame, *, panel: str, panels: Sequence[str], by: str, domain: Sequence[str]
) -> Any:  # fmt: skip
    """Predicted against observed shares with intervals, a panel a name in `panel`; on the dashed line they agree."""
    import altair as alt

    most = data.select(pl.max_horizontal(pl.col("mean_value", "observed", "observed_high").max())).item() or 1
    present = [name for name in domain if name in set(data[by])]
    sized = alt.Scale(domain=[0, most])
    base = _chart(data.with_columns(pl.lit(0.0).alias("from"), pl.lit(most).alias("to"))).encode(
        x=alt.X("mean_value:Q", title="predicted", scale=sized),
        color=_colour(by, domain, [] if by == panel else present),
    )
    same = base.mark_rule(strokeDash=[3, 3], strokeWidth=1).encode(
        x=alt.X("from:Q", scale=sized), x2=alt.X2("to:Q"), y=alt.Y("from:Q", scale=sized), y2=alt.Y2("to:Q"),
        color=alt.value(SECOND),
    )  # fmt: skip
    bar = (
        base.transform_filter("isValid(datum.observed_low)")
        .mark_rule(opacity=0.6)
        .encode(y=alt.Y("observed_low:Q"), y2=alt.Y2("observed_high:Q"))
    )
    dot = base.mark_point(filled=True, size=30, opacity=1).encode(y=alt.Y("observed:Q", title="came true", scale=sized))
    return _panels(alt.layer(same, bar, dot), panel, panels)


def curves_with_points(curves: pl.DataFrame, points: pl.DataFrame, *, by: str, domain: Sequence[str]) -> Any:
    """Precision over recall: a line for each name in `by` of the curves, and a dot for each of the points."""
    import altair as alt

    present = [name for name in domain if name in {*curves[by], *points[by]}]
    seen = {
        "x": alt.X("recall:Q", title="recall", scale=alt.Scale(domain=[0, 1])),
        "y": alt.Y("precision:Q", title="precision", scale=alt.Scale(domain=[0, 1])),
        "color": _colour(by, domain, present, columns=2),
    }
    ordered = curves.with_row_index("place")
    line = _chart(ordered).mark_line(strokeWidth=2).encode(order=alt.Order("place:Q"), **seen)
    dot = _chart(points.select(by, "recall", "precision")).mark_point(filled=True, size=80, opacity=1).encode(**seen)
    return alt.layer(line, dot).properties(width=520, height=300)


def _chart(data: pl.DataFrame) -> Any:
    """Of the values themselves: Altair would refuse a frame of over 5,000 rows."""
    import altair as alt

    return alt.Chart(alt.InlineData(values=data.to_dicts()))


def _colour(by: str, domain: Sequence[str], present: Sequence[str], columns: int = 1) -> Any:
    import altair as alt

    legend = alt.Legend(title=None, values=list(present), columns=columns) if len(present) > 1 else None
    return alt.Color(f"{by}:N", scale=colour_scale(domain), legend=legend)


def _fill(by: str, domain: Sequence[str]) -> Any:
    import altair as alt

    return alt.Fill(f"{by}:N", scale=colour_scale(domain), legend=None)


def _month() -> Any:
    """Days in UTC: the same picture in every time zone."""
    import altair as alt

    axis = alt.Axis(format="%b %Y", tickCount="month", labelOverlap=True, grid=False)
    return alt.X("month:T", title=None, scale=alt.Scale(type="utc"), axis=axis)


def _months_as_text(data: pl.DataFrame) -> pl.DataFrame:
    return data.with_columns(pl.col("month").dt.to_string("%Y-%m-%d"))


def _panels(layered: Any, of: str, names: Sequence[str]) -> Any:
    import altair as alt

    header = alt.Header(title=None, labelLimit=230)
    return layered.properties(**_PANEL).facet(facet=alt.Facet(f"{of}:N", sort=list(names), header=header), columns=2)
