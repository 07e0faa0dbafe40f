"""What is known of persons beside their arrests: ties of other kinds, and who became a victim.

Both hang on :class:`gpunet.arrests.arrests.Arrests`, whose cuts they follow; their arrays stay on the host.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import narwhals as nw
import numpy as np

from gpunet.arrests.charges import ALWAYS, NEVER, Charges
from gpunet.base.array_types import Bool, Float64, Int32, Int64, UInt64
from gpunet.base.days import day_number
from gpunet.config.config import Config
from gpunet.tables.arrays import distinct

__all__ = ["ALWAYS", "NEVER", "Associations", "Events", "Kind", "Victimisations", "end_of", "positions"]


@dataclass(frozen=True)
class Kind:
    """A kind of ties in use: after how many days a tie's strength is halved, and after how many it is over."""

    name: str
    half_life_days: float
    limit_days: int


@dataclass(frozen=True, eq=False)
class Associations:
    """Ties of other kinds than arrests, one element a row of a table, in the order of the tables.

    Attributes
    ----------
    a, b
        int32[m], codes of the two persons among those of the arrests, as the columns of the table name them.
    kind
        int32[m], positions in ``kinds``.
    day
        int32[m], days from 1970-01-01 on which the tie is dated.
    until
        int32[m], the day from which on it does not hold any more; ``NEVER`` where none is known.
    recorded
        int32[m], the day on which it came to be known; ``ALWAYS`` where the table does not tell, ``NEVER`` where it
        does of other rows.
    kinds
        The kinds in use.
    latest
        The latest day of the rows that these were taken from, None for that of their own.
    """

    a: Int32
    b: Int32
    kind: Int32
    day: Int32
    until: Int32
    recorded: Int32
    kinds: tuple[Kind, ...]
    latest: int | None = None

    def __len__(self) -> int:
        return len(self.a)

    @property
    def last_day(self) -> int:
        """The latest day of any tie; far below all days if there is none."""
        return int(self.day.max(initial=ALWAYS)) if self.latest is None else self.latest

    def persons(self) -> Int32:
        """The persons with a tie, ascending."""
        return distinct(np.concatenate([self.a, self.b]))

    def appearances(self) -> tuple[Int32, Int64]:
        """The persons of all rows, and where each of them stands in the tables."""
        places = 2 * np.arange(len(self), dtype=np.int64)
        return np.concatenate([self.a, self.b]), np.concatenate([places, places + 1])

    def held(self, day: int) -> Bool:
        """bool[m], which ties hold on a day: dated before it, not over, and within the kind's limit."""
        limit = np.array([kind.limit_days for kind in self.kinds], np.int64)
        young = day - self.day.astype(np.int64) <= (limit[self.kind] if len(limit) else 0)
        found: Bool = (self.day < day) & (self.until > day) & young
        return found

    def known_before(self, day: int) -> Bool:
        """bool[m], which ties count as of a day: they hold on it, and were recorded before."""
        return self.held(day) & (self.recorded < day)

    def at(self, rows: Bool) -> Associations:
        """Some of the rows."""
        arrays = {name: getattr(self, name)[rows] for name in ("a", "b", "kind", "day", "until", "recorded")}
        return dataclasses.replace(self, **arrays)

    def recoded(self, new: Int32) -> Associations:
        """The same of persons whose codes are new: int32[old persons], ascending as the old ones do."""
        return dataclasses.replace(self, a=new[self.a], b=new[self.b])

    def strength(self, day: int) -> Float64:
        """float64[m], what each row adds to its tie's strength as of a day: 1, halved each time a half-life is over."""
        half_life = np.array([kind.half_life_days for kind in self.kinds])
        age = np.maximum(day - self.day.astype(np.int64), 0)
        found: Float64 = np.exp2(-age / half_life[self.kind]) if len(age) else np.empty(0)
        return found


