"""What triggers look at: arrests and network as of a day, and how they were before the recent days."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import Network
from gpunet.base.array_types import Bool, Int32, Int64, UInt64
from gpunet.engines.choice import resolve_engine
from gpunet.features.community import recent_gang
from gpunet.flags.records import Records, records_of
from gpunet.tables.arrays import begins_run, running_sum

__all__ = ["Known", "Members", "rows_of"]


def rows_of(indptr: Int64, at: Int64) -> tuple[Int64, Int64]:
    """Every element of some rows of a CSR array: the position in `at` of its row, and its own position.

    >>> rows_of(np.array([0, 2, 2, 5]), np.array([2, 0]))
    (array([0, 0, 0, 1, 1]), array([2, 3, 4, 0, 1]))
    """
    length = indptr[at + 1] - indptr[at]
    of = np.repeat(np.arange(len(at)), length)
    within = np.arange(int(length.sum())) - np.repeat(running_sum(length)[:-1], length)
    return of, indptr[at][of] + within


@dataclass(frozen=True, eq=False)
class Members:
    """The distinct persons of the incidents that tie, by incident and person.

    ``row``: the person's arrest in the incident, of several (of several forces) the earliest. ``indptr``: where the
    persons of each incident begin.
    """

    person: Int64
    incident: Int64
    day: Int64
    row: Int64
    indptr: Int64

    def others(self, at: Int64) -> tuple[Int64, Int64]:
        """All pairs of one of these members and another member of the incident, as positions of members."""
        of, other = rows_of(self.indptr, self.incident[at])
        one = at[of]
        apart = one != other
        return one[apart], other[apart]


@dataclass(frozen=True, eq=False)
class Known:
    """Arrests and network as of a day.

    ``arrests``: dated before the day, and recorded before it where that is told. ``network``: theirs.
    """

    arrests: Arrests
    network: Network
    _earlier: dict[int, Any] = dataclasses.field(default_factory=dict, repr=False)

    @cached_property
    def day(self) -> int:
        """The number of the as-of day."""
        return self.arrests.today

    @property
    def n(self) -> int:
        """Number of persons."""
        return self.arrests.n_persons

    @cached_property
    def person(self) -> Int64:
        """The person of each vertex."""
        assert self.network.person is not None  # it was made of arrests
        return self.network.person.astype(np.int64)

    @cached_property
    def vertex(self) -> Int64:
        """int64[n], the vertex of each person, -1 outside the network."""
        found = np.full(self.n, -1, np.int64)
        found[self.person] = np.arange(self.network.n)
        return found

    @cached_property
    def first_arrest(self) -> Int64:
        """int64[n], the day of each person's first arrest."""
        found = np.full(self.n, np.iinfo(np.int64).max)
        np.minimum.at(found, self.arrests.person, self.arrests.day.astype(np.int64))
        return found

    @cached_property
    def violent(self) -> Bool:
        """bool[n], who has a violent arrest."""
        violent: Bool = self.arrests.person_offences != 0
        return violent

    @cached_property
    def victim(self) -> Bool:
        """bool[n], who was a victim of a violent offence; nobody if no table tells."""
        found, victims = np.zeros(self.n, np.bool_), self.arrests.victims
        if victims is not None:
            person = victims.person
            found[person[(victims.events.offences != 0) & (person >= 0)]] = True
        return found

    @cached_property
    def records(self) -> Records:
        """The arrests, and what persons were victims of."""
        return records_of(self.arrests)

    @cached_property
    def members(self) -> Members:
        """Who was arrested together."""
        arrests = self.arrests
        order = np.lexsort((arrests.day, arrests.person, arrests.incident))  # stable: equals in file order
        order = order[begins_run(arrests.incident[order], arrests.person[order])]
        size = np.bincount(arrests.incident[order], minlength=arrests.n_incidents)
        ties = (size >= 2) & (size <= arrests.config.network.max_incident_size)
        row = order[ties[arrests.incident[order]]]
        return Members(
            arrests.person[row].astype(np.int64),
            arrests.incident[row].astype(np.int64),
            arrests.day[row].astype(np.int64),
            row,
            running_sum(np.where(ties, size, 0)),
        )

    def recent(self, days: int) -> Bool:
        """bool[arrests], those of the last `days` days."""
        return self.arrests.day >= self.day - days

    def earlier(self, days: int) -> Arrests:
        """The arrests dated before the last `days` days, of persons with the same codes."""
        kept = ~self.recent(days)
        arrays = ("person", "incident", "force", "day", "offences", "district", "beat", "gang", "row")
        return dataclasses.replace(
            self.arrests, charges=None, **{name: getattr(self.arrests, name)[kept] for name in arrays}
        )

    @cached_property
    def tied_on(self) -> Int64:
        """int64[ties], the day from which on the two persons were tied: both had been arrested for one incident.

        Where they were arrested on different days that is the later one, which a tie's ``first_day`` is not.
        """
        ties, members = self.network.ties, self.members
        assert ties is not None
        found = ties.first_day.astype(np.int64)
        size = np.diff(members.indptr)
        if (members.day == np.repeat(members.day[members.indptr[:-1][size > 0]], size[size > 0])).all():
            return found  # everybody on one day
        one, other = members.others(np.arange(len(members.person)))
        place = np.searchsorted(self._tie_keys, self._pair_keys(one, other))
        found[:] = np.iinfo(np.int64).max
        np.minimum.at(found, place, np.maximum(members.day[one], members.day[other]))
        return found

    @cached_property
    def _tie_keys(self) -> Int64:
        """A number of each tie's two vertices; ascending, as ties are."""
        ties = self.network.ties
        assert ties is not None
        keys: Int64 = ties.a.astype(np.int64) * self.network.n + ties.b
        return keys

    def _pair_keys(self, one: Int64, other: Int64) -> Int64:
        """The same number of pairs of members, either way round."""
        a, b = self.vertex[self.members.person[one]], self.vertex[self.members.person[other]]
        keys: Int64 = np.minimum(a, b) * self.network.n + np.maximum(a, b)
        return keys

    def new_ties(self, days: int) -> Bool:
        """bool[ties], those of two persons who were tied for the first time in the last `days` days."""
        new: Bool = self.tied_on >= self.day - days
        return new

    def network_before(self, days: int) -> tuple[Int64, Int32]:
        """The adjacency before the last `days` days, of the same vertices; what lies within them is known as of now."""
        if days not in self._earlier:
            ties, old = self.network.ties, ~self.new_ties(days)
            assert ties is not None
            self._earlier[days] = resolve_engine("cpu").csr_from_ties(ties.a[old], ties.b[old], self.network.n)
        found: tuple[Int64, Int32] = self._earlier[days]
        return found

    def group(self, kind: str) -> Int64:
        """int64[n], each person's community in the network, or most recent gang; -1 without one."""
        if ("now", kind) not in self._groups:
            network = self.network
            self._groups["now", kind] = self._group(kind, self.arrests, network.indptr, network.indices)
        return self._groups["now", kind]

    def group_before(self, kind: str, days: int) -> Int64:
        """As :meth:`group`, as it was before the last `days` days."""
        if (days, kind) not in self._groups:
            self._groups[days, kind] = self._group(kind, self.earlier(days), *self.network_before(days))
        return self._groups[days, kind]

    @cached_property
    def _groups(self) -> dict[tuple[Any, str], Int64]:
        return {}

    def _group(self, kind: str, arrests: Arrests, indptr: Int64, indices: Int32) -> Int64:
        if kind == "gang":
            return recent_gang(arrests).astype(np.int64)
        found = np.full(self.n, -1, np.int64)
        community = resolve_engine("cpu").louvain(indptr, indices, np.zeros(self.network.n, np.int32))
        tied = np.diff(indptr) > 0  # a person without a tie is no group
        found[self.person[tied]] = community[tied]
        return found

    def new_pairs(self, days: int) -> tuple[Int64, Int64]:
        """The arrests that make the ties of :meth:`new_ties`: a person, and the arrest of the other, both ways."""
        members = self.members
        recent = np.zeros(self.arrests.n_incidents, np.bool_)
        recent[members.incident[members.day >= self.day - days]] = True
        one, other = members.others(np.flatnonzero(recent[members.incident]))
        made = _among(self._tie_keys[self.new_ties(days)], self._pair_keys(one, other))
        return members.person[one[made]], members.row[other[made]]

    def bits_of(self, sets: tuple[str, ...]) -> UInt64:
        """The bits of some sets of offences, all of them for ``violent``."""
        names = list(self.arrests.config.violent_offences)
        chosen = names if "violent" in sets else [name for name in names if name in sets]
        return np.uint64(sum(1 << names.index(name) for name in chosen))  # type: ignore[return-value]


def _among(known: NDArray[Any], keys: NDArray[Any]) -> Bool:
    """Whether each of the `keys` is one of the `known` ones, which ascend."""
    if not len(known):
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    found: Bool = known[at] == keys
    return found
