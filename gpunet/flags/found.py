"""What a trigger has found: whom it flags, and the arrests of others, or what others were victims of, as evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gpunet.base.array_types import Int64
from gpunet.flags.records import Records
from gpunet.tables.arrays import distinct

__all__ = ["LISTED", "Found", "found_of", "nobody"]

#: No more arrests than so many are listed in the evidence of a flag; the others are counted.
LISTED = 10


@dataclass(frozen=True, eq=False)
class Found:
    """Whom a trigger flags, and why.

    Attributes
    ----------
    person
        int64[f], codes of the flagged persons, ascending.
    of, row, steps
        int64[e], the pieces of evidence: of whom (a position in ``person``), the record of another person, and how far
        away that one is (0: not told). Of each person the latest come first.
    arrests, victimisations, others
        int64[f], how many arrests speak, how often others became a victim, and of how many persons all this is, also
        where not all are among the pieces.
    numbers
        int64[f] each, what else was seen; -1 is none.
    """

    person: Int64
    of: Int64
    row: Int64
    steps: Int64
    arrests: Int64
    victimisations: Int64
    others: Int64
    numbers: Mapping[str, Int64] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.person)


def nobody() -> Found:
    """Nobody is flagged."""
    none = np.zeros(0, np.int64)
    return Found(none, none, none, none, none, none, none)


def found_of(records: Records, person: Int64, row: Int64, steps: Int64) -> Found:
    """Whoever has a piece of evidence is flagged.

    `person`, `row` and `steps` run parallel: whom it is about, a record of another person, how far away. A piece that
    is there twice counts once, with the fewer steps.
    """
    order = np.lexsort((steps, row, person))
    person, row, steps = person[order], row[order], steps[order]
    new = np.ones(len(person), np.bool_)
    new[1:] = (person[1:] != person[:-1]) | (row[1:] != row[:-1])
    person, row, steps = person[new], row[new], steps[new]
    flagged = distinct(person)
    of = np.searchsorted(flagged, person)
    other = records.person[row].astype(np.int64)
    pairs = distinct(of * (records.n_persons + 1) + other)
    order = np.lexsort((row, records.incident[row], -records.day[row].astype(np.int64), of))
    arrested = records.of_arrests(row)
    return Found(
        flagged,
        of[order],
        row[order],
        steps[order],
        np.bincount(of[arrested], minlength=len(flagged)),
        np.bincount(of[~arrested], minlength=len(flagged)),
        np.bincount(pairs // (records.n_persons + 1), minlength=len(flagged)),
    )
