"""The communities of the network as circles, and the ties between them as lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from gpunet.base.array_types import Int64
from gpunet.report.audience import MIN_PERSONS, Audience
from gpunet.report.figure import Figure
from gpunet.report.layout import laid_out
from gpunet.report.look import COLOURS
from gpunet.report.network_svg import Kind, network_svg
from gpunet.report.tied import Tied

__all__ = ["communities_figure", "communities_of"]

#: More circles than these nobody tells apart; the largest communities are drawn.
_MOST_CIRCLES = 400

#: The share of the picture that is circles.
_FILLED = 0.12


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


def communities_figure(found: Communities, audience: Audience) -> Figure | None:
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
    places = laid_out(drawn, first, second)
    radius = np.sqrt(persons[:drawn] / persons[:drawn].sum() * _FILLED / np.pi) * 1000
    svg = network_svg(places, first, second, [Kind("", COLOURS[0], np.ones(drawn, np.bool_))], radius)
    data = found.table.head(drawn)
    if audience.is_public:
        data = data.select("community", "persons")
    shown, rest = int(persons[:drawn].sum()), len(persons) - drawn
    left = f" The other {rest:,} communities are smaller, and not drawn." if rest else ""
    return Figure(
        "communities",
        "Communities",
        f"Each circle is a community, persons who are tied more with one another than with others, its area their "
        f"number: {drawn:,} communities of {persons[drawn - 1]:,} to {persons[0]:,} persons; a line joins two that are "
        f"tied.{left} Where a circle stands says nothing of places on a map.",
        shown,
        data,
        svg,
        counts=("persons",),
    )
