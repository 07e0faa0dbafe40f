"""What reading finds beside the arrests: words for no value, days that stand for none, and why rows are rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from gpunet.base.shapes import example, example_of_id, hint
from gpunet.reading.rejections import FILE
from gpunet.reading.values import is_bad_id

__all__ = ["Findings", "Reason", "example_of", "findings_of_rejected", "hint_of"]

#: Distinct dates that are none, of which a format is found.
_MOST_DATES = 2000

#: The column that each reason is about, as far as it is one.
_COLUMNS = {
    "bad_date": "date",
    "bad_recorded_at": "recorded_at",
    "malformed_row": "line",
    "bad_until": "until",
    "bad_source_grade": "source_grade",
    "bad_information_grade": "information_grade",
    "bad_handling": "handling",
}


#: Reasons whose examples hold the id of a person, or may: these are never shown.
_OF_PERSONS = ("bad_id", "malformed_row")


@dataclass(frozen=True)
class Reason:
    """Rows of one file that are rejected for one reason: how many, the first one's number, and what it has there."""

    rows: int
    row_number: int
    example: str | None

    def __add__(self, other: Reason) -> Reason:
        first = min(self, other, key=lambda reason: reason.row_number)
        return Reason(self.rows + other.rows, first.row_number, first.example)


def example_of(reason: str, text: str) -> str:
    """What a message shows of what a row has that is rejected for this reason."""
    return example_of_id(text) if reason in _OF_PERSONS else example(text)


def hint_of(reasons: Iterable[tuple[str, Reason]]) -> str:
    """What follows the examples of these: how to see the texts, if there are any that may be seen."""
    return hint() if any(what.example is not None and reason not in _OF_PERSONS for reason, what in reasons) else ""


@dataclass(eq=False)
class Findings:
    """Counts that add up over parts of the input.

    ``words``: rows by column and word. ``days``: rows by column of dates and ISO day that may stand for no date.
    ``null_days``: rows by column whose date is one of ``[input] null_dates``. ``reasons``: by number of the file and
    reason. ``bad_dates``: distinct dates that were none, ``bad_recorded_at`` those of that reason. ``unrecorded``:
    accepted rows of which it is not told when they were recorded, where it is of others.
    """

    words: Counter[tuple[str, str]] = field(default_factory=Counter)
    days: Counter[tuple[str, str]] = field(default_factory=Counter)
    null_days: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: dict[tuple[int, str], Reason] = field(default_factory=dict)
    bad_dates: dict[str, None] = field(default_factory=dict)
    bad_recorded_at: dict[str, None] = field(default_factory=dict)
    unrecorded: int = 0

    def copy(self) -> Findings:
        """One that does not change with this."""
        return self + Findings()

    def __add__(self, other: Findings) -> Findings:
        reasons = dict(self.reasons)
        for key, reason in other.reasons.items():
            reasons[key] = reasons[key] + reason if key in reasons else reason
        return Findings(
            self.words + other.words,
            self.days + other.days,
            self.null_days + other.null_days,
            reasons,
            dict(list({**self.bad_dates, **other.bad_dates}.items())[:_MOST_DATES]),
            dict(list({**self.bad_recorded_at, **other.bad_recorded_at}.items())[:_MOST_DATES]),
            self.unrecorded + other.unrecorded,
        )

    def by_file(self) -> dict[int, dict[str, Reason]]:
        """Why rows were rejected, by number of the file."""
        found: dict[int, dict[str, Reason]] = {}
        for (file, reason), what in self.reasons.items():
            found.setdefault(file, {})[reason] = what
        return found

    def by_reason(self) -> dict[str, int]:
        """Rejected rows by reason."""
        found: Counter[str] = Counter()
        for (_, reason), what in self.reasons.items():
            found[reason] += what.rows
        return dict(sorted(found.items()))


def findings_of_rejected(rejected: pa.Table, ids: tuple[str, ...]) -> Findings:
    """Why rows were rejected, from the table of them in the order of files and rows; `ids` are the columns of ids."""
    found = Findings()
    places = rejected.select([FILE, "reason"]).append_column("at", pa.array(range(len(rejected)), pa.int64()))
    groups = places.group_by([FILE, "reason"]).aggregate([("at", "count"), ("at", "min")])
    firsts = rejected.take(groups.column("at_min")).to_pylist()
    for row, rows in zip(firsts, groups.column("at_count").to_pylist(), strict=True):
        found.reasons[row[FILE], row["reason"]] = Reason(rows, row["row_number"], _example(row, row["reason"], ids))
    found.bad_dates = _distinct(rejected, "date", "bad_date")
    found.bad_recorded_at = _distinct(rejected, "recorded_at", "bad_recorded_at")
    return found


def _distinct(rejected: pa.Table, column: str, reason: str) -> dict[str, None]:
    """The distinct values of a column in the rows that are rejected for this reason, the first of them."""
    if column not in rejected.column_names:
        return {}
    bad = rejected.filter(pc.equal(rejected.column("reason"), reason)).column(column)
    return dict.fromkeys(filter(None, pc.unique(bad).to_pylist()[:_MOST_DATES]))


def _example(row: dict[str, str | None], reason: str, ids: tuple[str, ...]) -> str | None:
    """What a rejected row has where the reason is."""
    if reason in _COLUMNS:
        return row.get(_COLUMNS[reason])
    if reason == "bad_id":
        return next((row[name] for name in ids if is_bad_id(row.get(name))), None)
    return None
