"""Geographic features (Table 6): arrests in the places where one was ever arrested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Int32, Int64
from gpunet.features.column import Columns
from gpunet.tables.arrays import count_by_code, distinct, greatest, namespace, sum_by_code

__all__ = ["PLACES", "PlaceTotals", "geographic_features", "place_totals"]

#: The kinds of place: columns of arrests.
PLACES = ("district", "beat")


@dataclass(frozen=True, eq=False)
class PlaceTotals:
    """``everyone`` and ``violent``, int64[places]: arrests, and those for a violent offence, in each place by code."""

    everyone: Int64
    violent: Int64

    def __add__(self, other: PlaceTotals) -> PlaceTotals:
        return PlaceTotals(self.everyone + other.everyone, self.violent + other.violent)


def place_totals(arrests: Arrests, n_places: Mapping[str, int] | None = None) -> dict[str, PlaceTotals]:
    """Totals of districts and of beats; `n_places` is how many there are of each, those that occur if None."""
    found = {}
    for kind in PLACES:
        place = getattr(arrests, kind)
        n = greatest(place, otherwise=-1) + 1 if n_places is None else n_places[kind]
        placed = place >= 0
        violent = placed & (arrests.offences != 0)
        found[kind] = PlaceTotals(count_by_code(place[placed], n), count_by_code(place[violent], n))
    return found


def geographic_features(arrests: Arrests, totals: Mapping[str, PlaceTotals] | None = None) -> Columns:
    """Arrests of anyone, and violent arrests of others, in each person's districts and beats; for every person.

    `totals` is for arrests of whole persons that are not all arrests; counted here if None.
    """
    totals = place_totals(arrests) if totals is None else totals
    out: Columns = {}
    for kind in PLACES:
        everyone, violent_others = _place_counts(arrests, getattr(arrests, kind), totals[kind])
        out[f"{kind}_arrests"] = everyone
        out[f"{kind}_violent_arrests"] = violent_others
    return out


def _place_counts(arrests: Arrests, place: Int32, total: PlaceTotals) -> tuple[Int64, Int64]:
    xp, n = namespace(place), arrests.n_persons
    placed = place >= 0
    n_places = int(total.everyone.shape[0])
    # Each pair of a person and a place once, however often the person was arrested there.
    visited = distinct(xp.astype(arrests.person[placed], xp.int64) * n_places + place[placed])
    person = visited // max(n_places, 1)
    where = visited - person * n_places
    own = count_by_code(arrests.person[placed & (arrests.offences != 0)], n)
    return sum_by_code(person, total.everyone[where], n), sum_by_code(person, total.violent[where], n) - own
