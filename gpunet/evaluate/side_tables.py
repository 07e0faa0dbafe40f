"""Tables beside the arrests: victims, and who was in custody. They are read as arrest tables are, rule by rule."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow.compute as pc

from gpunet.arrests.arrests import Arrests
from gpunet.base.arguments import given
from gpunet.base.array_types import Bool, Int64
from gpunet.base.days import day_number
from gpunet.base.errors import InputError, UnreadableFile
from gpunet.base.shapes import example, hint
from gpunet.base.words import counted, quoted
from gpunet.config.config import Config
from gpunet.config.input_config import InputConfig
from gpunet.reading.batches import Batch, InputRecord, Inputs, Withdrawal
from gpunet.reading.coded_rows import CodedRows
from gpunet.reading.corrections import Effect
from gpunet.reading.date_formats import date_formats
from gpunet.reading.date_proposals import date_proposals
from gpunet.reading.dates import BAD_DATE, DAY_US, NO_TIMESTAMP, null_days
from gpunet.reading.dialects import as_timestamps
from gpunet.reading.findings import Findings, example_of, hint_of
from gpunet.reading.location import HOST
from gpunet.reading.names import check_forces
from gpunet.reading.person_links import with_person_links
from gpunet.reading.pseudonymised import check_beside, other_dates, other_dates_beside, stated_pseudonyms
from gpunet.reading.reader import Reader
from gpunet.reading.sources import find_sources
from gpunet.reading.stream import frame_batches, source_batches
from gpunet.tables.frames import as_eager, is_frame, series_to_arrow, without_repeated

__all__ = ["Custody", "Victims", "read_custody", "read_victims", "tell_of_incidents"]

#: The day on which nobody comes free of whom no such day is known.
_NEVER = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, eq=False)
class Victims:
    """Who became a victim, and when.

    ``person``: int64[k], positions among the persons of the arrests; ``day``: int64[k], days from 1970-01-01.
    ``warnings`` are sentences for the user.
    """

    person: Int64
    day: Int64
    warnings: tuple[str, ...]

    def seeds(self, n_persons: int, before: date | None = None) -> Bool:
        """Who became a victim before a day, or at any time, bool[n_persons]."""
        among = self.person if before is None else self.person[self.day < day_number(before)]
        return _those(among, n_persons)


@dataclass(frozen=True, eq=False)
class Custody:
    """Who was in custody, and when: from the day ``first`` on, and not from the day ``until`` on.

    ``person``: int64[k], positions among the persons of the arrests; ``first`` and ``until``: int64[k], days from
    1970-01-01, ``until`` beyond all days where none is known. ``warnings`` are sentences for the user.
    """

    person: Int64
    first: Int64
    until: Int64
    warnings: tuple[str, ...]

    def held(self, n_persons: int, day: date) -> Bool:
        """Who was in custody on a day, bool[n_persons]."""
        number = day_number(day)
        return _those(self.person[(self.first <= number) & (number < self.until)], n_persons)


def _those(person: Int64, n_persons: int) -> Bool:
    found = np.zeros(n_persons, np.bool_)
    found[person] = True
    return found


def read_victims(source: Any, arrests: Arrests) -> Victims:
    """Read a table of victims, ``person_id, date``: a row for each time that somebody became one.

    Parameters
    ----------
    source
        A path, folder or glob, or a frame: whatever :func:`gpunet.read_arrests` takes. Persons have the ids that they
        have in the arrests, and ``[input]`` of the arrests' configuration holds: words for no value, rules for ids,
        how dates are written. The column of persons may have the name that it has there.
    arrests
        Whose persons they are; victims without an arrest are left out.

    Raises
    ------
    InputError
        If the table cannot be read, lacks a column, or has rows and none that can be used.
    """
    table = _read(source, arrests, "victims", "date")
    person, warnings = _persons(table, arrests)
    known = person >= 0
    return Victims(person[known], table.day[known], warnings)


def tell_of_incidents(paths: Sequence[str], config: Config) -> bool:
    """Whether the first table of victims that can be opened has incidents and offences beside persons and dates."""
    there = {**config.input.columns, **dict.fromkeys(("district", "beat", "gang"), "")}
    settings = replace(config.input, columns=there, incident_key=InputConfig().incident_key)
    try:
        next(source_batches(find_sources(paths, settings, []), settings, Inputs(), HOST), None)
    except InputError:  # whoever reads it says what is wrong
        return False
    return True


def read_custody(source: Any, arrests: Arrests) -> Custody:
    """Read a table of who was in custody, ``person_id, from, until``; without ``until`` somebody still is.

    Parameters and errors are those of :func:`read_victims`. Somebody is in custody on the day ``from``, and not any
    more on the day ``until``, which may lie in the future.
    """
    table = _read(source, arrests, "custody", "from", "until")
    person, warnings = _persons(table, arrests)
    known = person >= 0
    return Custody(person[known], table.day[known], table.until[known], warnings)


@dataclass(frozen=True, eq=False)
class _Table:
    """Usable rows: codes of persons into ``ids`` (PyArrow's texts), days, and how reading went."""

    name: str
    ids: Any
    person: Int64
    day: Int64
    until: Int64
    warnings: tuple[str, ...]


def _read(source: Any, arrests: Arrests, name: str, dates: str, until: str = "") -> _Table:
    inputs, config = Inputs(), arrests.config
    settings = replace(config, input=_as_input(config.input, dates, until))
    reader = Reader(settings, HOST)
    try:
        reader.add_all(_batches(source, settings.input, inputs, name))
        check_beside(arrests.report, inputs.records)
        _require(inputs.records, until)
        rows = reader.finish(False)
        if (links := with_person_links(None, settings)) is not None:
            rows = reader.corrected(rows, links, Effect())
        check_forces(settings, rows.columns["force"].texts(), len(rows))
    except UnreadableFile as error:
        columns = quoted(("person_id", dates, until) if until else ("person_id", dates))
        if not error.reason.startswith("there is no column"):
            raise InputError(f"{name}: {error}") from error
        there = error.reason.rpartition("Columns there: ")[2]
        text = f"{name}: {error.name}: a table of {name} has the columns {columns}; columns there: {there}"
        raise InputError(text) from error
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    reader.rejections(inputs.records)  # counts them, and finds examples
    day = rows.timestamps // DAY_US
    end, bad = _ends(rows, settings.input, f"{name}: column {quoted([until])}") if until else (day, day != day)
    early = ~bad & (end < day)
    keep = ~(bad | early)
    why = _reasons(reader.found, dates)
    if bad.any():
        column = rows.columns["gang"]
        shown = example(column.texts()[int(column.codes[bad][0])])
        why.append(f'{int(bad.sum()):,} whose "{until}" is no date (as in {shown})')
    if early.any():
        why.append(f'{int(early.sum()):,} whose "{until}" is before "{dates}"')
    warnings = [f"{name}: {warning}" for warning in (*inputs.warnings, *other_dates(inputs.records))]
    warnings += other_dates_beside(arrests.report, name, stated_pseudonyms(inputs.records))
    read = sum(record.rows for record in inputs.records)
    if why:
        left_out = sum(record.rejected for record in inputs.records) + int((~keep).sum())
        examples = ((reason, what) for (_, reason), what in reader.found.reasons.items())
        more = (hint() if bad.any() else hint_of(examples)) + _proposal(reader.found, config.input, dates)
        text = f"{name}: {left_out:,} of {counted(read, 'row')} cannot be used: {', '.join(why)}{more}"
        if not keep.any():
            raise InputError(text)
        warnings.append(text)
    elif not read:
        warnings.append(f"{name}: the table has no rows")
    person = rows.columns["person_id"]
    codes = person.codes[keep].astype(np.int64)
    return _Table(name, series_to_arrow(person.values), codes, day[keep], end[keep], tuple(warnings))


def _as_input(config: InputConfig, dates: str, until: str) -> InputConfig:
    """How the table is read: as one of arrests whose date is `dates`, the incident that day, and the gang `until`."""
    columns = {
        "person_id": tuple(dict.fromkeys(("person_id", *config.source_names("person_id")))),
        "date": tuple(dict.fromkeys((dates, *(config.source_names("date") if dates == "date" else ())))),
        "force": config.columns.get("force", "force"),
        **dict.fromkeys(("offence", "district", "beat", "recorded_at"), ""),
        "gang": until,
    }
    return replace(config, columns=columns, incident_key=("date",))


def _batches(source: Any, config: InputConfig, inputs: Inputs, name: str) -> Iterator[Batch | Withdrawal]:
    if is_frame(source):
        frame, repeated = without_repeated(source)
        return frame_batches([(as_eager(frame), repeated)], config, inputs, HOST)
    if not isinstance(source, str | os.PathLike):
        raise InputError(f"expected a path, or a data frame that Narwhals takes, not {given(source)}")
    return source_batches(find_sources([source], config, inputs.warnings), config, inputs, HOST)


def _require(records: list[InputRecord], until: str) -> None:
    """Raise UnreadableFile if a table has not the column of ends: without it everybody would stay for ever."""
    for record in records:
        layout = record.layout
        if until and layout.columns and "gang" not in layout.columns:
            there = quoted([*layout.columns.values(), *layout.ignored])
            raise UnreadableFile(record.name, f'there is no column "{until}". Columns there: {there}')


def _ends(rows: CodedRows, config: InputConfig, where: str) -> tuple[Int64, Bool]:
    """The days until which rows count, and which of them have something there that is no date."""
    column = rows.columns["gang"]
    of_text = np.append(as_timestamps(column.values, where, date_formats(config.date_format)), NO_TIMESTAMP)
    timestamps = of_text[column.codes]
    days = timestamps // DAY_US
    none = (timestamps == NO_TIMESTAMP) | np.isin(days, [day for day, _ in null_days(config)])
    return np.where(none, _NEVER, days), timestamps == BAD_DATE


def _reasons(found: Findings, dates: str) -> list[str]:
    """Why rows were rejected: how many for each reason, and an example."""
    words = {
        "missing_person": "without a person_id",
        "missing_incident": f'without a date in "{dates}"',
        "bad_id": "with an id that has lost digits",
        "bad_date": f'whose "{dates}" is no date from 1900 to today',
        "malformed_row": "with too few or too many fields",
    }
    told: dict[str, str] = {}
    rows = found.by_reason()
    for (_, reason), what in sorted(found.reasons.items()):
        shown = "" if what.example is None else f": {example_of(reason, what.example)}"
        told.setdefault(reason, f"{rows[reason]:,} {words[reason]} (as in row {what.row_number:,}{shown})")
    return list(told.values())


def _proposal(found: Findings, config: InputConfig, dates: str) -> str:
    """How dates may be written that were none."""
    if not found.bad_dates:
        return ""
    proposal = date_proposals(list(found.bad_dates), dates, config.date_format)
    return f". {proposal.sentence}" if proposal.unread or not proposal.null_dates else ""


def _persons(table: _Table, arrests: Arrests) -> tuple[Int64, tuple[str, ...]]:
    """The position of each row's person among those of the arrests, -1 for nobody, and all warnings."""
    known = series_to_arrow(arrests.person_ids).cast("large_string")
    position = pc.index_in(table.ids.cast("large_string"), value_set=known).fill_null(-1)
    position = np.asarray(position, dtype=np.int64)
    present = np.unique(table.person)
    missing = int((position[present] < 0).sum())
    warnings = table.warnings
    if missing:
        alike = "; are ids written alike in both? See [input] id_rules" if missing == len(present) else ""
        text = f"left out, for they have no arrest: {missing:,} of {counted(len(present), 'person')}{alike}"
        warnings = (*warnings, f"{table.name}: {text}")
    found: Int64 = position[table.person] if len(position) else np.empty(0, np.int64)
    return found, warnings
