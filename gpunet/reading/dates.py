"""Dates, from text and back: a timestamp is the microseconds from 1970-01-01 to a local date and time.

One evaluator reads the parts of a date, however they are written: ISO here, all else in
:mod:`gpunet.reading.date_formats`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.base.array_types import Bool, Int64
from gpunet.base.days import day_number
from gpunet.base.errors import ConfigError
from gpunet.config.config import InputConfig

__all__ = [
    "BAD_DATE",
    "DAY_US",
    "EARLIEST",
    "ISO_PATTERN",
    "MONTHS",
    "NO_TIMESTAMP",
    "PLACEHOLDER_DAYS",
    "DatePattern",
    "day_in_words",
    "decimals",
    "latest_timestamp",
    "null_days",
    "parse_dates",
    "read_parts",
    "timestamp_of",
    "timestamp_text",
]

#: A missing timestamp.
NO_TIMESTAMP = np.iinfo(np.int64).min

DAY_US = 86_400_000_000

#: 1900-01-01: anything before is taken for an error (docs/input.md).
EARLIEST = -25_567 * DAY_US

#: Stands for what is no date: a day far out of range, as every such date is rejected.
BAD_DATE = -10_000_000 * DAY_US

#: English names, January first.
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip

_EPOCH = datetime(1970, 1, 1)


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


def day_in_words(timestamp: int) -> str:
    """The day of a timestamp in words, which nobody can read two ways: 1 May 2013."""
    year, month, day = str(np.datetime64(int(timestamp), "us").astype("datetime64[D]")).rsplit("-", 2)
    return f"{int(day)} {MONTHS[int(month) - 1]} {year}"


def read_parts(found: Any) -> Int64:
    """Timestamps of dates in parts, ``BAD_DATE`` where there is no such day or time.

    `found` is a PyArrow array of structures of texts, empty where a part is not there. Parts: ``y`` the year, of two
    digits from 1969 to 2068; ``m`` the month's number or ``b`` its name; ``d`` the day, or ``j`` the day of the year;
    ``H``, ``M``, ``S`` the time of day with ``f``, digits of its fraction, in 24 hours, or in 12 where ``p`` says which
    half of the day. A date without a day is the month's first. The day of zeros alone, 0000-00-00, is kept as it is.
    """
    import pyarrow.compute as pc

    names = {field.name for field in found.type}
    zeros = np.zeros(len(found), np.int64)

    def number(name: str, missing: int = 0) -> Int64:
        if name not in names:
            return zeros + missing
        group = found.field(name)
        return np.asarray(pc.if_else(pc.equal(group, ""), str(missing), group).cast(pa.int64()))

    year, month, day = number("y"), number("m", 1), number("d", 1)
    short = np.asarray(pc.less(pc.utf8_length(found.field("y")), 4))
    year = np.where(short, year + np.where(year < 69, 2000, 1900), year)
    if "b" in names:
        month = _month_numbers(found.field("b"))
    months = (year - 1970) * 12 + month - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + day - 1
    is_date = (month > 0) & (month < 13) & (day > 0)
    if "j" in names:
        of_year = number("j")
        days += of_year - 1
        is_date &= of_year > 0
        is_date &= days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) == year - 1970
    else:
        is_date &= days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) == months
    is_date = (is_date & (year > 0)) | ((year == 0) & (month == 0) & (day == 0))
    hour = number("H")
    is_time = (hour < 24) & (number("z") < 24)
    if "p" in names:
        half = pc.utf8_lower(pc.utf8_slice_codeunits(found.field("p"), 0, 1))
        late, halved = np.asarray(pc.equal(half, "p")), np.asarray(pc.not_equal(half, ""))
        is_time &= ~halved | ((hour > 0) & (hour < 13))
        hour = np.where(halved, hour % 12 + 12 * late, hour)
    timestamps = days * DAY_US + (hour * 3600 + number("M") * 60 + number("S")) * 1_000_000
    if "f" in names:
        timestamps += decimals(found.field("f"), 6)
    return np.where(is_date & is_time, timestamps, BAD_DATE)


def _month_numbers(names: Any) -> Int64:
    """1 to 12 for each English name of a month, of which three letters tell it; 0 for any other text."""
    import pyarrow.compute as pc

    known = pa.array([name[:3].lower() for name in MONTHS], names.type)
    found = pc.index_in(pc.utf8_lower(pc.utf8_slice_codeunits(names, 0, 3)), value_set=known)
    return np.asarray(pc.fill_null(found, -1)).astype(np.int64) + 1


def decimals(digits: Any, places: int) -> Int64:
    """The number that the first `places` digits behind a decimal point make, in its last place; 0 of none."""
    import pyarrow.compute as pc

    kept = pc.utf8_rpad(pc.utf8_slice_codeunits(digits, 0, places), places, "0")
    return np.asarray(kept.cast(pa.int64()))


@dataclass(frozen=True)
class DatePattern:
    """One way to write dates: a regular expression of RE2, and what makes timestamps of its groups.

    White space around a date is no part of it.
    """

    regex: str
    read: Callable[[Any], Int64] = read_parts

    @property
    def _whole(self) -> str:
        return rf"\A[ \t-\r]*{self.regex}[ \t-\r]*\z"

    def fits(self, texts: Any) -> Bool:
        """Which texts (PyArrow's) are written so, also where there is no such day or time."""
        import pyarrow.compute as pc

        return np.asarray(pc.match_substring_regex(texts, self._whole))

    def parse(self, texts: Any) -> Int64:
        """Timestamp of each text (PyArrow's), ``BAD_DATE`` where it is not written so, or is no date."""
        import pyarrow.compute as pc

        found = pc.extract_regex(texts, self._whole)
        (known,) = np.nonzero(np.asarray(found.is_valid()))
        out = np.full(len(texts), BAD_DATE)
        if len(known):
            out[known] = self.read(found if len(known) == len(out) else found.take(pa.array(known)))
        return out


def _iso_parts(found: Any) -> Int64:
    """Of ISO text: its separators are alike, in the date and where there are seconds in the time."""
    import pyarrow.compute as pc

    def same(first: str, second: str) -> Bool:
        return np.asarray(pc.equal(found.field(first), found.field(second)))

    alike = same("a", "c") & (same("q", "r") | np.asarray(pc.equal(found.field("S"), "")))
    return np.where(alike, read_parts(found), BAD_DATE)


#: Group by group: year, dash, month, dash, day; hour, colon, minute, colon, second, fraction; hour of the time zone.
ISO_PATTERN = DatePattern(
    r"(?P<y>\d{4})(?P<a>-?)(?P<m>\d\d)(?P<c>-?)(?P<d>\d\d)"
    r"(?:[Tt ](?P<H>\d\d)(?:(?P<q>:?)(?P<M>[0-5]\d)(?:(?P<r>:?)(?P<S>[0-5]\d)(?:[.,](?P<f>\d+))?)?)?"
    r"(?:[Zz]|[+-](?P<z>\d\d)(?::?[0-5]\d)?)?)?",
    _iso_parts,
)


def parse_dates(texts: Any) -> Int64:
    """Microseconds from 1970 to the local time of each ISO text (PyArrow's), ``BAD_DATE`` where it is no date.

    Taken are ``YYYY-MM-DD`` and ``YYYYMMDD``, each alone or followed by T or a space and a time of day,
    ``HH[[:]MM[[:]SS[.f]]][Z|+HH[[:]MM]]``. The offset is checked, not used.
    """
    return ISO_PATTERN.parse(texts)


def null_days(config: InputConfig) -> tuple[tuple[int, str], ...]:
    """The days of ``[input] null_dates``, as numbers and as texts: a date is null if ``timestamp // DAY_US`` is one.

    ``0000-00-00`` may be among them, as it may stand in tables.

    Raises
    ------
    ConfigError
        If one is not the ISO text of a day.
    """
    for text, timestamp in zip(config.null_dates, _timestamps(config.null_dates), strict=True):
        if timestamp == BAD_DATE or timestamp % DAY_US:
            raise ConfigError(f'[input] null_dates: "{text}" is not a day; write it as in "1900-01-01"')
    return _days(config.null_dates)


def _timestamps(texts: Sequence[str]) -> list[int]:
    found: list[int] = parse_dates(pa.array(texts, pa.large_string())).tolist()
    return found


def _days(texts: Sequence[str]) -> tuple[tuple[int, str], ...]:
    return tuple((timestamp // DAY_US, text) for timestamp, text in zip(_timestamps(texts), texts, strict=True))


#: Days that systems write where there is no date, as numbers and as texts: the first and last days of databases,
#: spreadsheets and programming languages, and the zeros of their clocks.
PLACEHOLDER_DAYS = _days(
    (
        "0000-00-00",  # MySQL
        "0001-01-01",  # .NET, Go, Python
        "1582-10-15",  # the calendar's first day
        "1601-01-01",  # Windows
        "1753-01-01",  # SQL Server's datetime
        "1800-01-01",
        "1858-11-17",  # the Julian day's zero, less a constant
        "1899-12-30",  # spreadsheets' zero
        "1899-12-31",
        "1900-01-01",  # SQL Server's zero
        "1901-01-01",
        "1904-01-01",  # spreadsheets' zero on a Macintosh
        "1960-01-01",  # SAS
        "1969-12-31",  # Unix's zero, seen from America
        "1970-01-01",  # Unix's zero
        "2038-01-19",  # the last of 32 bits
        "2049-12-31",
        "2050-12-31",
        "2079-06-06",  # SQL Server's smalldatetime
        "2099-12-31",
        "2100-01-01",
        "2199-12-31",
        "2262-04-11",  # the last of pandas' nanoseconds
        "2999-12-31",
        "3000-01-01",
        "3000-12-31",
        "4712-12-31",  # Oracle
        "8888-12-31",
        "9999-01-01",
        "9999-12-30",
        "9999-12-31",  # SQL, SAP, .NET
    )
)
