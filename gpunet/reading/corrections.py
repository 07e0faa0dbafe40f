"""Corrections: rows of persons or incidents that are left out, and persons who turned out to be one.

They are made on accepted rows, when all are coded: what comes of them is what would have been read of tables in which
these rows had not been, or had had the other person's id.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from gpunet.base.array_types import Bool, Int64
from gpunet.base.errors import InputError
from gpunet.config.config import Config
from gpunet.reading.batches import InputRecord, Piece
from gpunet.reading.coded_rows import CodedRows
from gpunet.reading.location import Column, Location, in_order
from gpunet.reading.rejected_persons import rows_naming
from gpunet.reading.rejections import FILE, in_file_order, malformed_rows
from gpunet.tables import arrays

__all__ = ["Corrections", "Effect", "added", "correct_rows", "is_whole", "without_erased"]

#: A force and an incident; no force stands for all.
_Incident = tuple[str | None, str]

#: What was to be corrected: whether it is an id that is erased or merged, or an incident, and which.
_Asked: TypeAlias = tuple[str, Any]


@dataclass(frozen=True)
class Corrections:
    """What is to be corrected, with ids as results show them.

    Attributes
    ----------
    persons
        Of whom nothing is left.
    incidents
        Incidents that were none: force (None: whatever the force) and id.
    arrests
        Persons, with the incident that they had no part in.
    merged
        ``{id: the id of the same person that stays}``.
    without_force
        Whether incidents are known by their ids alone in tables that tell no force.

    Raises
    ------
    InputError
        If a person is to be erased and merged, or the id that stays of one person is merged into a third.
    """

    persons: frozenset[str] = frozenset()
    incidents: frozenset[_Incident] = frozenset()
    arrests: frozenset[tuple[str, _Incident]] = frozenset()
    merged: Mapping[str, str] = field(default_factory=dict)
    without_force: bool = False

    def __post_init__(self) -> None:
        if not self.persons.isdisjoint({*self.merged, *self.merged.values()}):
            raise InputError("--merge names a person whom --remove erases: leave the person out of one of the two")
        if not set(self.merged).isdisjoint(self.merged.values()):
            raise InputError("--merge: an id in the column into is merged itself: name the id that stays in each row")

    def __bool__(self) -> bool:
        return bool(self.persons or self.incidents or self.arrests or self.merged)

    def forms_of_erased(self) -> frozenset[str]:
        """The ids of persons who are erased, with and without the force that may stand before them."""
        return self.persons | {bare for person in self.persons if (bare := person.partition(":")[2].strip())}

    def with_merged(self, touched: Set[str]) -> frozenset[str]:
        """These persons, and whom they are merged into."""
        return frozenset({*touched, *(self.merged[text] for text in touched if text in self.merged)})


@dataclass
class Effect:
    """What corrections of some tables came to.

    ``touched``: ids of persons who are not erased and whose rows were changed, before and after a merge. ``missing``:
    what was to be corrected and no row has: a kind of correction and the id or pair. The rest are counts.
    """

    touched: frozenset[str] = frozenset()
    missing: frozenset[_Asked] = frozenset()
    erased_persons: int = 0
    removed_rows: int = 0
    merged_persons: int = 0
    merged_rows: int = 0
    unknown: int = 0
    rejected_rows: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts, as they stand in ``run.json``."""
        return {name: value for name, value in vars(self).items() if name not in ("touched", "missing")}

    def enter(self, persons: Sequence[str], hits: Mapping[_Asked, bool], corrections: Corrections) -> None:
        """Note what is there of what was to be corrected: `hits` tell of incidents, `persons` are all there are."""
        known, asked = set(persons), [("erased", text) for text in corrections.persons]
        asked += [("merged", text) for text in corrections.merged]
        self.missing = frozenset(
            [*(one for one in asked if one[1] not in known), *(one for one, hit in hits.items() if not hit)]
        )
        self.count(corrections)

    def count(self, corrections: Corrections) -> None:
        """Count persons and what is unknown from what is missing."""
        gone = Counter(kind for kind, _ in self.missing)
        self.erased_persons = len(corrections.persons) - gone["erased"]
        self.merged_persons = len(corrections.merged) - gone["merged"]
        self.unknown = len(self.missing)

    def with_tables(self, others: Iterable[Effect], corrections: Corrections) -> Effect:
        """The same, of persons and incidents of other tables too; rows stay those of these."""
        effects = [self, *others]
        found = replace(
            self,
            touched=frozenset().union(*(effect.touched for effect in effects)),
            missing=self.missing.intersection(*(effect.missing for effect in effects)),
        )
        found.count(corrections)
        return found

    def rows(self) -> dict[str, int]:
        """The counts of rows alone, as they stand in ``run.json`` of tables beside the arrests."""
        return {name: value for name, value in vars(self).items() if name.endswith("_rows")}


