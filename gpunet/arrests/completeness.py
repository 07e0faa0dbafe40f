"""Whether the arrests before a day are all there: the data may end earlier, or the last weeks be recorded late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from statistics import median
from typing import Any

from gpunet.arrests.facts import in_all
from gpunet.base.days import NO_DAY, day_number, day_to_date
from gpunet.base.errors import InputError
from gpunet.base.words import counted, shortened

__all__ = ["Completeness", "Shortfall", "completeness", "victims_end_early"]

#: Further than this beyond the last arrest a forecast is refused.
_MONTH = 31

#: Days of a period: a week, or four where weeks have too few arrests to tell.
_PERIODS = (7, 28)

#: A period must have so many arrests in the median.
_ENOUGH = 20

#: So many periods must be known before the last ones.
_FEWEST_PERIODS = 8

#: The last period is short of arrests with less than this share of what is expected, and so many standard deviations
#: (of a Poisson count) below it.
_SHORT = (0.5, 4.0)

#: So are the periods before one that is short.
_STILL_SHORT = (0.8, 2.0)

_YEAR = 364  # whole weeks

#: What the last weeks are compared with, by ``by_year``.
_BASIS = {
    True: "the same weeks a year before and the change since",
    False: "the weeks before (less than a year and two months of data, in which a season would look the same)",
}

_MOST_FORCES = 3


@dataclass(frozen=True)
class Shortfall:
    """The last days before T hold far fewer arrests than expected.

    ``force``: None for all together. ``days``: how many days. ``arrests``, ``expected``: how many they hold, and how
    many were to be expected. ``as_of``: the day before which nothing is missing, ISO. ``by_year``: whether they were
    compared with the same weeks a year before.
    """

    force: str | None
    days: int
    arrests: int
    expected: int
    as_of: str
    by_year: bool


@dataclass(frozen=True)
class Completeness:
    """What is missing before T.

    ``days_beyond``: days between the last arrest and T without any arrest. ``late``: where the last days hold far fewer
    arrests than expected, of all together or else of single forces. ``as_of``: the latest T of which nothing is
    missing, ISO.
    """

    as_of: str
    last_date: str
    days_beyond: int
    late: tuple[Shortfall, ...]

    def refuse_beyond(self, end: date) -> None:
        """Refuse a T that lies over a month after the last arrest.

        Raises
        ------
        InputError
            If it does.
        """
        if self.days_beyond > _MONTH:
            raise InputError(
                f"T is {end}, and the last arrest of the data is of {self.last_date}: arrests of the "
                f"{self.days_beyond:,} days between are unknown, and would count as none. Give --as-of {self.as_of}, "
                "or --allow-incomplete to go on all the same"
            )

    def warnings(self, end: date, window: int) -> list[str]:
        """Sentences for the user of a model that is tried on the `window` days before T."""
        found = []
        if self.days_beyond > 0:
            found.append(
                f"T is {end}, and the last arrest of the data is of {self.last_date}: the last "
                f"{counted(min(self.days_beyond, window), 'day')} of the {window:,} before T hold no arrest, and "
                f"whoever was arrested then counts as not arrested. Right would be --as-of {self.as_of}"
            )
        for one in self.late[:_MOST_FORCES]:
            of = "" if one.force is None else f' of force "{shortened(one.force)}"'
            found.append(
                f"the last {counted(one.days, 'day')} up to {self.last_date} hold "
                f"{counted(one.arrests, 'arrest')}{of}, where about {one.expected:,} were to be expected from "
                f"{_BASIS[one.by_year]}: if arrests are recorded late, right would be --as-of {one.as_of}"
            )
        if len(self.late) > _MOST_FORCES:
            found.append(
                f"few arrests at the end of {counted(len(self.late) - _MOST_FORCES, 'more force')} too: see run.json"
            )
        return found

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` has it."""
        return {**asdict(self), "late": [asdict(one) for one in self.late]}


