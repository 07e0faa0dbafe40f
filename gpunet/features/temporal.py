"""Temporal features (Table 7)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpunet.arrays import count_by_code, greatest_by_code, least_by_code, namespace, sum_by_code
from gpunet.arrests import NO_DAY, Arrests
from gpunet.features.column import Column, Columns, ratio
from gpunet.network import incident_members

__all__ = ["interval", "temporal_features"]

_AFTER_ALL_DAYS = int(np.iinfo(np.int32).max)


def interval(arrests: Arrests, chosen: NDArray[np.bool_]) -> Column:
    """float64[persons], (last - first day) / number over each person's dated arrests among `chosen`; null for none."""
    xp, n = namespace(arrests.day), arrests.n_persons
    dated = chosen & (arrests.day != NO_DAY)
    person, day = arrests.person[dated], arrests.day[dated]
    count = count_by_code(person, n)
    first = least_by_code(person, day, n, otherwise=_AFTER_ALL_DAYS)
    last = greatest_by_code(person, day, n, otherwise=NO_DAY)
    span = xp.astype(last, xp.int64) - xp.astype(first, xp.int64)
    return ratio(xp.where(count == 0, 0, span), count)


def temporal_features(arrests: Arrests) -> Columns:
    """Interval between arrests, and incidents shared with somebody who was violent in them; for every person."""
    xp = namespace(arrests.person)
    members = incident_members(arrests)
    violent = sum_by_code(members.incident, members.violent, arrests.n_incidents)
    forming = (members.size >= 2) & (members.size <= arrests.config.network.max_incident_size)
    others = violent[members.incident] - xp.astype(members.violent, xp.int64)
    beside_violence = forming[members.incident] & (others > 0)
    return {
        "interval_days": interval(arrests, xp.ones(len(arrests), dtype=xp.bool)),
        "violent_groups": count_by_code(members.person[beside_violence], arrests.n_persons),
    }