def correct_rows(
    rows: CodedRows,
    pieces: Sequence[tuple[Piece, int]],
    corrections: Corrections,
    config: Config,
    location: Location,
    effect: Effect,
) -> tuple[CodedRows, list[tuple[Piece, int]]]:
    """The rows after corrections, and how many of them each piece has.

    Rows that are removed are not counted any more, in no file; those that equal another after a merge still are here.
    """
    persons = rows.columns["person_id"].texts()
    person = _host(rows.columns["person_id"])
    gone = _marked(persons, corrections.persons)[person]
    known = {text: code for code, text in enumerate(persons)}
    hits: dict[_Asked, bool] = {}
    if corrections.incidents or corrections.arrests:
        part, hits = _rows_of_incidents(rows, person, known, corrections, config)
        gone |= part
    merged = _marked(persons, corrections.merged)[person] & ~gone
    effect.removed_rows = int(gone.sum())
    effect.merged_rows = int(merged.sum())
    effect.enter(persons, hits, corrections)
    touched = {persons[code] for code in np.unique(person[gone])} - corrections.persons
    touched |= {persons[code] for code in np.unique(person[merged])}
    effect.touched = corrections.with_merged(touched)
    counts = _counted(rows, pieces, gone)
    columns = dict(rows.columns)
    if merged.any():
        columns["person_id"] = _merged(columns["person_id"], persons, corrections.merged, location)
    kept = replace(rows, columns=columns).at(location.array(np.flatnonzero(~gone)))
    for name in columns:
        kept.columns[name] = in_order(kept.columns[name], location)
    return kept, counts


def _host(column: Column) -> Int64:
    return np.asarray(arrays.to_host(column.codes)).astype(np.int64)


def _marked(texts: Sequence[str], wanted: Any) -> Bool:
    """bool[texts + 1], which of the texts are wanted; the last, for no text, is not."""
    return np.array([*(text in wanted for text in texts), False], np.bool_)


def _rows_of_incidents(
    rows: CodedRows, person: Int64, known: Mapping[str, int], corrections: Corrections, config: Config
) -> tuple[Bool, dict[_Asked, bool]]:
    """Which rows are of incidents that were none, or that the person had no part in; which of these there are."""
    if "incident_id" not in config.input.incident_key:
        raise InputError("--remove names incidents, and [input] incident_key has no incident_id: name persons alone")
    incident, force = _host(rows.columns["incident_id"]), _host(rows.columns["force"])
    codes = {text: code for code, text in enumerate(rows.columns["incident_id"].texts())}
    forces = {text: code for code, text in enumerate(rows.columns["force"].texts())}
    wanted = {codes[text] for _, (_, text) in _all_of(corrections) if text in codes}
    (near,) = np.nonzero(np.isin(incident, np.array(sorted(wanted), np.int64)))
    by_id = corrections.without_force and not forces
    gone, hits = np.zeros(len(incident), np.bool_), {}
    for who, (owner, text) in _all_of(corrections):
        at = near[incident[near] == codes.get(text, -2)]
        if owner is not None and not by_id:
            at = at[force[at] == forces.get(owner, -2)]
        if who is not None:
            at = at[person[at] == known.get(who, -2)]
        gone[at] = True
        hits["incident", (who, owner, text)] = len(at) > 0
    return gone, hits


