"""The communities of the network as circles, and the ties between them as lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from gpunet.base.array_types import Float64, Int64
from gpunet.report.audience import MIN_PERSONS, Audience
from gpunet.report.figure import Figure, Paragraph
from gpunet.report.layout import laid_out
from gpunet.report.look import COLOURS
from gpunet.report.network_svg import Kind, network_svg
from gpunet.report.tied import Tied

__all__ = ["communities_figure", "communities_of"]

#: More circles than these nobody tells apart; the largest communities are drawn.
_MOST_CIRCLES = 400

#: The share of the picture that is circles.
_FILLED = 0.12

#: Communities without a tie to others, at most, if their circles have room.
_IN_ROW = 16

#: Between two circles of a row, and beside all circles, in thousandths of the picture's width.
_GAP, _MARGIN = 6, 21


@dataclass(frozen=True, eq=False)
class Communities:
    """Communities, the largest first.

    Attributes
    ----------
    table
        A row a community: ``community``, ``persons``, ``violent_persons``, ``ties_within``, ``ties_to_others``.
    first, second
        int64[pairs], rows of `table` that are tied to each other.
    """

    table: pl.DataFrame
    first: Int64
    second: Int64


def communities_of(tied: Tied) -> Communities:
    """Count the persons and ties of each community, and find which are tied to each other.

    Of as large communities the one with the lower number comes first.
    """
    community = tied.persons["community"].to_numpy()
    n = int(community.max(initial=-1)) + 1
    persons = np.bincount(community, minlength=n)
    order = np.argsort(-persons, kind="stable")
    place = np.argsort(order, kind="stable")
    first, second = place[community[tied.first]], place[community[tied.second]]
    outside = first != second
    pairs = np.unique(np.sort(np.stack([first[outside], second[outside]], axis=1), axis=1), axis=0)
    others = np.bincount(first[outside], minlength=n) + np.bincount(second[outside], minlength=n)
    table = pl.DataFrame(
        {
            "community": order,
            "persons": persons[order],
            "violent_persons": np.bincount(community[tied.persons["violent"].to_numpy()], minlength=n)[order],
            "ties_within": np.bincount(first[~outside], minlength=n),
            "ties_to_others": others,
        }
    )
    return Communities(table, pairs[:, 0], pairs[:, 1])


def communities_figure(found: Communities, audience: Audience) -> tuple[Figure, Paragraph] | None:
    """Draw the largest communities with at least 10 persons; None if there are none.

    The public is told their sizes alone.
    """
    persons = found.table["persons"].to_numpy()
    drawn = min(int((persons >= MIN_PERSONS).sum()), _MOST_CIRCLES)
    if audience.is_public and 0 < persons[drawn:].sum() < MIN_PERSONS:
        drawn -= 1  # or the persons of the others could be found by subtraction
    if drawn < 1:
        return None
    among = (found.first < drawn) & (found.second < drawn)
    first, second = found.first[among], found.second[among]
    radius = np.sqrt(persons[:drawn] / persons[:drawn].sum() * _FILLED / np.pi) * 1000
    everyone = Kind("", COLOURS[0], np.ones(drawn, np.bool_))
    data = found.table.head(drawn)
    figure = Figure(
        "communities",
        "Communities",
        f"Each circle is one of {drawn:,} communities of {persons[drawn - 1]:,} to "
        f"{persons[0]:,} persons, its area their number; a line joins two between which there are ties.",
        int(persons[:drawn].sum()),
        data.select("community", "persons") if audience.is_public else data,
        network_svg(_places(first, second, radius), first, second, [everyone], radius),
        counts=("persons",),
    )
    rest = len(persons) - drawn
    left = f" {rest:,} other communities, with fewer persons, are not drawn." if rest else ""
    return figure, Paragraph(
        "A community is a group of persons who have more ties with one another than with others (found by the Louvain "
        f"method). In rows below are those that have no tie with any other that is drawn.{left} Where a circle stands "
        "says nothing of places on a map."
    )


def _places(first: Int64, second: Int64, radius: Float64) -> Float64:
    """Communities that are tied to others laid out, the others in rows below them that keep circles apart."""
    n = len(radius)
    tied = np.zeros(n, np.bool_)
    tied[first] = tied[second] = True
    place, places = tied.cumsum() - 1, np.zeros((n, 2))
    if len(first):
        places[tied] = laid_out(int(tied.sum()), place[first], place[second])
    width = 1000 - 2 * (_MARGIN + radius.max())  # of what lies between margins, in the units of radii
    largest = radius[~tied].max(initial=0)
    apart = 2 * largest + _GAP
    in_row = int(np.clip(width // apart, 1, _IN_ROW))
    above = places[:, 1].max() + (radius[tied].max() + largest + _GAP) / width if len(first) else 0.0
    row, column = np.divmod(np.arange(n - int(tied.sum())), in_row)
    places[~tied] = np.stack([(column + 0.5) / in_row, above + row * apart / width], axis=1)
    return places
