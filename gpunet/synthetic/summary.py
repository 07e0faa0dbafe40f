"""What was written, counted from the rows."""

from __future__ import annotations

import dataclasses

import numpy as np

from gpunet.base.array_types import Int64
from gpunet.synthetic.area import Rows
from gpunet.synthetic.charges import OFFENCES, SECOND, VIOLENT
from gpunet.synthetic.plan import Plan, Region

__all__ = ["SyntheticSummary", "Tally"]


@dataclasses.dataclass(frozen=True)
class SyntheticSummary:
    """What was written.

    Attributes
    ----------
    persons
        Persons in the network.
    people
        All persons with an arrest.
    records
        Rows of the tables.
    one_time
        Persons arrested once.
    violent
        Rows for each violent set of the default taxonomy.
    forces, files
        Police forces, and files of arrests.
    seed
        The seed; the same persons, seed and version give the same bytes.
    further
        Rows of each further table.
    """

    persons: int
    people: int
    records: int
    one_time: int
    violent: dict[str, int]
    forces: int
    files: int
    seed: int
    further: dict[str, int] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        return (
            f"{self.records:,} records of {self.people:,} persons, {self.persons:,} of them in the network, "
            f"{self.one_time:,} arrested once\n{sum(self.violent.values()):,} violent: "
            + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in self.violent.items())
            + f"\n{self.files:,} files of {self.forces:,} forces, seed {self.seed}"
            + "".join(f"\n{rows:,} rows of {name}" for name, rows in self.further.items())
        )


class Tally:
    """Counts over regions, for the summary. A person is counted in the region where it lives."""

    def __init__(self) -> None:
        self.once_at_home: list[Int64] = []
        self.elsewhere: list[Int64] = []
        self.people = self.records = self.one_time = self.files = 0
        self.offences = np.zeros(len(OFFENCES), dtype=np.int64)

    def add(self, region: Region, rows: Rows) -> None:
        """Count the rows of a region."""
        first, last = region.areas[0].first, region.areas[-1].first + region.areas[-1].capacity
        resident = (rows.person >= first) & (rows.person < last)
        arrests = np.bincount(rows.person[resident & (rows.offence != SECOND)] - first)
        self.people += int(np.count_nonzero(arrests))
        once = first + np.flatnonzero(arrests == 1)
        self.one_time += len(once)
        # A person arrested once here and once as a visitor of another region was arrested twice.
        starts = np.array([area.first for area in region.areas])
        often = starts + np.array([area.often for area in region.areas])
        self.once_at_home.append(once[once < often[np.searchsorted(starts, once, side="right") - 1]])
        self.elsewhere.append(rows.person[~resident])
        self.records += len(rows.person)
        self.offences += np.bincount(rows.offence[rows.offence >= 0], minlength=len(OFFENCES))

    def summary(self, plan: Plan, further: dict[str, int]) -> SyntheticSummary:
        """All counts; `further` are the rows of further tables."""
        violent = {
            name: sum(int(self.offences[OFFENCES.index(text)]) for text, _ in texts) for name, texts in VIOLENT.items()
        }
        forces = sum(len(region.forces) for region in plan.regions)
        twice = np.intersect1d(np.concatenate(self.once_at_home), np.concatenate(self.elsewhere))
        counts = (self.people, self.records, self.one_time - len(twice))
        return SyntheticSummary(plan.persons, *counts, violent, forces, self.files, plan.seed, further)
