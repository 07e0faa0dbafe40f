"""Geographic features (Table 6): arrests in the places where one was ever arrested."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpunet.arrays import count_by_code, distinct, greatest, namespace, sum_by_code
from gpunet.arrests import Arrests
from gpunet.features.column import Columns

__all__ = ["geographic_features"]


def geographic_features(arrests: Arrests) -> Columns:
    """Arrests of anyone, and violent arrests of others, in each person's districts and beats; for every person."""
    out: Columns = {}
    for name, place in (("district", arrests.district), ("beat", arrests.beat)):
        everyone, violent_others = _place_counts(arrests, place)
        out[f"{name}_arrests"] = everyone
        out[f"{name}_violent_arrests"] = violent_others
    return out


def _place_counts(arrests: Arrests, place: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    xp, n = namespace(place), arrests.n_persons
    placed = place >= 0
    violent = placed & (arrests.offences != 0)
    n_places = greatest(place, otherwise=-1) + 1
    per_place = count_by_code(place[placed], n_places)
    violent_per_place = count_by_code(place[violent], n_places)
    # Each pair of a person and a place once, however often the person was arrested there.
    visited = distinct(xp.astype(arrests.person[placed], xp.int64) * n_places + place[placed])
    person = visited // max(n_places, 1)
    where = visited - person * n_places
    own = count_by_code(arrests.person[violent], n)
    return sum_by_code(person, per_place[where], n), sum_by_code(person, violent_per_place[where], n) - own
