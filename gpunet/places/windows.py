"""The windows of place forecasts: as of which days, and up to which day each looks ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from gpunet.arrests.arrests import Arrests
from gpunet.base.days import day_number, day_to_date
from gpunet.base.errors import ConfigError, InputError
from gpunet.config.places_config import PlacesConfig
from gpunet.panels.days import check_days, day_at, days_between, days_that_do

__all__ = ["YEAR", "Window", "training_days", "windows_of"]

#: Days of the year that the first day lies before the last one, unless it is given.
YEAR = 365


@dataclass(frozen=True)
class Window:
    """The days that a forecast is about, from ``as_of`` on and before ``until``; ``complete`` if all are known."""

    as_of: date
    until: date
    complete: bool

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.until - self.as_of).days

    @property
    def first(self) -> int:
        """Number of the first day."""
        return day_number(self.as_of)

    @property
    def stop(self) -> int:
        """Number of the day after the last one."""
        return day_number(self.until)


def windows_of(asked: PlacesConfig, arrests: Arrests) -> tuple[Window, ...]:
    """The windows that are asked for, ascending; without days a year of them, the last from the data's end on.

    Raises
    ------
    InputError
        If there is none, or one of a day as of which nothing can be said.
    ConfigError
        If the step leads out of the calendar.
    """
    first, last = days_that_do(arrests)
    end = last if asked.end is None else asked.end
    if asked.start is None:
        days = _back_from(end, max(first, min(end, last) - timedelta(days=YEAR)), asked.every)
    else:
        days = days_between(asked.start, end, asked.every)
    if not days:
        begin = f"from {asked.start} " if asked.start else ""
        raise InputError(f"there is no day {begin}to {end}: days from {first} to {last} would do")
    check_days(days, arrests)
    try:
        after = day_at(days[-1], asked.every, 1) if asked.start is None else day_at(days[0], asked.every, len(days))
        ends = (
            (*days[1:], after)
            if asked.horizon_days is None
            else tuple(day + timedelta(days=asked.horizon_days) for day in days)
        )
    except OverflowError as error:
        raise ConfigError(f'[places] every: "{asked.every}" from {days[-1]} on leads out of the calendar') from error
    known = day_to_date(arrests.last_day + 1)
    return tuple(Window(day, until, until <= known) for day, until in zip(days, ends, strict=True))


def _back_from(end: date, first: date, every: str) -> tuple[date, ...]:
    """The days so many steps before `end`, `end` among them, that are not before `first`; ascending."""
    found: list[date] = []
    while True:
        try:
            day = day_at(end, every, -len(found))
        except (OverflowError, ValueError):  # before the calendar
            break
        if day < first:
            break
        found.append(day)
    return tuple(reversed(found))


def training_days(windows: tuple[Window, ...], asked: PlacesConfig) -> list[int | None]:
    """For every window the one as of whose first day its model learned; None before there is a model.

    A model learns from windows that have passed by then, ``[places] training_windows`` of them at least, and serves
    until ``retrain_windows`` windows later.

    Examples
    --------
    >>> from datetime import date
    >>> from gpunet.config.places_config import PlacesConfig
    >>> from gpunet.places.windows import Window, training_days
    >>> days = [date(2013, month, 1) for month in range(1, 9)]
    >>> windows = tuple(Window(day, after, True) for day, after in zip(days, days[1:]))
    >>> training_days(windows, PlacesConfig(training_windows=2, retrain_windows=3))
    [None, None, 2, 2, 2, 5, 5]
    """
    found: list[int | None] = []
    trained: int | None = None
    for i, window in enumerate(windows):
        passed = sum(other.until <= window.as_of for other in windows)
        if passed >= asked.training_windows and (trained is None or i - trained >= asked.retrain_windows):
            trained = i
        found.append(trained)
    return found
