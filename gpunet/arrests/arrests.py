"""Coded arrests: what every feature is computed from. Ids are coded once; from here on everything is arrays.

An arrest is a distinct (person, force, incident). Reading, checking and coding live in :mod:`gpunet.reading`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from gpunet.arrests.beside import Associations, Victimisations, end_of, positions
from gpunet.arrests.charges import CHARGE_ARRAYS, Charges
from gpunet.arrests.read_report import ReadReport
from gpunet.base.arguments import instance_of
from gpunet.base.array_types import Bool, Int32, Int64, UInt64
from gpunet.base.days import NO_DAY, day_number
from gpunet.base.errors import InputError
from gpunet.config.config import Config
from gpunet.config.layers import NO_LAYERS, Layers
from gpunet.tables.arrays import (
    begins_run,
    bits_by_code,
    distinct,
    greatest,
    is_on_host,
    namespace,
    spread_over,
    to_host,
)
from gpunet.tables.gather import gather

if TYPE_CHECKING:
    from gpunet.engines.protocol import Engine

__all__ = ["CHECK_ARRESTS", "Arrests"]

# Where the rows of ties begin, and twice that those of victims: behind all rows of arrests.
_BESIDE = 1 << 60
_NOWHERE = 1 << 62

_ARRAYS = ("person", "incident", "force", "day", "offences", "district", "beat", "gang", "row")


@dataclass(frozen=True, eq=False)
class Arrests:
    """Arrests as arrays, one element an arrest, ordered by person and, within a person, by file order.

    The arrays are NumPy's, or of whatever kind the engine that works on them has.

    Attributes
    ----------
    person_ids
        The persons' ids, int64 or text, ascending and unique; a person's code is its position.
    person
        int32[a], codes of persons, ascending.
    incident
        int32[a], codes of incidents. They ascend with the incident's key as text (incident_id first, then the other
        key columns), so that of two incidents the one with the greater code has the greater incident_id.
    force, district, beat, gang
        int32[a], codes into the name columns below, -1 where null. A district is a (force, district) pair.
    day
        int32[a], days since 1970-01-01 of the earliest date, ``NO_DAY`` where there is none.
    offences
        uint64[a], bit i set where the arrest has an offence in the i-th set of ``config.violent_offences``.
    row
        int64[a], where the first row of each stands among all accepted rows, in the order of the files; what matters
        is which is less.
    incident_ids
        The incidents' ids as text, by code. Several incidents may share one (of different forces).
    force_names, gang_names, district_names, beat_names
        Texts by code; places are written ``force/district``.
    config
        The configuration that they were read with.
    report
        How reading went, None for arrests that were not read from a table.
    as_of
        The cut that was applied: only arrests before this day are here. None where there was none.
    backend
        The kind of frame that the caller uses ("polars", "pandas", "pyarrow"); results are given back in it.
    charges
        The rows that the arrests are made of, where a table tells when they were recorded; else None.
    associations
        Ties of other kinds than arrests, None if no table of them was read. Then, and with victims, there are persons
        without an arrest among ``person_ids``.
    victims
        Who became a victim, None if no table of them was read.
    """

    person_ids: nw.Series[Any]
    person: Int32
    incident: Int32
    force: Int32
    day: Int32
    offences: UInt64
    district: Int32
    beat: Int32
    gang: Int32
    row: Int64
    incident_ids: nw.Series[Any]
    force_names: nw.Series[Any]
    gang_names: nw.Series[Any]
    district_names: nw.Series[Any]
    beat_names: nw.Series[Any]
    config: Config
    report: ReadReport | None = None
    as_of: date | None = None
    backend: str = "polars"
    charges: Charges | None = None
    associations: Associations | None = None
    victims: Victimisations | None = None

    def __len__(self) -> int:
        return int(self.person.shape[0])

    @property
    def n_persons(self) -> int:
        """Number of persons: with an arrest, or known from ties or victims."""
        return len(self.person_ids)

    @property
    def layers(self) -> Layers:
        """The layers of the network beside co-arrest."""
        if self.associations is None and self.victims is None:
            return NO_LAYERS
        kinds = () if self.associations is None else tuple(kind.name for kind in self.associations.kinds)
        return Layers(kinds, self.victims is not None)

    @property
    def n_incidents(self) -> int:
        """Number of incident codes; after a cut some of them may have no arrest left."""
        return len(self.incident_ids)

    @cached_property
    def last_day(self) -> int:
        """The latest day of any arrest, ``NO_DAY`` if none is dated."""
        return greatest(self.day, otherwise=NO_DAY)

    @cached_property
    def today(self) -> int:
        """The day from which ``days_since_*`` count: the as-of day, else the day after the last one in the data."""
        return day_number(self.as_of) if self.as_of is not None else self.last_day + 1

    @cached_property
    def person_offences(self) -> UInt64:
        """uint64[n_persons], the union of each person's offence bits."""
        return bits_by_code(self.person, self.offences, self.n_persons, len(self.config.violent_offences))

    @cached_property
    def first_rows(self) -> Int64:
        """int64[n_persons], where each person's first row stands: who comes first in the files has the least.

        Whoever has no arrest comes after all who have one: first those in ties, and then those who are victims alone.
        No number occurs twice, and none depends on how persons or incidents are called.
        """
        xp, n = namespace(self.person), self.n_persons
        first = begins_run(self.person)  # a person's arrests are in file order
        found: Int64 = spread_over(self.row[first], self.person[first], n, _NOWHERE)
        if self.associations is None and self.victims is None:
            return found
        rows = to_host(found).copy()
        for i, known in enumerate((self.associations, self.victims), start=1):
            if known is not None:
                persons, places = known.appearances()
                new = rows[persons] >= i * _BESIDE
                np.minimum.at(rows, persons[new], i * _BESIDE + places[new])
        return rows if is_on_host(found) else xp.asarray(rows)

    def to_engine(self, engine: Engine) -> Arrests:
        """The same arrests with their arrays in the engine's memory: themselves if they are there already."""
        arrays: dict[str, Any] = {name: engine.to_engine(getattr(self, name)) for name in _ARRAYS}
        if all(array is getattr(self, name) for name, array in arrays.items()):
            return self
        charges = None if self.charges is None else self.charges.with_arrays(engine.to_engine)
        return dataclasses.replace(self, **arrays, charges=charges)

    def nbytes(self) -> int:
        """Bytes of the coded arrays."""
        arrays = [getattr(self, name) for name in _ARRAYS]
        if self.charges is not None:
            arrays += [getattr(self.charges, name) for name in CHARGE_ARRAYS]
        return sum(array.nbytes for array in arrays)

    def late_charges(self, as_of: date) -> int:
        """How many charges are dated before `as_of` and were not recorded by then."""
        return 0 if self.charges is None else self.charges.late(day_number(as_of))

    def persons_before(self, as_of: date) -> Int32:
        """Codes of the persons with an arrest before `as_of`, ascending: those that :meth:`before` keeps.

        Also of those who were known from a tie or as a victim then.
        """
        day = day_number(as_of)
        if self.charges is not None:
            arrested = distinct(self.person[self.charges.arrest[self.charges.known_before(day)]])
        else:
            arrested = distinct(self.person[(self.day != NO_DAY) & (self.day < day)])
        beside = []
        if self.associations is not None:
            beside.append(self.associations.at(self.associations.known_before(day)).persons())
        if self.victims is not None:
            beside.append(self.victims.persons_before(as_of))
        return _together(arrested, beside)

    def known_before(self, as_of: date) -> Arrests:
        """As :meth:`before`, but persons keep their codes, and those without an arrest their ids.

        Raises
        ------
        InputError
            If these arrests were themselves cut at an earlier day; with ties of other kinds, at any other day.
        """
        if self.as_of is not None and as_of > self.as_of:
            raise InputError(f"cannot go forward to {as_of}: these arrests were cut at {self.as_of}")
        if self.as_of is not None and as_of < self.as_of and self.associations is not None:
            raise InputError(
                f"cannot go back to {as_of}: these arrests were cut at {self.as_of}, and ties that were over by then "
                "are gone: cut the arrests that were read without an as-of day"
            )
        day = day_number(as_of)
        if self.charges is None:
            keep = (self.day != NO_DAY) & (self.day < day)
            kept = {name: getattr(self, name)[keep] for name in _ARRAYS}
        else:
            of, kept = self.charges.arrests_before(day, self.person, len(self.config.violent_offences))
            kept |= {name: getattr(self, name)[of] for name in ("person", "incident", "force")}
        if self.associations is not None:
            kept["associations"] = self.associations.at(self.associations.known_before(day))
        if self.victims is not None:
            kept["victims"] = self.victims.known_before(as_of)
        return dataclasses.replace(self, as_of=as_of, **kept)

    def before(self, as_of: date) -> Arrests:
        """Only the arrests dated before `as_of`, and only the persons who have one (undated arrests go).

        Where it is told when charges were recorded, arrests are made of those recorded before `as_of` alone: as if the
        tables had been read on that day. Of ties those that hold on that day are kept, of victims those known by then,
        and whoever is known from these.

        Raises
        ------
        InputError
            If these arrests were themselves cut at an earlier day.
        """
        return self.known_before(as_of)._of_those_present()

    def _of_those_present(self) -> Arrests:
        """The same without the persons of whom nothing is known."""
        associations, victims = self.associations, self.victims
        present = _together(distinct(self.person), [of.persons() for of in (associations, victims) if of is not None])
        xp = namespace(present)
        changed: dict[str, Any] = {"person": xp.astype(xp.searchsorted(present, self.person), xp.int32)}
        if associations is not None or victims is not None:
            new = positions(to_host(present), self.n_persons)
            changed["associations"] = None if associations is None else associations.recoded(new)
            changed["victims"] = None if victims is None else victims.recoded(new)
        ids = gather(self.person_ids, present, self.person_ids.name)
        return dataclasses.replace(self, person_ids=ids, **changed)

    def current(self) -> Arrests:
        """The same with the ties that hold on the day as of which they are looked at, and whoever is known then.

        Themselves if they were cut, or there are no ties. Of arrests that were not cut, that day is the one after the
        last date of any table, and all rows count, whenever they were recorded.
        """
        if self.as_of is not None or self.associations is None:
            return self
        held = self.associations.at(self.associations.held(end_of(self)))
        held = dataclasses.replace(held, latest=self.associations.last_day)  # from which the day above follows
        return dataclasses.replace(self, associations=held)._of_those_present()

    def without_offences(self, hidden: Bool) -> Arrests:
        """The same with no offence for the arrests that are `hidden` (bool[a]), whatever day they are cut at."""
        xp = namespace(self.offences, hidden)
        offences = xp.where(hidden, xp.zeros_like(self.offences), self.offences)
        charges = self.charges
        if charges is not None:
            none = xp.zeros_like(charges.offences)
            charges = dataclasses.replace(charges, offences=xp.where(hidden[charges.arrest], none, charges.offences))
        return dataclasses.replace(self, offences=offences, charges=charges)


def _together(persons: Int32, more: Sequence[Int32]) -> Int32:
    """Persons, ascending, and those known from elsewhere: themselves if there is nothing else."""
    if not more:
        return persons
    xp = namespace(persons)
    every = distinct(np.concatenate([to_host(persons), *more]).astype(np.int32))
    return every if isinstance(persons, np.ndarray) else xp.asarray(every)


#: A check of an argument of that name.
CHECK_ARRESTS = instance_of(Arrests, "the arrests that read_arrests returns")