class Events(Protocol):
    """What tables of victims come to: an :class:`gpunet.arrests.arrests.Arrests`, of which this much is needed."""

    @property
    def person(self) -> Int32:
        """int32[k], the person of each event."""

    @property
    def incident(self) -> Int32:
        """int32[k], its incident."""

    @property
    def day(self) -> Int32:
        """int32[k], its day."""

    @property
    def offences(self) -> UInt64:
        """uint64[k], its offences' sets, a bit each."""

    @property
    def row(self) -> Int64:
        """int64[k], where its first row stands among all."""

    @property
    def incident_ids(self) -> nw.Series[Any]:
        """The incidents' ids as text, by code."""

    @property
    def config(self) -> Config:
        """The configuration that they were read with."""

    @property
    def last_day(self) -> int:
        """The latest day of any."""

    @property
    def charges(self) -> Charges | None:
        """The rows that they are made of, where a table tells when these were recorded."""

    def __len__(self) -> int:
        """How many there are."""

    def known_before(self, as_of: date) -> Events:
        """Those known as of a day."""

    def persons_before(self, as_of: date) -> Int32:
        """The persons of those."""


@dataclass(frozen=True, eq=False)
class Victimisations:
    """Who became a victim, when, of which offence, and in which incident.

    Attributes
    ----------
    events
        The tables, read as those of arrests are: one element for each person and incident, with codes of their own.
    of_person
        int32[persons of `events`], their codes among the persons of the arrests; -1 for who is not among them.
    of_incident
        int32[incidents of `events`], their codes among the incidents of the arrests; -1 for an incident in which nobody
        was arrested, or of which it is not known which one it is.
    unsettled
        How many events were in an incident that may be one of several, in whole tables.
    """

    events: Events
    of_person: Int32
    of_incident: Int32
    unsettled: int = 0

    def __len__(self) -> int:
        return len(self.events)

    @property
    def person(self) -> Int32:
        """int32[k], the person of each event among those of the arrests."""
        return self.of_person[self.events.person]

    @property
    def incident(self) -> Int32:
        """int32[k], the incident of each event among those of the arrests, -1 for none."""
        return self.of_incident[self.events.incident]

    def persons(self) -> Int32:
        """Who became a victim, ascending."""
        return _present(distinct(self.person))

    def appearances(self) -> tuple[Int32, Int64]:
        """The persons of all events, and where the first row of each event stands."""
        person = self.person
        return person[person >= 0], self.events.row[person >= 0]

    def known_before(self, as_of: date) -> Victimisations:
        """What was known as of a day."""
        return dataclasses.replace(self, events=self.events.known_before(as_of))

    def persons_before(self, as_of: date) -> Int32:
        """Who had become a victim as of a day, ascending."""
        return _present(distinct(self.of_person[self.events.persons_before(as_of)]))

    def recoded(self, new: Int32) -> Victimisations:
        """The same of persons whose codes are new, -1 for who is gone: int32[old persons]."""
        of_person = np.where(self.of_person < 0, np.int32(-1), new[self.of_person]) if len(new) else self.of_person
        return dataclasses.replace(self, of_person=of_person)


class _Known(Protocol):
    @property
    def as_of(self) -> date | None: ...
    @property
    def last_day(self) -> int: ...
    @property
    def associations(self) -> Associations | None: ...
    @property
    def victims(self) -> Victimisations | None: ...


def end_of(arrests: _Known) -> int:
    """The day as of which ties and victims are looked at: the as-of day, or the day after the last one of any table."""
    if arrests.as_of is not None:
        return day_number(arrests.as_of)
    days = [arrests.last_day]
    if arrests.associations is not None:
        days.append(arrests.associations.last_day)
    if arrests.victims is not None:
        days.append(arrests.victims.events.last_day)
    return max(days) + 1


def _present(persons: Int32) -> Int32:
    """Persons without the -1 of those who are not among the arrests'."""
    return persons[persons >= 0]


def positions(present: Int32, n: int) -> Int32:
    """int32[n], where each of the persons 0..n-1 stands in `present`, which ascends; -1 for who is not there."""
    found = np.full(n, -1, np.int32)
    found[present] = np.arange(len(present), dtype=np.int32)
    return found
