"""Plots as SVG, written by hand: no library, and text stays text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

import numpy as np

__all__ = ["bar_plot", "line_plot", "slope"]

# Okabe and Ito: told apart by colour-blind readers too.
_COLOURS = ("#0072B2", "#56B4E9", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000")
_ORDER = ("gpunet, all sets", "gpunet, plain", "networkx", "igraph", "networkit", "rustworkx", "gpunet")
_DASHES = ("", ' stroke-dasharray="6 3"', ' stroke-dasharray="2 3"')
_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 210, 45, 55
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
    points = [point for line in lines.values() for point in line]
    x_marks, y_marks = _marks(size for size, _ in points), _marks(value for _, value in points)
    low_x, high_x = math.log10(x_marks[0]), math.log10(x_marks[-1])
    low_y, high_y = math.log10(y_marks[0]), math.log10(y_marks[-1])
    wide, height = _WIDTH - _LEFT - _RIGHT, max(_HEIGHT, _TOP + _KEY_STEP * (len(lines) + 1))
    tall = height - _TOP - _BOTTOM

    def at(size: float, value: float) -> tuple[float, float]:
        x = _LEFT + wide * (math.log10(size) - low_x) / (high_x - low_x)
        return x, _TOP + tall * (1 - (math.log10(value) - low_y) / (high_y - low_y))

    parts = [_text(_LEFT, 24, title, size=15)]
    for mark in x_marks:
        x, _ = at(mark, y_marks[0])
        parts += [_line(x, _TOP, x, _TOP + tall, "#ddd"), _text(x, _TOP + tall + 18, _figure(mark), "middle")]
    for mark in y_marks:
        _, y = at(x_marks[0], mark)
        parts += [_line(_LEFT, y, _LEFT + wide, y, "#ddd"), _text(_LEFT - 6, y + 4, f"{_figure(mark)} {unit}", "end")]
    parts.append(_text(_LEFT + wide / 2, height - 12, "persons in the network", "middle"))
    for i, (name, line) in enumerate(_ordered(lines)):
        places, (colour, dash) = [at(*point) for point in sorted(line)], _style(name, i)
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        if len(places) > 1:
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        steep = slope(line)
        label = name if line else f"{name} (no {'time' if unit == 's' else 'figure'})"
        label += "" if steep is None else f" (slope {steep:.2f})"
        parts += _key(i, label, colour, dash)
    return _svg(_WIDTH, height, title, parts)


def bar_plot(title: str, bars: Sequence[tuple[str, str, float, str]]) -> str:
    """Bars ``(group, system, length, label)`` on a logarithmic axis; those of a group stand together."""
    left, wide, step = 110, 420, 22
    low, high = _decades([*(length for _, _, length, _ in bars), 1.0])

    def at(length: float) -> float:
        return left + wide * (math.log10(length) - low) / (high - low)

    parts = [_text(12, 24, title, size=15)]
    y, last = 40, ""
    body = []
    for group, system, length, label in bars:
        if group != last:
            y, last = y + 26, group
            body.append(_text(12, y - 6, group, size=13))
        x, begin = at(length), at(1.0)
        body.append(
            f'<rect x="{min(x, begin):.1f}" y="{y}" width="{abs(x - begin):.1f}" height="{step - 6}" '
            f'fill="{_colour(system)}"/>'
        )
        body += [_text(left - 8, y + 12, system, "end"), _text(max(x, begin) + 5, y + 12, label)]
        y += step
    for power in range(low, high + 1):
        x = at(10.0**power)
        parts += [_line(x, 40, x, y, "#ddd"), _text(x, y + 16, f"{10.0**power:g}", "middle")]
    parts += [*body, _line(at(1.0), 40, at(1.0), y, "#444")]
    return _svg(_WIDTH - 60, y + 30, title, parts)


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


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _ordered(
    lines: Mapping[str, Sequence[tuple[float, float]]],
) -> list[tuple[str, Sequence[tuple[float, float]]]]:
    return sorted(lines.items(), key=lambda item: _ORDER.index(item[0]) if item[0] in _ORDER else len(_ORDER))


def _colour(system: str) -> str:
    return _COLOURS[_ORDER.index(system) % len(_COLOURS)] if system in _ORDER else "#777777"


def _style(name: str, i: int) -> tuple[str, str]:
    """Colour and dashes of line i."""
    if name in _ORDER:
        return _colour(name), ""
    round_, colour = divmod(i, len(_COLOURS))
    return _COLOURS[colour], _DASHES[round_ % len(_DASHES)]


def _key(i: int, label: str, colour: str, dash: str) -> list[str]:
    x, y = _WIDTH - _RIGHT + 12, _TOP + 12 + _KEY_STEP * i
    return [_line(x, y - 4, x + 18, y - 4, colour, 3, dash), _text(x + 24, y, label)]


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 11) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: int = 1, dash: str = "") -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"{dash}/>'


def _svg(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="sans-serif">'
    )
    back = f'<rect width="{width}" height="{height}" fill="white"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", back, *parts, "</svg>"]) + "\n"
