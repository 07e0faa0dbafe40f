"""What evidence is of: arrests, and below them what persons were victims of, as one table of records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Bool, Int32, Int64, UInt64
from gpunet.tables.gather import gather

__all__ = ["Records", "records_of"]


@dataclass(frozen=True, eq=False)
class Records:
    """Arrests, and after them the events of tables of victims, whose rows so have numbers of their own.

    Attributes
    ----------
    arrests
        Whose they are.
    person, incident, day, offences
        As those of :class:`gpunet.Arrests`. Of victims, codes of incidents come after all of the arrests.
    """

    arrests: Arrests
    person: Int32
    incident: Int64 | Int32
    day: Int32
    offences: UInt64

    def __len__(self) -> int:
        return len(self.person)

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return self.arrests.n_persons

    def of_arrests(self, rows: Int64) -> Bool:
        """Which of some rows are arrests; the others tell that the person became a victim."""
        found: Bool = rows < len(self.arrests)
        return found

    def incidents(self, rows: Int64) -> list[Any]:
        """The id of each row's incident."""
        arrests, victims = self.arrests, self.arrests.victims
        arrested = self.of_arrests(rows)
        found = np.empty(len(rows), dtype=object)
        found[arrested] = gather(arrests.incident_ids, self.incident[rows[arrested]]).to_list()
        if victims is not None:
            codes = self.incident[rows[~arrested]] - arrests.n_incidents
            found[~arrested] = gather(victims.events.incident_ids, codes).to_list()
        return found.tolist()


def records_of(arrests: Arrests) -> Records:
    """The arrests, and what persons among theirs were victims of, where a table tells.

    >>> rows = {"person_id": [1, 2], "incident_id": [1, 1], "date": ["2013-05-04"] * 2, "offence": ["theft"] * 2}
    >>> hurt = {"person_id": [3], "incident_id": [8], "date": ["2013-05-05"], "offence": ["homicide"]}
    >>> records = records_of(gpunet.read_arrests(pl.DataFrame(rows), victims=pl.DataFrame(hurt)))
    >>> records.person.tolist(), records.of_arrests(np.arange(3)).tolist(), records.incidents(np.array([2, 0]))
    ([0, 1, 2], [True, True, False], ['8', '1'])
    """
    victims = arrests.victims
    if victims is None:
        return Records(arrests, arrests.person, arrests.incident, arrests.day, arrests.offences)
    events, person = victims.events, victims.person
    known = person >= 0
    return Records(
        arrests,
        np.append(arrests.person, person[known]),
        np.append(arrests.incident.astype(np.int64), events.incident[known].astype(np.int64) + arrests.n_incidents),
        np.append(arrests.day, events.day[known]),
        np.append(arrests.offences, events.offences[known]),
    )
