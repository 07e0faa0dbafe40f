"""ISO dates, from text and back: a timestamp is the microseconds from 1970-01-01 to a local date and time."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from gpunet.kernels.jit import njit

__all__ = ["DAY_US", "EARLIEST", "NO_TIMESTAMP", "parse_dates", "timestamp_of", "timestamp_text"]

#: A missing timestamp.
NO_TIMESTAMP = np.iinfo(np.int64).min

DAY_US = 86_400_000_000

#: 1900-01-01: anything before is taken for an error (docs/input.md).
EARLIEST = -25_567 * DAY_US

_EPOCH = datetime(1970, 1, 1)


def timestamp_of(value: datetime) -> int:
    """Timestamp of `value`; of a time zone only the local time counts."""
    return (value.replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1)


def timestamp_text(timestamp: int) -> str:
    """Write a timestamp as ISO text, without the time of day where that is midnight."""
    value = np.datetime64(int(timestamp), "us")  # and not datetime, which ends with the year 9999
    unit = "D" if timestamp % DAY_US == 0 else "s" if timestamp % 1_000_000 == 0 else "us"
    return str(value.astype(f"datetime64[{unit}]"))


@njit
def _digits(data: NDArray[np.uint8], lo: int, n: int, hi: int) -> int:
    """The number that the `n` digits at `lo` write, -1 if they are not digits or pass `hi`."""
    if lo + n > hi:
        return -1
    value = 0
    for i in range(lo, lo + n):
        if data[i] < 48 or data[i] > 57:
            return -1
        value = value * 10 + int(data[i]) - 48
    return value


@njit
def _days_before(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 (proleptic Gregorian calendar), -1000000 if there is no such day."""
    if year < 1 or month < 1 or month > 12 or day < 1:
        return -1000000
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    length = 30 if month in (4, 6, 9, 11) else 31
    if month == 2:
        length = 29 if leap else 28
    if day > length:
        return -1000000
    y = year - (1 if month <= 2 else 0)
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@njit
def _clock(data: NDArray[np.uint8], lo: int, hi: int) -> int:
    """Microseconds of ``HH[[:]MM[[:]SS[.f]]][Z|+HH[[:]MM]]``, -1 if it is not that. The offset is checked, not used."""
    hours = _digits(data, lo, 2, hi)
    if hours < 0 or hours > 23:
        return -1
    value = hours * 3_600_000_000
    i = lo + 2
    colons = i < hi and data[i] == 58
    for part in range(2):
        j = i + 1 if colons and i < hi and data[i] == 58 else i
        number = _digits(data, j, 2, hi)
        if number < 0 or (colons and j == i):
            if j != i:
                return -1
            break
        if number > 59:
            return -1
        value += number * (60_000_000 if part == 0 else 1_000_000)
        i = j + 2
        if part == 1 and i < hi and (data[i] == 46 or data[i] == 44):
            i += 1
            start, unit = i, 100_000
            while i < hi and 48 <= data[i] <= 57:
                value += _digits(data, i, 1, hi) * unit
                unit //= 10
                i += 1
            if i == start:
                return -1
    if i == hi:
        return value
    if data[i] == 90 or data[i] == 122:
        return value if i + 1 == hi else -1
    if data[i] != 43 and data[i] != 45:
        return -1
    hours = _digits(data, i + 1, 2, hi)
    if hours < 0 or hours > 23:
        return -1
    i += 3
    if i == hi:
        return value
    minutes = _digits(data, i + 1 if data[i] == 58 else i, 2, hi)
    i += 3 if data[i] == 58 else 2
    return value if 0 <= minutes <= 59 and i == hi else -1


@njit
def parse_dates(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], present: NDArray[np.bool_], bad: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Microseconds from 1970 to each ISO text's local time, ``NO_TIMESTAMP`` where absent or (`bad`) not a date.

    Taken are ``YYYY-MM-DD`` and ``YYYYMMDD``, each alone or followed by T or a space and a time of day.
    """
    out = np.empty(len(present), dtype=np.int64)
    for i in range(len(present)):
        out[i] = NO_TIMESTAMP
        if not present[i]:
            continue
        lo, hi = offsets[i], offsets[i + 1]
        while data[lo] == 32 or 9 <= data[lo] <= 13:
            lo += 1
        while data[hi - 1] == 32 or 9 <= data[hi - 1] <= 13:
            hi -= 1
        dash = 1 if lo + 4 < hi and data[lo + 4] == 45 else 0
        bad[i] = True
        month_at = lo + 4 + dash
        if dash and (month_at + 2 >= hi or data[month_at + 2] != 45):
            continue
        day_at = month_at + 2 + dash
        year, month, day = _digits(data, lo, 4, hi), _digits(data, month_at, 2, hi), _digits(data, day_at, 2, hi)
        days = _days_before(year, month, day)
        if days == -1000000:
            continue
        clock = 0
        end = day_at + 2
        if end < hi:
            if data[end] != 84 and data[end] != 116 and data[end] != 32:
                continue
            clock = _clock(data, end + 1, hi)
            if clock < 0:
                continue
        out[i] = days * DAY_US + clock
        bad[i] = False
    return out