def _all_of(corrections: Corrections) -> list[tuple[str | None, _Incident]]:
    return [*((None, incident) for incident in corrections.incidents), *corrections.arrests]


def _counted(rows: CodedRows, pieces: Sequence[tuple[Piece, int]], gone: Bool) -> list[tuple[Piece, int]]:
    """How many rows of each piece stay; those that go are taken out of the counts of their file."""
    stops = np.cumsum([count for _, count in pieces])
    again = np.zeros(len(gone), np.bool_) if rows.again is None else arrays.to_host(rows.again)
    taken = [_by_piece(np.flatnonzero(of), stops) for of in (gone, gone & again)]
    counts = []
    for (piece, count), removed, repeated in zip(pieces, *taken, strict=True):
        piece.record.rows -= removed
        piece.record.duplicate -= repeated
        counts.append((piece, count - removed))
    return counts


def _by_piece(positions: Int64, stops: Int64) -> list[int]:
    found: list[int] = np.diff(np.searchsorted(positions, stops), prepend=0).tolist()
    return found


def _merged(column: Column, persons: Sequence[str], merged: Mapping[str, str], location: Location) -> Column:
    """The persons with the ids that stay; whole numbers, if all are."""
    texts = [merged.get(text, text) for text in persons]
    values = list(dict.fromkeys(texts))
    place = {text: code for code, text in enumerate(values)}
    lookup = np.array([*(place[text] for text in texts), -1], np.int32)
    whole = column.values.dtype.is_integer() and all(is_whole(text) for text in merged.values())
    new = np.array(values, np.int64) if whole else values
    return Column(location.series("person_id", new), location.array(lookup[_host(column)]))


def is_whole(text: str) -> bool:
    """Whether an id is a whole number as numbers are written, so that it can stand in a column of them."""
    return re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text) is not None


def all_rejected(
    tables: Iterable[pa.Table], records: Sequence[InputRecord], corrections: Corrections | None, effect: Effect | None
) -> pa.Table:
    """Rejected rows in the order of the files, and those with a wrong number of fields, which are counted now.

    Less those of persons whom `corrections` erase.
    """
    found = list(tables)
    for record in records:
        if record.malformed:
            found.append(malformed_rows(record))
            record.rows += len(record.malformed)
            record.rejected += len(record.malformed)
            record.malformed.clear()
    rejected = in_file_order(found)
    return rejected if corrections is None else without_erased(rejected, records, corrections, effect or Effect())


def without_erased(
    rejected: pa.Table, records: Sequence[InputRecord], corrections: Corrections, effect: Effect
) -> pa.Table:
    """The rejected rows that name no erased person, by :func:`rows_naming`; the others count nowhere."""
    named = rows_naming(rejected, corrections.forms_of_erased())
    if not named.any():
        return rejected
    effect.rejected_rows = int(named.sum())
    by_number = {record.number: record for record in records}
    for number, rows in zip(*np.unique(rejected.column(FILE).to_numpy()[named], return_counts=True), strict=True):
        by_number[int(number)].rows -= int(rows)
        by_number[int(number)].rejected -= int(rows)
    return rejected.filter(pa.array(~named))


def added(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The counts of two updates, one after the other; those of tables beside the arrests are in mappings of their own.

    >>> added({"removed_rows": 1}, {"removed_rows": 2, "ties": {"removed_rows": 3}})
    {'removed_rows': 3, 'ties': {'removed_rows': 3}}
    """
    names = dict.fromkeys((*now, *before))
    return {name: _sum(before.get(name), now.get(name)) for name in names}


def _sum(before: Any, now: Any) -> Any:
    if isinstance(before, Mapping) or isinstance(now, Mapping):
        return added(before or {}, now or {})
    return (before or 0) + (now or 0)
