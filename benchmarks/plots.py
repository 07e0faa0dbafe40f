"""Plots as SVG, with the look of gpunet's reports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import polars as pl

from gpunet.report.look import COLOURS, SECOND, svg_file

__all__ = ["bar_plot", "line_plot", "slope"]

#: Systems have the same colour in every plot.
_SYSTEMS = {
    "gpunet, all sets": COLOURS[0],
    "gpunet, plain": COLOURS[5],
    "networkx": COLOURS[1],
    "igraph": COLOURS[2],
    "networkit": COLOURS[3],
    "rustworkx": COLOURS[4],
    "gpunet": COLOURS[0],
    "gpunet, busy": COLOURS[5],
}
_OTHERS = COLOURS[7]
_DASHES = ([1, 0], [6, 3], [2, 3])
_KEY_STEP = 20


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """Least-squares slope of log time against log size, None with fewer than two sizes."""
    if len({size for size, _ in points}) < 2:
        return None
    x, y = np.log(np.array(points, np.float64)).T
    x = x - x.mean()
    return float((x * (y - y.mean())).sum() / (x * x).sum())


def line_plot(title: str, lines: Mapping[str, Sequence[tuple[float, float]]], unit: str = "s") -> str:
    """Seconds, or what else has `unit`, against persons, both logarithmic; the legend gives each line's slope.

    Systems have colours of their own; other lines take colours, then dashes, in order.
    """
    ordered = sorted(lines.items(), key=lambda item: [*_SYSTEMS, item[0]].index(item[0]))
    labels = [_label(name, line, unit) for name, line in ordered]
    colours, dashes = zip(*(_style(name, i) for i, (name, _) in enumerate(ordered)), strict=True) if lines else ((), ())
    points = pl.DataFrame(
        [(label, x, y) for label, (_, line) in zip(labels, ordered, strict=True) for x, y in sorted(line)],
        {"system": pl.String, "persons": pl.Float64, "value": pl.Float64},
        orient="row",
    )
    legend = alt.Legend(title=None, orient="right", symbolType="stroke", symbolSize=300, rowPadding=6)
    chart = (
        alt.Chart(points, title=title, width=430, height=max(320, _KEY_STEP * len(lines)))
        .mark_line(point=alt.OverlayMarkDef(size=40), strokeWidth=2)
        .encode(
            x=_axis("persons", points["persons"], "persons in the network"),
            y=_axis("value", points["value"], None, unit),
            color=alt.Color("system:N", scale=alt.Scale(domain=labels, range=list(colours)), legend=legend),
            strokeDash=alt.StrokeDash("system:N", scale=alt.Scale(domain=labels, range=list(dashes)), legend=legend),
        )
    )
    return svg_file(chart, title)


def bar_plot(title: str, bars: Sequence[tuple[str, str, float, str]]) -> str:
    """Bars ``(group, system, length, label)`` on a logarithmic axis; those of a group stand together."""
    columns = {"group": pl.String, "system": pl.String, "length": pl.Float64, "label": pl.String}
    data = pl.DataFrame(bars, columns, orient="row").with_columns(
        begin=1.0,
        end=pl.max_horizontal("length", 1.0),
        colour=pl.col("system").replace_strict(_SYSTEMS, default=_OTHERS),
    )
    low, high = _decades([*data["length"], 1.0])
    ends = alt.Scale(type="log", domain=[10.0**low, 10.0**high], nice=False)
    axis = _axis_of([10.0**power for power in range(low, high + 1)])
    systems = alt.Y("system:N", sort=None, title=None, axis=alt.Axis(domain=False, ticks=False, labelPadding=6))
    base = alt.Chart(data, width=420, height=alt.Step(24)).encode(y=systems)
    chart = (
        alt.layer(
            base.mark_bar(height=16).encode(
                x=alt.X("begin:Q", scale=ends, title=None, axis=axis),
                x2="length:Q",
                color=alt.Color("colour:N", scale=None),
            ),
            base.mark_text(align="left", dx=5).encode(
                x=alt.X("end:Q", scale=ends, title=None, axis=axis), text="label:N"
            ),
            alt.Chart(data).mark_rule(color=SECOND).encode(x=alt.datum(1.0, scale=ends)),
        )
        .facet(row=alt.Row("group:N", sort=None, title=None, header=_HEADER), spacing=12, title=title)
        .resolve_scale(y="independent")
    )
    return svg_file(chart, title)


_HEADER = alt.Header(labelAngle=0, labelOrient="top", labelAnchor="start", labelFontWeight="bold", labelPadding=2)


def _axis(column: str, values: pl.Series, title: str | None, unit: str = "") -> Any:
    """A logarithmic axis from mark to mark."""
    marks = _marks(values)
    scale = alt.Scale(type="log", domain=[marks[0], marks[-1]], nice=False)
    return (alt.Y if column == "value" else alt.X)(f"{column}:Q", scale=scale, title=title, axis=_axis_of(marks, unit))


def _axis_of(marks: Sequence[float], unit: str = "") -> Any:
    """Every mark with its figure, and its unit."""
    figure = "format(datum.value, datum.value >= 1 ? ',' : '~g')" + (f" + ' {unit}'" if unit else "")
    # The look asks for fewer ticks, which would take away some of these.
    return alt.Axis(values=marks, tickCount=len(marks), labelExpr=figure, labelOverlap=False, labelFlush=False)


def _label(name: str, line: Sequence[tuple[float, float]], unit: str) -> str:
    if not line:
        return f"{name} (no {'time' if unit == 's' else 'figure'})"
    steep = slope(line)
    return name if steep is None else f"{name} (slope {steep:.2f})"


def _decades(values: Iterable[float]) -> tuple[int, int]:
    """Whole powers of ten around the values, at least one decade."""
    powers = [math.log10(value) for value in values if value > 0] or [0.0]
    low, high = math.floor(min(powers)), math.ceil(max(powers))
    return low, max(high, low + 1)


def _marks(values: Iterable[float]) -> list[float]:
    """Where an axis has marks, its ends included: powers of ten; over two decades or less also 2 and 5 times these."""
    positive = [value for value in values if value > 0] or [1.0]
    low, high = _decades(positive)
    # 1e-9: a value that is a mark but for rounding needs no further one.
    marks = [float(f"{m}e{power}") for power in range(low, high + 1) for m in (1, 2, 5)]
    first = max(i for i, mark in enumerate(marks) if i == 0 or mark <= min(positive) * (1 + 1e-9))
    last = min(i for i, mark in enumerate(marks) if mark >= max(positive) * (1 - 1e-9) and i > first)
    if marks[last] <= 100 * marks[first]:
        return marks[first : last + 1]
    return [float(f"1e{power}") for power in range(low, high + 1)]


def _style(name: str, i: int) -> tuple[str, list[int]]:
    """Colour and dashes of line i."""
    if name in _SYSTEMS:
        return _SYSTEMS[name], _DASHES[0]
    round_, colour = divmod(i, len(COLOURS))
    return COLOURS[colour], _DASHES[round_ % len(_DASHES)]
