"""The network two steps around a person: who is in it, and its picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

import numpy as np
import polars as pl
import pyarrow.compute as pc

from gpunet.base.array_types import Bool, Float64
from gpunet.report.look import COLOURS, INK, SECOND
from gpunet.report.source import Source
from gpunet.report.subject import PersonId, rows_where

__all__ = ["MOST_PERSONS", "TwoSteps", "picture", "two_steps"]

#: So many are drawn at most, the person among them.
MOST_PERSONS = 150

_BLUE, _VERMILION = COLOURS[0], COLOURS[1]

#: Widths in the picture: of a person, with and without a number, from ring to ring, and beyond the last one.
_NUMBERED, _PLAIN, _BETWEEN, _MARGIN = 30, 13, 110, 24


@dataclass(frozen=True, eq=False)
class TwoSteps:
    """Persons within two ties of one person, and the ties among them.

    Attributes
    ----------
    direct
        Ties of the person: ``person``, ``incidents``, ``strength``, ``first_date``, ``last_date``; the strongest first,
        equals by id. A person's number is the place here, from 1.
    two
        All persons at two steps, by id.
    drawn
        Those that a picture has room for: the person, the first of `direct`, the first of `two` by the strength of
        their ties to these.
    ties
        Pairs of positions in `drawn`, the smaller first, ascending: the ties among them.
    """

    direct: pl.DataFrame
    two: list[PersonId]
    drawn: list[PersonId]
    ties: list[tuple[int, int]]

    @property
    def is_cut(self) -> bool:
        """Whether there are more persons than are drawn."""
        return len(self.drawn) < 1 + len(self.direct) + len(self.two)

    @property
    def direct_drawn(self) -> int:
        """How many of the direct ties are drawn."""
        return min(len(self.direct), len(self.drawn) - 1)


def two_steps(source: Source, person: PersonId) -> TwoSteps:
    """The network two steps around a person, from the table of ties."""
    own = rows_where(source, "ties", _touches([person]))
    other = pl.when(pl.col("person_a") == person).then("person_b").otherwise("person_a").alias("person")
    columns = [other, "incidents", "strength", "first_date", "last_date"]
    direct = own.select(columns).sort(["strength", "person"], descending=[True, False])
    one = direct["person"].to_list()
    near = rows_where(source, "ties", _touches(one)) if one else own
    known = {person, *one}
    strength: dict[PersonId, float] = {}
    for a, b, tie in near.select("person_a", "person_b", "strength").iter_rows():
        for this in (a, b):
            if this not in known:
                strength[this] = strength.get(this, 0.0) + tie
    two = sorted(strength)  # ids of one run are all numbers or all texts
    room = MOST_PERSONS - 1
    some = one[:room]
    strongest = sorted(two, key=lambda this: -strength[this])[: room - len(some)]
    drawn = [person, *some, *strongest]
    return TwoSteps(direct, two, drawn, _ties_among(source, drawn))


def _touches(persons: list[PersonId]) -> pc.Expression:
    return pc.field("person_a").isin(persons) | pc.field("person_b").isin(persons)


def _ties_among(source: Source, persons: list[PersonId]) -> list[tuple[int, int]]:
    inside = pc.field("person_a").isin(persons) & pc.field("person_b").isin(persons)
    position = {person: at for at, person in enumerate(persons)}
    found = rows_where(source, "ties", inside, ["person_a", "person_b"])
    pairs = (sorted((position[a], position[b])) for a, b in found.iter_rows())
    return sorted((low, high) for low, high in pairs)


def picture(found: TwoSteps, violent: Bool, together: set[tuple[int, int]]) -> str:
    """The network as SVG: the person in the middle, direct ties around, those two steps away outside.

    Parameters
    ----------
    found
        What is drawn.
    violent
        bool[len(drawn)], who has an arrest for a violent offence; drawn as squares.
    together
        The ties (pairs of positions) with a violent incident together; drawn thick.
    """
    places, size = _places(found)
    usual = [pair for pair in found.ties if pair not in together]
    thick = [pair for pair in found.ties if pair in together]
    parts = [
        f'<path d="{_lines(places, usual)}" stroke="{SECOND}" stroke-width="1" stroke-opacity=".55" fill="none"/>',
        f'<path d="{_lines(places, thick)}" stroke="{_VERMILION}" stroke-width="3" fill="none"/>',
    ]
    for at, (x, y) in enumerate(places):
        radius = _NUMBERED // 2 - 2 if at <= found.direct_drawn else _PLAIN // 2
        colour = INK if at == 0 else _VERMILION if violent[at] else _BLUE
        parts.append(_mark(x, y, radius, colour, square=bool(violent[at])))
        if at <= found.direct_drawn:
            words = "P" if at == 0 else str(at)
            parts.append(f'<text x="{x}" y="{y + 4}" text-anchor="middle" font-size="12">{escape(words)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}" height="{size}" '
        f'font-family="Helvetica, Arial, sans-serif" fill="{INK}">{"".join(parts)}</svg>'
    )


def _mark(x: int, y: int, radius: int, colour: str, *, square: bool) -> str:
    """A hollow mark, so that a number in it can be read on light and dark; its ground hides the ties under it."""
    look = f'fill="var(--paper, #ffffff)" stroke="{colour}" stroke-width="2.5"'
    if square:
        return f'<rect x="{x - radius}" y="{y - radius}" width="{2 * radius}" height="{2 * radius}" {look}/>'
    return f'<circle cx="{x}" cy="{y}" r="{radius}" {look}/>'


def _lines(places: list[tuple[int, int]], pairs: list[tuple[int, int]]) -> str:
    return "".join(f"M{places[a][0]} {places[a][1]}L{places[b][0]} {places[b][1]}" for a, b in pairs)


def _places(found: TwoSteps) -> tuple[list[tuple[int, int]], int]:
    """Where each person is drawn, and the picture's width: two rings, those who are tied near each other."""
    ones = found.direct_drawn
    twos = len(found.drawn) - 1 - ones
    inner = max(120.0, ones * _NUMBERED / (2 * math.pi))
    outer = max(inner + _BETWEEN, twos * _PLAIN / (2 * math.pi)) if twos else inner
    angle = np.empty(len(found.drawn))
    for slot, at in enumerate(_in_circles(found, ones)):
        angle[at] = 2 * math.pi * slot / ones
    angle[ones + 1 :] = _around(found, angle, ones)
    radius = np.where(np.arange(len(angle)) <= ones, inner, outer)
    radius[0] = angle[0] = 0.0
    middle = round(outer) + _MARGIN
    x = np.rint(middle + radius * np.sin(angle)).astype(int).tolist()
    y = np.rint(middle - radius * np.cos(angle)).astype(int).tolist()
    return list(zip(x, y, strict=True)), 2 * middle


