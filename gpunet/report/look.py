"""How plots look, on every page and in the benchmarks: eight colours at most, that colour-blind readers can tell.

Colours are CSS variables with a fallback, so that one SVG serves a light page, a dark one, and a file of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["COLOURS", "INK", "LINES", "PAPER", "SECOND", "colour_scale", "svg_of"]

#: Okabe and Ito (2008): blue, vermilion, green, purple, orange, sky, yellow, grey. In the dark the page lightens some.
COLOURS = (
    "var(--plot-1, #0072B2)",
    "var(--plot-2, #D55E00)",
    "var(--plot-3, #009E73)",
    "var(--plot-4, #CC79A7)",
    "var(--plot-5, #E69F00)",
    "var(--plot-6, #56B4E9)",
    "var(--plot-7, #F0E442)",
    "var(--plot-8, #7F7F7F)",
)
INK = "var(--plot-ink, #1f2328)"
SECOND = "var(--plot-second, #59636e)"
LINES = "var(--plot-lines, #d8dee4)"
PAPER = "var(--plot-paper, none)"

_FONT = "Helvetica, Arial, sans-serif"

_CONFIG: dict[str, Any] = {
    "aria": False,
    "background": PAPER,
    "font": _FONT,
    "view": {"stroke": None, "continuousWidth": 560, "continuousHeight": 280},
    "range": {"category": list(COLOURS)},
    "axis": {
        "labelColor": SECOND, "titleColor": INK, "gridColor": LINES, "domainColor": LINES, "tickColor": LINES,
        "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 8,
    },
    "legend": {
        "labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
        "orient": "top", "labelLimit": 320, "symbolStrokeWidth": 2,
    },
    "title": {"color": INK, "fontSize": 14, "anchor": "start", "fontWeight": "bold"},
    "header": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12},
    "text": {"color": INK, "fontSize": 12},
    "mark": {"color": COLOURS[0]},
    "rule": {"color": SECOND},
}  # fmt: skip


def colour_scale(domain: Sequence[str]) -> Any:
    """The colours for names in a fixed order, an Altair scale; ValueError for more than eight."""
    import altair as alt

    if len(domain) > len(COLOURS):
        raise ValueError(f"{len(domain)} colours cannot be told apart; there are {len(COLOURS)}")
    return alt.Scale(domain=list(domain), range=list(COLOURS[: len(domain)]))


def svg_of(chart: Any) -> str:
    """An Altair chart as SVG, the same bytes each time; it asks nothing of the network."""
    import vl_convert

    specification = chart.to_dict()
    specification["config"] = _CONFIG
    return str(vl_convert.vegalite_to_svg(specification, allowed_base_urls=[]))
