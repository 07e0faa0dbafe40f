"""The days of a panel: so many apart, from a first day on, and within the days that the data know of."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import count

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import first_day
from gpunet.arrests.charges import NEVER
from gpunet.base.days import NO_DAY, day_to_date
from gpunet.base.errors import ConfigError, InputError
from gpunet.config.config import PanelConfig
from gpunet.tables.arrays import least, namespace

__all__ = ["check_days", "day_at", "days_between", "days_that_do", "following_day", "is_complete", "snapshot_days"]

_EVERY = re.compile(r"([1-9]\d{0,3})(d|w|mo|q|y)")

_DAYS = {"d": 1, "w": 7}
_MONTHS = {"mo": 1, "q": 3, "y": 12}


def day_at(start: date, every: str, step: int) -> date:
    """The day so many steps after `start`, each of ``"30d"``, ``"2w"``, ``"1mo"``, ``"1q"`` or ``"1y"``.

    Months are counted from `start`, so the last days of short months do not stay: 31 January, 28 February, 31 March.

    Raises
    ------
    ConfigError
        If `every` is written otherwise.
    OverflowError
        If the calendar does not go so far.

    Examples
    --------
    >>> from datetime import date
    >>> from gpunet.panels.days import day_at
    >>> [str(day_at(date(2013, 1, 31), "1mo", step)) for step in (1, 2)]
    ['2013-02-28', '2013-03-31']
    """
    found = _EVERY.fullmatch(every)
    if found is None:
        raise ConfigError(f'every: expected a number and d, w, mo, q or y, such as "1mo", not "{every[:20]}"')
    number, unit = int(found[1]) * step, found[2]
    if unit in _DAYS:
        return start + timedelta(days=number * _DAYS[unit])
    year, month = divmod(start.year * 12 + start.month - 1 + number * _MONTHS[unit], 12)
    if year > date.max.year:
        raise OverflowError(f"{every} times {step} after {start} is after the end of the calendar")
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def days_between(start: date, end: date, every: str) -> tuple[date, ...]:
    """The days of :func:`day_at` from `start` on that are not after `end`; none if `start` is.

    Examples
    --------
    >>> from datetime import date
    >>> from gpunet.panels.days import days_between
    >>> [str(day) for day in days_between(date(2013, 1, 1), date(2013, 2, 1), "2w")]
    ['2013-01-01', '2013-01-15', '2013-01-29']
    """

    def days() -> Iterator[date]:
        for step in count():
            try:
                day = day_at(start, every, step)
            except OverflowError:
                return
            if day > end:
                return
            yield day

    return tuple(days())


def following_day(days: tuple[date, ...], every: str) -> date:
    """The day after the last one of a grid."""
    return day_at(days[0], every, len(days))


def days_that_do(arrests: Arrests) -> tuple[date, date]:
    """The first and the last day of a snapshot: an arrest was known before it, and no day before it is unknown.

    Raises
    ------
    InputError
        If no arrest has a date.
    """
    first = _first_known(arrests)
    if first == NO_DAY:
        raise InputError("no arrest has a date and was recorded on a day: a snapshot as of a day needs dates")
    return day_to_date(first + 1), day_to_date(arrests.last_day + 1)


def _first_known(arrests: Arrests) -> int:
    """The first day on which an arrest was known that had happened; ``NO_DAY`` if there is none."""
    charges = arrests.charges
    if charges is None:
        return first_day(arrests)
    xp = namespace(charges.day)
    known = xp.where(charges.day > charges.recorded, charges.day, charges.recorded)
    return least(known[(charges.day != NO_DAY) & (charges.recorded != NEVER)], otherwise=NO_DAY)


def check_days(days: Iterable[date], arrests: Arrests) -> None:
    """Refuse days as of which there is no snapshot, or of which the data know only a part.

    Raises
    ------
    InputError
        If there is such a day, or no arrest has a date.
    """
    first, last = days_that_do(arrests)
    for day in days:
        if not first <= day <= last:
            why = "no arrest was known before it" if day < first else "it is more than a day after the last arrest"
            raise InputError(f"no snapshot can be made as of {day}, as {why}: days from {first} to {last} would do")


def snapshot_days(config: PanelConfig, arrests: Arrests) -> tuple[date, ...]:
    """The days of the panel that is asked for, ascending.

    Raises
    ------
    InputError
        If there is none, one that :func:`check_days` refuses, or no first or last day is given.
    """
    first, last = days_that_do(arrests)
    would_do = f"days from {first} to {last} would do"
    if config.start is None or config.end is None:
        raise InputError(f"a panel needs its first and its last day: give --from and --to; {would_do}")
    days = days_between(config.start, config.end, config.every)
    if not days:
        raise InputError(f"a panel from {config.start} to {config.end} has no day: {would_do}")
    check_days(days, arrests)
    return days


def is_complete(day: date, horizon: int, last_day: int) -> bool:
    """Whether the `horizon` days from `day` on are all known; `last_day` is the number of the data's last day."""
    return day + timedelta(days=horizon) <= day_to_date(last_day + 1)
