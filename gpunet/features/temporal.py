"""Temporal features (Table 7)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpunet.arrests import NO_DAY, Arrests
from gpunet.features.column import Column, Columns
from gpunet.network import incident_members

__all__ = ["interval", "temporal_features"]


def interval(arrests: Arrests, chosen: NDArray[np.bool_]) -> Column:
    """float64[persons], (last - first day) / number over each person's dated arrests among `chosen`; null for none."""
    dated = chosen & (arrests.day != NO_DAY)
    person, day = arrests.person[dated], arrests.day[dated].astype(np.int64)
    count = np.bincount(person, minlength=arrests.n_persons)
    first = np.full(arrests.n_persons, np.iinfo(np.int64).max)
    last = np.full(arrests.n_persons, np.iinfo(np.int64).min)
    np.minimum.at(first, person, day)
    np.maximum.at(last, person, day)
    none = count == 0
    span = np.where(none, 0, last) - np.where(none, 0, first)
    return span / np.where(none, 1, count), none


def temporal_features(arrests: Arrests) -> Columns:
    """Interval between arrests, and incidents shared with somebody who was violent in them; for every person."""
    members = incident_members(arrests)
    violent = np.zeros(arrests.n_incidents, np.int64)
    np.add.at(violent, members.incident, members.violent.astype(np.int64))
    forming = (members.size >= 2) & (members.size <= arrests.config.network.max_incident_size)
    beside_violence = forming[members.incident] & (violent[members.incident] - members.violent > 0)
    return {
        "interval_days": interval(arrests, np.ones(len(arrests), np.bool_)),
        "violent_groups": np.bincount(members.person[beside_violence], minlength=arrests.n_persons),
    }
