"""Which runs are past the last day on which they are kept, or hold persons whose review is due."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import narwhals as nw
import pyarrow as pa

from gpunet.base.days import day_to_date
from gpunet.base.errors import GpunetError, InputError, in_words
from gpunet.base.paths import check_regular
from gpunet.base.words import counted
from gpunet.config.config import Config
from gpunet.governance.cards import is_card
from gpunet.governance.erased_folder import delete_file, delete_run
from gpunet.governance.files_under import files_under
from gpunet.governance.json_parts import part_of
from gpunet.governance.rules import past_retention
from gpunet.governance.runs_under import Held, held_under
from gpunet.governance.traces import Unreadable, ids_in
from gpunet.reading.date_formats import date_formats
from gpunet.reading.dates import BAD_DATE, DAY_US, NO_TIMESTAMP
from gpunet.reading.dialects import as_timestamps
from gpunet.reading.id_tables import column_of_ids, column_of_texts, id_tables, told_of
from gpunet.reading.pseudonymised import pseudonyms_of_run
from gpunet.runs.hidden_folder import HIDDEN
from gpunet.runs.kept_state import STATE
from gpunet.runs.sealed import SEALED

__all__ = [
    "Retained",
    "erase_due",
    "persons_of",
    "read_reviews",
    "refuse_ended",
    "retained_under",
    "reviews_in",
]

#: The names of a table of reviews that is taken where none is named.
_REVIEWS = ("reviews.parquet", "reviews.csv")

_WORDS = {
    "run": "run",
    "unfinished": "unfinished run",
    "stopped": "what a stopped command left in a run's folder",
    "package": "package",
    "file": "file",
    "partial": "half-written file",
}

_STOPPED = "left by a command that was stopped"

_MAYBE_AT_WORK = "half written, and it cannot be told whether somebody is at work there: delete it by hand if nobody is"

#: What such a table has, for messages.
_HAS = "a table of reviews has the columns person_id and review_due"


@dataclass(frozen=True)
class Retained:
    """A run, an unfinished one, a package or another file, and whether it may be kept.

    Attributes
    ----------
    held
        What it is.
    persons
        How many persons its tables hold; None if they cannot be read.
    reviews_due
        Of how many of them a review is due.
    why
        Why it is not to be kept as it is, in words; "" if nothing speaks against it.
    is_due
        Whether the last day on which it is kept has passed, or a review is due: then it is to be deleted.
    """

    held: Held
    persons: int | None
    reviews_due: int
    why: str
    is_due: bool


def reviews_in(folder: Path) -> list[str]:
    """The tables of reviews in a folder that are taken where none is named.

    Raises
    ------
    InputError
        If something has such a name that cannot be read: it would count for no table.
    """
    found = [folder / name for name in _REVIEWS if os.path.lexists(folder / name)]
    for path in found:
        try:
            check_regular(path)
        except OSError as error:
            raise InputError(
                f"{path}, the table of reviews, cannot be read: {in_words(error)}. Put a table there, or remove it"
            ) from error
    return [str(path) for path in found]


def refuse_ended(held: Held, today: date) -> None:
    """InputError if a complete run is past the last day on which it is kept, or a part of it is deleted already.

    Made again, it would have all that is gone: such a run is left to :func:`erase_due`. What was kept of reading may
    be gone, as tables can be read instead.
    """
    until = held.retain_until
    with suppress(ValueError):  # it is no day
        if until and past_retention({"retain_until": until}, today):
            raise InputError(f"it was to be kept until {until} and no longer: give gpunet retain with --apply")
    listed = [name for name in part_of(held.manifest, "outputs") if name != STATE]
    gone = [name for name in listed if not any((held.path / of).is_file() for of in (name, name + SEALED))]
    if gone:
        raise InputError(
            f"{gone[0]} of it is gone, as where gpunet retain --apply was stopped: give that again, or the run's own "
            "command"
        )


def read_reviews(paths: Iterable[str | Path]) -> dict[str, date]:
    """The day on which each person's data are to be looked at again, of all tables the earliest.

    Parameters
    ----------
    paths
        Tables of any kind that is read of arrests, with the columns ``person_id`` and ``review_due``, whose names count
        without case, blanks, underscores and hyphens.

    Raises
    ------
    InputError
        If a table cannot be read, or lacks a column or a day.
    """
    config, found = Config().input, dict[str, date]()
    wanted = column_of_ids(config, "person_id"), column_of_texts(config, "review_due")
    with told_of("reviews"):
        for table in id_tables([*paths], wanted, config, _HAS):
            rows = list(table.told_rows())
            days = _days([due for _, (_, due) in rows], table.name)
            for (where, (person, _)), day in zip(rows, days, strict=True):
                if person is None or day == NO_TIMESTAMP:
                    raise InputError(f"{where} lacks person_id or review_due: fill it in, or leave it out")
                if day == BAD_DATE:
                    raise InputError(f"{where} has a review_due that is no date: write days as 2026-01-31")
                due = day_to_date(day // DAY_US)
                found[person] = min(due, found.get(person, due))
    return found


def _days(texts: Sequence[str | None], where: str) -> list[int]:
    series = nw.from_native(pa.chunked_array([pa.array(texts, pa.large_string())]), series_only=True)
    found: list[int] = as_timestamps(series, where, date_formats(Config().input.date_format)).tolist()
    return found


def persons_of(held: Held) -> set[str]:
    """The ids of all persons in the tables of a run, of what lies hidden in its folder, or in a file.

    Raises
    ------
    Unreadable
        If a table is damaged.
    OSError
        If a file cannot be read.
    """
    if held.is_file:
        return ids_in(held.path)
    found: set[str] = set()
    of_hidden = held.kind in ("unfinished", "stopped")
    folder = held.path / HIDDEN if of_hidden else held.path
    for path in sorted(folder.rglob("*")):
        hidden = HIDDEN in path.relative_to(held.path).parts
        is_table = path.name.endswith((".parquet", ".parquet.sealed", ".checkpoint", ".arrests"))
        if is_table and hidden == of_hidden and path.is_file() and not path.is_symlink():
            found |= ids_in(path)
    return found


def retained_under(folder: Path, today: date, reviews: Mapping[str, date]) -> list[Retained]:
    """Everything of ours under a folder, and what speaks against keeping it.

    Parameters
    ----------
    folder
        Where to look.
    today
        A run is past its retention from the day after ``retain_until`` on; a review is due from its day on.
    reviews
        When each person's data are to be looked at again.

    Raises
    ------
    InputError
        If the folder cannot be read.
    """
    due = {person for person, day in reviews.items() if day <= today}
    there = held_under(folder)
    there += files_under(folder, there)
    return [_retained(held, today, due, reviews.keys()) for held in there]


def _retained(held: Held, today: date, due: set[str], reviewed: Set[str]) -> Retained:
    if held.kind in ("stopped", "partial"):
        return Retained(held, None, 0, _STOPPED, True)
    if held.kind == "maybe at work":
        return Retained(held, None, 0, _MAYBE_AT_WORK, False)
    why, until = list[str](), held.retain_until
    expired = False
    try:
        expired = bool(until) and past_retention({"retain_until": until}, today)
    except ValueError:
        why.append("its retain_until is no day")
    if expired:
        why.append(f"kept until {until}")
    if not held.manifest:
        why.append("what it says of itself cannot be read")
    try:
        persons = persons_of(held)
    except (Unreadable, OSError) as error:
        return Retained(held, None, 0, "; ".join([*why, f"persons not counted: {_said(error)}"]), expired)
    reviews_due = len(persons & due)
    if reviewed and pseudonyms_of_run(held.manifest) is not None and persons.isdisjoint(reviewed):
        why.append("its ids are pseudonyms, and reviews name none of them: give reviews of these")
    if reviews_due:
        why.append(f"review due of {counted(reviews_due, 'person')}")
    if held.kind == "file" and (is_card(held.path) or "person_id" in held.manifest):
        return Retained(held, 1, 0, "; ".join(why), expired)
    is_due = expired or (reviews_due > 0 and held.kind != "file")
    return Retained(held, len(persons), reviews_due, "; ".join(why), is_due)


def _said(error: Exception) -> str:
    return "a file cannot be read" if isinstance(error, OSError) else str(error)


def erase_due(retained: Iterable[Retained], names: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """Delete what is due, whole; what was erased, what could not be, and what was not of a run, in sentences.

    What may be due, and cannot be told, counts among what could not be.

    Parameters
    ----------
    retained
        As :func:`retained_under` gives them.
    names
        The names that a run's files can have.
    """
    names, retained = list(names), list(retained)
    erased, others = list[str](), list[str]()
    left = [f"{each.held.path}: {each.why}" for each in retained if each.held.kind == "maybe at work"]
    due = [each for each in retained if each.is_due]
    for each in sorted(due, key=lambda each: each.held.kind == "run"):  # after what is hidden in it
        try:
            if each.held.is_file:
                delete_file(each.held, each.persons)
                kept, foreign = list[str](), list[str]()
            else:
                kept, foreign = delete_run(each.held, names, each.persons)
        except (GpunetError, OSError) as error:
            left.append(f"{each.held.path}: {_said(error) if isinstance(error, OSError) else error}")
            continue
        erased.append(_erased(each))
        left += kept
        others += foreign
    return erased, left, others


def _erased(each: Retained) -> str:
    what = _WORDS[each.held.kind]
    persons = "of persons who were not counted" if each.persons is None else f"of {counted(each.persons, 'person')}"
    return f"{each.held.path}: {what} {persons} ({each.why})"
