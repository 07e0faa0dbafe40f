"""What is known of every place as of a day: arrests there, of its people, and of those of them near violence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.base.days import NO_DAY, day_number
from gpunet.places.two_steps import persons_near_violence
from gpunet.tables.arrays import count_by_code, distinct, to_host

__all__ = ["COUNT_COLUMNS", "SPANS", "Events", "Known", "events_of", "known_places", "labels_of", "place_codes"]

#: Lengths of the spans before the day, in days.
SPANS = (7, 28, 365)

_WHOSE = ("", "resident_", "two_step_")

#: The columns of numbers of a place, in their order.
COUNT_COLUMNS: tuple[str, ...] = (
    "residents",
    "two_step_residents",
    *(f"{whose}{kind}_{span}d" for whose in _WHOSE for kind in ("arrests", "violent_arrests") for span in SPANS),
)


@dataclass(frozen=True, eq=False)
class Events:
    """Violent arrests that have a place and a date: int64[k] codes of places, int32[k] days."""

    place: Int64
    day: Int32

    def between(self, first: int, stop: int, n: int) -> Int64:
        """int64[n], how many are in each place on a day in ``[first, stop)``."""
        return count_by_code(self.place[(self.day >= first) & (self.day < stop)], n)


@dataclass(frozen=True, eq=False)
class Known:
    """The places that some arrest before a day is recorded with, ascending by code, and what is known of them.

    ``code``: int64[places]. ``counts``: int64[places, columns], those of :data:`COUNT_COLUMNS`. ``events``: the violent
    arrests that were known.
    """

    code: Int64
    counts: Int64
    events: Events

    def column(self, name: str) -> Int64:
        """int64[places], one of the columns."""
        return self.counts[:, COUNT_COLUMNS.index(name)]


def place_codes(arrests: Arrests, unit: str) -> Int64:
    """int64[a], the place of each arrest, -1 for none; those of cells stand where beats do."""
    return to_host(getattr(arrests, unit)).astype(np.int64)


def events_of(arrests: Arrests, unit: str) -> Events:
    """The violent arrests, in the order of the arrests; undated ones happened on no day."""
    code, day = place_codes(arrests, unit), to_host(arrests.day)
    chosen = (code >= 0) & (to_host(arrests.offences) != 0) & (day != NO_DAY)
    return Events(code[chosen], day[chosen])


def labels_of(events: Events, code: Int64, first: int, stop: int, n: int) -> Int64:
    """int64[places], violent arrests in the places of these codes, of `n`, on a day in ``[first, stop)``."""
    return events.between(first, stop, n)[code]


def known_places(cut: Arrests, unit: str) -> Known:
    """What is known of places as of the day of the cut.

    * ``residents``: persons ever arrested there before the day; ``two_step_residents``: those of them who are within
      two steps of somebody else with a violent arrest, in the co-arrest network as of the day.
    * ``arrests_7d`` ...: arrests that happened there on the 7, 28 and 365 days before the day.
    * ``resident_arrests_7d`` ...: arrests of residents, wherever they happened; of several residents each counts, and a
      person is a resident of every place where she was arrested.
    * ``two_step_arrests_7d`` ...: those of ``two_step_residents``.

    Parameters
    ----------
    cut
        ``arrests.before(day)``.
    unit
        ``"beat"`` or ``"district"``.
    """
    assert cut.as_of is not None  # it was cut
    today = day_number(cut.as_of)
    code, person = place_codes(cut, unit), to_host(cut.person).astype(np.int64)
    day, violent = to_host(cut.day), to_host(cut.offences) != 0
    known = distinct(code[code >= 0])
    n, persons = len(known), max(cut.n_persons, 1)
    here = code >= 0
    at = np.searchsorted(known, code[here])
    resident_of, resident = np.divmod(distinct(at * persons + person[here]), persons)
    near = persons_near_violence(cut)[resident]
    found = {"residents": count_by_code(resident_of, n), "two_step_residents": count_by_code(resident_of[near], n)}
    for span in SPANS:
        recent = day >= today - span
        for kind, chosen in (("arrests", recent), ("violent_arrests", recent & violent)):
            found[f"{kind}_{span}d"] = count_by_code(at[chosen[here]], n)
            of_person = count_by_code(person[chosen], cut.n_persons)[resident]
            found[f"resident_{kind}_{span}d"] = _added(resident_of, of_person, None, n)
            found[f"two_step_{kind}_{span}d"] = _added(resident_of, of_person, near, n)
    return Known(known, np.stack([found[name] for name in COUNT_COLUMNS], axis=1), events_of(cut, unit))


def _added(place: Int64, values: Int64, chosen: Bool | None, n: int) -> npt.NDArray[np.int64]:
    """int64[n], the sum of the values by place, of all or of those that are chosen; most values are 0."""
    some = values > 0 if chosen is None else chosen & (values > 0)
    return np.bincount(place[some], weights=values[some], minlength=n).astype(np.int64)  # whole numbers, so exact
