"""Geographic features (Table 6): arrests in the places where one was ever arrested."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
    placed = place >= 0
    violent = placed & (arrests.offences != 0)
    n_places = int(place.max(initial=-1)) + 1
    per_place = np.bincount(place[placed], minlength=n_places)
    violent_per_place = np.bincount(place[violent], minlength=n_places)
    # Each pair of a person and a place once, however often the person was arrested there.
    visited = np.unique(arrests.person[placed].astype(np.int64) * max(n_places, 1) + place[placed])
    person, where = np.divmod(visited, max(n_places, 1))
    own = np.bincount(arrests.person[violent], minlength=arrests.n_persons)
    everyone = np.zeros(arrests.n_persons, np.int64)
    others = np.zeros(arrests.n_persons, np.int64)
    np.add.at(everyone, person, per_place[where])
    np.add.at(others, person, violent_per_place[where])
    return everyone, others - own
