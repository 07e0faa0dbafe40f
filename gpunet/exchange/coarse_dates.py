"""Days made coarser: weeks and months by their first day, and what ends or comes to be known late rather than early."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from gpunet.base.array_types import Int32, Int64

__all__ = ["STEPS", "Step", "ends_of", "lasts_of", "starts_of"]

Step: TypeAlias = Literal["day", "week", "month"]

#: What dates can be cut to.
STEPS: tuple[Step, ...] = ("day", "week", "month")


def starts_of(days: Int32 | Int64, step: Step) -> Int64:
    """int64[n], the first day of each day's week (a Monday) or month.

    Examples
    --------
    >>> days = np.array(["2013-05-01", "2013-05-31"], "datetime64[D]").astype(np.int64)
    >>> starts_of(days, "week").astype("datetime64[D]").tolist()
    [datetime.date(2013, 4, 29), datetime.date(2013, 5, 27)]
    """
    days = np.asarray(days, np.int64)
    if step == "week":
        return days - (days + 3) % 7  # day 0 was a Thursday
    if step == "month":
        return days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return days


def ends_of(days: Int32 | Int64, step: Step) -> Int64:
    """int64[n], the first day of a week or month that is no earlier than each day: of days from which on things end."""
    days = np.asarray(days, np.int64)
    return days if step == "day" else lasts_of(days - 1, step) + 1


def lasts_of(days: Int32 | Int64, step: Step) -> Int64:
    """int64[n], the last day of each day's week or month."""
    first = starts_of(days, step)
    if step == "week":
        return first + 6
    if step == "month":
        months = first.astype("datetime64[D]").astype("datetime64[M]") + 1
        return months.astype("datetime64[D]").astype(np.int64) - 1
    return first
