"""What is on record of one person: arrests, who was arrested too, places; each as a table whose rows have numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.incidents import IncidentMembers, incident_members
from gpunet.base.array_types import Bool, Int64, UInt64
from gpunet.base.days import NO_DAY, day_to_date
from gpunet.config.registry import offences_in_words
from gpunet.features.geographic import PLACES
from gpunet.report.subject import PersonId
from gpunet.tables.frames import series_to_arrow
from gpunet.tables.gather import gather

__all__ = ["Record", "incident_pairs"]


@dataclass(frozen=True, eq=False)
class Record:
    """The arrests of a run as one person's card reads them; `person_id` has none if known from other tables alone."""

    arrests: Arrests
    person_id: PersonId

    def codes(self, ids: Iterable[PersonId]) -> Int64:
        """The codes of persons in the arrests, -1 of who has none."""
        known, values = series_to_arrow(self.arrests.person_ids), pl.Series(list(ids)).to_arrow()
        if pa.types.is_integer(known.type) and not pa.types.is_integer(values.type):
            known = known.cast(pa.large_string())  # other tables of the run have ids that are no numbers
        found: Int64 = pc.index_in(values.cast(known.type), value_set=known).fill_null(-1).to_numpy()
        return found.astype(np.int64)

    @cached_property
    def code(self) -> int:
        """The person's."""
        return int(self.codes([self.person_id])[0])

    @cached_property
    def members(self) -> IncidentMembers:
        """Who was arrested in which incident."""
        return incident_members(self.arrests)

    @cached_property
    def forming(self) -> Bool:
        """bool[incidents], whether an incident ties its persons."""
        return self.members.forming(self.arrests.config.network.max_incident_size)

    @cached_property
    def _rows(self) -> Int64:
        """The person's arrests by date, those without one last."""
        own = np.flatnonzero(self.arrests.person == self.code)
        day = self.arrests.day[own]
        return own[np.lexsort((own, day, day == NO_DAY))]

    @cached_property
    def own(self) -> pl.DataFrame:
        """A row an arrest, the earliest first.

        ``number`` (from 1), ``date``, ``force``, ``incident``, ``offences`` (the violent ones, in words), ``violent``,
        ``others`` (persons arrested in the incident beside the person), ``others_violent`` (those of them who were
        arrested for a violent offence in it), ``ties`` (whether it counts in the network), ``district``, ``beat``,
        ``gang``.
        """
        a, rows, members = self.arrests, self._rows, self.members
        incident = a.incident[rows]
        inside = [slice(members.indptr[i], members.indptr[i + 1]) for i in incident]
        violent = [members.violent[one] & (members.person[one] != self.code) for one in inside]
        return pl.DataFrame(
            {
                "number": np.arange(1, len(rows) + 1),
                "date": pl.Series([None if day == NO_DAY else day_to_date(day) for day in a.day[rows]], dtype=pl.Date),
                "force": _texts(a.force_names, a.force[rows]),
                "incident": _texts(a.incident_ids, incident),
                "offences": [self._offences(bits) for bits in a.offences[rows].tolist()],
                "violent": a.offences[rows] != 0,
                "others": members.size[incident] - 1,
                "others_violent": pl.Series([int(one.sum()) for one in violent], dtype=pl.Int64),
                "ties": self.forming[incident],
                "district": _texts(a.district_names, a.district[rows]),
                "beat": _texts(a.beat_names, a.beat[rows]),
                "gang": _texts(a.gang_names, a.gang[rows]),
            }
        )

    def shared(self, ids: Iterable[PersonId]) -> list[list[int]]:
        """Of each of these persons, the numbers of the arrests in :attr:`own` whose incidents tie the two."""
        members, incident = self.members, self.arrests.incident[self._rows]
        together: dict[int, list[int]] = {}
        for number, i in enumerate(incident.tolist(), start=1):
            if self.forming[i]:
                for other in members.person[members.indptr[i] : members.indptr[i + 1]].tolist():
                    together.setdefault(other, []).append(number)
        return [list(dict.fromkeys(together.get(code, []))) for code in self.codes(ids).tolist()]

    def arrested_for(self, name: str, ids: Iterable[PersonId]) -> Bool:
        """Whether each of these persons has an arrest for an offence in that set."""
        codes = self.codes(ids)
        return (codes >= 0) & self._in_set(name, self.arrests.person_offences[codes])

    def has_arrest_for(self, name: str) -> Bool:
        """bool[len(own)], whether each of the person's arrests is for an offence in that set."""
        return self._in_set(name, self.arrests.offences[self._rows])

    @cached_property
    def places(self) -> pl.DataFrame:
        """A row for each district and beat in which the person was arrested.

        ``kind``, ``place``, ``own`` (arrests of the person there), ``anyone`` (of anyone), ``others_violent`` (of
        others for a violent offence).
        """
        found: list[dict[str, Any]] = []
        a, own = self.arrests, self.arrests.person == self.code
        for kind in PLACES:
            place, names = getattr(a, kind), getattr(a, f"{kind}_names")
            visited = np.unique(place[own & (place >= 0)])
            for code, name in zip(visited.tolist(), _texts(names, visited), strict=True):
                here = place == code
                violent = int((here & ~own & (a.offences != 0)).sum())
                counts = {"own": int((here & own).sum()), "anyone": int(here.sum()), "others_violent": violent}
                found.append({"kind": kind, "place": name, **counts})
        schema = {
            "kind": pl.String,
            "place": pl.String,
            "own": pl.Int64,
            "anyone": pl.Int64,
            "others_violent": pl.Int64,
        }
        return pl.DataFrame(found, schema=schema)

    def dates(self) -> list[date]:
        """The days of the dated arrests, ascending."""
        return self.own["date"].drop_nulls().to_list()

    def _in_set(self, name: str, offences: UInt64) -> Bool:
        if name == "all":
            return np.ones(len(offences), np.bool_)
        bit = {"violent": ~np.uint64(0)} | {
            each: np.uint64(1 << i) for i, each in enumerate(self.arrests.config.violent_offences)
        }
        return np.asarray((offences & bit[name]) != 0)

    def _offences(self, bits: int) -> str:
        names = [name for i, name in enumerate(self.arrests.config.violent_offences) if bits >> i & 1]
        return ", ".join(map(offences_in_words, names)) or "none"


def incident_pairs(record: Record, ids: list[PersonId]) -> set[tuple[int, int]]:
    """Pairs of positions in `ids`, the smaller first, of persons with a violent incident together.

    That is one that ties them, in which one of the two was arrested for a violent offence.
    """
    members = record.members
    position = {code: at for at, code in enumerate(record.codes(ids).tolist())}
    chosen = np.isin(members.person, list(position)) & record.forming[members.incident]
    found = set()
    rows = np.flatnonzero(chosen)
    for same in np.split(rows, np.flatnonzero(np.diff(members.incident[rows])) + 1):
        for i, one in enumerate(same.tolist()):
            for other in same[i + 1 :].tolist():
                if members.violent[one] or members.violent[other]:
                    pair = sorted((position[int(members.person[one])], position[int(members.person[other])]))
                    found.add((pair[0], pair[1]))
    return found


def _texts(names: Any, codes: Any) -> list[str | None]:
    return list(gather(names, codes).to_list())
