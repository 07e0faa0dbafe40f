"""History: the person's own record. Legitimate for forecasting, never used in the known-network experiment."""

from __future__ import annotations

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Bool, Int64
from gpunet.base.days import NO_DAY
from gpunet.features.column import Column, Columns
from gpunet.features.temporal import interval
from gpunet.tables.arrays import count_by_code, greatest_by_code, namespace

__all__ = ["history_features"]


def history_features(arrests: Arrests, today: int | None = None) -> Columns:
    """Own arrests in all, by offence, and how long ago; for every person.

    `today` is the day to count from where these are not all arrests; what they say themselves if None.
    """
    today = arrests.today if today is None else today
    xp = namespace(arrests.person)
    everything = xp.ones(len(arrests), dtype=xp.bool)
    violent = arrests.offences != 0
    out: Columns = {
        "own_arrests": _count(arrests, everything),
        "own_violent_arrests": _count(arrests, violent),
    }
    for i, name in enumerate(arrests.config.violent_offences):
        out[f"own_arrests__{name}"] = _count(arrests, (arrests.offences >> i) & 1 != 0)
    out["own_interval_days__violent"] = interval(arrests, violent)
    out["days_since_last_arrest"] = _days_since(arrests, everything, today)
    out["days_since_last_violent"] = _days_since(arrests, violent, today)
    return out


def _count(arrests: Arrests, chosen: Bool) -> Int64:
    return count_by_code(arrests.person[chosen], arrests.n_persons)


def _days_since(arrests: Arrests, chosen: Bool, today: int) -> Column:
    xp = namespace(arrests.person)
    last = greatest_by_code(arrests.person[chosen], arrests.day[chosen], arrests.n_persons, otherwise=NO_DAY)
    none = last == NO_DAY
    days = xp.where(none, 0, today - xp.astype(last, xp.int64))
    return xp.astype(days, xp.float64), none
