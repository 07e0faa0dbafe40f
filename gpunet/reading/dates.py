"""ISO dates, from text and back: a timestamp is the microseconds from 1970-01-01 to a local date and time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.base.array_types import Bool, Int64
from gpunet.base.days import day_number
from gpunet.config.config import InputConfig

__all__ = [
    "BAD_DATE",
    "DAY_US",
    "EARLIEST",
    "NO_TIMESTAMP",
    "PLACEHOLDER_DAYS",
    "latest_timestamp",
    "null_days",
    "parse_dates",
    "timestamp_of",
    "timestamp_text",
]

#: A missing timestamp.
NO_TIMESTAMP = np.iinfo(np.int64).min

DAY_US = 86_400_000_000

#: 1900-01-01: anything before is taken for an error (docs/input.md).
EARLIEST = -25_567 * DAY_US

#: Stands for what is no date: a day that is out of range, as every such date is rejected.
BAD_DATE = EARLIEST - DAY_US

_EPOCH = datetime(1970, 1, 1)


#: Days that systems write where there is no date, as day numbers and as texts.
PLACEHOLDER_DAYS = tuple(
    (int(np.datetime64(text, "D").astype(np.int64)), text) for text in ("1900-01-01", "1970-01-01", "9999-12-31")
)


def null_days(config: InputConfig) -> tuple[tuple[int, str], ...]:
    """The days of ``[input] null_dates``, as day numbers and as texts."""
    return tuple((int(np.datetime64(text, "D").astype(np.int64)), text) for text in config.null_dates)


def latest_timestamp(today: date | None) -> int:
    """The last timestamp that a row may have: the end of that day, or of the present one."""
    return (day_number(today or date.today()) + 1) * DAY_US - 1


def timestamp_of(value: datetime) -> int:
    """Timestamp of `value`; of a time zone only the local time counts."""
    return (value.replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1)


def timestamp_text(timestamp: int) -> str:
    """Write a timestamp as ISO text, without the time of day where that is midnight."""
    value = np.datetime64(int(timestamp), "us")  # and not datetime, which ends with the year 9999
    unit = "D" if timestamp % DAY_US == 0 else "s" if timestamp % 1_000_000 == 0 else "us"
    return str(value.astype(f"datetime64[{unit}]"))


#: Group by group: year, dash, month, dash, day; hour, colon, minute, colon, second, fraction; hour of the time zone.
_ISO = (
    r"\A[ \t-\r]*(?P<y>\d{4})(?P<a>-?)(?P<m>\d\d)(?P<b>-?)(?P<d>\d\d)"
    r"(?:[Tt ](?P<H>\d\d)(?:(?P<p>:?)(?P<M>[0-5]\d)(?:(?P<q>:?)(?P<S>[0-5]\d)(?:[.,](?P<f>\d+))?)?)?"
    r"(?:[Zz]|[+-](?P<z>\d\d)(?::?[0-5]\d)?)?)?[ \t-\r]*\z"
)


def parse_dates(texts: Any) -> Int64:
    """Microseconds from 1970 to the local time of each ISO text (PyArrow's), ``BAD_DATE`` where it is no date.

    Taken are ``YYYY-MM-DD`` and ``YYYYMMDD``, each alone or followed by T or a space and a time of day,
    ``HH[[:]MM[[:]SS[.f]]][Z|+HH[[:]MM]]``. The offset is checked, not used.
    """
    import pyarrow.compute as pc

    found = pc.extract_regex(texts, _ISO)
    known = np.flatnonzero(np.asarray(found.is_valid()))
    found = found.take(pa.array(known))

    def number(name: str) -> Int64:
        group = found.field(name)
        return np.asarray(pc.if_else(pc.equal(group, ""), "0", group).cast(pa.int64()))

    def same(first: str, second: str, wanted: Bool) -> Bool:
        equal: Bool = np.asarray(pc.equal(found.field(first), found.field(second)))
        return ~wanted | equal

    year, month, day = number("y"), number("m"), number("d")
    months = (year - 1970) * 12 + month - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + day - 1
    is_date = (year > 0) & (month > 0) & (month < 13) & (day > 0) & same("a", "b", np.ones(len(known), np.bool_))
    is_date &= days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) == months
    with_seconds = np.asarray(pc.not_equal(found.field("S"), ""))
    is_time = (number("H") < 24) & (number("z") < 24) & same("p", "q", with_seconds)
    fraction = pc.utf8_rpad(pc.utf8_slice_codeunits(found.field("f"), 0, 6), 6, "0").cast(pa.int64())
    seconds = number("H") * 3600 + number("M") * 60 + number("S")
    timestamps = days * DAY_US + seconds * 1_000_000 + np.asarray(fraction)
    out = np.full(len(texts), BAD_DATE)
    out[known] = np.where(is_date & is_time, timestamps, BAD_DATE)
    return out
