"""What adds up over parts of the arrests: how often ids come, arrests by force and day, and how far incidents reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import narwhals as nw

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Int32, Int64
from gpunet.base.days import NO_DAY
from gpunet.config.config import Config
from gpunet.tables.arrays import (
    count_by_code,
    distinct,
    greatest,
    greatest_by_code,
    least,
    least_by_code,
    namespace,
    sort_order,
    sum_by_code,
    to_host,
)
from gpunet.tables.gather import gather

__all__ = [
    "Frequencies",
    "IncidentFacts",
    "IncidentRows",
    "PersonFacts",
    "facts_of_incidents",
    "facts_of_persons",
    "in_all",
]

#: An id that is on more than this share of the arrests, or has so many times the arrests of the next one, may stand for
#: "unknown"; if it has so many at least, and so many times the mean.
_SHARE, _TIMES_THE_NEXT, _AT_LEAST, _TIMES_THE_MEAN = 0.01, 10, 10, 3

#: So many ids are looked at: more cannot have a hundredth of the arrests each.
_MOST_IDS = 101

#: Arrests of one incident that are further apart than so many days are hardly of one incident.
_APART = 366

#: A table of forces and days has no more cells.
_MOST_CELLS = 1 << 24

#: Further than any day.
_FAR = 1 << 40


@dataclass(frozen=True)
class Frequencies:
    """The ids with the most arrests, descending, of ``ids`` ids and ``arrests`` arrests."""

    ids: int
    arrests: int
    top: tuple[tuple[int, str], ...]

    def __add__(self, other: Frequencies) -> Frequencies:
        top = sorted((*self.top, *other.top), key=lambda item: (-item[0], item[1]))[:_MOST_IDS]
        return Frequencies(self.ids + other.ids, self.arrests + other.arrests, tuple(top))

    def outstanding(self) -> list[tuple[int, str]]:
        """The ids that have so many arrests that they may stand for "unknown"."""
        mean = self.arrests / max(self.ids, 1)
        found = [
            (n, text)
            for n, text in self.top
            if n >= _AT_LEAST and n > _SHARE * self.arrests and n > _TIMES_THE_MEAN * mean
        ]
        gaps = [at for at, (one, other) in enumerate(pairwise(self.top)) if one[0] > _TIMES_THE_NEXT * other[0]]
        far = self.top[: gaps[0] + 1] if gaps else ()  # several words may stand for "unknown"
        return list(dict.fromkeys((*found, *far)))


@dataclass(frozen=True)
class PersonFacts:
    """What adds up over persons: their frequencies, and arrests by force and day.

    ``violent``: by set of offences, whether there is any arrest. ``days``: arrests by code of the force, -1 for none,
    and by day number.
    """

    frequencies: Frequencies
    violent: tuple[bool, ...]
    days: dict[int, dict[int, int]]

    def __add__(self, other: PersonFacts) -> PersonFacts:
        forces = {**self.days, **other.days}
        days = {force: in_all((self.days.get(force, {}), other.days.get(force, {}))) for force in forces}
        violent = tuple(a or b for a, b in zip(self.violent, other.violent, strict=True))
        return PersonFacts(self.frequencies + other.frequencies, violent, days)


@dataclass(frozen=True)
class IncidentFacts:
    """What adds up over incidents.

    ``frequencies``: arrests by incident id. ``apart``: incidents whose arrests are far apart, ``example`` one of them.
    ``several_forces``: incidents with arrests by several forces. ``forming``: incidents that tie persons. ``largest``:
    persons of the largest one.
    """

    frequencies: Frequencies
    apart: int
    example: str
    several_forces: int
    forming: int
    largest: int

    def __add__(self, other: IncidentFacts) -> IncidentFacts:
        return IncidentFacts(
            self.frequencies + other.frequencies,
            self.apart + other.apart,
            self.example or other.example,
            self.several_forces + other.several_forces,
            self.forming + other.forming,
            max(self.largest, other.largest),
        )


def facts_of_persons(arrests: Arrests) -> PersonFacts:
    """Facts of arrests of whole persons."""
    xp = namespace(arrests.offences)
    counts = count_by_code(arrests.person, arrests.n_persons)
    sets = range(len(arrests.config.violent_offences))
    return PersonFacts(
        _frequencies(counts, arrests.person_ids),
        tuple(bool(xp.any((arrests.offences >> i) & 1 != 0)) for i in sets),
        _days_of_forces(arrests),
    )


def _days_of_forces(arrests: Arrests) -> dict[int, dict[int, int]]:
    """Arrests by code of the force and day number; all as of no force where a table of both would be huge."""
    xp = namespace(arrests.day)
    dated = arrests.day != NO_DAY
    day = xp.astype(arrests.day[dated], xp.int64)
    first, span = least(day, otherwise=0), greatest(day, otherwise=0) - least(day, otherwise=0) + 1
    force = xp.astype(arrests.force[dated], xp.int64) + 1  # a code of -1 is no force
    width = greatest(force, otherwise=0) + 1
    if width * span > _MOST_CELLS:
        force, width = xp.zeros_like(force), 1
    counts = to_host(count_by_code(force * span + (day - first), width * span)).reshape(width, span)
    found = {at - 1: {first + int(day): int(of[day]) for day in of.nonzero()[0]} for at, of in enumerate(counts)}
    return {code: of for code, of in found.items() if of}


def in_all(days: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """Arrests by day number, of all together."""
    total: Counter[int] = Counter()
    for of in days:
        total.update(of)
    return dict(total)


@dataclass(frozen=True)
class IncidentRows:
    """Arrests of incidents, or rows that stand for several of one incident and force.

    ``incident``, ``force``: int[n], codes; a force of -1 is one without name. ``arrests``: int64[n], how many arrests,
    each of another person, a row stands for; None for one each. ``first``, ``last``: int32[n], days, ``NO_DAY`` if none
    is dated.
    """

    incident: Int32
    force: Int32
    arrests: Int64 | None
    first: Int32
    last: Int32


def facts_of_incidents(rows: IncidentRows, ids: nw.Series[Any], config: Config) -> IncidentFacts:
    """Facts of whole incidents, whose ids are these by code."""
    xp, n, incident = namespace(rows.incident), len(ids), rows.incident
    size = count_by_code(incident, n) if rows.arrests is None else sum_by_code(incident, rows.arrests, n)
    dated = rows.first != NO_DAY
    begin = least_by_code(incident[dated], xp.astype(rows.first[dated], xp.int64), n, _FAR)
    end = greatest_by_code(incident[dated], xp.astype(rows.last[dated], xp.int64), n, -_FAR)
    (apart,) = xp.nonzero(end - begin > _APART)
    several = 0 if "force" in config.input.incident_key else shared_incidents(incident, rows.force, n)
    forming = (size > 1) & (size <= config.network.max_incident_size)
    return IncidentFacts(
        _frequencies(size, ids),
        int(apart.shape[0]),
        str(gather(ids, apart[:1])[0]) if apart.shape[0] else "",
        several,
        int(xp.count_nonzero(forming)),
        greatest(size, otherwise=0),
    )


def shared_incidents(incident: Int32, force: Int32, n_incidents: int) -> int:
    """How many incidents have rows of several forces, from each row's incident and force (-1: none)."""
    xp = namespace(incident, force)
    width = greatest(force, otherwise=-1) + 2  # -1 is a force too: none
    pairs = distinct(xp.astype(incident, xp.int64) * width + (force + 1))
    return int(xp.count_nonzero(count_by_code(pairs // width, n_incidents) > 1))


def _frequencies(counts: Int64, ids: nw.Series[Any]) -> Frequencies:
    xp = namespace(counts)
    present = int(xp.count_nonzero(counts > 0))
    (many,) = xp.nonzero(counts >= _AT_LEAST)  # fewer do not stand out, but for the one that others are compared with
    if many.shape[0] < 2:
        (many,) = xp.nonzero(counts > 0)
    top = many[sort_order([-counts[many]])][: min(_MOST_IDS, many.shape[0])]
    texts = map(str, gather(ids, top).to_list())
    ranked = sorted(zip(to_host(counts[top]).tolist(), texts, strict=True), key=lambda item: (-item[0], item[1]))
    return Frequencies(present, int(xp.sum(counts)), tuple(ranked))