def victims_end_early(last_day: int, end: date) -> list[str]:
    """A warning where tables of victims seem to end long before T; nothing if they do not.

    Parameters
    ----------
    last_day
        The latest day on which anybody in them became a victim, ``NO_DAY`` if none is dated.
    end
        T.
    """
    beyond = day_number(end) - 1 - last_day
    if last_day == NO_DAY or beyond <= _MONTH:
        return []
    return [
        f"T is {end}, and the last victim of the tables is of {day_to_date(last_day)}: if they end {beyond:,} days "
        "before T, whoever became a victim then counts as none, and the probabilities are too low. An earlier --as-of "
        "would be right"
    ]


def completeness(days: Mapping[str, Mapping[int, int]], end: date) -> Completeness | None:
    """What is missing before the day `end`; None without any dated arrest before it.

    The last weeks are compared with the same weeks a year before, times the change of all weeks since; in data of less
    than about a year, with the median week. Forces are looked at one by one if all together show nothing: with one
    whose arrests come late, all its persons look better than they are.

    Parameters
    ----------
    days
        Arrests by force, and by day number.
    end
        The day that is asked for.

    Examples
    --------
    >>> weekly = {"": {day: 10 for day in range(700)}}
    >>> completeness(weekly, date(1971, 12, 1)).late
    ()
    >>> completeness(weekly, date(1971, 12, 12)).days_beyond
    10
    """
    before = {force: {day: n for day, n in of.items() if day < day_number(end)} for force, of in days.items()}
    total = in_all(before.values())
    if not total:
        return None
    after = max(total) + 1
    whole = _shortfall(None, total, after)
    late = [whole] if whole else _of_forces(before, after) if len(before) > 1 else []
    return Completeness(
        as_of=min((one.as_of for one in late), default=day_to_date(after).isoformat()),
        last_date=day_to_date(after - 1).isoformat(),
        days_beyond=day_number(end) - after,
        late=tuple(late),
    )


def _of_forces(days: Mapping[str, Mapping[int, int]], after: int) -> list[Shortfall]:
    found = (_shortfall(force, of, after) for force, of in sorted(days.items()))
    return sorted((one for one in found if one), key=lambda one: one.arrests - one.expected)


def _shortfall(force: str | None, days: Mapping[int, int], after: int) -> Shortfall | None:
    """Of the arrests by day, before the day `after`; None if the last weeks are as others, or nothing can be told."""
    for length in _PERIODS:
        counts = _counts(days, after, length)
        usual = median(counts) if counts else 0
        if len(counts) > _FEWEST_PERIODS and usual >= _ENOUGH:
            expected = _expected(counts, _YEAR // length)
            short = _short(counts, expected)
            # Where half of all weeks are short, it is not known what is usual.
            if not short or 2 * short > len(counts):
                return None
            return Shortfall(
                force,
                short * length,
                sum(counts[:short]),
                round(sum(expected[:short])),
                day_to_date(after - short * length).isoformat(),
                _by_year(counts, _YEAR // length),
            )
    return None


def _counts(days: Mapping[int, int], after: int, length: int) -> list[int]:
    """Arrests by period, the last one before `after` first; without what begins before the first arrest."""
    counts = [0] * ((after - min(days, default=after)) // length)
    for day, n in days.items():
        if (after - 1 - day) // length < len(counts):
            counts[(after - 1 - day) // length] += n
    return counts


def _expected(counts: Sequence[int], year: int) -> list[float]:
    """Arrests to be expected in each period for which that can be told, the last one first."""
    if not _by_year(counts, year):
        return [median(counts)] * len(counts)
    pairs = [(now, before) for now, before in zip(counts, counts[year:], strict=False) if before]
    change = median(now / before for now, before in pairs)
    # Of three periods, as one may have had few arrests by chance; a week of holidays has few each year.
    smooth = (median(counts[at - 1 : at + 2]) for at in range(year, len(counts)))
    return [change * min(before, usual) for before, usual in zip(counts[year:], smooth, strict=True)]


def _by_year(counts: Sequence[int], year: int) -> bool:
    """Whether periods can be compared with those a year before."""
    return len(counts) >= year + _FEWEST_PERIODS


def _short(counts: Sequence[int], expected: Sequence[float]) -> int:
    """How many of the last periods are short of arrests."""
    share, deviations = _SHORT
    for at, (n, usual) in enumerate(zip(counts, expected, strict=False)):
        if n >= share * usual or usual - n <= deviations * usual**0.5:
            return at
        share, deviations = _STILL_SHORT
    return len(counts)