def _in_circles(found: TwoSteps, ones: int) -> list[int]:
    """The direct ties in an order in which those who are tied to each other stand together."""
    circle = list(range(ones + 1))  # the first of those it is known to be tied to
    for a, b in found.ties:
        if a > 0 and b <= ones and circle[a] != circle[b]:
            low, high = sorted((circle[a], circle[b]))
            circle = [low if of == high else of for of in circle]
    return sorted(range(1, ones + 1), key=lambda at: (circle[at], at))


def _around(found: TwoSteps, angle: Float64, ones: int) -> Float64:
    """Angles of the outer ring: even, in the order of the mean direction of the direct ties that lead there."""
    twos = len(angle) - 1 - ones
    if not twos:
        return np.empty(0)
    to = np.zeros((twos, 2))
    for a, b in found.ties:
        if 0 < a <= ones < b:
            to[b - ones - 1] += math.cos(angle[a]), math.sin(angle[a])
    towards = np.arctan2(to[:, 1], to[:, 0]) % (2 * math.pi)
    slot = np.empty(twos)
    slot[np.argsort(towards.round(9), kind="stable")] = 2 * math.pi * np.arange(twos) / twos
    turn = np.angle(np.exp(1j * (towards - slot)).sum())
    return np.asarray(slot + turn)
