"""Dates as `[input] date_format` says they are written: strptime codes, day or month first, epoch, Excel's serials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.base.array_types import Int64
from gpunet.base.errors import ConfigError
from gpunet.base.words import shortened
from gpunet.reading.date_codes import HALF, MONTH, OFFSET, WEEKDAY, WORDS, ZONE, codes_of, regex_of, written
from gpunet.reading.dates import (
    BAD_DATE,
    DAY_US,
    EARLIEST,
    ISO_PATTERN,
    DatePattern,
    day_in_words,
    decimals,
    read_parts,
)

__all__ = ["ISO", "DateFormats", "date_formats", "patterns_of"]

_DAY_NUMBER = r"(?P<d>\d\d?)"
_MONTH_NUMBER = r"(?P<m>\d\d?)"
_YEAR = r"(?P<y>\d{4}|\d\d)"
_GAP = r"[-/. ,]*"
_TIME = (
    r"(?:(?:,? +|t|:)(?P<H>\d\d?)[:.]?(?P<M>[0-5]\d)(?:[:.](?P<S>[0-5]\d)(?:[.,:](?P<f>\d+))?)?"
    rf"(?: *{HALF})?(?: *{ZONE})?(?: *{OFFSET})?(?: *\([a-z ]+\))?)?"
)


@dataclass(frozen=True)
class DateFormats:
    """How dates are written, as :func:`date_formats` makes it.

    ``given``: what the configuration says, empty for ISO alone. ``patterns``: tried one after the other.
    """

    given: tuple[str, ...]
    patterns: tuple[DatePattern, ...]

    def parse(self, texts: Any) -> Int64:
        """Microseconds from 1970 to the local time of each text (PyArrow's ``large_string``), ``BAD_DATE`` if no date.

        Of a text that several formats fit, the first counts; but one that makes it a date before 1900 only where no
        other makes it a later one.

        Examples
        --------
        >>> import pyarrow as pa
        >>> date_formats("monthfirst").parse(pa.array(["01/05/2013 11:30 PM"], pa.large_string()))
        array([1357428600000000])
        """
        out = np.full(len(texts), BAD_DATE)
        left = np.arange(len(texts))
        for pattern in self.patterns:
            found = pattern.parse(texts if len(left) == len(texts) else texts.take(pa.array(left)))
            before = out[left]
            out[left] = np.where((found >= EARLIEST) | (before == BAD_DATE), found, before)
            left = left[out[left] < EARLIEST]
            if not len(left):
                break
        return out


#: ISO text alone.
ISO = DateFormats((), (ISO_PATTERN,))


@lru_cache(maxsize=256)
def _made(given: tuple[str, ...]) -> DateFormats:
    patterns = tuple(pattern for one in given for pattern in patterns_of(one))
    for one, other in permutations(given, 2):
        if conflict := _conflict(one, other):
            text, ours, theirs = conflict
            raise ConfigError(
                f'[input] date_format: "{shortened(one)}" reads "{shortened(text)}" as {ours}, "{shortened(other)}" as '
                f"{theirs}; keep the one that is "
                "right: where both fit, the day is never guessed"
            )
    return DateFormats(given, patterns if any(map(_misreads_iso, given)) else (*patterns, ISO_PATTERN))


def date_formats(given: str | Sequence[str] = ()) -> DateFormats:
    """Understand `[input] date_format`.

    Parameters
    ----------
    given
        Strptime codes, one of ``WORDS``, or a list of these, which are tried in order. ISO text is read beside them,
        unless a format has the year before the day before the month: that would be ISO's order misread. None is ISO
        alone.

    Raises
    ------
    ConfigError
        If one is not understood, lacks the year or the month, or if two make different times of one text.
    """
    return _made(tuple(dict.fromkeys([given] if isinstance(given, str) else given))) if given else ISO


def patterns_of(given: str) -> tuple[DatePattern, ...]:
    """The patterns of one format, without ISO.

    Raises
    ------
    ConfigError
        If it is not understood.
    """
    if given == "epoch":
        return (_EPOCH,)
    if given == "excel":
        return (_EXCEL,)
    if given in ("dayfirst", "monthfirst"):
        return _by_order(given == "dayfirst")
    return (DatePattern(regex_of(given)),)


def _by_order(day_first: bool) -> tuple[DatePattern, ...]:
    """Numbers in that order, and with the month's name in any."""
    first, second = (_DAY_NUMBER, _MONTH_NUMBER) if day_first else (_MONTH_NUMBER, _DAY_NUMBER)
    weekday = rf"(?:{WEEKDAY},? *)?"
    dates = (
        rf"{first}(?P<s>[-/. ]) *{second}(?P<t>[-/. ]) *{_YEAR}",
        rf"{weekday}{_DAY_NUMBER}(?:st|nd|rd|th)?{_GAP}(?P<b>{MONTH}){_GAP}{_YEAR}",
        rf"{weekday}(?P<b>{MONTH}){_GAP}{_DAY_NUMBER}(?:st|nd|rd|th)?[-/. ,]+{_YEAR}",
    )
    numeric, *named = (rf"(?i:{date}{_TIME})" for date in dates)
    return DatePattern(numeric, _alike_parts), *map(DatePattern, named)


def _alike_parts(found: Any) -> Int64:
    import pyarrow.compute as pc

    alike = np.asarray(pc.equal(found.field("s"), found.field("t")))
    return np.where(alike, read_parts(found), BAD_DATE)


def _epoch(found: Any) -> Int64:
    """Timestamps of seconds, or of what the number of digits tells, since 1970."""
    import pyarrow.compute as pc

    number = np.asarray(found.field("n").cast(pa.int64()))
    digits = np.asarray(pc.utf8_length(pc.utf8_ltrim(found.field("n"), "-")))
    per_second = 10 ** (np.maximum(digits - 9, 0) // 3 * 3)
    sign = np.where(np.asarray(pc.starts_with(found.field("n"), "-")), -1, 1)
    whole = np.where(per_second > 1_000_000, number // 1000, number * (1_000_000 // np.minimum(per_second, 1_000_000)))
    timestamps: Int64 = whole + sign * (decimals(found.field("f"), 6) // per_second)
    return timestamps


def _excel(found: Any) -> Int64:
    """Timestamps of days since 1899-12-30 to the millisecond, which is as fine as such numbers are."""
    days = np.asarray(found.field("n").cast(pa.int64())) - 25_569
    milliseconds = np.rint(decimals(found.field("f"), 12) * 86.4e-6).astype(np.int64)
    timestamps: Int64 = days * DAY_US + milliseconds * 1000
    return timestamps


#: Eight digits are ISO's 20130201 and no seconds, and fewer are more likely anything else, but for 0, which is no date.
_EPOCH = DatePattern(r"(?P<n>0|-?(?:\d{9,10}|\d{12,13}|\d{15,16}|\d{18}|[1-8]\d{18}))(?:[.,](?P<f>\d+))?", _epoch)

#: From 1927 on; fewer digits are more likely anything else.
_EXCEL = DatePattern(r"(?P<n>[1-9]\d{4})(?:[.,](?P<f>\d+))?", _excel)


def _misreads_iso(given: str) -> bool:
    """Whether the format has the order year, day, month, or makes anything else of ISO text than ISO does."""
    if given in WORDS:
        return False
    order = [code for code in codes_of(given)[1::2] if code in "Yymbd"]
    return "".join(order).lower() in ("ydm", "ydb") or any(
        _differing(iso, (ISO_PATTERN,), patterns_of(given)) for iso in ("%Y-%m-%dT%H:%M:%S", "%Y%m%d", "%Y%m%dT%H%M")
    )


@lru_cache(maxsize=4096)
def _conflict(one: str, other: str) -> tuple[str, str, str] | None:
    """A text that two formats read as different times, and these in words."""
    shapes = _SHAPES.get(one, (one,))
    found = (_differing(shape, patterns_of(one), patterns_of(other)) for shape in shapes)
    return next(filter(None, found), None)


def _differing(shape: str, own: tuple[DatePattern, ...], other: tuple[DatePattern, ...]) -> tuple[str, str, str] | None:
    """A text written in codes of strptime that two sets of patterns read as different times, and these in words."""
    texts = pa.array(written(shape), pa.large_string())
    theirs = DateFormats((), other).parse(texts)
    if (theirs < EARLIEST).all():
        return None
    ours = DateFormats((), own).parse(texts)
    (differ,) = np.nonzero((ours >= EARLIEST) & (theirs >= EARLIEST) & (ours != theirs))
    return (str(texts[differ[0]]), *_in_words(int(ours[differ[0]]), int(theirs[differ[0]]))) if len(differ) else None


def _in_words(ours: int, theirs: int) -> tuple[str, str]:
    if ours // DAY_US != theirs // DAY_US:
        return day_in_words(ours), day_in_words(theirs)
    times = (np.datetime64(stamp, "us").item().time().isoformat() for stamp in (ours, theirs))
    return next(times), next(times)


#: Some of what a word reads, by which it is held against other formats.
_SHAPES = {
    "dayfirst": ("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d-%m-%y", "%d.%m.%Y", "%d.%m.%y", "%d %m %Y", "%d %m %y"),
    "monthfirst": ("%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%m-%d-%y", "%m.%d.%Y", "%m.%d.%y", "%m %d %Y", "%m %d %y"),
    "epoch": (), "excel": (),
}  # fmt: skip
