"""Networks as SVG: whole numbers, one path for all ties, one for the points of a colour, so that it is small."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.report.look import INK, SECOND

__all__ = ["MOST_LINES", "Kind", "network_svg"]

_WIDTH, _MARGIN, _LEGEND = 1000, 20, 30

#: Of more lines the shortest are drawn: with so many, the long ones hide everything else, and fill megabytes.
MOST_LINES = 32_000

#: A place as one number: x times this plus y.
_ROW = 10_000


@dataclass(frozen=True, eq=False)
class Kind:
    """Vertices that are drawn alike.

    Attributes
    ----------
    words
        What the legend says; "" for none.
    colour
        One of :data:`gpunet.report.look.COLOURS`.
    member
        bool[n].
    """

    words: str
    colour: str
    member: Bool


def network_svg(
    places: Float64, first: Int64, second: Int64, kinds: Sequence[Kind], radius: Float64 | None = None
) -> str:
    """Draw a network.

    Parameters
    ----------
    places
        float64[n, 2], from :func:`gpunet.report.layout.laid_out`.
    first, second
        int64[ties], the vertices of each tie; of more than :data:`MOST_LINES` those that are short are drawn.
    kinds
        Vertices by colour; later ones are drawn over those before.
    radius
        float64[n], of circles, in thousandths of the picture's width; all are small points if not given.

    Examples
    --------
    >>> svg = network_svg(np.array([[0.0, 0.0], [1.0, 0.5]]), np.array([0]), np.array([1]),
    ...                   [Kind("", "red", np.array([True, True]))])
    >>> svg.count("<path"), "M20 20l960 480" in svg
    (2, True)
    """
    legend = _LEGEND if any(kind.words for kind in kinds) else 0
    margin = _MARGIN if radius is None else _MARGIN + math.ceil(radius.max(initial=0))
    height = round(float(places[:, 1].max(initial=0)) * (_WIDTH - 2 * margin)) + 2 * margin + legend
    at, lines = _on_grid(places, first, second, margin, legend)
    parts = [f'<path d="{lines}" stroke="{SECOND}" stroke-width="{1 if radius is not None else 0.5}" fill="none"/>']
    parts += [_points(at[kind.member], kind.colour) if radius is None else _circles(at, radius, kind) for kind in kinds]
    named = [kind for kind in kinds if kind.words]
    parts += [_legend_of(kind, place * _WIDTH // max(len(named), 1)) for place, kind in enumerate(named)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}">'
        f"{''.join(parts)}</svg>"
    )


def _on_grid(places: Float64, first: Int64, second: Int64, margin: int, top: int) -> tuple[Int64, str]:
    """Places as whole numbers, and the path of the lines; lines that fall together are drawn once."""
    at: Int64 = np.rint(places * (_WIDTH - 2 * margin)).astype(np.int64) + np.array([margin, margin + top])
    code = at[:, 0] * _ROW + at[:, 1]
    ends = np.sort(np.stack([code[first], code[second]], axis=1), axis=1)
    ends = np.unique(ends[ends[:, 0] < ends[:, 1]], axis=0)
    across, down = ends[:, 1] // _ROW - ends[:, 0] // _ROW, ends[:, 1] % _ROW - ends[:, 0] % _ROW
    shortest = np.argsort(across**2 + down**2, kind="stable")[:MOST_LINES]
    return at, _path(ends[np.sort(shortest)])


def _path(ends: Int64) -> str:
    """Each line from its first end to its second, relative; those that begin at one place follow one another there."""
    parts, before, back = [], -1, ""
    for begin, end in ends.tolist():
        x, y = divmod(begin, _ROW)
        dx, dy = end // _ROW - x, end % _ROW - y
        parts.append(f"{back if begin == before else f'M{x} {y}'}l{_pair(dx, dy)}")
        before, back = begin, f"m{_pair(-dx, -dy)}"
    return "".join(parts)


def _pair(x: int, y: int) -> str:
    return f"{x}{y}" if y < 0 else f"{x} {y}"


def _points(at: Int64, colour: str) -> str:
    path = "".join(f"M{x} {y}h0" for x, y in np.unique(at, axis=0).tolist())
    return f'<path d="{path}" stroke="{colour}" stroke-width="4" stroke-linecap="round" fill="none"/>'


def _circles(at: Int64, radius: Float64, kind: Kind) -> str:
    drawn = "".join(
        f'<circle cx="{x}" cy="{y}" r="{r:.1f}"/>'
        for (x, y), r in zip(at[kind.member].tolist(), radius[kind.member].tolist(), strict=True)
    )
    return f'<g fill="{kind.colour}" fill-opacity=".8" stroke="{INK}" stroke-width=".5">{drawn}</g>'


def _legend_of(kind: Kind, x: int) -> str:
    return (
        f'<circle cx="{x + _MARGIN}" cy="16" r="6" fill="{kind.colour}"/>'
        f'<text x="{x + _MARGIN + 12}" y="22" font-size="18" fill="{INK}">{escape(kind.words)}</text>'
    )
