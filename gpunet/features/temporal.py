"""Temporal features (Table 7)."""

from __future__ import annotations

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.incidents import IncidentMembers, incident_members
from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.base.days import NO_DAY
from gpunet.features.column import Column, Columns, ratio
from gpunet.tables.arrays import count_by_code, greatest_by_code, least_by_code, namespace, sum_by_code

__all__ = ["beside_violence", "interval", "temporal_features"]

_AFTER_ALL_DAYS = int(np.iinfo(np.int32).max)


def interval(arrests: Arrests, chosen: Bool) -> Column:
    """float64[persons], (last - first day) / number over each person's dated arrests among `chosen`; null for none."""
    xp, n = namespace(arrests.day), arrests.n_persons
    dated = chosen & (arrests.day != NO_DAY)
    person, day = arrests.person[dated], arrests.day[dated]
    count = count_by_code(person, n)
    first = least_by_code(person, day, n, otherwise=_AFTER_ALL_DAYS)
    last = greatest_by_code(person, day, n, otherwise=NO_DAY)
    span = xp.astype(last, xp.int64) - xp.astype(first, xp.int64)
    return ratio(xp.where(count == 0, 0, span), count)


def beside_violence(members: IncidentMembers, max_size: int) -> Int32:
    """The person of each membership in a tie-forming incident in which another participant was violent."""
    xp = namespace(members.person)
    violent = sum_by_code(members.incident, members.violent, members.size.shape[0])
    others = violent[members.incident] - xp.astype(members.violent, xp.int64)
    chosen: Int32 = members.person[members.forming(max_size)[members.incident] & (others > 0)]
    return chosen


def temporal_features(arrests: Arrests, violent_groups: Int64 | None = None) -> Columns:
    """Interval between arrests, and incidents shared with somebody who was violent in them; for every person.

    `violent_groups` is the latter where the arrests are not those of all participants; counted here if None.
    """
    xp = namespace(arrests.person)
    if violent_groups is None:
        beside = beside_violence(incident_members(arrests), arrests.config.network.max_incident_size)
        violent_groups = count_by_code(beside, arrests.n_persons)
    return {
        "interval_days": interval(arrests, xp.ones(len(arrests), dtype=xp.bool)),
        "violent_groups": violent_groups,
    }
