"""How plots look, on every page and in the benchmarks: eight colours at most, that colour-blind readers can tell.

Colours are CSS variables with a fallback, so that one SVG serves a light page, a dark one, and a file of its own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from gpunet.base.errors import ResourceError
from gpunet.base.printable import printable

__all__ = ["COLOURS", "INK", "LINES", "PAPER", "SECOND", "colour_scale", "svg_file", "svg_of", "svgs_of"]

#: Okabe and Ito (2008): blue, vermilion, green, purple, orange, sky; for their yellow, which paper swallows, their
#: black; grey. In the dark the page lightens them.
COLOURS = (
    "var(--plot-1, #0072B2)",
    "var(--plot-2, #D55E00)",
    "var(--plot-3, #009E73)",
    "var(--plot-4, #CC79A7)",
    "var(--plot-5, #E69F00)",
    "var(--plot-6, #56B4E9)",
    "var(--plot-7, #1f2328)",
    "var(--plot-8, #7F7F7F)",
)
INK = "var(--plot-ink, #1f2328)"
SECOND = "var(--plot-second, #59636e)"
LINES = "var(--plot-lines, #d8dee4)"
PAPER = "var(--plot-paper, #ffffff)"

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
    "axisQuantitative": {"tickCount": 6},
    "legend": {
        "labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
        "orient": "top", "labelLimit": 320, "symbolStrokeWidth": 2,
    },
    "title": {"color": INK, "fontSize": 14, "anchor": "start", "fontWeight": "bold", "offset": 14},
    "header": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12},
    "text": {"color": INK, "fontSize": 12},
    "mark": {"color": COLOURS[0]},
    "rule": {"color": SECOND},
}  # fmt: skip

_SVG = "http://www.w3.org/2000/svg"

#: What Vega writes for its own scripts, or as it is anyway. Roles would have screen readers look for a name each.
_NEEDLESS = {"class", "role", "pointer-events", "font-family"}
_AS_IT_IS = {("opacity", "1"), ("stroke-miterlimit", "10"), ("text-anchor", "start")}
_DRAW = """
import json, sys, vl_convert
drawn = [vl_convert.vegalite_to_svg(one, allowed_base_urls=[]) for one in json.load(sys.stdin)]
json.dump(drawn, sys.stdout)
"""
_VARIABLE = re.compile(r"var\(--plot-[a-z0-9]+, (#\w+)\)")
_LONG = re.compile(r"-?\d+\.\d{3,}(?:e-\d+)?")


def colour_scale(domain: Sequence[str]) -> Any:
    """The colours for names in a fixed order, an Altair scale; ValueError for more than eight."""
    import altair as alt

    if len(domain) > len(COLOURS):
        raise ValueError(f"{len(domain)} colours cannot be told apart; there are {len(COLOURS)}")
    return alt.Scale(domain=list(domain), range=list(COLOURS[: len(domain)]))


def svgs_of(charts: Sequence[Any]) -> list[str]:
    """Altair charts as SVG, the same bytes each time; they ask nothing of the network, their text steers nothing.

    They are drawn by a process of their own: the engine that runs Vega ends its process where memory is short.

    Raises
    ------
    ResourceError
        If that process comes to a bad end.
    """
    return _drawn([{**_printable(chart.to_dict()), "config": _CONFIG} for chart in charts]) if charts else []


def _drawn(specifications: list[dict[str, Any]]) -> list[str]:
    """What Vega draws for each of its specifications, in few bytes."""
    command = [sys.executable, "-P", "-c", _DRAW]
    done = subprocess.run(command, input=json.dumps(specifications), capture_output=True, text=True, check=False)
    if done.returncode:
        said = printable(done.stderr.strip().rpartition("\n")[2])
        raise ResourceError(f"the plots cannot be drawn (Vega ended with {done.returncode}: {said}): is memory short?")
    return [_lean(svg) for svg in json.loads(done.stdout)]


def svg_of(chart: Any) -> str:
    """One chart, see :func:`svgs_of`."""
    return svgs_of([chart])[0]


def svg_file(chart: Any, title: str) -> str:
    """An Altair chart as a file of its own: with a name, and colours that programs without CSS know too."""
    svg = _VARIABLE.sub(r"\1", svg_of(chart))
    head, begin, rest = svg.partition(">")
    return f'{head} role="img"{begin}<title>{escape(printable(title))}</title>{rest}\n'


def _printable(value: Any) -> Any:
    """A specification whose texts hold no character that XML forbids or that turns the direction of writing."""
    if isinstance(value, dict):
        return {_printable(key): _printable(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_printable(part) for part in value]
    return printable(value) if isinstance(value, str) else value


def _lean(svg: str) -> str:
    """The same picture in fewer bytes: without attributes for scripts, with two digits after the point."""
    root = ElementTree.fromstring(svg)
    for parent in root.iter():
        for child in [child for child in parent if _is_nothing(child)]:
            parent.remove(child)
    for node in root.iter():
        node.tag = node.tag.removeprefix(f"{{{_SVG}}}")
        node.attrib = {
            name: _LONG.sub(lambda found: f"{float(found[0]):.2f}", value)
            for name, value in node.attrib.items()
            if name not in _NEEDLESS and not name.startswith("aria-") and (name, value) not in _AS_IT_IS
        }
    root.set("xmlns", _SVG)
    root.set("font-family", _FONT)
    return ElementTree.tostring(root, encoding="unicode")


def _is_nothing(node: ElementTree.Element) -> bool:
    """A background or foreground without a colour of its own."""
    of = node.attrib
    return of.get("class") in ("background", "foreground") and not {"fill", "stroke"} & of.keys() and not len(node)
