"""Days as numbers: the days from 1970-01-01."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

__all__ = ["EPOCH", "NO_DAY", "day_number", "day_to_date"]

EPOCH = date(1970, 1, 1)

#: The day of an undated arrest: smaller than any day, so a maximum over days ignores it.
NO_DAY = int(np.iinfo(np.int32).min)


def day_number(value: date) -> int:
    """Days from 1970-01-01 to `value`."""
    return (value - EPOCH).days


def day_to_date(day: int) -> date:
    """The inverse of :func:`day_number`."""
    return EPOCH + timedelta(days=int(day))
