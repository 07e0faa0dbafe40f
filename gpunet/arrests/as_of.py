"""Arrests as of a day: cuts, the days of a forecast, and what happened between two of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import cast

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Bool, Int64
from gpunet.base.days import NO_DAY, day_number, day_to_date
from gpunet.base.errors import InputError
from gpunet.base.words import counted
from gpunet.tables.arrays import count_by_code, least, namespace, sort_order, to_host

__all__ = [
    "cut_before",
    "first_day",
    "forecast_days",
    "nothing_before",
    "rows_in_file_order",
    "undated_arrests",
    "victim_between",
    "violent_between",
]


def cut_before(arrests: Arrests, as_of: date) -> Arrests:
    """The arrests before a day; InputError if there are none."""
    cut = arrests.before(as_of)
    if not len(cut):
        raise nothing_before(as_of, first_day(arrests), arrests.late_charges(as_of))
    return cut


def rows_in_file_order(arrests: Arrests, as_of: date) -> Int64:
    """The persons that ``arrests.before(as_of)`` keeps, by where they first appear in the files, as of that day.

    Positions among those persons, int64[n] in the host's memory: rows in an order, and not the place of each row in it,
    which the column ``file_order`` of ``groups.parquet`` has.
    """
    rows = to_host(arrests.known_before(as_of).first_rows)[to_host(arrests.persons_before(as_of))]
    return cast("Int64", sort_order([rows]))


def first_day(arrests: Arrests) -> int:
    """The earliest day of any arrest, ``NO_DAY`` if none is dated."""
    return least(arrests.day[arrests.day != NO_DAY], otherwise=NO_DAY)


def nothing_before(as_of: date, first: int, late: int = 0) -> InputError:
    """The error for arrests of which none is left.

    `first` is the earliest day, ``NO_DAY`` if none is dated; `late` are charges that were not recorded by then.
    """
    if late:
        return InputError(
            f"no arrest before {as_of.isoformat()}: {counted(late, 'row')} dated before it came to be known on that "
            "day or later, or it is not known when; give a later as-of day, or write [input] columns.recorded_at = "
            '"" for dates alone to count'
        )
    begins = "no arrest has a date" if first == NO_DAY else f"the data begin on {day_to_date(first)}"
    return InputError(f"no arrest before {as_of.isoformat()}: {begins}")


def undated_arrests(arrests: Arrests) -> int:
    """How many arrests have no date."""
    return int(namespace(arrests.day).count_nonzero(arrests.day == NO_DAY))


def forecast_days(last_day: int, as_of: date | None, horizon: timedelta) -> dict[str, date]:
    """The days T-2H, T-H and T; `last_day` is the latest day of any arrest, ``NO_DAY`` if none is dated."""
    if last_day == NO_DAY:
        raise InputError("no arrest has a date: a forecast needs dates")
    end = as_of or day_to_date(last_day + 1)
    try:
        return {"T-2H": end - 2 * horizon, "T-H": end - horizon, "T": end}
    except OverflowError as error:
        raise InputError(f"a horizon of {horizon.days} days reaches back further than the calendar") from error


def violent_between(arrests: Arrests, start: date, end: date, known_before: date | None = None) -> Bool:
    """Label of every person arrested before `start`, in order: a violent arrest on a day in ``[start, end)``.

    The persons are those that ``arrests.before(start)`` keeps. With `known_before` only what was known before that day
    counts: what a model that is trained on it can have learned from.
    """
    seen = arrests
    if known_before is not None:
        end = min(end, known_before)
        seen = arrests if arrests.charges is None else arrests.known_before(known_before)
    within = (seen.offences != 0) & (seen.day >= day_number(start)) & (seen.day < day_number(end))
    label = count_by_code(seen.person[within], arrests.n_persons) > 0
    return label[arrests.persons_before(start)]


def victim_between(arrests: Arrests, start: date, end: date, known_before: date | None = None) -> Bool:
    """Label of every person known before `start`, in order: a victim of a violent offence on a day in ``[start, end)``.

    The persons are those that ``arrests.before(start)`` keeps: arrested, tied, or a victim before. With `known_before`
    only what was known before that day counts, as in :func:`violent_between`. bool[n], in the host's memory.

    Raises
    ------
    InputError
        If no table of victims was read.
    """
    victims = arrests.victims
    if victims is None:
        raise InputError("no table of victims was read, so nobody is known to have become one: give --victims FILE")
    if known_before is not None:
        end = min(end, known_before)
        victims = victims.known_before(known_before)
    events, person = victims.events, victims.person
    within = (events.offences != 0) & (events.day >= day_number(start)) & (events.day < day_number(end))
    label: Bool = count_by_code(person[within & (person >= 0)], arrests.n_persons) > 0
    known: Bool = label[to_host(arrests.persons_before(start))]
    return known
