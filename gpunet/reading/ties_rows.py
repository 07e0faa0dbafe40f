"""Rows of tables of ties: checked and coded batch by batch, each accepted, rejected with a reason, or a repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from gpunet.arrests.beside import ALWAYS, NEVER
from gpunet.base.array_types import Bool, Int8, Int32, Int64
from gpunet.config.config import Config
from gpunet.config.ties_config import kind_in_table
from gpunet.reading.batches import Batch, InputRecord, Piece, Withdrawal
from gpunet.reading.corrections import Corrections, Effect, all_rejected
from gpunet.reading.date_columns import DateColumns
from gpunet.reading.dates import DAY_US, NO_TIMESTAMP
from gpunet.reading.dialects import column_at
from gpunet.reading.findings import Findings, findings_of_rejected
from gpunet.reading.grades import GRADES, INFORMATION, Graded, grades, meaning_of_grade
from gpunet.reading.location import HOST, Column, code_series, joined
from gpunet.reading.reader import of_type, with_force
from gpunet.reading.rejections import rejected_rows
from gpunet.reading.ties_columns import meaning_of_persons, tie_columns
from gpunet.reading.values import Values, meaning_of, values_of

__all__ = ["CHOSEN", "TIE_REASONS", "TieBatch", "TieReader", "persons_within"]

#: Why a row is rejected; the first that applies is given. A malformed row has too few or too many fields.
TIE_REASONS = (
    "missing_person",
    "bad_id",
    "same_person",
    "missing_kind",
    "missing_date",
    "bad_date",
    "bad_until",
    "until_before_date",
    "bad_recorded_at",
    "recorded_before_date",
    "bad_source_grade",
    "bad_information_grade",
    "bad_handling",
    "kind_not_used",
    "missing_source_grade",
    "source_too_low",
    "missing_information_grade",
    "information_too_low",
    "malformed_row",
)

#: The reasons that the configuration gives, of rows that are as they should be.
CHOSEN = (
    "kind_not_used",
    "missing_source_grade",
    "source_too_low",
    "missing_information_grade",
    "information_too_low",
)

#: The columns of grades that a kind asks for, and what takes rows that have none.
_ASKED = {"source_grade": 3, "information_grade": 5}

_NO_KIND, _UNKNOWN_KIND = -1, -2


@dataclass(frozen=True, eq=False)
class TieBatch:
    """Accepted rows: codes of the persons, of the kind among all kinds of the configuration, and of the basis.

    ``date``: int64, timestamps. ``until``: int64, timestamps, ``NO_TIMESTAMP`` for none. ``recorded``: int32, days.
    ``source``, ``information``, ``handling``: int8, from 1, 0 for none; a handling of 2 is C.
    """

    a: Column
    b: Column
    kind: Int32
    date: Int64
    until: Int64
    recorded: Int32
    source: Int8
    information: Int8
    handling: Int8
    basis: Column

    def __len__(self) -> int:
        return len(self.date)

    @classmethod
    def empty(cls) -> TieBatch:
        """No rows."""
        column = Column(HOST.series("none", []), np.empty(0, np.int8))
        days, grades, stamps = np.empty(0, np.int32), np.empty(0, np.int8), np.empty(0, np.int64)
        return cls(column, column, days, stamps, stamps, days, grades, grades, grades, column)

    def at(self, rows: Int64) -> TieBatch:
        """Some of the rows."""
        names = ("kind", "date", "until", "recorded", "source", "information", "handling")
        arrays: dict[str, Any] = {name: getattr(self, name)[rows] for name in names}
        return TieBatch(a=self.a.at(rows), b=self.b.at(rows), basis=self.basis.at(rows), **arrays)


class _Before(NamedTuple):
    """What there was before the last input."""

    parts: int
    rejected: int
    found: Findings
    unknown: Counter[str]
    forces: set[str]
    graded: Graded


class TieReader:
    """All that has been read of tables of ties.

    Attributes
    ----------
    parts
        Accepted rows, repeats among them, in the order of the tables.
    pieces
        Of each part the pieces of inputs that its rows come from, and how many each has.
    found
        What was found beside rows; why rows are rejected only after :meth:`rejections`.
    unknown
        Rows by kind, as it stands there, of kinds that the configuration does not name.
    forces
        The forces that rows have, where persons are known within theirs.
    graded
        Which kinds in use have grades, and which would need them.
    """

    def __init__(self, config: Config, today: date | None = None) -> None:
        self.parts: list[TieBatch] = []
        self.pieces: list[list[tuple[Piece, int]]] = []
        self.found = Findings()
        self.unknown: Counter[str] = Counter()
        self.forces: set[str] = set()
        self.graded = Graded()
        self._config, self._names = config, tie_columns(config.input)
        self._dates = DateColumns(config.input, HOST, today)
        self._persons, self._force = meaning_of_persons(config.input), meaning_of(config.input, "force")
        self._texts = dict.fromkeys(("kind", "basis"), meaning_of(config.input, "offence"))
        self._texts |= {name: meaning_of_grade(config.input, name) for name in GRADES}
        self._kinds = {name: i for i, name in enumerate(config.ties)}
        kinds = list(config.ties.values())
        self._used = np.array([*(kind.use for kind in kinds), False])
        self._source = np.array([*(kind.min_source for kind in kinds), 3])
        self._information = np.array([*(INFORMATION[kind.min_information] for kind in kinds), 5])
        self._rejected: list[pa.Table] = []
        self._before = _Before(0, 0, Findings(), Counter(), set(), Graded())

    def add_all(self, batches: Iterable[Batch | Withdrawal]) -> None:
        """Check and code batch by batch, and count rows that are rejected; less those that are withdrawn."""
        for batch in batches:
            if isinstance(batch, Withdrawal):
                parts, rejected, self.found, self.unknown, self.forces, self.graded = self._before
                del self.parts[parts:], self.pieces[parts:], self._rejected[rejected:]
            else:
                self._add(batch)

    def _add(self, batch: Batch) -> None:
        if batch.begins:
            copies = self.found.copy(), self.unknown.copy(), self.forces.copy(), self.graded.copy()
            self._before = _Before(len(self.parts), len(self._rejected), *copies)
        rows, reason = self._checked(batch)
        (accepted,), (rejected,) = np.nonzero(reason < 0), np.nonzero(reason >= 0)
        counts = []
        for piece, of_piece in zip(batch.pieces, batch.by_piece(rejected), strict=True):
            counts.append((piece, piece.count - of_piece))
            piece.record.rejected += of_piece
        if len(rejected):
            table = rejected_rows(batch, rejected, reason[rejected], TIE_REASONS)
            self._rejected.append(table.rename_columns([self._shown(name) for name in table.column_names]))
        self.pieces.append(counts)
        self.parts.append(rows.at(accepted))

    def _shown(self, name: str) -> str:
        """What a column is called in messages and tables."""
        return "person_a" if name == "person_id" else name

    def _checked(self, batch: Batch) -> tuple[TieBatch, Int8]:
        """The rows of a batch, coded, and why each is rejected, -1 if it is not."""
        n = len(batch.frame)
        coded = {name: self._coded(batch, name) for name in self._names if name in batch.frame.columns}
        date_, until, recorded = (self._timestamps(batch, name) for name in ("date", "until", "recorded_at"))
        a, b, ids = self._persons_of(coded)
        kind, texts = self._kind_of(coded["kind"].column)
        source, information, handling = (grades(coded.get(name), name, n) for name in GRADES)
        dated, told, ends = (stamps != NO_TIMESTAMP for stamps in (date_, recorded, until))
        early = recorded // DAY_US < date_ // DAY_US
        reason = _first(
            n,
            missing_person=_missing(coded["person_id"]) | _missing(coded["person_b"]),
            bad_id=_bad(coded["person_id"]) | _bad(coded["person_b"]),
            same_person=ids[0] == ids[1],
            missing_kind=kind == _NO_KIND,
            missing_date=~dated,
            bad_date=self._dates.is_out_of_range(date_),
            bad_until=ends & self._dates.is_too_early(until),
            until_before_date=ends & (until // DAY_US < date_ // DAY_US),
            bad_recorded_at=told & self._dates.is_out_of_range(recorded),
            recorded_before_date=told & early,
            bad_source_grade=source < 0,
            bad_information_grade=information < 0,
            bad_handling=handling < 0,
        )
        strange = (reason < 0) & (kind == _UNKNOWN_KIND)
        if strange.any():
            codes, rows = np.unique(coded["kind"].column.codes[strange], return_counts=True)
            self.unknown.update({texts[code]: int(count) for code, count in zip(codes, rows, strict=True)})
        kind = np.where(kind < 0, len(self._kinds), kind)  # the last of the settings: not used
        chosen = _first(
            n,
            kind_not_used=~self._used[kind],
            missing_source_grade=(source == 0) & (self._source[kind] < _ASKED["source_grade"]),
            source_too_low=source > self._source[kind],
            missing_information_grade=(information == 0) & (self._information[kind] < _ASKED["information_grade"]),
            information_too_low=information > self._information[kind],
        )
        self._count_grades(kind, (reason < 0) & self._used[kind], chosen, source, information)
        reason = np.where(reason < 0, chosen, reason).astype(np.int8)
        days = self._recorded(recorded, "recorded_at" in batch.frame.columns, reason < 0)
        none = Column(HOST.series("basis", []), np.full(n, -1, np.int8))
        basis = coded["basis"].column.narrowed() if "basis" in coded else none
        of_row = {"source": source, "information": information, "handling": handling}
        kind = kind.astype(np.int32)
        return TieBatch(a, b, kind, date_, until, days, **of_row, basis=basis), reason

    def _count_grades(self, kind: Any, readable: Bool, chosen: Int8, source: Int8, information: Int8) -> None:
        """Note which kinds have grades, and the rows that are left out for having none."""
        left_out = np.isin(chosen, [TIE_REASONS.index(f"missing_{column}") for column in _ASKED])[readable]
        names, kind = list(self._kinds), kind[readable]
        found, least = (source[readable], information[readable]), (self._source[kind], self._information[kind])
        for (column, lowest), grade, of_kind in zip(_ASKED.items(), found, least, strict=True):
            self.graded.count(names, kind, column, grade, left_out & (of_kind < lowest))

    def _recorded(self, timestamps: Int64, told: bool, accepted: Bool) -> Int32:
        """The day on which each row came to be known."""
        if not told:
            return np.full(len(timestamps), ALWAYS, np.int32)
        missing = timestamps == NO_TIMESTAMP
        self.found.unrecorded += int((missing & accepted).sum())
        return np.where(missing, NEVER, timestamps // DAY_US).astype(np.int32)

    def _timestamps(self, batch: Batch, name: str) -> Int64:
        column = None
        where = f'{batch.where}: column "{name}"'
        if name in batch.frame.columns:
            series = batch.frame.get_column(name).alias("date")  # whose types are those of dates
            column = column_at(HOST, series, where, self._dates.formats, self._dates.meaning)
        found: Int64 = self._dates.timestamps(name, column, len(batch.frame), where, self.found)
        return found

    def _coded(self, batch: Batch, name: str) -> Values:
        """A column of texts, coded; none of dates, which it does not matter how they are."""
        if name in ("date", "until", "recorded_at"):
            return Values(Column(HOST.series(name, []), np.full(len(batch.frame), -1, np.int8)), None, Counter())
        persons = name in ("person_id", "person_b")
        meaning = self._persons if persons else self._force if name == "force" else self._texts[name]
        where = f'{batch.where}: column "{self._shown(name)}"'
        series = column_at(HOST, batch.frame.get_column(name), where, self._dates.formats, self._dates.meaning)
        values = values_of(code_series(series, HOST), meaning, HOST)
        self.found.words.update({(self._shown(name), word): rows for word, rows in values.words.items()})
        return values

    def _persons_of(self, coded: Mapping[str, Values]) -> tuple[Column, Column, tuple[Int32, Int32]]:
        """Both persons' columns of ids as text, and their codes by which they can be compared."""
        persons = [coded["person_id"].column, coded["person_b"].column]
        if self._config.input.person_scope == "force":
            none = Column(HOST.series("force", []), np.full(len(persons[0].codes), -1, np.int8))
            force = coded["force"].column if "force" in coded else none
            self.forces.update(force.texts())
            persons = [persons_within(force, person) for person in persons]
        n = len(persons[0].codes)
        together = joined(persons, HOST, "person", as_integers=False)
        a, b = Column(together.values, together.codes[:n]), Column(together.values, together.codes[n:])
        return a, b, (a.codes, b.codes)

    def _kind_of(self, column: Column) -> tuple[Any, list[str]]:
        """The place of each row's kind among those of the configuration, and the distinct kinds as they are written."""
        texts = column.texts()
        lookup = [self._kinds.get(kind_in_table(text), _UNKNOWN_KIND) for text in texts]
        return np.array([*lookup, _NO_KIND])[column.codes], texts

    def rejections(
        self, records: Sequence[InputRecord], corrections: Corrections | None = None, effect: Effect | None = None
    ) -> pa.Table:
        """All rejected rows, also those of CSV files that have a wrong number of fields; these are counted now.

        Less those of persons whom `corrections` erase.
        """
        rejected = all_rejected(self._rejected, records, corrections, effect)
        self.found += findings_of_rejected(rejected, ("person_a", "person_b"))
        return rejected


def persons_within(force: Column, person: Column) -> Column:
    """Persons within their force; who is none stays none."""
    (known,) = np.nonzero(person.codes >= 0)
    found = with_force(force.at(known), of_type(person.at(known), False, HOST), HOST)
    codes = np.full(len(person.codes), -1, np.int32)
    codes[known] = found.codes
    return Column(found.values, codes)


def _first(n: int, **conditions: Bool) -> Int8:
    """The place among all reasons of the first that applies to each row, -1 for none."""
    reason = np.full(n, -1, np.int8)
    for name in reversed(list(conditions)):
        reason[conditions[name]] = TIE_REASONS.index(name)
    return reason


def _missing(values: Values) -> Bool:
    none: Bool = values.column.codes < 0
    return none if values.bad is None else none & ~values.bad


def _bad(values: Values) -> Bool:
    return np.zeros(len(values.column.codes), np.bool_) if values.bad is None else values.bad
