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
_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 210, 45, 55


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """Least-squares slope of log time against log size, None with fewer than two sizes."""
    if len({size for size, _ in points}) < 2:
        return None
    x, y = np.log(np.array(points, np.float64)).T
    x = x - x.mean()
    return float((x * (y - y.mean())).sum() / (x * x).sum())


def line_plot(title: str, lines: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Seconds against persons, both logarithmic, a line a system; the legend gives each line's slope."""
    points = [point for line in lines.values() for point in line]
    low_x, high_x = _decades(size for size, _ in points)
    low_y, high_y = _decades(seconds for _, seconds in points)
    wide, tall = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def at(size: float, seconds: float) -> tuple[float, float]:
        x = _LEFT + wide * (math.log10(size) - low_x) / (high_x - low_x)
        return x, _TOP + tall * (1 - (math.log10(seconds) - low_y) / (high_y - low_y))

    parts = [_text(_LEFT, 24, title, size=15)]
    for power in range(low_x, high_x + 1):
        x, _ = at(10.0**power, 10.0**low_y)
        parts += [_line(x, _TOP, x, _TOP + tall, "#ddd"), _text(x, _TOP + tall + 18, f"{10**power:,}", "middle")]
    for power in range(low_y, high_y + 1):
        _, y = at(10.0**low_x, 10.0**power)
        parts += [_line(_LEFT, y, _LEFT + wide, y, "#ddd"), _text(_LEFT - 6, y + 4, f"{10.0**power:g} s", "end")]
    parts.append(_text(_LEFT + wide / 2, _HEIGHT - 12, "persons in the network", "middle"))
    for i, (system, line) in enumerate(_ordered(lines)):
        colour, places = _colour(system), [at(*point) for point in sorted(line)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        if len(places) > 1:
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        steep = slope(line)
        label = system if line else f"{system} (no time)"
        label += "" if steep is None else f" (slope {steep:.2f})"
        parts += _key(i, label, colour)
    return _svg(_WIDTH, _HEIGHT, title, parts)


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


def _ordered(
    lines: Mapping[str, Sequence[tuple[float, float]]],
) -> list[tuple[str, Sequence[tuple[float, float]]]]:
    return sorted(lines.items(), key=lambda item: _ORDER.index(item[0]) if item[0] in _ORDER else len(_ORDER))


def _colour(system: str) -> str:
    return _COLOURS[_ORDER.index(system) % len(_COLOURS)] if system in _ORDER else "#777777"


def _key(i: int, label: str, colour: str) -> list[str]:
    x, y = _WIDTH - _RIGHT + 12, _TOP + 12 + 20 * i
    return [_line(x, y - 4, x + 18, y - 4, colour, 3), _text(x + 24, y, label)]


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 11) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: int = 1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def _svg(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="sans-serif">'
    )
    back = f'<rect width="{width}" height="{height}" fill="white"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", back, *parts, "</svg>"]) + "\n"
