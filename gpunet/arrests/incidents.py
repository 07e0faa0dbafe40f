"""The incidents: who of the persons arrested was in each, and which of them tie their persons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.base.days import NO_DAY
from gpunet.tables.arrays import (
    begins_run,
    count_by_code,
    greatest_by_code,
    least_by_code,
    namespace,
    row_numbers,
    running_sum,
    sort_order,
)

__all__ = ["IncidentMembers", "incident_members"]

_AFTER_ALL_DAYS = int(np.iinfo(np.int32).max)


@dataclass(frozen=True, eq=False)
class IncidentMembers:
    """The distinct persons of each incident: those of incident i are ``person[indptr[i]:indptr[i + 1]]``, ascending.

    ``first_day`` and ``last_day`` (``NO_DAY`` if undated) and ``violent`` (any violent offence of this person in this
    incident) run parallel to ``person``.
    """

    indptr: Int64
    person: Int32
    first_day: Int32
    last_day: Int32
    violent: Bool

    @cached_property
    def size(self) -> Int64:
        """int64[number of incidents], distinct persons of each."""
        return self.indptr[1:] - self.indptr[:-1]

    @cached_property
    def incident(self) -> Int64:
        """The incident of each element of ``person``."""
        return row_numbers(self.indptr, self.person.shape[0])

    def forming(self, max_size: int) -> Bool:
        """bool[number of incidents], whether an incident ties its persons: two of them at least, `max_size` at most."""
        return (self.size >= 2) & (self.size <= max_size)

    def smallest_first(self, max_size: int) -> tuple[Int64, Int64]:
        """The positions of the members of incidents that tie them, incident by incident, and the sizes of these.

        The smallest come first. Strengths are added up in this order: what they come to does not depend on which of two
        incidents of a size is which.
        """
        forming = self.forming(max_size)
        xp = namespace(forming)
        (kept,) = xp.nonzero(forming[self.incident])
        size = self.size[self.incident[kept]]
        return kept[sort_order([size])], xp.sort(self.size[forming])


def incident_members(arrests: Arrests) -> IncidentMembers:
    """Group arrests by incident. A person arrested twice in one (by two forces) counts once."""
    xp = namespace(arrests.person)
    order = sort_order([arrests.incident])  # stable, and persons ascend already
    person, incident, day = arrests.person[order], arrests.incident[order], arrests.day[order]
    new = begins_run(incident, person)
    member = running_sum(xp.astype(new, xp.int64))[1:] - 1
    person = person[new]
    n = person.shape[0]
    dated = xp.where(day == NO_DAY, _AFTER_ALL_DAYS, day)
    first = least_by_code(member, dated, n, otherwise=_AFTER_ALL_DAYS)
    return IncidentMembers(
        running_sum(count_by_code(incident[new], arrests.n_incidents)),
        person,
        xp.where(first == _AFTER_ALL_DAYS, NO_DAY, first),
        greatest_by_code(member, day, n, otherwise=NO_DAY),
        count_by_code(member[arrests.offences[order] != 0], n) > 0,
    )
